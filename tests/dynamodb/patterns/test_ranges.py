"""Ranges of sort keys: what a pattern may bound, and that its bounds are exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import new_class
from typing import Any, Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.request import KeyCondition
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI, Layout
from autoforge.dynamodb.schema.key_value import SORT_KEY_LIMIT
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.sort_order import just_after, just_before
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.table import Table
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.errors import DeclarationError, InvalidValueError
from tests import strategies
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON, new_id
from tests.servers import Engine
from tests.stores import fresh


class Level(StrEnum):
    """The level of a reading; one value is a prefix of another."""

    WARN = "warn"
    WARNING = "warning"
    INFO = "info"
    ERROR = "error"


class Reading(Entity):
    """A value measured by a sensor."""

    sensor: Id = Id()
    level: Choice[Level] = Choice(Level)
    at: Moment = Moment()
    note: Text = Text()
    value: Integer = Integer()

    key = Key("SENSOR#{sensor}", "READING#{level}#{at}")
    by_day = Key("DAY#{at:date}", "{at}", index=GSI1)


class Book(Entity):
    """A book, by its name, and by the name of its author as it is stored."""

    layout = Layout("pk", "author")
    shelf: Text = Text()
    name: Text = Text()
    author: Text = Text()
    lent: Moment = Moment()
    isbn: Id = Id()

    key = Key("SHELF#{shelf}", "{author}")
    by_name = Key("SHELF#{shelf}", "NAME#{name}#{isbn}", index=GSI1)
    by_time = Key("SHELF#{shelf}", "{lent}", index=GSI("ByTime", sort_key="lent"))


@dataclass(frozen=True)
class BooksNamed(Query[Book]):
    """Which books have a name that begins so?"""

    source = "a test"
    key = Book.by_name
    range = SortRange("name", begins_with="start")

    shelf: str
    start: str | None = None


@dataclass(frozen=True)
class BooksBy(Query[Book]):
    """Which books are by an author whose name begins so?"""

    source = "a test"
    key = Book.key
    range = SortRange("author", begins_with="start")

    shelf: str
    start: str


@dataclass(frozen=True)
class BooksLentOn(Query[Book]):
    """Which books were lent on this UTC day?"""

    source = "a test"
    key = Book.by_time
    range = SortRange("lent", begins_with="day")

    shelf: str
    day: date


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        (BooksNamed("s", "dyn"), "begins_with(GSI1SK, NAME#dyn)"),
        (BooksNamed("s", "a b#%"), "begins_with(GSI1SK, NAME#a%20b%23%25)"),
        (BooksNamed("s"), "begins_with(GSI1SK, NAME#)"),
        (BooksBy("s", "Le #%"), "begins_with(author, Le #%)"),
        (BooksLentOn("s", date(2026, 2, 4)), "begins_with(lent, 2026-02-04T)"),
    ],
)
def test_a_beginning_is_compared_as_it_is_stored(asked: Query[Any], condition: str) -> None:
    assert str(asked.condition(NOON)).partition(" AND ")[2] == condition


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (BooksNamed("s", ""), "name: '' is not a text with at least one character"),
        (BooksBy("s", ""), "author: every value begins with an empty text"),
        (BooksNamed("s", cast("Any", 1)), "name: 1 is not a text"),
        (BooksLentOn("s", NOON), r"lent: datetime.datetime\(.*\) is not a date"),
        (BooksNamed("s", "x" * 1100), "a sort key of 1105 bytes is over the limit"),
        (BooksBy("s", cast("Any", None)), "has None for start: it needs a value"),
    ],
)
def test_a_beginning_that_no_value_has_or_every_value_is_refused(
    asked: Query[Any], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        asked.condition(NOON)


def test_a_beginning_finds_what_begins_so_and_nothing_else(client: Client, engine: Engine) -> None:
    library = Table("Library", (Book,), (GSI1, Book.by_time.index), (BooksNamed, BooksBy))
    store = fresh(client, design=library)
    texts = ["dyn", "dyna", "dyn#b", "dy", "dyn%", "dzn", "dyn o", "d_n"]
    if engine.name == "moto":
        # dynoxide uses SQLite's LIKE for begins_with, which ignores the case of ASCII letters.
        texts += ["Dyn"]
    store.put_all(
        Book(shelf="s", name=text, author=text, lent=NOON + timedelta(days=n), isbn=f"b{n}")
        for n, text in enumerate(texts)
    )

    named = store.page(BooksNamed("s", "dyn"), limit=20).items
    by = store.page(BooksBy("s", "dyn"), limit=20).items
    lent = store.page(BooksLentOn("s", NOON.date() + timedelta(days=2)), limit=20).items

    found = sorted(text for text in texts if text.startswith("dyn"))
    assert [each.name for each in named] == found
    assert [each.author for each in by] == found
    assert [each.name for each in lent] == [texts[2]]
    assert [each.name for each in store.each(BooksBy("s", "dyn#"))] == ["dyn#b"]
    assert [each.name for each in store.each(BooksNamed("s", "dyn#"))] == ["dyn#b"]


def test_a_beginning_is_described_in_the_catalogue() -> None:
    assert entry(BooksNamed).key_conditions == {
        "": "GSI1PK = SHELF#<shelf> AND begins_with(GSI1SK, NAME#)",
        "start": "GSI1PK = SHELF#<shelf> AND begins_with(GSI1SK, NAME#<start>)",
    }


# Refused declarations.


def test_a_range_over_a_component_that_comes_after_a_free_one_is_refused() -> None:
    with pytest.raises(
        DeclarationError,
        match=r"^Since: Reading.key: a range over at needs parameters for level, which come before",
    ):

        @dataclass(frozen=True)
        class Since(Query[Reading]):
            key = Reading.key
            range = SortRange("at", at_least="since")

            sensor: str
            since: datetime | None = None


def test_a_range_over_a_component_that_comes_after_one_that_may_be_left_out_is_refused() -> None:
    with pytest.raises(DeclarationError, match="a range over at needs parameters for level"):

        @dataclass(frozen=True)
        class Since(Query[Reading]):
            key = Reading.key
            range = SortRange("at", at_least="since")

            sensor: str
            level: Level | None = None
            since: datetime | None = None


def test_a_range_over_a_component_of_the_partition_is_refused() -> None:
    with pytest.raises(DeclarationError, match="sensor stands in the partition key"):

        @dataclass(frozen=True)
        class From(Query[Reading]):
            key = Reading.key
            range = SortRange("sensor", at_least="first")

            sensor: str
            first: str | None = None


def test_a_component_that_is_both_fixed_and_bounded_is_refused() -> None:
    with pytest.raises(DeclarationError, match="level is both fixed and bounded"):

        @dataclass(frozen=True)
        class Between(Query[Reading]):
            key = Reading.key
            range = SortRange("level", at_least="least")

            sensor: str
            level: Level
            least: Level | None = None


def test_a_parameter_for_a_component_after_a_free_one_is_refused() -> None:
    with pytest.raises(DeclarationError, match="at comes after level in the sort key"):

        @dataclass(frozen=True)
        class At(Query[Reading]):
            key = Reading.key

            sensor: str
            at: datetime


def test_two_upper_bounds_are_refused() -> None:
    with pytest.raises(DeclarationError, match="level has two upper bounds, below and most"):

        @dataclass(frozen=True)
        class Between(Query[Reading]):
            key = Reading.key
            range = SortRange("level", below="below", at_most="most")

            sensor: str
            below: Level | None = None
            most: Level | None = None


@pytest.mark.parametrize(
    ("component", "more", "message"),
    [
        ("level", {}, "begins_with needs a text or a time, and level is neither"),
        ("sensor", {}, "sensor stands in the partition key"),
        ("at", {"at_least": "start"}, "begins_with stands alone: start would bound at, too"),
    ],
)
def test_a_beginning_that_bounds_no_range_is_refused(
    component: str, more: dict[str, Any], message: str
) -> None:
    fixing = {} if component == "level" else {"level": "Level"}
    body: dict[str, Any] = {
        "__annotations__": {"sensor": "str", **fixing, "start": "Any"},
        "key": Reading.key,
        "range": SortRange(component, begins_with="start", **more),
        "start": None,
    }
    if more:
        body["__annotations__"]["beginning"] = "Any"
        body["range"] = SortRange(component, begins_with="beginning", **more)
        body["beginning"] = None
    with pytest.raises(DeclarationError, match=message):
        new_class("Beginning", (Query[Reading],), {}, lambda own: own.update(body))


def test_an_exclusive_bound_of_more_than_the_key_has_is_refused() -> None:
    with pytest.raises(
        DeclarationError, match="above has more parameters than components: level, at"
    ):

        @dataclass(frozen=True)
        class After(Query[Reading]):
            key = Reading.key
            range = SortRange("level", above=("a", "b", "c"))

            sensor: str
            a: Level | None = None
            b: datetime | None = None
            c: str | None = None


@dataclass(frozen=True)
class ReadingsOfLevel(Query[Reading]):
    """What did a sensor measure at this level?"""

    source = "a test"
    key = Reading.key
    range = SortRange("at", at_least="since", below="until")

    sensor: str
    level: Level
    since: datetime | None = None
    until: datetime | None = None


def test_a_range_after_what_is_fixed_and_over_what_the_partition_shows_in_part_is_taken() -> None:
    @dataclass(frozen=True)
    class OfDay(Query[Reading]):
        key = Reading.by_day
        renames = {"at": "day"}
        range = SortRange("at", at_least="since")

        day: datetime
        since: datetime | None = None

    assert str(ReadingsOfLevel("s", Level.WARN, since=NOON).condition(NOON)) == (
        "PK = SENSOR#s AND SK BETWEEN READING#warn#2026-02-04T12:00:00.000Z AND READING#warn$"
    )
    assert str(OfDay(NOON, since=NOON).condition(NOON)) == (
        "GSI1PK = DAY#2026-02-04 AND GSI1SK >= 2026-02-04T12:00:00.000Z"
    )


def test_a_bound_before_the_other_is_refused_by_its_name() -> None:
    @dataclass(frozen=True)
    class UpTo(Query[Reading]):
        key = Reading.key
        range = SortRange("level", at_least="first", at_most="last")

        sensor: str
        first: Level | None = None
        last: Level | None = None

    with pytest.raises(InvalidValueError, match=r"^first is after last$"):
        UpTo("s", Level.WARN, Level.ERROR).condition(NOON)


# Bounds are exact, by brute force: every kind of component, at the end of its key and before it.


class Titled(Entity):
    """A text at and before the end of a sort key, with and without a literal before it."""

    shelf: Id = Id()
    value: Text = Text()
    copy: Integer = Integer()

    key = Key("SHELF#{shelf}", "BOOK#{value}")
    bare = Key("BARE#{shelf}", "{value}#{copy:2}", index=GSI1)


class Counted(Entity):
    """A number at and before the end of a sort key."""

    shelf: Id = Id()
    value: Integer = Integer()
    copy: Integer = Integer()

    key = Key("SHELF#{shelf}", "COUNT#{value:2}#{copy:2}")
    bare = Key("BARE#{shelf}", "{value:2}", index=GSI1)


class Dated(Entity):
    """A timestamp at and before the end of a sort key."""

    shelf: Id = Id()
    value: Moment = Moment()
    copy: Integer = Integer()

    key = Key("SHELF#{shelf}", "DATED#{value}")
    bare = Key("BARE#{shelf}", "{value}#END", index=GSI1)


class Ranked(Entity):
    """A member of an enumeration at and before the end of a sort key."""

    shelf: Id = Id()
    value: Choice[Level] = Choice(Level)
    copy: Integer = Integer()

    key = Key("SHELF#{shelf}", "RANK#{copy:2}#{value}")
    bare = Key("BARE#{shelf}", "{value}#{copy:2}", index=GSI1)


class Named(Entity):
    """An id at and before the end of a sort key."""

    shelf: Id = Id()
    value: Id = Id()
    copy: Integer = Integer()

    key = Key("SHELF#{shelf}", "ID#{value}#{copy:2}")
    bare = Key("BARE#{shelf}", "{value}", index=GSI1)


class Prefixed(Entity):
    """A text after a literal in its own segment, at and before the end of a sort key."""

    shelf: Id = Id()
    value: Text = Text()
    copy: Integer = Integer()

    key = Key("SHELF#{shelf}", "$RANK_{copy:2}#value_{value}")
    bare = Key("BARE#{shelf}", "value_{value}#{copy:2}", index=GSI1)


class Written(Entity):
    """A text that ends a sort key and is written as it is."""

    shelf: Id = Id()
    value: Text = Text()
    copy: Integer = Integer()

    key = Key("SHELF#{shelf}", "RANK#{copy:2}#{value:raw}")
    bare = Key("BARE#{shelf}", "value_{value:raw}", index=GSI1)


_SOON: Final = tuple(NOON + step * MILLISECOND for step in (-1, 0, 1, 60_000))
TEXTS: Final = strategies.key_texts() | st.sampled_from(["a", "a\0", "a!", "ab"])
VALUES: Final[dict[type[Entity], SearchStrategy[Any]]] = {
    Titled: TEXTS | st.just("a" * 1019),
    Prefixed: TEXTS,
    Written: strategies.raw_texts() | st.sampled_from(["a", "a\0", "a!", "ab", "a$", "a" * 1015]),
    Counted: st.integers(0, 99),
    Dated: st.sampled_from(_SOON),
    Ranked: st.sampled_from(Level),
    Named: strategies.ids(),
}


def ranged(key: Key, entity: type[Entity], **bounds: Any) -> Callable[..., Query[Any]]:
    """Declare a pattern that bounds the component ``value`` of a key."""
    used = {"low" if bound in {"at_least", "above"} else "high" for bound in bounds}
    fixed = {"shelf": "s", **({"copy": 1} if "RANK" in key.sort else {})}
    names = {
        "__annotations__": dict.fromkeys(used, "Any"),
        "__orig_bases__": (Query[entity],),  # type: ignore[valid-type]  # known at run time
        "key": key,
        "fixed": fixed,
        "range": SortRange("value", **bounds) if bounds else None,
        **dict.fromkeys(used),
    }
    pattern: Callable[..., Query[Any]] = dataclass(frozen=True)(type("Ranged", (Query,), names))
    return pattern


def selected(condition: KeyCondition, keys: Sequence[str]) -> list[str]:
    """Return the sort keys that a condition selects, compared as DynamoDB compares them."""
    operands = [operand.encode() for operand in condition.operands]
    takes: dict[str, Callable[[bytes], bool]] = {
        "": lambda _: True,
        "=": lambda key: key == operands[0],
        "begins_with": lambda key: key.startswith(operands[0]),
        "BETWEEN": lambda key: operands[0] <= key <= operands[1],
        ">=": lambda key: key >= operands[0],
        "<": lambda key: key < operands[0],
        "<=": lambda key: key <= operands[0],
    }
    return [key for key in keys if takes[condition.operator](key.encode())]


LOWER: Final[dict[str, Any]] = {
    "none": {},
    "inclusive": {"at_least": "low"},
    "exclusive": {"above": ("low",)},
}
UPPER: Final[dict[str, Any]] = {
    "none": {},
    "exclusive": {"below": "high"},
    "inclusive": {"at_most": "high"},
}


@pytest.mark.parametrize("upper", UPPER)
@pytest.mark.parametrize("lower", LOWER)
@pytest.mark.parametrize("name", ["key", "bare"])
@pytest.mark.parametrize("entity", VALUES)
@given(data=st.data())
def test_a_range_takes_in_exactly_the_values_between_its_bounds(
    entity: type[Entity], name: str, lower: str, upper: str, data: st.DataObject
) -> None:
    key = entity.keys[name]
    values = VALUES[entity]
    stored = data.draw(st.lists(values, min_size=1, max_size=8))
    low, high = data.draw(values | st.sampled_from(stored)), data.draw(st.sampled_from(stored))
    used = {"low": low} if lower != "none" else {}
    used |= {"high": high} if upper != "none" else {}
    if len(used) == len((low, high)) and low > high:
        used = {"low": high, "high": low}
    rendered = {}
    for value in stored:
        made = key.render({"shelf": "s", "value": value, "copy": 1})
        assert made is not None
        rendered[made.sort] = value

    asked = ranged(key, entity, **LOWER[lower], **UPPER[upper])(**used)

    def within(value: Any) -> bool:
        bounds = {"low": value, "high": value} | used
        above = value > bounds["low"] if lower == "exclusive" else value >= bounds["low"]
        below = value < bounds["high"] if upper == "exclusive" else value <= bounds["high"]
        return bool(above and below)

    condition = asked.condition(NOON)
    assert {rendered[each] for each in selected(condition, [*rendered])} == {
        value for value in rendered.values() if within(value)
    }
    assert max((len(each.encode()) for each in condition.operands), default=0) <= SORT_KEY_LIMIT


@given(strategies.key_texts(), strategies.key_texts())
def test_no_sort_key_lies_between_a_text_and_the_one_just_after_or_before_it(
    text: str, other: str
) -> None:
    after, before = just_after(text).encode(), just_before(text, fixed_width=False).encode()

    assert before < text.encode() < after
    assert not text.encode() < other.encode() < after
    assert not before < other.encode() < text.encode()


@pytest.mark.parametrize("text", ["a" * 1024, "\U0010ffff" * 255 + "aaaa", "é" * 510 + "\ue000"])
def test_what_is_just_after_or_before_a_text_is_no_longer_than_a_sort_key(text: str) -> None:
    after, before = just_after(text).encode(), just_before(text, fixed_width=False).encode()

    assert before < text.encode() < after
    assert len(before) <= SORT_KEY_LIMIT >= len(after)


def test_a_bound_longer_than_a_sort_key_is_refused() -> None:
    asked = ranged(Titled.key, Titled, at_least="low")(low="a" * 1020)

    with pytest.raises(InvalidValueError, match="1025 bytes is over the limit of 1024"):
        asked.condition(NOON)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_an_hour_of_readings_ends_before_the_next_hour(store: Store, order: str) -> None:
    sensor = new_id()
    hours = [NOON + timedelta(hours=hour) for hour in range(-1, 2)]
    store.put_all(
        Reading(sensor=sensor, level=Level.INFO, at=at, note="-", value=1) for at in hours
    )

    asked = ReadingsOfLevel(sensor, Level.INFO, hours[0], hours[1], order=order)  # type: ignore[arg-type]  # one of both

    assert [each.at for each in store.each(asked)] == hours[:1]
    assert store.count(asked) == 1
    assert [each.at for each in store.each(ReadingsOfLevel(sensor, Level.INFO, NOON, NOON))] == []


@pytest.mark.parametrize(
    ("lower", "upper", "found"),
    [
        ("inclusive", "exclusive", ["a", "a\0", "a!"]),
        ("exclusive", "inclusive", ["a\0", "a!", "ab"]),
        ("none", "exclusive", ["a", "a\0", "a!"]),
        ("exclusive", "none", ["a\0", "a!", "ab", "b"]),
    ],
)
def test_the_bounds_of_texts_that_end_a_key_are_exact_on_the_engine(
    store: Store, lower: str, upper: str, found: list[str]
) -> None:
    store.put_all(Titled(shelf="s", value=value, copy=1) for value in ("a", "a\0", "a!", "ab", "b"))
    given = {"low": "a"} if lower != "none" else {}
    given |= {"high": "ab"} if upper != "none" else {}

    asked = ranged(Titled.key, Titled, **LOWER[lower], **UPPER[upper])(**given)

    assert [each.value for each in store.each(asked)] == found
