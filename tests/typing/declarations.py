"""Declarations and uses of entities that a type checker accepts. mypy checks this file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, assert_type

from pynamodb.attributes import Attribute, UnicodeAttribute

from autoforge.dynamodb import (
    Array,
    Boolean,
    Choice,
    Condition,
    Document,
    Entity,
    Get,
    Id,
    IdSet,
    Integer,
    Json,
    Key,
    Moment,
    Number,
    Put,
    Store,
    Text,
    TextSet,
    Update,
    optional,
    required,
    utc_now,
)


class Genre(StrEnum):
    NOVEL = "novel"
    POEMS = "poems"


class Isbn(Text):
    """An attribute class of a user's own."""


class Stamped(Entity):
    """An abstract entity."""

    created_at: Moment = Moment(default_factory=utc_now)
    updated_at: Moment = Moment()


class Priced(Entity):
    """Another one."""

    price: Number = Number(default=Decimal("1.5"))


class Book(Stamped, Priced):
    """One attribute of every kind; some required, some optional, some with a default."""

    isbn: Isbn = required(Isbn())
    title: Text = Text(attr_name="name")
    subtitle: Text[None] = Text(default=None)
    series: Id[None] = Id(default=None, default_factory=lambda: "none")
    genre: Choice[Genre] = Choice(Genre)
    other: Choice[Genre, None] = Choice(Genre, default=None)
    language: Choice[Genre] = Choice(Genre, default=Genre.NOVEL)
    pages: Integer[None] = Integer(default=None)
    lent: Boolean = Boolean(default=False)
    config: Document[None] = Document(default=None)
    chapters: Array = Array(default_factory=list)
    anything: Json = Json()
    topics: TextSet = TextSet()
    authors: IdSet = IdSet()
    theirs: UnicodeAttribute = UnicodeAttribute(default="x")
    more: Attribute[str | None] = optional(UnicodeAttribute(), default=None)
    sketched: Text | None = optional(Text(), default=None)

    key = Key("BOOK#{isbn}", "BOOK")


@dataclass(frozen=True)
class BookByIsbn(Get[Book]):
    """A book by its ISBN."""

    key = Book.key

    isbn: str


def constructors(now: datetime, given: dict[str, Any]) -> None:
    Book(isbn="1", title="t", genre=Genre.NOVEL, anything=None, updated_at=now)
    Book(
        isbn="1",
        title="t",
        subtitle=None,
        series="s",
        genre=Genre.NOVEL,
        other=Genre.POEMS,
        language=Genre.POEMS,
        pages=3,
        lent=True,
        config={"a": 1},
        chapters=("one", 2),
        anything={"b": [None]},
        topics=["war", "peace"],
        authors={"tolstoy"},
        theirs="y",
        more="z",
        created_at=now,
        updated_at=now,
        price=Decimal(2),
        expires_at=now,
    )
    Book(**given)


def reads(store: Store, book: Book) -> None:
    assert_type(store.require(BookByIsbn("1")).title, str)
    assert_type(store.save(Put(book)), Book)
    assert_type(book.isbn, str)
    assert_type(book.subtitle, str | None)
    assert_type(book.series, str | None)
    assert_type(book.genre, Genre)
    assert_type(book.other, Genre | None)
    assert_type(book.language, Genre)
    assert_type(book.pages, int | None)
    assert_type(book.lent, bool)
    assert_type(book.config, dict[str, Any] | None)
    assert_type(book.chapters, list[Any])
    assert_type(book.topics, frozenset[str])
    assert_type(book.authors, frozenset[str])
    assert_type(book.theirs, str)
    assert_type(book.more, str | None)
    assert_type(book.sketched, str | None)
    assert_type(book.created_at, datetime)
    assert_type(book.price, Decimal)
    assert_type(book.expires_at, datetime | None)


def assignments(book: Book, now: datetime) -> None:
    book.subtitle = None
    book.pages = 4
    book.config = {"a": 1}
    book.topics = ["war"]
    book.topics = None
    book.updated_at = now
    book.expires_at = now


def updates(store: Store, now: datetime) -> None:
    update = Update(
        Book,
        {"isbn": "1"},
        now,
        changes=[
            Book.title.set("t"),
            Book.subtitle.set(None),
            Book.series.remove(),
            Book.pages.add(-1),
            Book.price.add(Decimal("0.5")),
            Book.chapters.append("x", 1),
            Book.topics.include("war"),
            Book.authors.exclude("tolstoy"),
            Book.config.at("address", "city").set("Bern"),
            Book.anything.at(0).remove(),
            Book.created_at.copy(Book.updated_at),
            Book.expires_at.set(now),
        ],
        expected=[Book.lent.equals(False), Book.subtitle.equals(None)],
        condition=(Book.pages.at_least(3) & ~Book.genre.one_of(Genre.POEMS))
        | Book.title.begins_with("W")
        | Book.config.at("a").is_present()
        | Book.topics.contains("war"),
    )
    assert_type(store.save(update), Book)
    Update(Book, {"isbn": "1"}, now, {"title": "t", "pages": None}, {"lent": False})


def conditions(book: Book) -> None:
    both: Condition = Book.lent.equals(True) & Book.pages.is_absent()
    Put(book, replace=True)
    Put(book, condition=both, requires="only a lent book", found=lambda there: there.title)
