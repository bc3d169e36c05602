"""The laws hold for designs of every shape, on every engine, and none is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pynamodb.attributes import (
    BinaryAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)

from autoforge import dynamodb
from autoforge.dynamodb import (
    GSI,
    LSI,
    Array,
    Boolean,
    Choice,
    Document,
    Entity,
    Get,
    Id,
    IdSet,
    Integer,
    Json,
    Key,
    Layout,
    Moment,
    Projection,
    Query,
    SortRange,
    Table,
    Text,
    optional,
    required,
)
from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.soundness import faults_of
from autoforge.dynamodb.schema.attribute import EntityAttribute
from autoforge.dynamodb.schema.design import Design
from autoforge.testing import Engine, laws_of
from autoforge.testing.laws import laws_in
from autoforge.testing.values import STRATEGIES
from docs.examples.another_domain import LIBRARY
from tests.designs.lending import LENDING
from tests.dynamodb.store import test_drawn_designs as drawn

#: Fewer than a user's default: these designs run on every engine.
_EXAMPLES = 4

# Several indexes with names of their own, a lifetime, and parameters that are computed with.


class Status(StrEnum):
    """Members of which one is a prefix of another."""

    NEW = "new"
    NEWEST = "newest"
    PAID = "paid"


by_status = GSI("OrdersByStatus", "statusKey", "statusSort")
by_day = GSI(
    "OrdersByDay", "dayKey", "daySort", projection=("customerId", "status", "priority", "createdAt")
)


class Customer(Entity):
    """A customer."""

    customer_id = Id()
    emails = IdSet()
    profile = optional(Document())
    anything = Json()

    key = Key("CUSTOMER#{customer_id}", "#PROFILE")


class Order(Entity):
    """An order, which expires."""

    lifetime = timedelta(days=30)

    order_id = Id()
    customer_id = Id()
    status = Choice(Status)
    priority = Integer()
    created_at = Moment()
    lines = optional(Array())

    key = Key("CUSTOMER#{customer_id}", "ORDER#{order_id}")
    of_status = Key("STATUS#{status}", "{priority:4}#{created_at}#{order_id}", index=by_status)
    of_day = Key("DAY#{created_at:date}", "{created_at}#{order_id}", index=by_day)


@dataclass(frozen=True)
class CustomerById(Get[Customer]):
    """Which customer is it?"""

    source = "the shop"
    key = Customer.key
    customer_id: str


@dataclass(frozen=True)
class OrdersOfCustomer(Query[Order]):
    """Which orders does a customer have?"""

    source = "the shop"
    key = Order.key
    newest_first = True
    customer_id: str


@dataclass(frozen=True)
class OrdersByStatus(Query[Order]):
    """Which orders are in a status, perhaps of a priority, after a place?"""

    source = "the shop"
    key = Order.of_status
    status: Status
    priority: int | None = None


@dataclass(frozen=True)
class OrdersAfter(Query[Order]):
    """Which orders follow one in a status?"""

    source = "the shop"
    key = Order.of_status
    range = SortRange("priority", above=("after_priority", "after"), at_most="until")
    status: Status
    after_priority: int | None = None
    after: datetime | None = None
    until: int | None = None


@dataclass(frozen=True)
class OrderOfDay(Projection[Order]):
    """What the index of the days holds of an order."""

    order_id: str
    status: Status
    created_at: datetime


@dataclass(frozen=True)
class OrdersOfDay(Query[OrderOfDay]):
    """Which orders were made on a day, in a part of it?"""

    source = "the shop"
    key = Order.of_day
    renames = {"created_at": "day"}
    range = SortRange("created_at", at_least="since", below="until")
    moving = "until"
    day: date
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class WholeOrdersOfDay(Query[Order]):
    """Which orders were made on a day, with their lines?"""

    source = "the shop"
    key = Order.of_day
    renames = {"created_at": "day"}
    range = SortRange("created_at", at_least="since")
    fetches_rest = True
    day: date
    since: datetime | None = None


SHOP = Table(
    "Shop",
    (Customer, Order),
    (by_status, by_day),
    (
        CustomerById,
        OrdersOfCustomer,
        OrdersByStatus,
        OrdersAfter,
        OrdersOfDay,
        WholeOrdersOfDay,
    ),
)

# A local index, sort keys that are numbers, and two entities in one collection.

by_level = LSI("ByLevel", "level", sort_type="N")
_METERS = Layout(sort_key="at", sort_type="N")


class Reading(Entity):
    """A reading of a meter."""

    layout = _METERS

    meter = Id()
    at = Integer()
    level = optional(Integer())

    key = Key("METER#{meter}", "{at}")
    of_level = Key("METER#{meter}", "{level}", index=by_level)


class Fault(Entity):
    """A fault of a meter, between its readings."""

    layout = _METERS

    meter = Id()
    at = NumberAttribute()
    words = UnicodeAttribute(null=True)

    key = Key("FAULT#{meter}", "{at}")


@dataclass(frozen=True)
class ReadingsOf(Query[Reading]):
    """Which readings does a meter have in a time?"""

    source = "the works"
    key = Reading.key
    range = SortRange("at", at_least="since", at_most="until")
    meter: str
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True)
class ReadingsByLevel(Query[Reading]):
    """Which readings are below a level?"""

    source = "the works"
    key = Reading.of_level
    range = SortRange("level", above=("above",), below="below")
    meter: str
    above: int | None = None
    below: int | None = None


@dataclass(frozen=True)
class FaultsOf(Query[Fault]):
    """Which faults does a meter have?"""

    source = "the works"
    key = Fault.key
    meter: str


METERS = Table("Meters", (Reading, Fault), (by_level,), (ReadingsOf, ReadingsByLevel, FaultsOf))

# Other names, no type, no expiry, and attributes that are key attributes themselves.

_MUSIC = Layout(partition_key="Artist", sort_key="Song", entity_type=None, expiry=None)
by_genre = GSI("GenreIndex", "Genre", "Year", sort_type="N")


class Song(Entity):
    """A song, in a table that exists already."""

    layout = _MUSIC

    artist = Text(attr_name="Artist")
    title = Text(attr_name="Song")
    genre = optional(Text(attr_name="Genre"))
    year = optional(Integer(attr_name="Year"))
    live = optional(Boolean())
    created_at = Moment()
    cover = BinaryAttribute(null=True, legacy_encoding=False)
    tags = UnicodeSetAttribute(null=True)
    more = JSONAttribute(null=True)
    heard = UTCDateTimeAttribute(null=True)

    key = Key("{artist}", "{title}")
    of_genre = Key("{genre}", "{year}", index=by_genre)


@dataclass(frozen=True)
class SongsOf(Query[Song]):
    """Which songs does an artist have, from one title to another?"""

    source = "the radio"
    key = Song.key
    range = SortRange("title", at_least="first", below="last")
    artist: str
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class SongsOfGenre(Query[Song]):
    """Which songs are of a genre and a year?"""

    source = "the radio"
    key = Song.of_genre
    genre: str
    year: int | None = None


@dataclass(frozen=True)
class SongNamed(Get[Song]):
    """Which song is it?"""

    source = "the radio"
    key = Song.key
    artist: str
    title: str


MUSIC = Table("Music", (Song,), (by_genre,), (SongsOf, SongsOfGenre, SongNamed))


test_the_laws_of_the_example = laws_of(LIBRARY, examples=_EXAMPLES)
test_the_laws_of_several_indexes = laws_of(SHOP, examples=_EXAMPLES)
test_the_laws_of_a_local_index_and_numbers = laws_of(METERS, examples=_EXAMPLES)
test_the_laws_of_another_layout = laws_of(MUSIC, examples=_EXAMPLES)
test_the_laws_of_every_kind_of_read = laws_of(LENDING, examples=_EXAMPLES)


def test_every_entity_and_every_pattern_has_laws_and_each_has_a_readable_id() -> None:
    said = [str(law) for law in laws_in(LIBRARY)]

    assert said == [
        "Book: reads back as it was written",
        "Book: no other item has its key",
        "Book: every write leaves the keys of the item",
        "Loan: reads back as it was written",
        "Loan: no other item has its key",
        "Loan: every write leaves the keys of the item",
        "Book: a write that must be refused changes nothing",
        "Loan: a write that must be refused changes nothing",
        "Book: a write whose answer is lost is made once",
        "Loan: a write whose answer is lost is made once",
        "Book: callers who write at once leave what some order of them leaves",
        "Loan: callers who write at once leave what some order of them leaves",
        "BookByIsbn: the answer equals brute force",
        "BookByIsbn: expired items never come",
        "BookByIsbn: faults of DynamoDB change no answer",
        "BookByIsbn: sends the requests it declares",
        "BookByIsbn: consumes the units that item sizes predict",
        "BookByIsbn: reads strongly consistently only if asked to",
        "BookByIsbn: a snapshot has the same items",
        *(
            f"{pattern}: {law}"
            for pattern in ("LoansOfBook", "LoansDue")
            for law in (
                "pages equal brute force",
                "cursors resume, and others are refused",
                "expired items never come, and pages stay full",
                "changes between pages skip and repeat no other item",
                "faults of DynamoDB change no answer",
                "sends the requests it declares",
                "consumes the units that item sizes predict",
                "counts what it selects",
                "reads strongly consistently only if asked to",
            )
        ),
    ]


def test_a_law_that_does_not_apply_is_not_listed() -> None:
    assert not [law for law in laws_in(MUSIC) if "expired" in str(law)]
    assert not [law for law in laws_in(MUSIC) if str(law).startswith("SongNamed: cursors")]


def test_the_values_of_every_attribute_of_the_toolkit_are_drawn() -> None:
    offered = [getattr(dynamodb, name) for name in dynamodb.__all__]
    attributes = {
        each for each in offered if isinstance(each, type) and issubclass(each, EntityAttribute)
    }

    assert attributes <= {*STRATEGIES}
    assert len(attributes) == 13


class Isbn(Text):
    """A class of attributes that the laws do not know."""


class Volume(Entity):
    """A book."""

    isbn: Isbn = required(Isbn())

    key = Key("BOOK#{isbn}", "BOOK")


class Place:
    """A class of parameters that the laws do not know."""


@dataclass(frozen=True)
class VolumesAt(Query[Volume]):
    """Which books are at a place?"""

    source = "the desk"
    key = Volume.key
    place: Place

    @property
    def isbn(self) -> str:
        """The ISBN of the book at the place."""
        return str(self.place)


class Told(Pattern[Volume]):
    """A kind of pattern that the laws do not know."""


def test_an_attribute_whose_values_cannot_be_drawn_is_an_error_that_says_what_to_give() -> None:
    with pytest.raises(
        DeclarationError,
        match=r"^Volume\.isbn is of the class Isbn, whose values cannot be drawn: give laws_of a "
        r"strategy for them, such as strategies=\{Isbn: st\.just\(\.\.\.\)\}$",
    ):
        laws_of(Table("Volumes", (Volume,)))

    for given_strategy in (
        {Isbn: st.just("a")},
        {"Volume.isbn": st.just("a")},
        {Volume: st.just(Volume(isbn="a"))},
    ):
        assert laws_in(Table("Volumes", (Volume,)), strategies=given_strategy)


def test_a_parameter_that_cannot_be_drawn_is_an_error_that_says_what_to_give() -> None:
    table = Table("Volumes", (Volume,), (), (VolumesAt,))
    known = {Isbn: st.just("a")}

    with pytest.raises(
        DeclarationError,
        match=r"^VolumesAt: no value of the parameter 'place' can be drawn: give laws_of a "
        r"strategy of "
        r"the whole pattern: strategies=\{VolumesAt: st\.builds\(VolumesAt, place=\.\.\.\)\}$",
    ):
        laws_of(table, strategies=known)

    assert laws_in(table, strategies={**known, VolumesAt: st.just(VolumesAt(Place()))})


def test_an_entity_that_refuses_drawn_values_is_an_error_that_says_what_to_give(
    autoforge_engine: Engine,
) -> None:
    (law, *_) = laws_in(Table("Volumes", (Volume,)), strategies={Isbn: st.just("")})

    with pytest.raises(pytest.fail.Exception) as caught:
        law.prove(autoforge_engine, 5)

    assert "Volume refuses drawn values: isbn: '' is not a text" in str(caught.value)
    assert "strategies={Volume: st.builds(Volume, ...)}" in str(caught.value)


def test_a_law_about_units_is_skipped_visibly_where_none_are_counted(
    autoforge_engine: Engine,
) -> None:
    law = next(law for law in laws_in(LIBRARY) if "units" in str(law))
    if autoforge_engine.counts_units:
        law.prove(autoforge_engine, 5)
        return

    with pytest.raises(pytest.skip.Exception, match=r"^not judged: moto does not count units"):
        law.prove(autoforge_engine, 5)


@pytest.mark.one_engine
@settings(
    max_examples=2,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.nested_given],  # a law draws examples of its design
)
@given(data=st.data())
def test_the_laws_hold_for_designs_that_are_drawn(
    autoforge_engine: Engine, data: st.DataObject
) -> None:
    table = f"Laws{next(drawn._numbers)}"
    shape = data.draw(drawn.shapes())
    kept = [data.draw(drawn.kept_entities(shape, table, name)) for name in ("ITEM", "ITEMS")]
    patterns: Sequence[type[Any]] = [
        _pattern(each, layout, data.draw(st.integers(0, len(layout.sort))), f"{name}{place}")
        for place, each in enumerate(kept)
        for name, layout in (("Primary", each.primary), ("Index", each.index))
        if layout.sort
    ]
    entities = tuple(each.entity for each in kept)
    # A query of the whole partition would read items of the other entity, which Table refuses.
    own = [
        each
        for each in patterns
        if not [*faults_of(Design(table, entities, (shape.index,)), [each])]
    ]
    design = Table(table, entities, (shape.index,), tuple(own))

    for law in laws_in(design):
        try:
            law.prove(autoforge_engine, 8)
        except pytest.skip.Exception:
            continue


def _pattern(kept: drawn.Kept, layout: drawn.Place, fixed: int, name: str) -> type[Any]:
    """Declare a query that fixes some components of a sort key and bounds the next one."""
    bounded = next(iter(layout.sort[fixed:]), "")
    ends = ("at_least", "below") if bounded else ("", "")
    made: type[Any] = drawn.pattern_of(kept, layout, layout.sort[:fixed], bounded, ends)  # type: ignore[assignment]  # it is the class
    made.__name__ = name
    return made
