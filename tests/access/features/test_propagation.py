"""Propagation of a feature's pass, failure or return to its dependents, however many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from autoforge.access.features.patterns import FeatureGraphOf
from autoforge.access.features.propagation import Propagation
from autoforge.access.features.repair import Repaired
from autoforge.access.features.transitions import regress_feature
from autoforge.dynamodb.client.client import Client
from autoforge.errors import AutoforgeError
from autoforge.forge import Forge
from autoforge.models import FeatureStatus
from autoforge.models.features import Unsettled
from autoforge.testing.faults import Lose, Pass, injected
from tests.access.features.laws import require_safe, require_settled
from tests.access.worlds import (
    PROJECT,
    CrashError,
    World,
    create,
    interrupted,
    taken,
)
from tests.factories import NOON, a_dependency
from tests.servers import Engine
from tests.stores import put_raw

pytestmark = pytest.mark.one_engine

_TRANSACT: Final = "TransactWriteItems"
_THREADS: Final = 6


@pytest.fixture
def fast(engine: Engine) -> None:
    """Limit a test of many requests to one engine."""
    if engine.name == "moto":
        pytest.skip("moto is slow, and engines differ in requests, not in what comes between them")


def test_every_edge_that_belongs_to_no_dependency_is_removed(world: World, forge: Forge) -> None:
    create(forge, "a", "b", "c")
    for each in "bc":
        edge = a_dependency(project_id=PROJECT, feature_id=each, depends_on_id="a")
        put_raw(world.store, edge.to_item())

    assert forge.features.repair(PROJECT) == Repaired(edges=2)

    require_settled(world.store, world.clock.now)


def test_a_feature_that_passed_and_is_reopened_is_announced(world: World, forge: Forge) -> None:
    create(forge, "a")
    taken(forge, 1)
    forge.features.pass_(PROJECT, "a", force=True)
    assert taken(forge, 1) == [None]
    before = world.store.require(FeatureGraphOf(PROJECT), consistent=True)

    forge.features.reopen(PROJECT, "a")

    after = world.store.require(FeatureGraphOf(PROJECT), consistent=True)
    assert before.is_quiet(world.clock.now)
    assert not after.is_quiet(world.clock.now)


def test_a_pass_releases_what_waits_for_nothing_else(world: World, forge: Forge) -> None:
    create(forge, "x", "y")
    create(forge, "a", dependencies=["x"])
    create(forge, "b", dependencies=["x", "y"])

    passing = forge.features.pass_(PROJECT, "x", force=True)

    assert (passing.status, passing.unsettled) == (FeatureStatus.PASSING, None)
    there = require_settled(world.store, world.clock.now)
    assert there.ready(world.clock.now) == {"a", "y"}
    # Propagation does not change the version: a caller's copy stays valid.
    assert (there.features["a"].version, there.features["b"].version) == (1, 1)


@pytest.mark.parametrize(("verb", "status"), [("reopen", "pending"), ("fail", "failing")])
def test_what_stops_passing_is_waited_for_again_also_by_what_is_at_work(
    world: World, forge: Forge, verb: str, status: str
) -> None:
    create(forge, "x")
    create(forge, "a", "b", "c", dependencies=["x"])
    forge.features.pass_(PROJECT, "x", force=True)
    held = forge.features.claim(PROJECT, "a", "ann")
    forge.features.pass_(PROJECT, "b", force=True)

    stopped = getattr(forge.features, verb)(PROJECT, "x")

    assert (stopped.status, stopped.completed_at) == (status, None)
    there = require_settled(world.store, world.clock.now)
    assert all(there.features[each].waiting_on == {"x"} for each in "abc")
    assert forge.features.pass_(PROJECT, "a", version=held.version).status == "passing"


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("number", [90, 91, 181])
def test_more_dependents_than_a_transaction_holds_are_all_released(
    world: World, forge: Forge, number: int
) -> None:
    create(forge, "x")
    create(forge, *(f"d{n:03}" for n in range(number)), dependencies=["x"])

    forge.features.pass_(PROJECT, "x", force=True)
    released = require_settled(world.store, world.clock.now).ready(world.clock.now)
    forge.features.reopen(PROJECT, "x")

    assert len(released) == number
    assert require_settled(world.store, world.clock.now).ready(world.clock.now) == {"x"}


#: What may happen between the steps of a pass of x, on which a and b depend.
_MEANWHILE: Final[dict[str, Callable[[Forge], object]]] = {
    "a waits for more": lambda forge: forge.features.add_dependency(PROJECT, "a", "y"),
    "a waits no more": lambda forge: forge.features.remove_dependency(PROJECT, "a", "x"),
    "a has another priority": lambda forge: forge.features.update(PROJECT, "a", priority=1),
    "a goes": lambda forge: forge.features.delete(PROJECT, "a"),
    "y waits too": lambda forge: forge.features.add_dependency(PROJECT, "y", "x"),
    "another is born": lambda forge: create(forge, "z", dependencies=["x"]),
    "it is settled": lambda forge: Propagation(PROJECT, "x", NOON).run(forge.store),
    "it is reopened": lambda forge: forge.features.reopen(PROJECT, "x"),
    "it fails": lambda forge: forge.features.fail(PROJECT, "x"),
    "it is reopened and passes": lambda forge: (
        forge.features.reopen(PROJECT, "x"),
        forge.features.pass_(PROJECT, "x", force=True),
    ),
    "it goes": lambda forge: forge.features.delete(PROJECT, "x", detach=True),
    "all is repaired": lambda forge: forge.features.repair(PROJECT),
}  # fmt: skip


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("operation", ["Query", "BatchGetItem", _TRANSACT, "UpdateItem"])
@pytest.mark.parametrize("meanwhile", _MEANWHILE)
def test_whatever_gets_in_between_a_pass_nothing_is_left_unsettled(
    world: World, forge: Forge, own: Client, meanwhile: str, operation: str
) -> None:
    create(forge, "x", "y")
    create(forge, "a", "b", dependencies=["x"])
    agent = world.process(own)
    # The first UpdateItem is the pass itself; the second removes the mark.
    at = 2 if operation == "UpdateItem" else 1

    try:
        with interrupted(own, operation, lambda: _MEANWHILE[meanwhile](forge), at=at):
            agent.features.pass_(PROJECT, "x", force=True)
    except AutoforgeError as error:
        assert meanwhile == "it goes", error  # noqa: PT017 - whether it is an error is a detail

    require_settled(world.store, world.clock.now)


_MEANWHILE_OF_A_RETURN: Final[dict[str, Callable[[Forge], object]]] = {
    **{name: act for name, act in _MEANWHILE.items() if not name.startswith("it ")},
    "it is settled": _MEANWHILE["it is settled"],
    "it is reopened": _MEANWHILE["it is reopened"],
    "it is settled and passes": lambda forge: (
        Propagation(PROJECT, "x", NOON).run(forge.store),
        forge.features.pass_(PROJECT, "x", force=True),
    ),
}


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("operation", ["Query", "BatchGetItem", _TRANSACT, "UpdateItem"])
@pytest.mark.parametrize("meanwhile", _MEANWHILE_OF_A_RETURN)
def test_whatever_gets_in_between_a_return_nothing_is_ready_too_early(
    world: World, forge: Forge, own: Client, meanwhile: str, operation: str
) -> None:
    create(forge, "x", "y")
    create(forge, "a", "b", dependencies=["x"])
    forge.features.pass_(PROJECT, "x", force=True)
    at = 3 if operation == "UpdateItem" else 1

    def act() -> None:
        _MEANWHILE_OF_A_RETURN[meanwhile](forge)
        require_safe(world.store, world.clock.now)

    with interrupted(own, operation, act, at=at):
        world.process(own).features.reopen(PROJECT, "x")

    there = require_settled(world.store, world.clock.now)
    again = meanwhile == "it is settled and passes"
    assert there.features["x"].passes == again


@pytest.mark.usefixtures("fast")
def test_a_slow_linker_leaves_the_mark_of_a_later_pass(
    world: World, forge: Forge, own: Client
) -> None:
    ids = [f"m{n:02}" for n in range(46)]
    create(forge, *ids)
    slow = world.process(own)

    def overtake() -> None:
        forge.features.repair(PROJECT)
        create(forge, "y", dependencies=["x"])
        store = forge.store
        store.save(_marked(forge))
        assert forge.features.get(PROJECT, "x").unsettled == Unsettled.REOPEN

    def _marked(forge: Forge) -> Any:
        for each in ids:
            forge.features.remove_dependency(PROJECT, "x", each)
        forge.features.pass_(PROJECT, "x", force=True)
        return regress_feature(PROJECT, "x", Unsettled.REOPEN, at=world.clock.now)

    # The first UpdateItem of a creation with so many dependencies removes the mark.
    with interrupted(own, "UpdateItem", overtake):
        create(slow, "x", dependencies=ids)

    there = require_settled(world.store, world.clock.now)
    assert there.features["x"].status == FeatureStatus.PENDING
    assert there.features["y"].waiting_on == {"x"}


def test_a_repair_of_what_is_sound_writes_nothing(world: World, forge: Forge, own: Client) -> None:
    create(forge, "x", "y")
    create(forge, "a", dependencies=["x", "y"])
    forge.features.pass_(PROJECT, "x", force=True)

    with injected(own, []) as attempts:
        assert world.process(own).features.repair(PROJECT) == Repaired()

    assert {*attempts.operations} <= {"GetItem", "Query"}


def test_a_repair_sets_right_what_contradicts_itself(world: World, forge: Forge) -> None:
    create(forge, "x", "y")
    create(forge, "a", "b", "c", dependencies=["x", "y"])
    edges = forge.features.dependents(PROJECT, "x").items
    forge.features.pass_(PROJECT, "x", force=True)
    for each, waiting in {"a": {"x", "y"}, "b": set()}.items():
        spoilt = forge.features.get(PROJECT, each)
        spoilt.waiting_on = frozenset(waiting)
        put_raw(world.store, spoilt.to_item())
    world.store.delete_all([edges[2].primary_key.render(edges[2].attribute_values)])  # type: ignore[list-item]  # an edge has a key

    assert forge.features.repair(PROJECT) == Repaired(relinked=3)

    there = require_settled(world.store, world.clock.now)
    assert all(there.features[each].waiting_on == {"y"} for each in "abc")


def test_a_repair_spares_the_edge_of_a_dependency_that_is_added_meanwhile(
    world: World, forge: Forge, own: Client
) -> None:
    create(forge, "a", "b")
    forge.features.add_dependency(PROJECT, "a", "b")
    edges = [each.to_item() for each in forge.features.dependents(PROJECT, "b").items]
    forge.features.remove_dependency(PROJECT, "a", "b")
    put_raw(world.store, *edges)

    with interrupted(own, _TRANSACT, lambda: forge.features.add_dependency(PROJECT, "a", "b")):
        assert world.process(own).features.repair(PROJECT) == Repaired()

    require_settled(world.store, world.clock.now)


@pytest.mark.usefixtures("fast")
def test_what_passes_by_force_is_linked_before(world: World, forge: Forge, own: Client) -> None:
    ids = [f"m{n:02}" for n in range(46)]
    create(forge, *ids)
    with (
        injected(own, lambda _, sent: Lose(CrashError()) if sent == _TRANSACT else Pass()),
        pytest.raises(CrashError),
    ):
        create(world.process(own), "x", dependencies=ids)

    forge.features.pass_(PROJECT, "x", force=True)

    require_settled(world.store, world.clock.now)


def test_a_repair_passes_over_what_is_deleted_meanwhile(
    world: World, forge: Forge, own: Client
) -> None:
    create(forge, "x", "y")
    with (
        injected(own, lambda n, _: Lose(CrashError()) if n == 0 else Pass()),
        pytest.raises(CrashError),
    ):
        world.process(own).features.pass_(PROJECT, "x", force=True)

    # Its first GetItem reads the guard item, its second the feature whose change it propagates.
    with interrupted(own, "GetItem", lambda: forge.features.delete(PROJECT, "x"), at=2):
        world.process(own).features.repair(PROJECT)

    require_settled(world.store, world.clock.now)


def test_a_claim_passes_over_what_is_deleted_meanwhile(
    world: World, forge: Forge, own: Client
) -> None:
    create(forge, "x")
    with (
        injected(own, lambda n, _: Lose(CrashError()) if n == 0 else Pass()),
        pytest.raises(CrashError),
    ):
        world.process(own).features.pass_(PROJECT, "x", force=True)

    with interrupted(own, "GetItem", lambda: forge.features.delete(PROJECT, "x"), at=2):
        assert taken(world.process(own), 1) == [None]


def test_what_a_claim_finds_unsettled_it_settles(world: World, forge: Forge, own: Client) -> None:
    create(forge, "x")
    create(forge, "a", dependencies=["x"])
    with (
        injected(own, lambda n, _: Lose(CrashError()) if n == 0 else Pass()),
        pytest.raises(CrashError),
    ):
        world.process(own).features.pass_(PROJECT, "x", force=True)

    assert taken(forge, 2) == ["a", None]
    require_settled(world.store, world.clock.now)


def test_what_another_takes_over_before_it_is_read_is_not_ones_own(
    world: World, forge: Forge, own: Client
) -> None:
    create(forge, "a")

    def take_over() -> None:
        world.clock.now += timedelta(seconds=2)
        forge.features.claim(PROJECT, "a", "bob")

    # A claim that respects the limit reads the project, the slots, and then the feature.
    with interrupted(own, "GetItem", take_over, at=3):
        agent = world.process(own)
        claimed = agent.features.claim_next(PROJECT, "ann", 1, respect_limit=True)

    assert claimed is None
    assert forge.features.get(PROJECT, "a").assigned_agent_id == "bob"
