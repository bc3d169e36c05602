"""JSON documents are stored as native DynamoDB values and come back equal."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import reduce
from typing import Any

import pytest
from hypothesis import example, given

from autoforge.dynamodb.schema.documents import document_to_wire, wire_to_document, wire_to_number
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


def _nested(depth: int, leaf: Any) -> Any:
    return reduce(lambda inner, _: {"a": inner}, range(depth), leaf)
