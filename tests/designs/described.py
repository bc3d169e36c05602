"""A table whose attributes and parameters are described, for what is made from descriptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pynamodb.expressions.condition import Condition

from autoforge.dynamodb import (
    GSI,
    Choice,
    Entity,
    Fetch,
    Get,
    Id,
    Integer,
    Key,
    KeyValue,
    Moment,
    Number,
    Projection,
    Query,
    SortRange,
    Table,
    Text,
    TextSet,
)

by_due = GSI("ByDue")


class State(StrEnum):
    """How a book is."""

    NEW = "new"
    WORN = "worn"


class Book(Entity):
    """A book."""

    isbn: Id = Id(description="The number on its back.")
    title: Text = Text(
        description="""The title
        on the cover."""
    )
    state: Choice[State] = Choice(State, description="How it is.")
    price: Number = Number(default=Decimal(0), description="In euros.")
    reader: Text[None] = Text(default=None, description="Who has it.")
    due_at: Moment[None] = Moment(default=None, description="When it must be back.")
    subjects: TextSet = TextSet(description="What it is about.")
    copies: Integer = Integer(default=1)

    key = Key("BOOK#{isbn}", "BOOK")
    due = Key("DUE#{state}", "{due_at}#{isbn}", index=by_due)


@dataclass(frozen=True)
class TitleOfBook(Projection[Book]):
    """What a book is called."""

    title: str
    reader: str | None


@dataclass(frozen=True)
class BookByIsbn(Get[Book]):
    """Which book has this number?"""

    key = Book.key
    renames = {"isbn": "number"}

    number: str


@dataclass(frozen=True)
class BooksDue(Query[TitleOfBook]):
    """Which books are due?"""

    key = Book.due
    range = SortRange("due_at", at_least="since", at_most="by")

    state: State
    since: datetime | None = None
    by: Annotated[datetime | None, "The day of the inventory."] = None


@dataclass(frozen=True)
class BooksOfReader(Query[Book]):
    """Which books of this state does a reader have?"""

    key = Book.due

    state: State
    reader: str
    copies: int = 1

    def filter(self) -> Condition | None:
        """Keep those of the reader."""
        return Book.reader.equals(self.reader) & Book.copies.equals(self.copies)


@dataclass(frozen=True)
class Books(Fetch[Book]):
    """Which books are these?"""

    numbers: Annotated[tuple[str, ...], "Numbers on backs."]

    def primary_keys(self) -> list[KeyValue]:
        """Return their keys."""
        return [KeyValue(f"BOOK#{each}", "BOOK") for each in self.numbers]


DESCRIBED: Final = Table(
    "Described", (Book,), (by_due,), (BookByIsbn, BooksDue, BooksOfReader, Books)
)
