"""JSON documents are stored as native DynamoDB values and come back equal."""

from __future__ import annotations

import json
import pickle
from base64 import b64encode
from collections import OrderedDict
from copy import copy, deepcopy
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import reduce
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoforge.dynamodb import Array, Document, Entity, Id, Json, Key, Moment, Text
from autoforge.dynamodb.schema.documents import (
    decimal_to_wire,
    document_to_wire,
    wire_to_document,
    wire_to_number,
)
from autoforge.errors import InvalidValueError, UnreadableItemError
from tests import strategies
from tests.factories import NOON


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Ratio(float):
    """A float of a numeric library, whose repr is not a number."""

    def __repr__(self) -> str:
        return f"Ratio({float(self)})"


@given(strategies.json_values())
def test_a_document_comes_back_equal(value: Any) -> None:
    assert wire_to_document(document_to_wire(value)) == value


@given(strategies.json_values())
def test_what_came_back_comes_back_with_the_same_types(value: Any) -> None:
    read = wire_to_document(document_to_wire(value))

    again = wire_to_document(document_to_wire(read))

    assert repr(again) == repr(read)


@given(strategies.numbers())
@example(1619001482710263791616)
def test_a_number_comes_back_as_int_if_it_is_whole_and_else_as_float(number: float) -> None:
    """From 10**21 on, a whole number with more digits than the float it equals is that float.

    Both are stored as the same digits, and an int would show digits that the float did not have.
    """
    read = wire_to_document(document_to_wire(number))

    whole, nearest = int(number), float(number)
    is_long_float = int(nearest) == whole and Decimal(repr(nearest)) != whole
    is_float = number != whole or (abs(whole) >= 10**21 and is_long_float)
    assert (read, type(read)) == (number, float if is_float else int)


@pytest.mark.parametrize("number", [1.1e21 + 2**18, 1e23, -1e23, 1e38, 1e100, 9.99e125, 2.0**200])
def test_a_large_float_comes_back_as_it_was_sent(number: float) -> None:
    assert repr(wire_to_document(document_to_wire(number))) == repr(number)


@pytest.mark.parametrize("number", [10**23, 10**38 - 1, -(10**100), 2**64, 2**69, 2**63 - 1])
def test_a_large_whole_number_comes_back_as_it_was_sent(number: int) -> None:
    assert repr(wire_to_document(document_to_wire(number))) == repr(number)


@given(strategies.json_values())
def test_equal_documents_are_stored_alike(value: Any) -> None:
    read = wire_to_document(document_to_wire(value))

    assert document_to_wire(read) == document_to_wire(value)


def test_a_document_is_stored_natively_to_the_last_leaf() -> None:
    document = {
        "text": "x",
        "empty": "",
        "null": None,
        "true": True,
        "whole": 1,
        "half": 0.5,
        "list": [1, [], {}],
        "tuple": ("a",),
        "map": {"S": "x", "N": "1"},
        "member": Colour.RED,
        "level": Level.HIGH,
        "ratio": Ratio(0.25),
    }

    assert document_to_wire(OrderedDict(document)) == {
        "M": {
            "text": {"S": "x"},
            "empty": {"S": ""},
            "null": {"NULL": True},
            "true": {"BOOL": True},
            "whole": {"N": "1"},
            "half": {"N": "0.5"},
            "list": {"L": [{"N": "1"}, {"L": []}, {"M": {}}]},
            "tuple": {"L": [{"S": "a"}]},
            "map": {"M": {"S": {"S": "x"}, "N": {"S": "1"}}},
            "member": {"S": "red"},
            "level": {"N": "3"},
            "ratio": {"N": "0.25"},
        }
    }


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (100, "100"),
        (1.0, "1"),
        (1.50, "1.5"),
        (-0.5, "-0.5"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"),
        (1e23, "99999999999999991611392"),
        (0.1 + 0.2, "0.30000000000000004"),
        (2.0**53, "9007199254740992"),
        (10**38 - 1, "9" * 38),
        (-(10**125), f"-1{'0' * 125}"),
        (1e-130, f"0.{'0' * 129}1"),
    ],
)
def test_a_number_is_stored_in_the_form_dynamodb_answers_with(number: float, text: str) -> None:
    assert document_to_wire(number) == {"N": text}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "config.a is nan, not a JSON number"),
        (float("inf"), "config.a is inf, not a JSON number"),
        (float("-inf"), "config.a is -inf, not a JSON number"),
        (10**38 + 1, "config.a has more than 38 significant digits"),
        (1e126, "config.a is 1.0000E+126, outside DynamoDB's range of numbers"),
        (10**126, "config.a is 1.0000E+126, outside DynamoDB's range of numbers"),
        (-(10**500), "config.a is -1.0000E+500, outside DynamoDB's range of numbers"),
        (1e-131, "config.a is 1.0000E-131, outside DynamoDB's range of numbers"),
        (5e-324, "config.a is 5.0000E-324, outside DynamoDB's range of numbers"),
        ("\ud800", r"config.a: '\ud800' cannot be written in UTF-8"),
        ({"\ud800": 1}, r"config.a: '\ud800' cannot be written in UTF-8"),
        ({"": 1}, "config.a has a member named ''; a name must be a non-empty text"),
        ({7: 1}, "config.a has a member named 7; a name must be a non-empty text"),
        ({None: 1}, "config.a has a member named None; a name must be a non-empty text"),
        (Decimal(1), "config.a is Decimal('1'), not a JSON value"),
        (b"x", "config.a is b'x', not a JSON value"),
        ({1}, "config.a is {1}, not a JSON value"),
        (date(2026, 2, 4), "config.a is datetime.date(2026, 2, 4), not a JSON value"),
        (NOON, f"config.a is {NOON!r}, not a JSON value"),
        ([{"b": [0, {1}]}], "config.a.0.b.1 is {1}, not a JSON value"),
    ],
)
def test_what_dynamodb_cannot_hold_exactly_is_refused_naming_its_place(
    value: Any, message: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        document_to_wire({"a": value}, "config")

    assert str(caught.value) == message


def test_31_maps_around_a_value_are_stored_and_32_are_refused() -> None:
    deepest = _nested(31, "x")

    assert wire_to_document(document_to_wire(deepest)) == deepest
    leaves: tuple[Any, ...] = ("x", {})
    for leaf in leaves:
        with pytest.raises(
            InvalidValueError, match=r"^document(\.a){31} is nested deeper than 32 levels$"
        ):
            document_to_wire(_nested(32, leaf))


def test_32_lists_around_a_value_are_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"document(\.0){31} is nested deeper"):
        document_to_wire(json.loads("[" * 32 + "]" * 32))


