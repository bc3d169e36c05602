"""Another domain on the same toolkit: a library, its books and its loans.

    python docs/examples/another_domain.py

Two entities, one table, one sparse index; three access patterns, two conditional writes. It uses
nothing of the agent platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from autoforge.dynamodb import (
    GSI,
    Boolean,
    Entity,
    Get,
    Id,
    IdMint,
    Key,
    Moment,
    Put,
    Query,
    SortRange,
    Table,
    Text,
    Transaction,
    Update,
    timestamp_text,
)
from autoforge.dynamodb.errors import ConditionFailedError, DeclarationError

OPENING = datetime(2026, 2, 4, 9, tzinfo=UTC)
TERM = timedelta(days=14)

#: The loans that are out, by the time when they are due.
BY_DUE = GSI("ByDue")

# The entities.


class Book(Entity):
    """A book, of which the library has one copy."""

    isbn: Id = Id()
    title: Text = Text()
    #: Who has borrowed it; absent while it is on the shelf.
    reader: Text[None] = Text(default=None)

    key = Key("BOOK#{isbn}", "METADATA")


class Loan(Entity):
    """A loan of a book; it is in the sparse index until the book is returned."""

    id: Id = Id()
    isbn: Id = Id()
    reader: Text = Text()
    due_at: Moment = Moment()
    returned: Boolean = Boolean(default=False)

    key = Key("BOOK#{isbn}", "LOAN#{id}")
    out = Key("LOAN#out", "{due_at}#{id}", index=BY_DUE, where={"returned": False})


# The access patterns.


@dataclass(frozen=True)
class BookByIsbn(Get[Book]):
    """Which book has this ISBN?"""

    source = "The library's desk"
    key = Book.key

    isbn: str


@dataclass(frozen=True)
class LoansOfBook(Query[Loan]):
    """Who had this book, latest first?"""

    source = "The library's desk"
    key = Loan.key
    newest_first = True

    isbn: str


@dataclass(frozen=True)
class LoansDue(Query[Loan]):
    """Which loans are due by a time, longest due first?"""

    source = "The library's reminders"
    key = Loan.out
    range = SortRange("due_at", at_most="by")

    by: datetime | None = None


LIBRARY = Table(
    "Library",
    entities=(Book, Loan),
    indexes=(BY_DUE,),
    patterns=(BookByIsbn, LoansOfBook, LoansDue),
)

# The writes.


def lend(isbn: str, reader: str, *, loan_id: str, at: datetime) -> Transaction:
    """Lend a book if it is on the shelf; the book and the loan change in one transaction."""
    loan = Loan(id=loan_id, isbn=isbn, reader=reader, due_at=at + TERM)
    taken = Update(
        Book,
        {"isbn": isbn},
        at,
        changes=[Book.reader.set(reader)],
        expected=[Book.reader.equals(None)],
        requires="only a book on the shelf can be lent",
        found=lambda book: f"is lent to {book.reader}",
    )
    return Transaction((taken, Put(loan)))


def take_back(loan: Loan, *, at: datetime) -> Transaction:
    """Take a book back, once; the loan then leaves the sparse index."""
    ended = Update(
        Loan,
        {"isbn": loan.isbn, "id": loan.id},
        at,
        changes=[Loan.returned.set(True)],
        expected=[Loan.returned.equals(False)],
        requires="only a loan that is out can end",
        found=lambda _: "has ended",
    )
    shelved = Update(Book, {"isbn": loan.isbn}, at, changes=[Book.reader.remove()])
    return Transaction((ended, shelved))


def main() -> None:
    """Lend a book twice and take it back, on a DynamoDB inside this process."""
    new_id = IdMint()
    with LIBRARY.embedded(clock=lambda: OPENING) as store:
        isbn = "978-0-262-51087-5"
        store.save(Put(Book(isbn=isbn, title="Structure and Interpretation")))

        store.transact(lend(isbn, "Ann", loan_id=new_id(OPENING), at=OPENING))
        print("lent to", store.require(BookByIsbn(isbn)).reader)
        try:
            store.transact(lend(isbn, "Bob", loan_id=new_id(OPENING), at=OPENING))
        except ConditionFailedError as error:
            print(f"refused: {error}")

        later = OPENING + TERM
        (due,) = store.each(LoansDue(by=later))
        print("due back from", due.reader, "on", timestamp_text(due.due_at))
        store.transact(take_back(due, at=later))
        print("still due:", list(store.each(LoansDue(by=later))))
        print("loans so far:", [loan.reader for loan in store.each(LoansOfBook(isbn))])

    (text,) = LIBRARY.explain(LoansDue(by=later), now=OPENING).words
    print(text)


class Shelf(Entity):
    """An entity that the design below refuses: its key could equal the key of a book."""

    isbn: Id = Id()

    key = Key("BOOK#{isbn}", "METADATA")


if __name__ == "__main__":
    main()
    try:
        Table("Library", (Book, Loan, Shelf), (BY_DUE,))
    except DeclarationError as error:
        print(error)
