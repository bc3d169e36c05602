"""Declarations that read as if they said something, and would say nothing or something else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from types import new_class
from typing import Any, ClassVar

import pytest

from autoforge.dynamodb import (
    GSI,
    LSI,
    Choice,
    Derived,
    Entity,
    EnumCodec,
    Get,
    Id,
    Integer,
    Key,
    Layout,
    Moment,
    Table,
    Text,
    TextSet,
    optional,
    required,
)
from autoforge.errors import DeclarationError

_CODEC = EnumCodec(("A",))


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


def _keyed(sort: str, **options: Any) -> type[Entity]:
    """Declare an entity with a key in an index."""
    return _entity(other=Key("X", sort, GSI("ByX"), **options))


def _called(made: Any, *arguments: Any, **options: Any) -> object:
    """Call with arguments that type checkers refuse, too."""
    return made(*arguments, **options)


@pytest.mark.parametrize(
    ("declare", "error"),
    [
        (lambda: _entity(size=Integer), r"size is the class Integer: write size: Integer = Integ"),
        (lambda: _entity(__annotations__={"size": "Integer"}), r"size has an annotation, and its"),
        (lambda: _entity(__annotations__={"size": "int"}, size=3), r"its value is no attribute"),
        (lambda: _entity(kind=Text(attr_name="EntityType")), r"kind is stored as EntityType, whi"),
        (lambda: _entity(lifetime=86400), r"^Thing.lifetime is 86400: it must be a timedelta$"),
        (lambda: Integer(default=1, default_factory=int), r"give one of the two$"),
        (lambda: Choice(Suit), r"^a Choice is made of a StrEnum, not of the class Suit$"),  # type: ignore[type-var]
        (lambda: Choice(["hearts"]), r"^a Choice is made of a StrEnum, not of \['hearts'\]$"),  # type: ignore[call-overload]
        (lambda: _entity(other=Key("X", "{id}", index="ByX")), r"'ByX' is not an index: write GS"),  # type: ignore[arg-type]
        (lambda: _entity(other=Key(("X",), index=GSI("ByX"))), r"is not a template: a text$"),  # type: ignore[arg-type]
        (lambda: Table("Cards", Card), r"^Cards: entities is .*, not a tuple: write entities=\("),  # type: ignore[arg-type]
        (lambda: Table("Cards", (Card(id="c"),)), r"is not an entity: name the class itself$"),  # type: ignore[arg-type]
        (lambda: Table("Cards", ("Card",)), r"^Cards: 'Card' is not an entity: name the class"),  # type: ignore[arg-type]
        (lambda: Table("Cards", (Card,), GSI("ByX")), r"^Cards: indexes is GSI\(.*, not a tuple"),  # type: ignore[arg-type]
        (lambda: Table("Cards", (Card,), patterns=(Card,)), r"is not a pattern: name the class"),  # type: ignore[arg-type]
        (lambda: Table("Cards", (Unkeyed,)), r"never stored: give it a Key in the table, or name"),
        (lambda: _entity(lifetme=timedelta(1)), r"Thing\.lifetme; did you mean 'lifetime'\? \(ann"),
        (lambda: _entity(typename="T"), r"^nothing uses Thing\.typename; did you mean 'type_name'"),
        (lambda: _entity(deletion_mak="gone"), r"did you mean 'deletion_mark'\?"),
        (lambda: _entity(type_name=""), r"^Thing\.type_name is '': it must be a text, and not em"),
        (lambda: _entity(type_name=3), r"^Thing\.type_name is 3: it must be a text"),
        (lambda: _entity(layout="pk"), r"^Thing\.layout is 'pk': write layout = Layout\(…\)$"),
        (lambda: _entity(lifetime=timedelta(), created_at=Moment()), r"must be longer than 0$"),
        (lambda: _entity(expires_at=3), r"expires_at is 3: Entity itself needs this name"),
        (lambda: _entity(key=("THING#{id}", "THING")), r"key would be ignored: write key = Key\("),
        (lambda: _entity(key=Key), r"key is the class Key: write key = Key\(…\)$"),
        (lambda: _entity(Meta=type("Meta", (), {})), r"Meta would be ignored: name the table in a"),
        (lambda: _entity(id=Id(default=None)), r"^Thing\.key: id is optional, and every item has"),
        (lambda: _keyed("{idd}"), r"no such attribute; did you mean 'id'\?$"),
        (lambda: _keyed("{id}", where="id"), r"where is 'id', not a mapping: write where="),
        (lambda: _keyed("{id}", where={"idd": 1}), r"no such attribute; did you mean 'id'\?$"),
        (lambda: _keyed("{id}", shared=3), r"shared is 3, not a text$"),
        (lambda: _entity(x=Derived(_CODEC, str, "idd")), r"derive x from; did you mean 'id'\?$"),
        (lambda: _called(Derived, str, "id"), r"^a Derived begins with a codec, .* the class str$"),
        (lambda: _called(Derived, _CODEC, "id"), r"has the function .* not 'id'$"),
        (lambda: Derived(_CODEC, str), r"names the attributes .* given: none$"),
        (lambda: _called(Derived, _CODEC, str, Id()), r"names the attributes .* given: <autoforge"),
        (lambda: _called(EnumCodec, "AB"), r"^an EnumCodec has 'AB'; expected the texts in a tup"),
        (lambda: EnumCodec(()), r"^an EnumCodec has \(\); expected the texts"),
        (
            lambda: _called(Text, defaultt=""),
            r"^Text has no option 'defaultt'; did you mean 'defaul",
        ),
        (lambda: Text(attr_name=""), r"^attr_name is '': it must be a text, and not empty$"),
        (lambda: _called(Text, stored="no"), r"^stored is 'no': it must be True or False$"),
        (lambda: _called(TextSet, default={}), r"no option 'default': an item without the attribu"),
        (lambda: _called(optional, Text), r"^the class Text is not an attribute: write Text\(\) o"),
        (lambda: _called(optional, Text(), default="x"), r"has the default 'x'; it must be None$"),
        (lambda: _called(required, "text"), r"^'text' is not an attribute"),
        (lambda: _called(Card.title.copy, "deck"), r"copies an attribute, such as .* not 'deck'$"),
        (lambda: GSI(""), r"^an index is named ''; expected a text, such as GSI\(\"ByDue\"\)$"),
        (lambda: _called(GSI, "ByX", 3), r"^index ByX: the partition key is 3: name an attribute$"),
        (
            lambda: GSI("ByX", "a", "a"),
            r"^index ByX: a is both the partition key and the sort key$",
        ),
        (lambda: _called(GSI, "ByX", sort_type="B"), r"^index ByX: 'B' is not a type of a key att"),
        (lambda: _called(GSI, "ByX", projection=3), r"^index ByX projects 3; expected ALL, KEYS_O"),
        (lambda: GSI("ByX", projection=()), r"^index ByX projects \(\); expected ALL, KEYS_ONLY"),
        (lambda: _called(LSI, "ByX", None), r"^index ByX is local: it is another sort key, and ne"),
        (lambda: Layout(""), r"^the table: the partition key is '': name an attribute$"),
        (lambda: Layout("pk", "pk"), r"^the table: pk is both the partition key and the sort key$"),
        (lambda: _called(Layout, sort_type="X"), r"^the table: 'X' is not a type of a key attrib"),
        (lambda: Layout(entity_type="PK"), r"^a layout names PK twice: give each attribute its"),
        (lambda: _called(Layout, expiry=3), r"^a layout has 3 for an attribute: give a name, or "),
        (lambda: _called(Layout, naming="kebab"), r"^naming is 'kebab'; expected camelCase, Pasca"),
    ],
)
def test_a_declaration_that_would_not_do_what_it_says_is_refused(
    declare: Callable[[], object], error: str
) -> None:
    with pytest.raises(DeclarationError, match=error):
        declare()


def test_constants_and_methods_of_ones_own_are_left_alone() -> None:
    class Tile(Entity):
        LIMIT = 25
        kind = "tile"
        life_time: ClassVar[int] = 3

        id: Id = Id()
        key = Key("TILE#{id}", "TILE")

        def lifetimes(self) -> int:
            return self.life_time * self.LIMIT

    assert Tile(id="t").lifetimes() == 75


def test_one_alternative_of_a_primary_key_may_have_optional_components() -> None:
    alternatives = Key("GUEST#{guest}|HOUSE", "{id}")
    entity: Any = _entity(guest=Id(default=None), key=alternatives)

    assert entity(id="a").to_item()["PK"] == {"S": "HOUSE"}


def test_an_attribute_needs_no_annotation_and_a_constant_is_a_class_variable() -> None:
    named: dict[str, Any] = {"title": "Ace"}

    assert Card(id="c", **named).title == "Ace"
    assert Card.deck == "blue"


def test_a_component_that_is_fixed_is_one_of_the_key() -> None:
    members = {"key": Card.key, "fixed": {"idd": "c"}, "__annotations__": {"id": "str"}}

    with pytest.raises(DeclarationError, match=r"no component 'idd'; did you mean 'id'\?$"):
        new_class("CardById", (Get[Card],), {}, lambda body: body.update(members))
