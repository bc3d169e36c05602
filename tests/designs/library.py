"""LIBRARY, a table in the layout of a new table, with patterns of every kind.

Their parameters are of every type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from autoforge.dynamodb import (
    GSI,
    Array,
    Boolean,
    Choice,
    Composite,
    Document,
    Entity,
    Fetch,
    Get,
    Hydrate,
    Id,
    IdSet,
    Integer,
    Json,
    Key,
    Lookup,
    Moment,
    Part,
    Query,
    SortRange,
    Store,
    Table,
    Text,
)
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.identity import primary_key
from tests.factories import NOON

BY_SHELF: Final = GSI("ByShelf")
BY_DUE: Final = GSI("ByDue", "dueDay", "dueKey")


class Genre(StrEnum):
    """What a book is about."""

    NOVEL = "novel"
    SCIENCE = "science"


class Book(Entity):
    """A book, of which the library has one copy."""

    isbn: Id = Id()
    title: Text = Text()
    genre: Choice[Genre] = Choice(Genre)
    shelf: Text = Text()
    pages: Integer[None] = Integer(default=None)
    reader: Text[None] = Text(default=None)
    added_at: Moment = Moment()
    authors: IdSet = IdSet()
    notes: Array[None] = Array(default=None)
    extra: Document[None] = Document(default=None)
    rating: Json[None] = Json(default=None)
    #: In the table under a name that is no name in Python.
    in_print: Boolean = Boolean(attr_name="in-print?")

    key = Key("BOOK#{isbn}", "METADATA")
    on_shelf = Key("SHELF#{shelf}", "{added_at}#{isbn}", index=BY_SHELF)


class Magazine(Entity):
    """A magazine, on the same shelves."""

    issn: Id = Id()
    shelf: Text = Text()
    added_at: Moment = Moment()

    key = Key("MAGAZINE#{issn}", "METADATA")
    on_shelf = Key("SHELF#{shelf}", "{added_at}#{issn}", index=BY_SHELF)


class BookByTitle(Entity):
    """The look-up item of a book's title."""

    title: Text = Text()
    isbn: Id = Id()

    key = Key("TITLE#{title}", "BOOK")


class Loan(Entity):
    """A loan; it expires, but not while these tests are run."""

    lifetime = timedelta(days=36_500)

    isbn: Id = Id()
    id: Id = Id()
    reader: Text = Text()
    due_at: Moment = Moment()
    created_at: Moment = Moment()

    key = Key("BOOK#{isbn}", "LOAN#{id}")
    due = Key("DUE#{due_at:date}", "{id}#{isbn}", index=BY_DUE)


class LoanOfReader(Entity):
    """The reference to a loan from its reader."""

    reader: Text = Text()
    isbn: Id = Id()
    id: Id = Id()

    key = Key("READER#{reader}", "LOAN#{id}")


@dataclass(frozen=True)
class BookByIsbn(Get[Book]):
    """Which book has this ISBN?

    A book without a copy is not found.

    It is the second note.
    """

    key = Book.key

    isbn: str


@dataclass(frozen=True)
class BookOfTitle(Lookup[Book, BookByTitle]):
    """Which book has this title?"""

    key = BookByTitle.key

    title: str

    def target(self, found: BookByTitle) -> KeyValue:
        """The key of the book."""
        return primary_key(Book, {"isbn": found.isbn})

    def agrees(self, item: Book) -> bool:
        """Whether the book still has the title."""
        return item.title == self.title


