"""What each change of an Update does, on which engine soever, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import pytest
from botocore.exceptions import ReadTimeoutError

from autoforge.dynamodb import (
    Array,
    Boolean,
    Change,
    Choice,
    Derived,
    Document,
    Entity,
    EnumCodec,
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
    Transaction,
    Update,
)
from autoforge.dynamodb.schema.changes import Place
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemNotFoundError,
    ItemTooLargeError,
    UnavailableError,
    VersionConflictError,
)
from autoforge.testing.faults import Break, Lose, injected
from autoforge.testing.recording import watching
from tests.dynamodb.indexes import GSI1
from tests.dynamodb.written import LATER, stored_item
from tests.factories import NOON, new_id
from tests.stores import put_raw

_BROKEN: Final = Break(ReadTimeoutError(endpoint_url="made up"))


class Genre(StrEnum):
    NOVEL = "novel"
    POEMS = "poems"


class Book(Entity):
    """An entity that every change can be made of; none but a few attributes feed its key."""

    id: Id = Id()
    title: Text = Text()
    subtitle: Text[None] = Text(default=None)
    earlier: Text[None] = Text(default=None)
    genre: Choice[Genre] = Choice(Genre, default=Genre.NOVEL)
    lent: Boolean = Boolean(default=False)
    renewals: Integer = Integer(default=3)
    pages: Integer[None] = Integer(default=None)
    counted: Integer[None] = Integer(default=None)
    price: Number = Number(default=Decimal("1.50"))
    due_at: Moment[None] = Moment(default=None)
    lines: Array[None] = Array(default=None)
    notes: Array = Array(default=["first"])
    config: Document[None] = Document(default=None)
    any: Json[None] = Json(default=None)
    topics: TextSet = TextSet()
    readers: IdSet = IdSet()
    updated_at: Moment[None] = Moment(default=None)

    key = Key("BOOK#{id}", "BOOK")


class Shelf(Entity):
    """An entity whose key in the index is made of a number and of a set."""

    id: Id = Id()
    free: Integer = Integer(default=5)
    books: IdSet = IdSet()
    rows: Array = Array(default=[])
    full = Derived(EnumCodec(("NO", "YES")), lambda books: "YES" if books else "NO", "books")
    updated_at: Moment[None] = Moment(default=None)

    key = Key("SHELF#{id}", "SHELF")
    by_free = Key("SHELVES#{full}", "{free:3}#{id}", index=GSI1)


class Tally(Entity):
    """An entity that does not tell when it was changed."""

    id: Id = Id()
    hits: Integer = Integer(default=0)
    topics: TextSet = TextSet()

    key = Key("TALLY#{id}", "TALLY")


class Profile(Entity):
    """An entity whose id is only in its key."""

    id: Id = Id(stored=False)
    name: Text = Text()

    key = Key("PROFILE#{id}", "PROFILE")


@dataclass(frozen=True)
class BookById(Get[Book]):
    """A book by its id."""

    key = Book.key

    id: str


def a_book(store: Store, **given: Any) -> Book:
    """Store a book and return it."""
    return store.save(Put(Book(**{"id": new_id(), "title": "Middlemarch", **given})))


def changed(store: Store, book: Book, *changes: Change, **more: Any) -> Book:
    """Change a book, and return it as DynamoDB returned it and as it is stored."""
    saved = store.save(Update(Book, {"id": book.id}, LATER, changes, **more))
    assert Book.from_item(stored_item(store, book)) == saved
    return saved


_KEY: Final = {"id": "b"}
_CONFIG: Final = {"address": {"city": "Bern", "lines": ["a", "b"]}, "visits": 1}


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ([Book.title.set("Emma")], "title", "Emma"),
        ([Book.genre.set(Genre.POEMS)], "genre", Genre.POEMS),
        ([Book.lent.set(True)], "lent", True),
        ([Book.due_at.set(LATER)], "due_at", LATER),
        ([Book.subtitle.remove()], "subtitle", None),
        ([Book.subtitle.set(None)], "subtitle", None),
        ([Book.subtitle.copy(Book.title)], "subtitle", "Middlemarch"),
        ([Book.title.copy(Book.subtitle)], "title", "A Study"),
        ([Book.pages.add(2)], "pages", 102),
        ([Book.pages.add(-2)], "pages", 98),
        ([Book.pages.copy(Book.renewals, plus=1)], "pages", 5),
        ([Book.price.copy(Book.renewals)], "price", Decimal(4)),  # type: ignore[arg-type]
        ([Book.any.copy(Book.genre)], "any", "novel"),
        ([Book.price.add(Decimal("0.1"))], "price", Decimal("10.1")),
        ([Book.price.copy(Book.price, plus=Decimal(-1))], "price", Decimal(9)),
        ([Book.lines.append("c", {"d": [None]})], "lines", ["a", "b", "c", {"d": [None]}]),
        ([Book.lines.prepend("y", "z")], "lines", ["y", "z", "a", "b"]),
        ([Book.lines.append()], "lines", ["a", "b"]),
        ([Book.lines.set(())], "lines", []),
        ([Book.topics.include("war", "peace")], "topics", {"war", "peace", "love"}),
        ([Book.topics.exclude("love", "hate")], "topics", set()),
        ([Book.topics.set(["x"])], "topics", {"x"}),
        ([Book.topics.set([])], "topics", set()),
        ([Book.topics.remove()], "topics", set()),
        ([Book.readers.include("ANN")], "readers", {"ANN", "bob"}),
        ([Book.config.at("visits").add(2)], "config", {**_CONFIG, "visits": 3}),
        ([Book.config.at("visits").add(0.5)], "config", {**_CONFIG, "visits": 1.5}),
        ([Book.config.at("more").add(1)], "config", {**_CONFIG, "more": 1}),
        ([Book.config.at("more").set({"S": "x"})], "config", {**_CONFIG, "more": {"S": "x"}}),
        ([Book.config.at("more").set(None)], "config", {**_CONFIG, "more": None}),
        ([Book.config.at("address").remove()], "config", {"visits": 1}),
        ([Book.config.at("nothing").remove()], "config", _CONFIG),
        (
            [Book.config.at("address", "city").set("Basel"), Book.config.at("visits").remove()],
            "config",
            {"address": {"city": "Basel", "lines": ["a", "b"]}},
        ),
        (
            [Book.config.at("address", "lines").append("c")],
            "config",
            {"address": {"city": "Bern", "lines": ["a", "b", "c"]}, "visits": 1},
        ),
        (
            [Book.config.at("address", "lines", 0).set("A")],
            "config",
            {"address": {"city": "Bern", "lines": ["A", "b"]}, "visits": 1},
        ),
        (
            [Book.config.at("log").prepend("x")],
            "config",
            {**_CONFIG, "log": ["x"]},
        ),
        ([Book.lines.at(1).remove()], "lines", ["a"]),
        ([Book.lines.at(2).set("z")], "lines", ["a", "b", "z"]),
        ([Book.any.at(0, "n").add(1)], "any", [{"n": 2}]),
    ],
    ids=lambda each: " ".join(map(str, each)) if isinstance(each, list) else None,
)
def test_a_change_does_what_its_name_says(
    store: Store, changes: Sequence[Change], name: str, value: Any
) -> None:
    book = a_book(
        store,
        subtitle="A Study",
        pages=100,
        renewals=4,
        price=Decimal(10),
        lines=["a", "b"],
        topics=["love"],
        readers=["bob"],
        config=_CONFIG,
        any=[{"n": 1}],
    )

    saved = changed(store, book, *changes)

    assert getattr(saved, name) == value
    kept = {"updated_at", name}
    before, after = book.attribute_values, saved.attribute_values
    assert {n: v for n, v in after.items() if n not in kept} == {
        n: v for n, v in before.items() if n not in kept and v is not None
    }
    assert saved.updated_at == LATER


def test_what_is_missing_counts_as_its_default_or_as_nothing(store: Store) -> None:
    book = Book(id=new_id(), title="t")
    put_raw(
        store, {n: w for n, w in book.to_item().items() if n in {"PK", "SK", "EntityType", "title"}}
    )

    saved = changed(
        store,
        book,
        Book.renewals.add(1),
        Book.price.add(Decimal(1)),
        Book.pages.add(7),
        Book.counted.copy(Book.renewals, plus=1),
        Book.notes.append("second"),
        Book.lines.prepend("only"),
        Book.topics.include("war"),
        Book.readers.exclude("ann"),
    )

    assert (saved.renewals, saved.price, saved.pages, saved.counted) == (4, Decimal("2.5"), 7, 4)
    assert (saved.notes, saved.lines) == (["first", "second"], ["only"])
    assert (saved.topics, saved.readers) == (frozenset({"war"}), frozenset())


def test_values_are_copied_from_before_the_update(store: Store) -> None:
    book = a_book(store, subtitle="s")

    saved = changed(store, book, Book.title.copy(Book.subtitle), Book.subtitle.copy(Book.title))

    assert (saved.title, saved.subtitle) == ("s", "Middlemarch")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (Book.config.at("city").set("Bern"), r"object config; the update changes config\.city"),
        (Book.config.at("a", "b").add(1), r"object config\.a; the update changes config\.a\.b"),
        (Book.config.at("list", 0).remove(), r"list config\.list; the update changes config\.list"),
        (Book.config.at("text", "x").append(1), r"object config\.text; the update changes"),
        (Book.lines.at(0, "x").set(1), r"object lines\[0\]; the update changes lines\[0\]\.x"),
        (Book.title.copy(Book.earlier), r"earlier; the update changes title"),
    ],
    ids=str,
)
def test_a_place_whose_surroundings_are_missing_is_named(
    store: Store, change: Change, missing: str
) -> None:
    config = None if change.place.steps == ("city",) else {"text": "x"}
    book = a_book(store, config=config, lines=["text"])

    with pytest.raises(ConditionFailedError, match=rf"^Book {book.id} has no {missing}") as error:
        changed(store, book, change)
    assert error.value.item == book
    assert stored_item(store, book) == book.to_item()


def test_a_place_in_an_item_that_does_not_exist_is_an_item_not_found(store: Store) -> None:
    with pytest.raises(ItemNotFoundError):
        store.save(Update(Book, {"id": new_id()}, LATER, [Book.config.at("a").set(1)]))


@pytest.mark.parametrize(
    ("changes", "twice"),
    [
        ((Book.title.set("a"), Book.title.set("b")), "title twice"),
        ((Book.pages.add(1), Book.pages.remove()), "pages twice"),
        ((Book.config.at("a").set(1), Book.config.set({})), "config.a and config twice"),
        ((Book.config.at("a"), Book.config.at("a", "b")), "config.a and config.a.b twice"),
        ((Book.lines.at(0), Book.lines.at(0)), r"lines[0] twice"),
    ],
)
def test_two_changes_of_one_place_are_refused(changes: Sequence[Any], twice: str) -> None:
    made = [each if isinstance(each, Change) else each.set(1) for each in changes]

    with pytest.raises(InvalidValueError) as error:
        Update(Book, _KEY, NOON, made)
    assert str(error.value) == f"an Update of Book changes {twice}"


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Book.title.set(3), "title is 3, not a text"),  # type: ignore[arg-type]
        (lambda: Book.title.set(None), "title is None, and is not optional"),  # type: ignore[arg-type]
        (lambda: Book.renewals.add(1.5), "renewals is 1.5, not a whole number"),  # type: ignore[arg-type]
        (Book.topics.include, "topics: no members are given"),
        (lambda: Book.readers.include("a b"), "readers: 'a b' is not an id"),
        (lambda: Book.lines.append(object()), "lines.0 is <object object at"),
        (Book.config.at, "a place inside a document needs at least one step"),
        (lambda: Book.config.at("a[0]"), "'a[0]' is no step into a document; it must be the name"),
        (lambda: Book.config.at(-1), "-1 is no step into a document"),
        (lambda: Book.config.at("a").set({1, 2}), "config.a is {1, 2}, not a JSON value"),
        (lambda: Book.config.at("a").add("x"), "config.a: 'x' is not a number"),  # type: ignore[arg-type]
        (Book.genre.one_of, "one_of has 0 values; DynamoDB compares with 1 to 100"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_at_once(
    make: Callable[[], object], error: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        make()
    assert error in str(caught.value)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (Book.title.remove, "every item has title: it cannot be removed"),  # type: ignore[misc]
        (lambda: Update(Book, _KEY, NOON, [Shelf.free.add(1)]), "free is an attribute of"),
        (
            lambda: Update(Book, _KEY, NOON, [Book.pages.copy(Shelf.free)]),
            "free is an attribute of",
        ),
        (
            lambda: Update(Book, _KEY, NOON, [Book.pages.copy(Book.title)]),  # type: ignore[arg-type]
            "pages is of type Integer and cannot hold every value of title, which is of type Text",
        ),
        (lambda: Update(Book, _KEY, NOON, [Book.pages.copy(Book.price)]), "cannot hold every"),  # type: ignore[arg-type]
        (lambda: Update(Book, _KEY, NOON, [Book.genre.copy(Book.title)]), "cannot hold every"),  # type: ignore[arg-type]
        (lambda: Update(Book, _KEY, NOON, [Book.readers.copy(Book.topics)]), "cannot hold every"),
        (lambda: Update(Book, _KEY, NOON, [Book.config.copy(Book.any)]), "cannot hold every"),
        (
            lambda: Update(Profile, {"id": "p"}, NOON, [Profile.name.copy(Profile.id)]),
            "Profile.id is not stored but in keys",
        ),
        (lambda: Update(Book, _KEY, NOON, [Tally.topics.remove()]), "topics is an attribute of"),
        (lambda: Update(Book, _KEY, NOON, Book.title.set("x")), "not one alone"),  # type: ignore[arg-type]
        (
            lambda: Update(Book, _KEY, NOON, [Book.title == "x"]),  # type: ignore[list-item]
            "takes a sequence of changes",
        ),
        (
            lambda: Update(Book, _KEY, NOON, [Book.title.set("x")], [Book.title.set("y")]),  # type: ignore[list-item]
            "takes a sequence of equalities, such as Loan.returned.equals(False), or a mapping",
        ),
        (
            lambda: Update(Book, _KEY, NOON, [Book.updated_at.copy(Book.due_at)]),
            "every update",
        ),
        (lambda: Update(Shelf, {"id": "s"}, NOON, [Shelf.free.add(1)]), "is made of free: it must"),
        (lambda: Update(Shelf, {"id": "s"}, NOON, [Shelf.books.include("b")]), "is made of books"),
    ],
)
def test_a_change_that_does_not_fit_the_entity_is_refused(
    make: Callable[[], object], error: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        make()
    assert error in str(caught.value)


def test_a_component_of_the_primary_key_cannot_be_changed_in_any_way() -> None:
    for change in (Book.id.set("x"), Book.id.copy(Book.title)):
        with pytest.raises(InvalidValueError, match="components of the primary key cannot change"):
            Update(Book, _KEY, NOON, [change])


@pytest.mark.parametrize(
    ("shelf", "change", "expected"),
    [
        (Shelf(id="s", free=5), Shelf.free.add(-2), Shelf.free.equals(5)),
        (Shelf(id="s", free=7), Shelf.free.add(1), Shelf.free.equals(7)),
        (Shelf(id="s"), Shelf.books.include("b"), Shelf.books.equals([])),
        (Shelf(id="s", books=["b"]), Shelf.books.exclude("b"), Shelf.books.equals({"b"})),
        (Shelf(id="s", books=["b"]), Shelf.books.include("c"), Shelf.books.equals({"b"})),
        (Shelf(id="s"), Shelf.rows.append("x"), Shelf.rows.equals([])),
        (Shelf(id="s", rows=["a"]), Shelf.rows.prepend("x"), Shelf.rows.equals(["a"])),
    ],
    ids=str,
)
def test_a_key_follows_a_change_of_what_it_is_made_of(
    store: Store, shelf: Shelf, change: Change, expected: Any
) -> None:
    shelf.id = new_id()
    store.save(Put(shelf))
    write = Update(Shelf, {"id": shelf.id}, LATER, [change], [expected])

    saved = store.save(write)

    stored = stored_item(store, shelf)
    assert Shelf.from_item(stored).to_item() == stored == saved.to_item()
    assert saved != shelf
    assert write.refused_twice
    assert write.already_applied(stored)
    with pytest.raises(ConditionFailedError):
        store.save(write)


def test_an_old_item_that_lacks_a_number_gets_the_key_of_its_sum(store: Store) -> None:
    shelf = Shelf(id=new_id())
    item = shelf.to_item()
    del item["free"]
    put_raw(store, item)

    saved = store.save(
        Update(Shelf, {"id": shelf.id}, LATER, [Shelf.free.add(1)], [Shelf.free.equals(5)])
    )

    assert saved.free == 6
    assert stored_item(store, shelf)["GSI1SK"] == {"S": f"006#{shelf.id}"}


def test_an_item_that_does_not_exist_is_created_and_then_counted(store: Store) -> None:
    tally = {"id": new_id()}
    hit = Update(Tally, tally, NOON, [Tally.hits.add(1), Tally.topics.include("a")], initial={})

    assert store.save(hit).hits == 1
    assert store.save(hit).hits == 2


def test_changes_count_in_a_transaction(store: Store) -> None:
    book = a_book(store, renewals=1)
    other = a_book(store)

    store.transact(
        Transaction(
            [
                Update(Book, {"id": book.id}, LATER, [Book.renewals.add(1)]),
                Update(Book, {"id": other.id}, LATER, [Book.renewals.add(-1)]),
            ]
        )
    )

    renewals = [
        store.require(BookById(each.id), consistent=True).renewals for each in (book, other)
    ]
    assert renewals == [2, 2]


_ADDING: list[list[Change]] = [
    [Book.pages.add(1)],
    [Book.lines.append("x")],
    [Book.lines.prepend("x")],
    [Book.config.at("n").add(1)],
    [Book.title.copy(Book.subtitle), Book.subtitle.copy(Book.title)],
    [Book.lines.at(0).remove()],
    [Book.lines.at(2).set("z")],
]


@pytest.mark.parametrize("changes", _ADDING, ids=lambda each: " ".join(map(str, each)))
def test_a_change_whose_answer_was_lost_is_made_once(
    store: Store, changes: Sequence[Change]
) -> None:
    given: dict[str, Any] = {"pages": 1, "lines": ["a", "b"], "config": {"n": 1}, "subtitle": "s"}
    book, control = a_book(store, **given), a_book(store, **given)

    with injected(store.client, [Lose()]) as attempts:
        saved = changed(store, book, *changes)

    assert attempts.operations == ["UpdateItem", "GetItem"]
    alone = changed(store, control, *changes)
    alone.id = book.id
    assert saved == alone


@pytest.mark.parametrize("changes", _ADDING, ids=lambda each: " ".join(map(str, each)))
def test_a_change_that_was_not_made_is_made_when_that_is_known(
    store: Store, changes: Sequence[Change]
) -> None:
    given: dict[str, Any] = {"pages": 1, "lines": ["a", "b"], "config": {"n": 1}, "subtitle": "s"}
    book, control = a_book(store, **given), a_book(store, **given)

    with injected(store.client, [_BROKEN]):
        saved = changed(store, book, *changes)

    alone = changed(store, control, *changes)
    alone.id = book.id
    assert saved == alone


@pytest.mark.parametrize(
    "change",
    [
        Book.topics.include("a"),
        Book.topics.exclude("love"),
        Book.config.at("n").set(2),
        Book.config.at("n").remove(),
    ],
    ids=str,
)
def test_a_change_that_can_be_repeated_is_sent_again(store: Store, change: Change) -> None:
    book = a_book(store, topics=["love"], config={"n": 1})

    with injected(store.client, [Lose()]) as attempts:
        changed(store, book, change)

    assert attempts.operations == ["UpdateItem", "UpdateItem"]


def test_a_sum_with_its_old_value_is_recognised_after_a_lost_answer(store: Store) -> None:
    tally = store.save(Put(Tally(id=new_id(), hits=1)))
    write = Update(Tally, {"id": tally.id}, NOON, [Tally.hits.add(1)], [Tally.hits.equals(1)])

    with injected(store.client, [Lose()]):
        store.transact(Transaction([write]))

    blind = Update(Tally, {"id": tally.id}, NOON, [Tally.hits.add(1)])
    assert (write.refused_twice, blind.refused_twice) == (True, False)
    assert write.already_applied(stored_item(store, tally))
    assert not blind.already_applied(stored_item(store, tally))
    assert not write.already_applied(tally.to_item())


def test_a_count_that_nothing_tells_of_is_not_made_twice_but_reported(store: Store) -> None:
    tally = store.save(Put(Tally(id=new_id())))
    write = Update(Tally, {"id": tally.id}, NOON, [Tally.hits.add(1)])

    with (
        injected(store.client, [Lose()]),
        pytest.raises(UnavailableError, match=r"nothing in the item tells whether it was applied"),
    ):
        store.save(write)

    assert stored_item(store, tally)["hits"] == {"N": "1"}


def test_a_rival_after_a_lost_answer_keeps_both_changes(store: Store) -> None:
    book = a_book(store, pages=1)
    rival = Update(Book, {"id": book.id}, NOON, [Book.pages.add(10)])

    with injected(store.client, [_BROKEN]):
        store.save(rival)
        saved = changed(store, book, Book.pages.add(1))

    assert saved.pages == 12


def test_an_update_that_is_repeated_expects_the_item_as_it_was_read(store: Store) -> None:
    book = changed(store, a_book(store), Book.pages.set(1))
    write = Update(Book, {"id": book.id}, NOON, [Book.pages.add(1)])

    fenced = write.with_version(book)

    assert (write.repeatable, fenced.repeatable) == (False, True)
    changed(store, book, Book.pages.set(2), expected={"updated_at": LATER})
    store.save(Update(Book, {"id": book.id}, NOON, [Book.pages.set(3)]))
    with pytest.raises(VersionConflictError):
        store.save(fenced)


def test_an_update_that_expects_the_time_of_the_last_change_says_that_it_has_changed(
    store: Store,
) -> None:
    book = changed(store, a_book(store), Book.pages.set(1))
    since = [Book.updated_at.equals(NOON)]

    with pytest.raises(VersionConflictError, match=r"has changed since it was read$"):
        changed(store, book, Book.pages.add(1), expected=since)


def test_an_expression_or_item_that_is_too_long_is_refused_before_it_is_sent(store: Store) -> None:
    places = [Book.config.at("deeply", "nested", f"member{n}").set(n) for n in range(400)]
    many = Update(Book, _KEY, NOON, places)
    long = Update(Book, _KEY, NOON, [Book.lines.append("x" * 410_000)])

    with watching(store.client) as watched:
        with pytest.raises(InvalidValueError, match=r"an expression of .* bytes; DynamoDB takes"):
            store.save(many)
        with pytest.raises(ItemTooLargeError):
            store.save(long)
    assert watched.operations == []


@pytest.mark.parametrize(
    ("steps", "shown"),
    [((), "config"), (("a", "b"), "config.a.b"), (("a", 0, "b"), "config.a[0].b")],
)
def test_a_place_is_shown_as_it_is_written(steps: tuple[str | int, ...], shown: str) -> None:
    assert str(Place(Book.config, steps)) == shown


def test_changes_by_name_do_what_changes_by_attribute_do() -> None:
    later = NOON + timedelta(days=1)
    named = Update(
        Book, {"id": "b"}, NOON, {"title": "t", "pages": None, "due_at": later}, {"lent": False}
    )
    typed = Update(
        Book,
        {"id": "b"},
        NOON,
        [Book.title.set("t"), Book.pages.remove(), Book.due_at.set(later)],
        [Book.lent.equals(False)],
    )

    assert typed.parameters() == named.parameters()
