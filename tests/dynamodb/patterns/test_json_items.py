"""``as_json`` reads an item as the JSON that ``to_json`` makes of its entity, for every entity."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeSetAttribute

from autoforge.dynamodb import Entity, Id, Integer, Key, Layout, Text
from autoforge.dynamodb.patterns.json_items import as_json, members, to_json
from autoforge.dynamodb.schema.entity import Item, entity_fields
from autoforge.errors import DeclarationError, UnreadableItemError
from autoforge.models import PLATFORM_DESIGN
from tests.designs.devices import DEVICES
from tests.designs.diary import DIARY
from tests.designs.library import LIBRARY, Genre, a_book, a_loan
from tests.designs.market import MARKET
from tests.designs.meters import METERS, GlanceByNumber, MeterByNumber
from tests.factories import NOON
from tests.strategies import entities

ENTITIES: Final = tuple(
    each
    for design in (PLATFORM_DESIGN, LIBRARY, DEVICES, METERS, DIARY, MARKET)
    for each in design.entities
)

#: What another program could have stored under any name.
WIRES: Final = (
    {"S": "2026-02-04T10:30:00Z"}, {"S": "é\x00"}, {"S": ""}, {"N": "1e3"}, {"N": "12"},
    {"N": "1770206400.9"}, {"NULL": True}, {"M": {"a": {"L": [{"N": "1.5"}]}}}, {"BOOL": True},
    {"SS": ["b", "a"]}, {"B": "AA=="}, None,
)  # fmt: skip


def slowly(kind: type[Entity], item: Item, now: datetime) -> object:
    """Return the JSON of the entity of an item, or the error."""
    try:
        entity = kind.from_item(item)
        return to_json(entity) if entity.is_live(now) else None
    except UnreadableItemError as error:
        return str(error)


def at_once(kind: type[Entity], item: Item, now: datetime) -> object:
    """Return the JSON of an item, or the error."""
    try:
        return as_json(kind)(item, now)
    except UnreadableItemError as error:
        return str(error)


@st.composite
def items(draw: st.DrawFn, kind: type[Entity]) -> Item:
    """Draw items of an entity, some attributes of which another program has written."""
    item: Item = draw(entities(kind)).to_item()
    names = [each.stored_name for each in entity_fields(kind)]
    for name in draw(st.lists(st.sampled_from(names), max_size=2)):
        wire: Any = draw(st.sampled_from(WIRES))
        item.pop(name, None)
        if wire is not None:
            item[name] = wire
    return item


@pytest.mark.parametrize("kind", ENTITIES, ids=lambda kind: kind.__name__)
def test_an_item_is_read_as_the_json_of_its_entity(kind: type[Entity]) -> None:
    @settings(max_examples=2 * settings().max_examples)
    @given(item=items(kind), later=st.booleans())
    def hold(item: Item, *, later: bool) -> None:
        now = datetime(9999, 1, 1, tzinfo=UTC) if later else NOON

        assert at_once(kind, item, now) == slowly(kind, item, now)

    hold()


def test_the_members_are_the_attributes_in_the_order_of_their_declarations() -> None:
    (book, *_), (state,) = LIBRARY.entities, DEVICES.entities

    assert [*members(book)] == [
        *("entityType", "isbn", "title", "genre", "shelf", "pages", "reader", "addedAt"),
        *("authors", "notes", "extra", "rating", "in-print?", "expiresAt"),
    ]
    assert [*members(state)] == ["DeviceID", "State", "Date", "Operator", "Level", "entityType"]


def test_the_expiry_is_the_one_by_which_the_item_is_read_as_missing() -> None:
    assert to_json(a_loan(1))["expiresAt"] == "2126-01-11T12:00:00.000Z"
    assert to_json(a_book())["expiresAt"] is None
    assert to_json(a_book(expires_at=NOON))["expiresAt"] == "2026-02-04T12:00:00.000Z"


class Own(Entity):
    """An entity with PynamoDB's own attributes, and with names that JSON has for others."""

    layout = Layout(expiry="expires-at")

    id: Id = Id()
    raw: BinaryAttribute = BinaryAttribute(legacy_encoding=False)
    number: NumberAttribute = NumberAttribute()
    tags: UnicodeSetAttribute = UnicodeSetAttribute()
    note: Text[None] = Text(attr_name="expiresAt", default=None)

    key = Key("OWN#{id}", "OWN")


class Defaulted(Entity):
    """An entity with a default for what an item lacks."""

    id: Id = Id()
    times: Integer = Integer(default=3)

    key = Key("DEFAULTED#{id}", "DEFAULTED")


def test_attributes_of_pynamodb_are_shown_as_json_has_them() -> None:
    own = Own(id="a", raw=b"\0\xff", number=1.5, tags={"b", "a"}, note="n", expires_at=NOON)
    item = own.to_item()

    shown = at_once(Own, item, NOON - timedelta(1))

    assert shown == {
        "entityType": "Own",
        "id": "a",
        "raw": b64encode(b"\0\xff").decode(),
        "number": 1.5,
        "tags": ["a", "b"],
        "expiresAt": "n",
    }
    assert at_once(Own, item, NOON) is None


def test_a_reading_of_whole_items_is_refused_for_a_pattern_that_answers_with_parts() -> None:
    def whole(entity: type[Entity], /) -> Any:
        raise AssertionError(entity)

    with pytest.raises(
        DeclarationError, match=r"^GlanceByNumber answers with parts of items, and "
    ):
        GlanceByNumber.reading_as(whole)
    assert MeterByNumber.reading_as(whole) is whole


def test_a_default_is_shown_as_the_entity_has_it() -> None:
    item = Defaulted(id="a").to_item()
    del item["times"]

    assert at_once(Defaulted, item, NOON) == slowly(Defaulted, item, NOON)


@dataclass(frozen=True)
class Answer:
    """An answer with values of many types."""

    of_day: date
    by_genre: dict[Genre, tuple[int, ...]]


class Pair(NamedTuple):
    """A pair."""

    one: str
    other: str


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            Answer(date(2026, 2, 4), {Genre.NOVEL: (1, 2)}),
            {"ofDay": "2026-02-04", "byGenre": {"novel": [1, 2]}},
        ),
        (Pair("a", "b"), ["a", "b"]),
        (datetime(2026, 2, 4, 13, tzinfo=timezone(timedelta(hours=1))), "2026-02-04T12:00:00.000Z"),
        (
            Decimal("0.1234567890123456789012345678901234567"),
            "0.1234567890123456789012345678901234567",
        ),
        (float("nan"), None),
        (10**30, 10**30),
        ({"b", "a"}, ["a", "b"]),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (Genre.SCIENCE, "science"),
        (None, None),
        (True, True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_answer_of_any_type_is_shown_as_json(value: Any, shown: Any) -> None:
    found = to_json(value)

    assert found == shown
    assert type(found) is type(shown)
