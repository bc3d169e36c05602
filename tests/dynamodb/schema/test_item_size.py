"""The size of an item, as DynamoDB counts it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from autoforge.dynamodb.schema.documents import document_to_wire
from autoforge.dynamodb.schema.item_size import LIMIT, attribute_sizes, item_size, require_size
from autoforge.errors import ItemTooLargeError
from tests import strategies


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ("0", 1),
        ("-0", 1),
        ("0.000", 1),
        ("1", 2),
        ("-1", 3),
        ("99", 2),
        ("100", 2),
        ("101", 3),
        ("1000000", 2),
        ("1E+20", 2),
        ("0.5", 2),
        ("-0.5", 3),
        ("0.01", 2),
        ("0.001", 2),
        ("0.0015", 2),
        ("1.50", 3),
        ("123.456", 5),
        ("100.5", 4),
        ("1000000.000001", 8),
        ("9" * 38, 20),
        (f"-{'9' * 37}", 21),
        ("1E-130", 2),
        ("1E+125", 2),
    ],
)
def test_a_number_weighs_one_byte_and_one_for_two_digits_on_each_side_of_the_point(
    number: str, size: int
) -> None:
    assert item_size({"n": {"N": number}}) == 1 + size


@pytest.mark.parametrize(
    ("wire", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "é€\U0001f600"}, 9),
        ({"NULL": True}, 1),
        ({"BOOL": False}, 1),
        ({"B": b"\x00\xff"}, 2),
        ({"SS": ["a", "€"]}, 4),
        ({"NS": ["1", "100", "-1"]}, 7),
        ({"BS": [b"a", b"bc"]}, 3),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "a"}, {"L": []}]}, 3 + (1 + 1) + (1 + 3)),
        ({"M": {"é": {"S": "a"}}}, 3 + (1 + 2 + 1)),
        ({"M": {"a": {"M": {"b": {"N": "1"}}}}}, 3 + (1 + 1 + 3 + (1 + 1 + 2))),
    ],
)
def test_a_value_weighs_its_bytes_and_containers_their_overheads(
    wire: dict[str, Any], size: int
) -> None:
    assert attribute_sizes({"é": wire}) == {"é": 2 + size}


@given(strategies.documents())
def test_a_map_weighs_what_its_members_weigh_and_four_bytes_around_them(
    document: dict[str, Any],
) -> None:
    members = document_to_wire(document)["M"]

    assert item_size({"d": {"M": members}}) == 1 + 3 + item_size(members) + len(members)


def test_an_item_of_400_kb_is_accepted_and_one_byte_more_refused_saying_what_weighs() -> None:
    item = {"PK": {"S": "p"}, "content": {"S": "x" * (LIMIT - 10)}}

    require_size("Artefact", item)
    item["PK"] = {"S": "pp"}
    with pytest.raises(ItemTooLargeError) as caught:
        require_size("Artefact", item)

    assert (caught.value.size, caught.value.weights) == (409_601, {"content": 409_597, "PK": 4})
    assert str(caught.value) == (
        "Artefact of 409,601 bytes is over the limit of 409,600 bytes (content 409,597, PK 4)"
    )


def test_an_item_whose_size_only_dynamodb_knows_is_refused_without_it() -> None:
    error = ItemTooLargeError("Artefact", size=None, weights={"PK": 4, "content": 5})

    assert str(error) == "Artefact is over the limit of 409,600 bytes (content 5, PK 4)"


def test_an_item_of_which_dynamodb_tells_nothing_is_refused_without_empty_parentheses() -> None:
    error = ItemTooLargeError("the item", size=None, weights={})

    assert str(error) == "the item is over the limit of 409,600 bytes"
