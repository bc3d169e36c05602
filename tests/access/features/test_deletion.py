"""A deletion removes a feature with its edges and look-up items, and releases its dependents."""

from __future__ import annotations

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.errors import ConditionFailedError, ItemNotFoundError
from autoforge.forge import Forge
from tests.access.features.laws import require_settled
from tests.access.worlds import PROJECT, World, create, interrupted, taken

_TRANSACT = "TransactWriteItems"


def test_a_deleted_feature_takes_its_edges_and_its_lookup_with_it(
    world: World, forge: Forge
) -> None:
    create(forge, "a", "b")
    made = forge.features.create(PROJECT, "x", dependencies=["a", "b"], linear_issue_id="L")

    forge.features.delete(PROJECT, made.id)

    there = require_settled(world.store, world.clock.now)
    assert ({*there.features}, there.lookups) == ({"a", "b"}, {})
    with pytest.raises(ItemNotFoundError):
        forge.features.delete(PROJECT, made.id)


def test_what_others_depend_on_is_deleted_only_if_they_are_detached(
    world: World, forge: Forge
) -> None:
    create(forge, "a", "z")
    create(forge, "b", "c", dependencies=["a"])
    create(forge, "d", dependencies=["a", "z"])
    before = require_settled(world.store, world.clock.now)

    refused = "^Feature a of project p has the dependent b; only a feature without dependents"
    with pytest.raises(ConditionFailedError, match=refused):
        forge.features.delete(PROJECT, "a")
    assert require_settled(world.store, world.clock.now) == before
    forge.features.delete(PROJECT, "a", detach=True)

    there = require_settled(world.store, world.clock.now)
    assert there.ready(world.clock.now) == {"b", "c", "z"}
    assert there.features["d"].waiting_on == {"z"}


@pytest.mark.parametrize("born", [True, False], ids=["is born", "is there"])
def test_what_begins_to_depend_on_a_feature_as_it_is_deleted_is_not_left_waiting(
    world: World, forge: Forge, own: Client, *, born: bool
) -> None:
    create(forge, "a", "c")

    def depend() -> None:
        if born:
            create(forge, "b", dependencies=["a"])
        else:
            forge.features.add_dependency(PROJECT, "c", "a")

    with (
        interrupted(own, _TRANSACT, depend),
        pytest.raises(ConditionFailedError, match=r"has the dependent [bc];"),
    ):
        world.process(own).features.delete(PROJECT, "a")

    assert "a" in require_settled(world.store, world.clock.now).features


def test_a_slow_deletion_spares_a_new_feature_with_the_same_id(
    world: World, forge: Forge, own: Client
) -> None:
    create(forge, "a")

    def overtake() -> None:
        forge.features.delete(PROJECT, "a")
        create(forge, "a")

    with interrupted(own, _TRANSACT, overtake):
        world.process(own).features.delete(PROJECT, "a")

    assert taken(forge, 1) == ["a"]
    require_settled(world.store, world.clock.now)


def test_a_slow_deletion_leaves_what_depends_on_a_new_feature_with_the_same_id(
    world: World, forge: Forge, own: Client
) -> None:
    create(forge, "a")
    create(forge, "b", dependencies=["a"])

    def overtake() -> None:
        forge.features.delete(PROJECT, "a", detach=True)
        create(forge, "a")
        forge.features.add_dependency(PROJECT, "b", "a")

    with interrupted(own, _TRANSACT, overtake):
        world.process(own).features.delete(PROJECT, "a", detach=True)

    assert forge.features.get(PROJECT, "b").dependencies == {"a"}
    require_settled(world.store, world.clock.now)