def test_a_document_that_holds_itself_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["a"] = endless

    with pytest.raises(InvalidValueError, match=r"nested deeper than 32 levels"):
        document_to_wire(endless)


def test_sets_of_other_writers_read_as_sorted_lists_and_binary_as_base64() -> None:
    stored = {
        "M": {
            "texts": {"SS": ["b", "a"]},
            "numbers": {"NS": ["2", "10", "1.5"]},
            "bytes": {"B": b"\x00\xff"},
            "set": {"BS": [b"b", b"a"]},
        }
    }

    assert wire_to_document(stored) == {
        "texts": ["a", "b"],
        "numbers": [1.5, 2, 10],
        "bytes": "AP8=",
        "set": ["YQ==", "Yg=="],
    }


def test_a_number_of_another_writer_reads_whatever_its_form() -> None:
    read = [wire_to_number(text) for text in ("1.0", "1E+2", "-0", "1.50", "1E-7")]

    assert repr(read) == "[1, 100, 0, 1.5, 1e-07]"


@pytest.mark.parametrize(
    "text", ["", "x", "NaN", "Infinity", "1E126", "1E-131", "1E999999999", None]
)
def test_a_stored_number_that_is_none_of_dynamodbs_is_unreadable(text: Any) -> None:
    with pytest.raises(UnreadableItemError):
        wire_to_number(text)


def test_a_stored_value_of_an_unknown_type_is_unreadable() -> None:
    with pytest.raises(UnreadableItemError, match=r"'X' is not a DynamoDB type"):
        wire_to_document({"X": "y"})


def test_a_set_of_numbers_in_which_true_replaces_1_is_no_set() -> None:
    read = wire_to_document({"NS": ["1", "2"]})

    read[0] = True

    assert document_to_wire(read) == {"L": [{"BOOL": True}, {"N": "2"}]}


def _nested(depth: int, leaf: Any) -> Any:
    return reduce(lambda inner, _: {"a": inner}, range(depth), leaf)


_base64 = st.binary(min_size=1, max_size=6).map(lambda value: b64encode(value).decode())
#: Numbers as DynamoDB returns them, of up to 38 digits.
_numbers = st.tuples(st.integers(1 - 10**38, 10**38 - 1), st.integers(-100, 60)).map(
    lambda drawn: decimal_to_wire(Decimal(drawn[0]).scaleb(drawn[1]), "drawn")
)
_sets = st.one_of(
    st.lists(st.sampled_from(["", "a", "b", "1", "é"]), unique=True, min_size=1).map(
        lambda members: {"SS": members}
    ),
    st.lists(_numbers, unique=True, min_size=1, max_size=4).map(lambda members: {"NS": members}),
    st.lists(_base64, unique=True, min_size=1, max_size=4).map(lambda members: {"BS": members}),
)
#: What other programs may store, of every type of DynamoDB.
wires = st.recursive(
    st.one_of(
        _sets,
        _base64.map(lambda value: {"B": value}),
        _numbers.map(lambda value: {"N": value}),
        st.sampled_from([{"NULL": True}, {"BOOL": False}, {"S": ""}, {"S": "AP8="}, {"N": "0.1"}]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda members: {"L": members}),
        st.dictionaries(st.sampled_from(["a", "b", "é"]), inner).map(lambda each: {"M": each}),
    ),
    max_leaves=12,
)


