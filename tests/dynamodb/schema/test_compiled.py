"""The compiled functions read and write exactly what the attributes' own methods do."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pynamodb.attributes import (
    BinaryAttribute,
    BinarySetAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)

from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.schema.optional import required
from autoforge.dynamodb.schema.set_attributes import TextSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.writes.alike import alike
from autoforge.errors import AutoforgeError
from autoforge.models import PLATFORM_DESIGN, Event
from benchmarks.synthetic import entity_of
from tests.dynamodb.indexes import GSI1, KEY_ATTRIBUTES
from tests.factories import (
    NOON,
    a_project,
    an_agent_config,
    an_artefact,
    an_event,
    feature_slots,
    new_id,
)
from tests.strategies import any_entity, moments, texts

#: Attribute values that other programs store where ours store something else.
_FOREIGN: list[dict[str, Any]] = [
    {"NULL": True},
    {"S": ""},
    {"S": "x"},
    {"S": "info"},
    {"S": "2026-02-04T10:30:00Z"},
    {"S": "2026-02-04T11:30:00.123456+01:00"},
    {"S": "2026-02-04t10:30:00.000z"},
    {"S": "2026-02-30T10:30:00.000Z"},
    {"S": "2026-W06-3T10:30:00.000Z"},
    {"S": "2026-02-04T103000.12345Z"},
    {"S": "2026-02-04T10:30:00.1234"},
    {"S": "2026-02-04T10:30:00,123Z"},
    {"S": "0000-02-04T10:30:00.000Z"},
    {"S": "550E8400-E29B-41D4-A716-446655440000"},
    {"S": "01kgm8c3g0cxzr34gwqd3dp72n"},
    {"S": "\ud800"},
    {"S": "\u00e9"},
    {"N": "7"},
    {"N": "-7"},
    {"N": "007"},
    {"N": "1.0"},
    {"N": "1.5"},
    {"N": "1E5"},
    {"N": "\u0667"},
    {"N": "1" * 39},
    {"N": "99999999999"},
    {"N": "253402300799"},
    {"N": "253402300800"},
    {"N": "12345678901234567890"},
    {"N": "nan"},
    {"N": "x"},
    {"BOOL": True},
    {"BOOL": False},
    {"BOOL": 1},
    {"BOOL": "true"},
    {"M": {}},
    {"M": {"a": {"N": "1"}, "b": {"S": "\u2028"}}},
    {"M": {"a": {"X": "1"}}},
    {"M": {"a": {"S": "x", "N": "1"}}},
    {"L": []},
    {"L": [{"SS": ["b", "a"]}, {"B": "AAE="}]},
    {"SS": ["b", "a"]},
    {"SS": ["no id!"]},
    {"B": "AAE="},
    {"X": 1},
    {},
]


class Level(StrEnum):
    LOW = "low"
    HIGH = "high"


class Shelf(Entity):
    """An entity whose attributes have defaults, one of every kind that can have one."""

    id: Id = Id()
    #: A component of the key: an item that lacks it has that of its key, not the default.
    side: Text = Text(default="left")
    name: Text = Text(default="\u00e9")
    owner: Id = Id(default="550E8400-E29B-41D4-A716-446655440000")
    level: Choice[Level] = Choice(Level, default=Level.LOW)
    since: Moment = Moment(default=NOON)
    height: Integer = Integer(default=3)
    price: Number = Number(default=Decimal("1.50"))
    open: Boolean = Boolean(default=False)
    labels: Document = Document(default={"a": [1]})
    slots: Array = Array(default=["x"])
    anything: Json = Json(default={"b": None})
    theirs: UnicodeAttribute = UnicodeAttribute(default="t")
    topics: TextSet = TextSet()
    version: Integer = Integer(default=1)

    key = Key("SHELF#{id}", "SIDE#{side}")
    by_level = Key("LEVEL#{level}", "{height:3}#{id}", index=GSI1, where={"open": False})


#: One of each entity with all of its attributes, and further entities with unusual values.
_SAMPLES: list[Entity] = [
    *(entity_of(kind, NOON) for kind in PLATFORM_DESIGN.entities),
    a_project(description="d", config={"a": 1}, owner_id="o", expires_at=NOON),
    an_artefact(previous_version={"a": [1]}),
    an_event(detail={"a": {"b": None}}),
    an_agent_config(value=None),
    feature_slots(),
    Shelf(id="s", side="right"),
    Shelf(id="s", topics=["b", "a"], price=Decimal(7)),
]
_GLOBAL: dict[str, Any] = {
    "id": new_id(),
    "event_type": "t",
    "summary": "s",
    "created_at": NOON,
}


@given(any_entity())
def test_an_entity_is_written_as_its_attributes_write_it(entity: Entity) -> None:
    rendered = {name: {"S": text} for name, text in entity.rendered().items()}

    assert entity.to_item() == entity._write_carefully() | rendered


@given(any_entity())
def test_what_is_written_is_read_as_its_attributes_read_it(entity: Entity) -> None:
    item = _over_the_wire(entity.to_item())

    read = type(entity).from_item(item)

    assert _state(read) == _state(type(entity)._read_carefully(item))
    assert read == entity


@pytest.mark.parametrize("entity", [*_SAMPLES, Event(**_GLOBAL)], ids=lambda e: e.type_name)
def test_what_other_programs_stored_is_read_alike_or_refused_alike(entity: Entity) -> None:
    ours = _over_the_wire(entity.to_item())
    names = {attribute.attr_name for attribute in type(entity).get_attributes().values()}

    for name in {*names, "somethingElse"}:
        for wire in (None, *_FOREIGN):
            item = {**ours, name: wire}
            if wire is None:
                del item[name]
            elif name in KEY_ATTRIBUTES | {ENTITY_TYPE} and "S" not in wire:
                continue
            for more in ({}, {"another": {"S": "kept"}}):
                item |= more
                expected = _outcome(type(entity)._read_carefully, item)
                assert _outcome(type(entity).from_item, item) == expected, (name, wire, more)


@pytest.mark.parametrize("entity", _SAMPLES, ids=lambda entity: entity.type_name)
def test_an_entity_that_lacks_something_is_written_alike_or_refused_alike(entity: Entity) -> None:
    for name, value in dict(entity.attribute_values).items():
        entity.attribute_values[name] = None
        assert _outcome(_wires, entity) == _outcome(type(entity)._write_carefully, entity), name
        del entity.attribute_values[name]
        assert _outcome(_wires, entity) == _outcome(type(entity)._write_carefully, entity), name
        entity.attribute_values[name] = value


@given(any_entity())
def test_every_attribute_reads_as_pynamodb_reads_it(entity: Entity) -> None:
    item = _over_the_wire(entity.to_item())

    read = type(entity).from_item(item).attribute_values

    for name, attribute in type(entity).get_attributes().items():
        if name in read and attribute.attr_name not in KEY_ATTRIBUTES | {ENTITY_TYPE}:
            wire = item[attribute.attr_name]
            if not isinstance(attribute, Json):  # PynamoDB's attributes have one type each
                assert _exact(read[name]) == _exact(
                    attribute.deserialize(attribute.get_value(wire))
                )


class Shouted(Text):
    """A custom text attribute: stored in lower case, read in upper case."""

    def serialize(self, value: Any) -> Any:
        return str(value).lower()

    def deserialize(self, value: Any) -> Any:
        return str(value).upper()


class Place(MapAttribute[str, Any]):
    """A PynamoDB map with declared attributes."""

    street = UnicodeAttribute()
    number = NumberAttribute(null=True)


class Cabinet(Entity):
    """An entity with one of every PynamoDB attribute and a custom one."""

    id: Id = Id()
    text: UnicodeAttribute = UnicodeAttribute()
    number: NumberAttribute = NumberAttribute()
    flag = BooleanAttribute(null=True)
    moment = UTCDateTimeAttribute(null=True)
    seconds = TTLAttribute(null=True)
    binary = BinaryAttribute(null=True, legacy_encoding=False)
    binaries = BinarySetAttribute(null=True, legacy_encoding=False)
    names = UnicodeSetAttribute(null=True)
    numbers = NumberSetAttribute(null=True)
    json = JSONAttribute(null=True)
    members: Any = ListAttribute(null=True)
    anything: Any = MapAttribute(null=True)
    place: Any = Place(null=True)  # type: ignore[no-untyped-call]  # untyped in PynamoDB
    revision = VersionAttribute()
    shouted: Shouted = required(Shouted())

    key = Key("CABINET#{id}", "METADATA")


def _a_place(street: str, number: int | None) -> Any:
    return Place(street=street, number=number)  # type: ignore[no-untyped-call]  # untyped in PynamoDB


_CABINETS: SearchStrategy[Cabinet] = st.builds(
    Cabinet,
    id=st.just("c"),
    text=texts(),
    number=st.integers(-(10**9), 10**9) | st.just(0.5),
    flag=st.none() | st.booleans(),
    moment=st.none() | moments(datetime(1000, 1, 1, tzinfo=UTC)),
    seconds=st.none() | st.just(NOON),
    binary=st.none() | st.binary(min_size=1),
    binaries=st.none() | st.sets(st.binary(min_size=1), min_size=1, max_size=3),
    names=st.none() | st.sets(texts(min_size=1), min_size=1, max_size=3),
    numbers=st.none() | st.sets(st.integers(0, 99), min_size=1, max_size=3),
    json=st.none() | st.dictionaries(st.just("a"), st.integers(0, 9), min_size=1),
    members=st.none() | st.lists(st.integers(0, 9) | texts(), max_size=3),
    anything=st.none() | st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 9)),
    place=st.none() | st.builds(_a_place, texts(), st.none() | st.integers(0, 9)),
    revision=st.integers(1, 9),
    shouted=st.text(st.sampled_from("abc"), max_size=5),
)


@given(_CABINETS)
def test_attributes_of_pynamodb_and_of_a_caller_go_their_own_way(cabinet: Cabinet) -> None:
    item = _over_the_wire(cabinet.to_item())

    read = Cabinet.from_item(item)

    for name, attribute in Cabinet.get_attributes().items():
        if name in cabinet.attribute_values and cabinet.attribute_values[name] is not None:
            stored = attribute.serialize(cabinet.attribute_values[name])
            assert _plain(read.attribute_values[name]) == _plain(attribute.deserialize(stored))
    assert alike({"M": _over_the_wire(read.to_item())}, {"M": item})


def test_a_subclass_that_reads_otherwise_is_not_taken_for_what_it_extends() -> None:
    cabinet_of: type[Any] = Cabinet
    cabinet = cabinet_of(id="c", text="t", number=1, revision=1, shouted="abc")

    assert Cabinet.from_item(cabinet.to_item()).shouted == "ABC"


def test_a_default_of_pynamodb_is_there_where_the_item_has_none() -> None:
    class Defaulted(Entity):
        id: Id = Id()
        colour: UnicodeAttribute = UnicodeAttribute(default="red")

        key = Key("DEFAULTED#{id}", "METADATA")

    item = {name: wire for name, wire in Defaulted(id="d").to_item().items() if name != "colour"}

    assert Defaulted.from_item(item).colour == "red"


def test_an_entity_that_makes_its_instances_itself_is_asked_to() -> None:
    class Counting(Entity):
        made = 0
        id: Id = Id()

        key = Key("COUNTING#{id}", "METADATA")

        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            Counting.made += 1

    Counting.from_item(Counting(id="c").to_item())

    assert Counting.made == 2


def test_a_key_attribute_that_is_missing_does_not_hide_an_unknown_one() -> None:
    event = an_event()
    item = event.to_item()
    del item["GSI1PK"], item["SK"]
    item["somethingElse"] = {"S": "kept"}

    assert type(event).from_item(item).unknown == {"somethingElse": "kept"}


def test_what_is_read_does_not_share_unknown_values_with_the_item() -> None:
    event = an_event()
    item = {**event.to_item(), "somethingElse": {"L": [{"S": "kept"}]}}

    read = type(event).from_item(item)
    item["somethingElse"]["L"].clear()

    assert read.unknown == {"somethingElse": ["kept"]}


def test_a_document_that_was_spoilt_after_it_was_set_is_refused() -> None:
    detail: dict[str, Any] = {"a": 1}
    event = an_event(detail=detail)
    event.attribute_values["detail"]["a"] = object()

    with pytest.raises(AutoforgeError, match=r"detail\.a is .*, not a JSON value"):
        event.to_item()


def _wires(entity: Entity) -> Item:
    return entity._wires()


def _over_the_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item as parsed from an answer of DynamoDB."""
    read: dict[str, Any] = orjson.loads(
        orjson.dumps(item, default=lambda value: b64encode(value).decode())
    )
    return read


def _outcome(function: Any, argument: Any) -> Any:
    """Return the result of a function, or the type and message of its error."""
    try:
        found = function(argument)
    except (AutoforgeError, AttributeError, TypeError, ValueError) as error:
        return type(error), str(error)
    return _state(found) if isinstance(found, Entity) else found


def _state(entity: Entity) -> Any:
    return {name: _exact(value) for name, value in entity.attribute_values.items()}, entity._unknown


def _exact(value: Any) -> Any:
    """The value with its types, because ``1 == 1.0 == True``."""
    if isinstance(value, dict):
        return {name: _exact(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_exact(member) for member in value]
    return type(value), value, getattr(value, "tzinfo", None)


def _plain(value: Any) -> Any:
    return value.as_dict() if isinstance(value, MapAttribute) else value
