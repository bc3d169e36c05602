"""What is inside of a document has the type that a Projection declares, or is unreadable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import new_class
from typing import Any, Literal, NewType, NotRequired, TypedDict

import pytest

from autoforge.dynamodb import Document, Entity, Get, Id, Key, Projection, Table, nested
from autoforge.dynamodb.patterns.parts import part_reader
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.errors import DeclarationError, UnreadableItemError
from autoforge.testing import Engine
from autoforge.testing.laws import laws_in
from tests.factories import NOON

Pages = NewType("Pages", int)


class Colour(StrEnum):
    """A colour."""

    RED = "red"


class Cover(TypedDict):
    """What a cover is of."""

    of: str
    weight: NotRequired[float]


class Book(Entity):
    """A book, and what is known of it."""

    isbn: Id = Id()
    details: Document = Document()

    key = Key("BOOK#{isbn}", "BOOK")


def part_of(hint: Any) -> Any:
    """A part of a book with a value of a type, from inside of its details."""
    body = {"__annotations__": {"inside": hint}, "inside": nested("details", "a", "b")}
    part: Any = new_class("Part", (Projection[Book],), {}, lambda own: own.update(body))
    return dataclass(frozen=True)(part)


def read(hint: Any, value: Any) -> Any:
    """What a part reads of a book that was stored by another program."""
    item = Book(isbn="b1", details={"a": {"b": value}}).to_item()
    return _inside(hint, item)


def _inside(hint: Any, item: Any) -> Any:
    found: Any = part_reader(part_of(hint), TABLE)(item, NOON)
    return found.inside


@pytest.mark.parametrize(
    ("hint", "fitting", "others"),
    [
        (int, [0, 10**30], ["1", 1.5, True, None, [], {}]),
        (float, [0, 1.5], ["1", True, None]),
        (bool, [True], [1, 0, "true", None]),
        (str, ["", "a"], [1, None, ["a"]]),
        (str | None, ["a", None], [1]),
        (int | str, [1, "a"], [1.5, None]),
        (list[str], [[], ["a"]], [["a", 1], "a", {"a": 1}, None]),
        (Sequence[int], [[1]], [["1"], "1"]),
        (list[Any], [[1, "a"]], [{}]),
        (dict[str, int], [{}, {"a": 1}], [{"a": "1"}, [], 1]),
        (Mapping[str, Any], [{"a": None}], [[]]),
        (list[list[int]], [[[1]]], [[1], [["1"]]]),
        (Literal["a", 1], ["a", 1], ["b", True]),
        (Cover, [{"of": "x"}, {"of": "x", "weight": 1, "more": 1}], [{}, {"of": 1}, "x"]),
        (Cover | None, [None, {"of": "x"}], [{"of": "x", "weight": "1"}]),
        (Pages, [1], ["1"]),
        (Any, [1, None, "a", []], []),
        (object, [1, "a"], []),
    ],
)
def test_a_value_of_another_type_makes_the_item_unreadable(
    hint: Any, fitting: Sequence[Any], others: Sequence[Any]
) -> None:
    for value in fitting:
        assert read(hint, value) == value
    for value in others:
        with pytest.raises(UnreadableItemError, match=r"^Book at BOOK#b1 / BOOK: details\.a\.b is"):
            read(hint, value)


def test_the_error_says_what_was_found_and_where() -> None:
    with pytest.raises(UnreadableItemError) as caught:
        read(int, "many")

    assert str(caught.value) == (
        "Book at BOOK#b1 / BOOK: details.a.b is 'many', which is not of the type that Part declares"
    )


def test_what_another_program_stored_in_a_form_of_its_own_has_the_type_it_is_read_as() -> None:
    item = Book(isbn="b1", details={"a": {}}).to_item()
    inside = item["details"]["M"]["a"]["M"]

    inside["b"] = {"SS": ["x", "y"]}
    assert _inside(list[str], item) == ["x", "y"]
    inside["b"] = {"B": "eHg="}
    assert _inside(str, item) == "eHg="


@pytest.mark.parametrize("hint", [datetime, datetime | None, Decimal, Colour, set[str], bytes])
def test_a_type_that_no_json_value_has_is_refused(hint: Any) -> None:
    with pytest.raises(DeclarationError, match=r"^Part: inside is of type .* is JSON: str, int,"):
        part_of(hint)


def test_the_laws_draw_values_of_the_declared_type(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Known(Projection[Book]):
        cover: Cover | None = nested("details", "cover")  # noqa: RUF009 - a field
        names: list[str] = nested("details", "names")  # noqa: RUF009 - a field
        kind: Literal["a", "b"] = nested("details", "kind")
        pages: Pages = nested("details", "a")  # noqa: RUF009 - a field

    @dataclass(frozen=True)
    class KnownOfBook(Get[Known]):
        """What is known?"""

        key = Book.key
        isbn: str

    for law in laws_in(Table("Books", (Book,), (), (KnownOfBook,))):
        if "brute force" in str(law):
            law.prove(autoforge_engine, 30)