@given(wires)
def test_what_another_program_stored_is_written_back_as_it_was(wire: dict[str, Any]) -> None:
    read = wire_to_document(wire)

    assert document_to_wire(read) == wire
    for copied in (deepcopy(read), pickle.loads(pickle.dumps(read))):
        assert (document_to_wire(copied), copied) == (wire, read)


@given(wires)
def test_what_another_program_stored_is_read_as_json(wire: dict[str, Any]) -> None:
    read = wire_to_document(wire)

    assert json.loads(json.dumps(read)) == read


STORED: dict[str, Any] = {
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["2", "10"]},
    "bytes": {"B": "AP8="},
    "exact": {"N": "0.12345678901234567890123"},
    "list": {"L": [{"SS": ["x"]}]},
}


class Foreign(Entity):
    """An item with documents of another program."""

    id: Id = Id()
    document: Document = Document()
    array: Array = Array()
    json: Json = Json()
    key = Key("FOREIGN#{id}", "FOREIGN")


def _foreign() -> dict[str, Any]:
    return {
        **Foreign(id="f", document={}, array=[], json=None).to_item(),
        "document": {"M": STORED},
        "array": {"L": [*STORED.values()]},
        "json": {"NS": ["2", "10"]},
    }


def test_an_item_with_documents_of_another_program_is_written_back_as_it_was() -> None:
    item = _foreign()
    read = Foreign.from_item(item)

    assert read.to_item() == item
    assert Foreign._read_carefully(item).to_item() == item
    assert read == Foreign.from_item(item)
    assert copy(read).to_item() == deepcopy(read).to_item() == item
    again = Foreign(id="f", document=read.document, array=read.array, json=read.json)
    assert again.to_item() == item


def test_only_what_was_changed_in_a_document_is_written_as_json() -> None:
    read = Foreign.from_item(_foreign())

    read.document["texts"].append("c")
    read.document["bytes"] = "AP8="
    read.document["exact"] = read.document["exact"] + 0
    read.document["list"][0][0] = "y"
    read.array[1].sort(reverse=True)

    assert read.to_item()["document"]["M"] == {
        "texts": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}]},
        "numbers": {"NS": ["2", "10"]},
        "bytes": {"S": "AP8="},
        "exact": {"N": "0.12345678901234568"},
        "list": {"L": [{"L": [{"S": "y"}]}]},
    }
    assert read.to_item()["array"]["L"][1] == {"L": [{"N": "10"}, {"N": "2"}]}


def test_a_changed_set_that_is_changed_back_is_the_set_again() -> None:
    read = Foreign.from_item(_foreign())

    read.document["texts"].append("c")
    read.document["texts"].remove("c")

    assert read.to_item() == _foreign()


def test_what_is_written_can_be_changed_without_changing_what_was_read() -> None:
    read = Foreign.from_item(_foreign())

    read.to_item()["document"]["M"]["texts"]["SS"].append("c")

    assert read.to_item() == _foreign()


def test_a_set_that_is_given_to_an_array_is_stored_as_a_list() -> None:
    read = Foreign.from_item(_foreign())

    read.array = read.document["texts"]

    assert read.to_item()["array"] == {"L": [{"S": "a"}, {"S": "b"}]}


def test_a_document_of_another_program_is_set_and_compared_as_it_is_stored() -> None:
    read = Foreign.from_item(_foreign())

    assert Foreign.document.value_to_wire(read.document) == {"M": STORED}
    assert Foreign.json.value_to_wire(read.json) == {"NS": ["2", "10"]}


@pytest.mark.parametrize(
    "text",
    ["0.1", "-0.5", "12345678.1234567", "0.123456789012345", "0.1234567890123456", "-1.5e-7"],
)
def test_a_number_that_a_float_holds_is_a_float(text: str) -> None:
    assert type(wire_to_number(text)) is float


@pytest.mark.parametrize("text", ["123456789012345.1234567890123451", "0.30000000000000001"])
def test_a_number_that_no_float_is_equal_to_keeps_its_digits(text: str) -> None:
    assert document_to_wire(wire_to_document({"N": text})) == {"N": text}
    assert wire_to_number(text) == float(text)


@pytest.mark.parametrize("name", ["extra", "seen", "note"])
def test_a_null_of_an_attribute_of_any_class_is_kept(name: str) -> None:
    class Noted(Entity):
        id: Id = Id()
        extra: Json[None] = Json(default=None)
        seen: Moment[None] = Moment(form="%Y-%m-%d", default=None)
        note: Text[None] = Text(default=None)
        key = Key("NOTED#{id}", "NOTED")

    item = {**Noted(id="n").to_item(), name: {"NULL": True}}

    assert Noted.from_item(item).to_item() == item
    assert Noted.from_item(item) == Noted(id="n")
