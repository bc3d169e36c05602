"""LENDING, a table that is read in every way: in parts, filtered, by beginnings, by unique values.

Its entities share item collections, and its indexes hold all, some, or only the keys of an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path

from autoforge.dynamodb import (
    GSI,
    LSI,
    ByUnique,
    Composite,
    Document,
    Entity,
    Fetch,
    Get,
    Hydrate,
    Id,
    Integer,
    Key,
    Lookup,
    Moment,
    Part,
    Projection,
    Query,
    SortRange,
    Table,
    Text,
    Unique,
    nested,
    optional,
)
from autoforge.dynamodb.schema.key_value import KeyValue

by_title = GSI("ByTitle")
by_day = GSI("ByDay", projection="KEYS_ONLY")
by_fee = LSI("ByFee", projection=["reader", "feeInCents"])


class Book(Entity):
    """A book."""

    isbn: Id = Id()
    title: Text = Text()
    shelf = optional(Text())
    details: Document = Document()

    key = Key("BOOK#{isbn}", "BOOK")
    titled = Key("TITLES", "{title}#{isbn}", index=by_title)


class Copy(Entity):
    """A copy of a book."""

    isbn: Id = Id()
    number: Integer = Integer()

    key = Key("BOOK#{isbn}", "COPY#{number:3}")


class Loan(Entity):
    """A loan of a copy."""

    never_expires = True
    book: Id = Id()
    id: Id = Id()
    reader: Text = Text()
    due_at: Moment = Moment()
    fee_in_cents: Integer = Integer()

    key = Key("BOOK#{book}", "LOAN#{id}")
    due = Key("DUE", "{due_at}#{id}", index=by_day)
    of_fee = Key("BOOK#{book}", "FEE#{fee_in_cents:6}", index=by_fee)


class Reader(Entity):
    """A reader, with one e-mail address and perhaps a badge."""

    id: Id = Id()
    email: Text = Text()
    badge = optional(Integer())
    name = optional(Text())

    key = Key("READER#{id}", "READER")
    by_email = Unique("EMAIL#{email}")
    by_badge = Unique("BADGE#{badge:4}")


class Staff(Entity):
    """One who works here, and has an e-mail address of no reader."""

    id: Id = Id()
    email: Text = Text()

    key = Key("STAFF#{id}", "STAFF")
    by_email = Unique("EMAIL#{email}")


@dataclass(frozen=True)
class Place(Projection[Book]):
    """Where a book is."""

    title: str
    shelf: str | None
    pages: int = nested("details", "pages")
    size: str | None = nested("details", "print", "size")


@dataclass(frozen=True)
class DueLoan(Projection[Loan]):
    """When a loan is due."""

    book: str
    id: str
    due_at: datetime


@dataclass(frozen=True)
class Debt(Projection[Loan]):
    """What a reader owes."""

    reader: str
    fee_in_cents: int


@dataclass(frozen=True)
class AllOfBook(Query[Book | Copy | Loan]):
    """What is there of a book?"""

    key = Book.key
    isbn: str


@dataclass(frozen=True)
class BookAndLoans(Query[Place | Loan]):
    """What is the book, and who has it?"""

    key = Book.key
    leaves_out = (Copy,)
    newest_first = True
    isbn: str


@dataclass(frozen=True)
class BooksTitled(Query[Book]):
    """Which books have a title that begins so?"""

    key = Book.titled
    range = SortRange("title", begins_with="start")
    start: str | None = None


@dataclass(frozen=True)
class PlaceOf(Get[Place]):
    """Where is this book?"""

    key = Book.key
    isbn: str


@dataclass(frozen=True)
class Places(Fetch[Place]):
    """Where are these books?"""

    isbns: tuple[str, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """Return the keys of the books."""
        return [KeyValue(f"BOOK#{each}", "BOOK") for each in self.isbns]


@dataclass(frozen=True)
class LoansDue(Query[DueLoan]):
    """Which loans are due, perhaps on this day?"""

    key = Loan.due
    range = SortRange("due_at", begins_with="day")
    day: date | None = None


@dataclass(frozen=True)
class WholeLoansDue(Query[Loan]):
    """Which loans are due by a time?"""

    key = Loan.due
    range = SortRange("due_at", at_most="by")
    fetches_rest = True
    by: datetime | None = None


@dataclass(frozen=True)
class CostlyLoans(Query[Loan]):
    """Which loans of a book cost more, or are of a reader with a long name?"""

    key = Loan.key
    book: str
    fee_in_cents: int

    def filter(self) -> Condition | None:
        """Keep what costs more, and long names."""
        kept: Condition = (Loan.fee_in_cents > self.fee_in_cents) | (size(Path(["reader"])) > 2)
        return kept


@dataclass(frozen=True)
class LentTo(Query[Book | Loan]):
    """What of the book is not lent to others?"""

    key = Book.key
    leaves_out = (Copy,)
    isbn: str
    reader: str

    def filter(self) -> Condition | None:
        """Keep what has no reader, or this one."""
        kept: Condition = ~Loan.reader.exists() | Loan.reader.equals(self.reader)
        return kept


@dataclass(frozen=True)
class Debts(Query[Debt]):
    """Who owes what for a book, the most first?"""

    key = Loan.of_fee
    newest_first = True
    book: str


@dataclass(frozen=True)
class DebtsOf(Query[Loan]):
    """Which loans of a book cost at least so much?"""

    key = Loan.of_fee
    range = SortRange("fee_in_cents", at_least="least")
    fetches_rest = True
    book: str
    least: int | None = None


@dataclass(frozen=True)
class ReaderByEmail(ByUnique[Reader]):
    """Who has this e-mail address?"""

    unique = Reader.by_email
    email: str


@dataclass(frozen=True)
class BooksDue(Hydrate[Place, DueLoan]):
    """Where do the books belong that are due?"""

    key = Loan.due

    def target(self, reference: DueLoan) -> KeyValue:
        """Return the key of the book."""
        return KeyValue(f"BOOK#{reference.book}", "BOOK")


@dataclass(frozen=True)
class PlaceOfLoan(Lookup[Place, Debt]):
    """Where is the book of a loan, if its number is the name of its reader?"""

    key = Loan.key
    book: str
    id: str

    def target(self, found: Debt) -> KeyValue:
        """Return the key of the book."""
        isbn = found.reader if found.reader.isalnum() and found.reader.isascii() else "a"
        return KeyValue(f"BOOK#{isbn[:64]}", "BOOK")


@dataclass(frozen=True)
class PlaceAndDebts(Composite[tuple[Any, ...]]):
    """Where is this book, and how much is owed for it?"""

    requests = 2
    operation = "GetItem + Query"
    isbn: str

    def parts(self) -> Sequence[Part]:
        """Return the parts."""
        return (Part(PlaceOf(self.isbn)), Part(Debts(self.isbn), count=True))

    def combine(self, answers: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
        """Return the place and the number of debts."""
        return (*answers[0], *answers[1])


PATTERNS = (
    AllOfBook,
    BookAndLoans,
    BooksTitled,
    PlaceOf,
    Places,
    LoansDue,
    WholeLoansDue,
    CostlyLoans,
    LentTo,
    Debts,
    DebtsOf,
    ReaderByEmail,
    BooksDue,
    PlaceOfLoan,
    PlaceAndDebts,
)
LENDING = Table("Lending", (Book, Copy, Loan, Reader, Staff), (by_title, by_day, by_fee), PATTERNS)
