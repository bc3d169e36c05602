"""METERS, a table with numbers as partition keys, names of its own and no sort key.

Its attributes are of every type, PynamoDB's own among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from pynamodb.attributes import (
    BinaryAttribute,
    BinarySetAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UTCDateTimeAttribute,
)

from autoforge.dynamodb import (
    GSI,
    Array,
    Boolean,
    Choice,
    Document,
    Entity,
    Expiry,
    Fetch,
    Get,
    IdSet,
    Integer,
    Json,
    Key,
    Layout,
    Moment,
    Number,
    Projection,
    Put,
    Query,
    SortRange,
    Store,
    Table,
    Text,
    TextSet,
    nested,
    optional,
)
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.identity import primary_key
from tests.factories import NOON


class Grade(StrEnum):
    """How good something is."""

    FINE = "fine"
    POOR = "poor"


BY_STREET: Final = GSI("by-street.1", "street", "house", sort_type="N")
BY_LOAD: Final = GSI("by_load", "load", None, partition_type="N", projection="KEYS_ONLY")
_METERS: Final = Layout(
    "meter-no", None, entity_type="_type", expiry="until", partition_type="N", naming="snake_case"
)


class Meter(Entity):
    """An electricity meter."""

    layout = _METERS

    number: Integer = Integer(attr_name="meter-no")
    street: Text[None] = Text(default=None)
    house: Integer[None] = Integer(default=None)
    load: Integer[None] = Integer(default=None)
    reading: Number = Number()
    best_reading: Number[None] = Number(default=None)
    grade: Choice[Grade] = Choice(Grade)
    worst: Choice[Grade, None] = Choice(Grade, default=None)
    sealed: Boolean = Boolean(default=False)
    installed: Moment = Moment(form="%Y/%m/%d")
    checked_at: Moment[None] = Moment(default=None)
    valid_until: Expiry[None] = Expiry(default=None)
    readers: TextSet = TextSet()
    owners: IdSet = IdSet()
    lines: Array[None] = Array(default=None)
    details: Document = Document(default={})
    anything: Json[None] = Json(default=None)
    raw: BinaryAttribute = BinaryAttribute(legacy_encoding=False)
    raws = optional(BinarySetAttribute(legacy_encoding=False))
    weight = optional(NumberAttribute())
    weights = optional(NumberSetAttribute())
    seen = optional(UTCDateTimeAttribute())
    gone = optional(TTLAttribute())
    blob = optional(JSONAttribute())
    listed = optional(ListAttribute[Any]())

    key = Key("{number}")
    on_street = Key("{street}", "{house}", index=BY_STREET)
    by_load = Key("{load}", index=BY_LOAD)


@dataclass(frozen=True)
class Glance(Projection[Meter]):
    """What a reader of meters needs to know."""

    number: int
    reading: Decimal
    installed: datetime
    grade: Grade
    readers: frozenset[str]
    raw: bytes
    valid_until: datetime | None
    floor: int | None = nested("details", "place", "floor")
    doors: list[str] | None = nested("details", "doors")  # noqa: RUF009
    same: Any = nested("anything")  # noqa: RUF009


@dataclass(frozen=True)
class MeterByNumber(Get[Meter]):
    """Which meter has this number?"""

    key = Meter.key

    number: int


@dataclass(frozen=True)
class GlanceByNumber(Get[Glance]):
    """What does this meter show?"""

    key = Meter.key

    number: int


@dataclass(frozen=True)
class GlancesByNumber(Fetch[Glance]):
    """What do these meters show?"""

    numbers: tuple[int, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """The keys of the meters."""
        return [primary_key(Meter, {"number": each}) for each in self.numbers]


@dataclass(frozen=True)
class MetersOnStreet(Query[Meter]):
    """Which meters are in these houses of this street?"""

    key = Meter.on_street
    range = SortRange("house", at_least="first", at_most="last")

    street: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class MetersOfLoad(Query[Meter]):
    """Which meters have this load?"""

    key = Meter.by_load
    fetches_rest = True

    load: int


@dataclass(frozen=True)
class GlancesOfLoad(Query[Glance]):
    """What do the meters with this load show, unless they are sealed?"""

    key = Meter.by_load
    fetches_rest = True

    load: int


METERS: Final = Table(
    "meters.of-a_city",
    entities=(Meter,),
    indexes=(BY_STREET, BY_LOAD),
    patterns=(
        MeterByNumber,
        GlanceByNumber,
        GlancesByNumber,
        MetersOnStreet,
        MetersOfLoad,
        GlancesOfLoad,
    ),
)


_OF_PYNAMODB: Final[Any] = {
    "raws": {b"a", b"\xff"},
    "weight": 1.5,
    "weights": {1, 2.5},
    "seen": NOON,
    "gone": NOON,
    "blob": {"a": [1]},
    "listed": ["a", 1],
}


def fill_meters(store: Store) -> None:
    """Store three meters of one street."""
    for number in range(3):
        store.save(
            Put(
                Meter(
                    number=number - 1,
                    street="Main St #1",
                    house=number,
                    load=230,
                    reading=Decimal("12345678901234567890.123456789"),
                    best_reading=None if number else Decimal("-1E+20"),
                    grade=Grade.FINE,
                    worst=None if number else Grade.POOR,
                    installed=NOON,
                    checked_at=None if number else NOON,
                    valid_until=None if number else NOON,
                    readers={"b", "é"} if number else set(),
                    owners={"o2", "o1"} if number else set(),
                    lines=[1, "x", None, {"a": 1.5}] if number else None,
                    details={"place": {"floor": number}, "doors": ["A", "B"]} if number else {},
                    anything={"any": [number]} if number else None,
                    raw=b"\0\xff",
                    **(_OF_PYNAMODB if number else {}),
                )
            )
        )
