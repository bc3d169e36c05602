"""The entities of a table: no two of them may have equal keys."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.errors import DeclarationError
from autoforge.models import PLATFORM_DESIGN
from tests import strategies


class Root(Entity):
    id: Id = Id()
    key = Key("ROOT#{id}", "METADATA")


class Leaf(Entity):
    root_id: Id = Id()
    id: Id = Id()
    key = Key("ROOT#{root_id}", "LEAF#{id}")


class Note(Entity):
    root_id: Id = Id()
    name: Text = Text()
    key = Key("ROOT#{root_id}", "LEAF#{name}")


class Anything(Entity):
    root_id: Id = Id()
    name: Text = Text()
    key = Key("ROOT#{root_id}", "{name}")


class Either(Entity):
    id: Id = Id()
    key = Key("OTHER#{id}|ROOT#here", "METADATA")


class Longer(Entity):
    root_id: Id = Id()
    name: Text = Text()
    key = Key("ROOT#{root_id}", "LEAF#{name}#{name}")


class Elsewhere(Entity):
    id: Id = Id()
    key = Key("ROOTS#{id}", "METADATA")


class Mine(Entity):
    id: Id = Id()
    key = Key("SHARED", "{id}", shared="pool")


class Yours(Entity):
    id: Id = Id()
    key = Key("SHARED", "{id}", shared="pool")


class Theirs(Entity):
    id: Id = Id()
    key = Key("SHARED", "{id}", shared="another pool")


class Nobodys(Entity):
    id: Id = Id()
    key = Key("SHARED", "{id}")


class Namesake(Entity):
    type_name = "Root"
    id: Id = Id()
    key = Key("NAMESAKE", "{id}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Leaf, Note),
        (Root, Anything),
        (Root, Either),
        (Mine, Theirs),
        (Mine, Nobodys),
    ],
)
def test_entities_whose_keys_could_be_equal_are_refused_naming_both(
    one: type[Entity], other: type[Entity]
) -> None:
    message = f"^Bad: {one.__name__}.key and {other.__name__}.key could be the same key$"

    with pytest.raises(DeclarationError, match=message):
        Design("Bad", (one, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Root, Leaf),
        (Leaf, Longer),
        (Root, Elsewhere),
        (Leaf, Anything),
        (Mine, Yours),
        (Root, Mine),
    ],
)
def test_entities_whose_keys_only_come_close_are_accepted(
    one: type[Entity], other: type[Entity]
) -> None:
    assert Design("Good", (one, other)).entities == (one, other)


def test_two_entities_stored_under_one_type_name_are_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Bad: Root and Namesake are both stored as Root$"):
        Design("Bad", (Root, Namesake))


def test_an_entity_that_is_given_twice_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Bad: Root is given twice: leave one out"):
        Design("Bad", (Root, Root))


def test_all_faults_of_a_design_are_told_at_once() -> None:
    with pytest.raises(DeclarationError) as caught:
        Design("Bad", (Root, Leaf, Note, Namesake, Anything))

    assert str(caught.value) == (
        "Bad: Root and Namesake are both stored as Root; "
        "Root.key and Anything.key could be the same key; "
        "Leaf.key and Note.key could be the same key"
    )


def test_the_workbench_has_one_pair_of_entities_that_share_keys() -> None:
    sharing = [
        (one.__name__, other.__name__)
        for one, other in combinations(PLATFORM_DESIGN.entities, 2)
        if one.primary_key.overlaps(other.primary_key)
    ]

    assert sharing == [("Event", "GlobalEventRef")]


@given(strategies.any_entity(), strategies.any_entity())
def test_two_entities_have_one_key_only_if_they_are_the_same_or_mean_to_share_it(
    one: Entity, other: Entity
) -> None:
    alike = _key(one) == _key(other)

    assert not alike or _identity(one) == _identity(other)


@given(st.data())
def test_entities_of_one_type_have_one_key_only_if_their_components_are_equal(
    data: st.DataObject,
) -> None:
    kind = data.draw(st.sampled_from(PLATFORM_DESIGN.entities))
    one, other = data.draw(st.tuples(*[strategies.entities(kind)] * 2))
    for name in data.draw(st.sets(st.sampled_from(sorted(kind.primary_key.components)))):
        setattr(other, name, getattr(one, name))

    assert (_key(one) == _key(other)) == (_components(one) == _components(other))


@given(strategies.any_entity())
def test_a_key_decodes_to_components_for_its_own_entity_and_no_other(entity: Entity) -> None:
    decoding = {
        kind.type_name: decoded
        for kind in PLATFORM_DESIGN.entities
        if (decoded := kind.primary_key.decode(_key(entity))) is not None
    }

    expected = {entity.type_name: _components(entity)}
    if entity.rendered()["PK"] == "GLOBAL":
        expected = dict.fromkeys(("Event", "GlobalEventRef"), _components(entity))
    assert decoding == expected


def _key(entity: Entity) -> KeyValue:
    item = entity.to_item()
    return KeyValue(item[TABLE.partition_key]["S"], item["SK"]["S"])


def _components(entity: Entity) -> dict[str, object]:
    values = {name: getattr(entity, name) for name in entity.primary_key.components}
    return {name: value for name, value in values.items() if value is not None}


def _identity(entity: Entity) -> tuple[str, dict[str, object]]:
    return entity.primary_key.shared or entity.type_name, _components(entity)