@dataclass(frozen=True)
class BooksByIsbn(Fetch[Book]):
    """Which books have these ISBNs?"""

    isbns: tuple[str, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """The keys of the books."""
        return [primary_key(Book, {"isbn": isbn}) for isbn in self.isbns]


@dataclass(frozen=True)
class OnShelf(Query[Book | Magazine]):
    """What is on this shelf, in the order in which it came?"""

    source = "The library's desk"
    key = Book.on_shelf
    range = SortRange("added_at", at_least="since", below="until")

    shelf: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class LoansOfBook(Query[Loan]):
    """Who had this book, latest first?"""

    key = Loan.key
    newest_first = True

    isbn: str


@dataclass(frozen=True)
class LoansDueOn(Query[Loan]):
    """Which loans are due on this day?"""

    key = Loan.due
    renames = {"due_at": "day"}

    day: date


@dataclass(frozen=True)
class LoansOfReader(Hydrate[Loan, LoanOfReader]):
    """Which loans has this reader?"""

    key = LoanOfReader.key

    reader: str

    def target(self, reference: LoanOfReader) -> KeyValue:
        """The key of the loan."""
        return primary_key(Loan, {"isbn": reference.isbn, "id": reference.id})


@dataclass(frozen=True)
class History:
    """A book with its latest loans."""

    book: Book
    latest_loans: tuple[Loan, ...]
    total: int


@dataclass(frozen=True)
class HistoryOfBook(Composite[History | None]):
    """What is this book, and who had it last?"""

    operation = "GetItem + Query + Query"
    requests = 3
    entities = (Book, Loan)

    isbn: str
    loans: int = 2

    def parts(self) -> Sequence[Part]:
        """The book, its latest loans, and how many there are."""
        return (
            Part(BookByIsbn(self.isbn)),
            Part(LoansOfBook(self.isbn), limit=self.loans),
            Part(LoansOfBook(self.isbn), count=True),
        )

    def combine(self, answers: Sequence[Sequence[Any]]) -> History | None:
        """Join the answers; None if there is no book."""
        books, loans, (count,) = answers
        return History(books[0], tuple(loans), count) if books else None


@dataclass(frozen=True)
class Counts(Composite[dict[Genre, int]]):
    """How many books with these ISBNs are of which genre?"""

    entities = (Book,)

    isbns: tuple[str, ...] = ()
    genre: Genre | None = None

    def parts(self) -> Sequence[Part]:
        """The books."""
        return (Part(BooksByIsbn(self.isbns)),) if self.isbns else ()

    def combine(self, answers: Sequence[Sequence[Any]]) -> dict[Genre, int]:
        """Count them."""
        found = [book.genre for books in answers for book in books]
        wanted = [self.genre] if self.genre else [*Genre]
        return {each: found.count(each) for each in wanted}


LIBRARY: Final = Table(
    "Library",
    entities=(Book, Magazine, BookByTitle, Loan, LoanOfReader),
    indexes=(BY_SHELF, BY_DUE),
    patterns=(
        BookByIsbn,
        BookOfTitle,
        BooksByIsbn,
        OnShelf,
        LoansOfBook,
        LoansDueOn,
        LoansOfReader,
        HistoryOfBook,
        Counts,
    ),
)


def a_book(**given: Any) -> Book:
    """Return a book, about which the test says only what matters to it."""
    values = {
        "isbn": "b1",
        "title": "Dune",
        "genre": Genre.NOVEL,
        "shelf": "A",
        "added_at": NOON,
        "in_print": True,
    }
    return Book(**{**values, **given})


def a_loan(number: int, **given: Any) -> Loan:
    """Return a loan of the book ``b1``."""
    values = {
        "isbn": "b1",
        "id": f"l{number}",
        "reader": "Ann",
        "due_at": NOON + timedelta(hours=number),
        "created_at": NOON,
    }
    return Loan(**{**values, **given})


def fill_library(store: Store, *, loans: int = 3) -> None:
    """Store three books, a magazine, and loans of the first book by Ann."""
    whole = {
        "pages": 412,
        "authors": {"herbert", "a-second"},
        "notes": ["worn", 1.5, None],
        "extra": {"lang": "en", "nested": {"é": [True]}},
        "rating": {"of": 10},
    }
    store.put_all(
        [
            a_book(**whole),
            a_book(isbn="b2", title="Emma", added_at=NOON + timedelta(days=2)),
            a_book(isbn="b3", title="a/b?c=d&é#%", shelf="B/2 é", genre=Genre.SCIENCE),
            Magazine(issn="m1", shelf="A", added_at=NOON + timedelta(days=1)),
            BookByTitle(title="Dune", isbn="b1"),
            BookByTitle(title="a/b?c=d&é#%", isbn="b3"),
            *(a_loan(number) for number in range(loans)),
            *(LoanOfReader(reader="Ann", isbn="b1", id=f"l{number}") for number in range(loans)),
        ]
    )
