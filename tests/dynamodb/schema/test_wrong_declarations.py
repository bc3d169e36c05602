"""Declarations that read as if they said something, and would say nothing or something else."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import new_class
from typing import Any, ClassVar

import pytest

from autoforge.dynamodb import (
    GSI,
    Choice,
    Entity,
    Get,
    Id,
    Integer,
    Key,
    Table,
    Text,
)
from autoforge.errors import DeclarationError


class Card(Entity):
    """A card with a number of points, and with what is no attribute."""

    deck: ClassVar[str] = "blue"

    id: Id = Id()
    points: Integer = Integer(default=0)
    title = Text(default="")

    key = Key("CARD#{id}", "CARD")


class Unkeyed(Entity):
    """An abstract entity."""

    id: Id = Id()


class Suit(str, Enum):  # noqa: UP042 - not a StrEnum on purpose
    """An enumeration whose members are not shown as their texts."""

    HEARTS = "hearts"


def _entity(**members: Any) -> type[Entity]:
    """Declare an entity with these members besides its id and its key."""
    own = {"id": Id(), "key": Key("THING#{id}", "THING"), **members}
    return new_class("Thing", (Entity,), {}, lambda body: body.update(own))


@pytest.mark.parametrize(
    ("declare", "error"),
    [
        (lambda: _entity(size=Integer), r"size is the class Integer: write size: Integer = Integ"),
        (lambda: _entity(__annotations__={"size": "Integer"}), r"size has an annotation, and its"),
        (lambda: _entity(__annotations__={"size": "int"}, size=3), r"its value is no attribute"),
        (lambda: _entity(kind=Text(attr_name="EntityType")), r"kind is stored as EntityType, whi"),
        (lambda: _entity(lifetime=86400), r"^Thing.lifetime is 86400: it must be a timedelta$"),
        (lambda: Integer(default=1, default_factory=int), r"give one of the two$"),
        (lambda: Choice(Suit), r"^a Choice is made of a StrEnum, not of <enum 'Suit'>$"),  # type: ignore[type-var]
        (lambda: Choice(["hearts"]), r"^a Choice is made of a StrEnum, not of \['hearts'\]$"),  # type: ignore[call-overload]
        (lambda: _entity(other=Key("X", "{id}", index="ByX")), r"'ByX' is not an index: write GS"),  # type: ignore[arg-type]
        (lambda: _entity(other=Key(("X",), index=GSI("ByX"))), r"is not a template: a text$"),  # type: ignore[arg-type]
        (lambda: Table("Cards", Card), r"^Cards: entities is .*, not a tuple: write entities=\("),  # type: ignore[arg-type]
        (lambda: Table("Cards", (Card(id="c"),)), r"is not an entity: name the class itself$"),  # type: ignore[arg-type]
        (lambda: Table("Cards", ("Card",)), r"^Cards: 'Card' is not an entity: name the class"),  # type: ignore[arg-type]
        (lambda: Table("Cards", (Card,), GSI("ByX")), r"^Cards: indexes is GSI\(.*, not a tuple"),  # type: ignore[arg-type]
        (lambda: Table("Cards", (Card,), patterns=(Card,)), r"is not a pattern: name the class"),  # type: ignore[arg-type]
        (lambda: Table("Cards", (Unkeyed,)), r"never stored: give it a Key in the table, or name"),
    ],
)
def test_a_declaration_that_would_not_do_what_it_says_is_refused(
    declare: Callable[[], object], error: str
) -> None:
    with pytest.raises(DeclarationError, match=error):
        declare()


def test_an_attribute_needs_no_annotation_and_a_constant_is_a_class_variable() -> None:
    named: dict[str, Any] = {"title": "Ace"}

    assert Card(id="c", **named).title == "Ace"
    assert Card.deck == "blue"


def test_a_component_that_is_fixed_is_one_of_the_key() -> None:
    members = {"key": Card.key, "fixed": {"idd": "c"}, "__annotations__": {"id": "str"}}

    with pytest.raises(DeclarationError, match=r"no component 'idd'; did you mean 'id'\?$"):
        new_class("CardById", (Get[Card],), {}, lambda body: body.update(members))
