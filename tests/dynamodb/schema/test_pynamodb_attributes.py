"""A value that an attribute of PynamoDB cannot store is refused before a request is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pynamodb.attributes import (
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)

from autoforge.dynamodb import Entity, Id, Integer, Key, Text, Update
from autoforge.errors import InvalidValueError
from tests.factories import NOON


class Address(MapAttribute[str, Any]):
    """A map with members of declared types."""

    street = UnicodeAttribute()
    number = NumberAttribute(null=True)


class Place(MapAttribute[str, Any]):
    """A map whose members are attributes of the toolkit."""

    street: Any = Text()
    floor: Any = Integer(default=None)


class Box(Entity):
    """What may be in a table that was written with PynamoDB."""

    id: Id = Id()
    address: Any = Address(null=True)  # type: ignore[no-untyped-call]  # untyped in PynamoDB
    place: Any = Place(null=True)  # type: ignore[no-untyped-call]
    names: Any = ListAttribute(of=UnicodeAttribute, null=True)
    places: Any = ListAttribute(of=Address, null=True)
    anything: Any = ListAttribute(null=True)
    text: Any = UnicodeAttribute(null=True)
    texts: Any = UnicodeSetAttribute(null=True)
    number: Any = NumberAttribute(null=True)
    numbers: Any = NumberSetAttribute(null=True)
    time: Any = UTCDateTimeAttribute(null=True)
    json: Any = JSONAttribute(null=True)

    key = Key("BOX#{id}", "BOX")


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"address": {"street": 1}}, "address.street is 1, not a text"),
    ({"address": {"street": "x", "number": "3"}}, "address is Address"),
    ({"address": {"number": 3}}, "address is Address(number=3), which a Address cannot store"),
    ({"address": {"street": "x", "city": 1}}, "address is {'street': 'x', 'city': 1}: "),
    ({"address": "x"}, "address is 'x'"),
    ({"address": 3}, "address is 3"),
    ({"place": {"street": 1}}, "street is 1, not a text"),
    ({"place": {"street": "x", "floor": 2.5}}, "floor is 2.5, not a whole number"),
    ({"place": {}}, "place is Place()"),
    ({"names": [1]}, "names.0 is 1, not a text"),
    ({"places": [{"street": 1}]}, "places.0.street is 1, not a text"),
    ({"places": [{"street": "x", "city": 1}]}, "places is [{'street': 'x', 'city': 1}]"),
    ({"places": ["x"]}, "places is ['x']"),
    ({"anything": [{"a": float("nan")}]}, "anything is [{'a': nan}]"),
    ({"text": 1}, "text is 1, not a text"),
    ({"text": b"x"}, "text is b'x', not a text"),
    ({"text": "\ud800"}, "text: '\\ud800' cannot be written in UTF-8"),
    ({"texts": {1}}, "texts is 1, not a text"),
    ({"number": "3"}, "number is '3'"),
    ({"number": True}, "number is True"),
    ({"number": float("inf")}, "number is inf"),
    ({"number": 2**200}, "number has more than 38 significant digits"),
    ({"numbers": {"x"}}, "numbers is {'x'}"),
    ({"time": "2026"}, "time is '2026', which a UTCDateTimeAttribute cannot store"),
    ({"json": {1, 2}}, "json is {1, 2}"),
)


@pytest.mark.parametrize(("values", "message"), WRONG, ids=[str(each) for each, _ in WRONG])
def test_a_wrong_value_is_refused_when_it_is_written(
    values: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(InvalidValueError) as put:
        Box(id="a", **values).to_item()
    with pytest.raises(InvalidValueError) as updated:
        Update(Box, {"id": "a"}, NOON, changes=values).parameters()

    assert str(put.value).startswith(message)
    (name,) = values
    assert name in str(updated.value) or message in str(updated.value)


def test_values_that_pynamodb_stores_are_stored() -> None:
    moment = datetime(2026, 2, 4, 12, tzinfo=UTC)
    item = Box(
        id="a",
        address={"street": "x", "number": 3},
        names=["x", None],
        places=[{"street": "x"}],
        anything=[1, "x", {"a": [True, None]}],
        texts={"x"},
        number=1.5,
        numbers={1, 2},
        time=moment,
        json={"a": 1},
        text="x",
    ).to_item()

    assert item["address"] == {"M": {"street": {"S": "x"}, "number": {"N": "3"}}}
    assert item["names"] == {"L": [{"S": "x"}, {"NULL": True}]}
    assert item["anything"]["L"][2] == {"M": {"a": {"L": [{"BOOL": True}, {"NULL": True}]}}}
    assert Box.from_item(item).attribute_values["time"] == moment
