"""Dependencies: invalid ones are refused, even if others are added at the same time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.errors import CyclicDependencyError, ItemExistsError, ItemNotFoundError
from autoforge.forge import Forge
from autoforge.models import FeatureStatus
from autoforge.testing.faults import Lose, Pass, injected
from tests.access.features.laws import require_safe, require_settled
from tests.access.worlds import (
    PROJECT,
    CrashError,
    World,
    at_once,
    create,
    interrupted,
    taken,
)
from tests.factories import a_project
from tests.servers import Engine
from tests.stores import put_raw


@pytest.fixture
def fast(engine: Engine) -> None:
    """Limit a test of large transactions to one engine."""
    if engine.name == "moto":
        pytest.skip("moto is slow at large transactions")


def chain(forge: Forge, *ids: str) -> None:
    """Create features that each depend on the one after it."""
    for place, each in reversed(list(enumerate(ids))):
        create(forge, each, dependencies=ids[place + 1 : place + 2])


def test_a_dependency_makes_a_feature_wait_until_the_other_passes(
    world: World, forge: Forge
) -> None:
    create(forge, "a", "b")

    waiting = forge.features.add_dependency(PROJECT, "a", "b")

    assert waiting.dependencies == waiting.waiting_on == {"b"}
    assert waiting.version == 2
    assert [edge.feature_id for edge in forge.features.dependents(PROJECT, "b").items] == ["a"]
    require_settled(world.store, world.clock.now)
    assert taken(forge, 2) == ["b", None]


def test_a_dependency_on_what_passes_makes_nothing_wait(world: World, forge: Forge) -> None:
    create(forge, "a", "b")
    forge.features.pass_(PROJECT, "b", force=True)

    added = forge.features.add_dependency(PROJECT, "a", "b")

    assert (added.dependencies, added.waiting_on) == (frozenset("b"), frozenset())
    require_settled(world.store, world.clock.now)


def test_a_removed_dependency_lets_a_feature_be_claimed(world: World, forge: Forge) -> None:
    create(forge, "b", "c")
    create(forge, "a", dependencies=["b", "c"])
    forge.features.remove_dependency(PROJECT, "a", "b")

    ready = forge.features.remove_dependency(PROJECT, "a", "c")

    assert (ready.dependencies, ready.waiting_on) == (frozenset(), frozenset())
    require_settled(world.store, world.clock.now)
    assert taken(forge, 1) == ["a"]


def test_an_id_in_another_case_is_the_same_feature(world: World, forge: Forge) -> None:
    feature = forge.features.create(PROJECT, "a")
    other = forge.features.create(PROJECT, "b")

    forge.features.add_dependency(PROJECT, feature.id, other.id.lower())
    forge.features.remove_dependency(PROJECT, feature.id.lower(), other.id.lower())

    there = require_settled(world.store, world.clock.now)
    assert there.dependencies == frozenset()
    with pytest.raises(CyclicDependencyError):
        forge.features.add_dependency(PROJECT, feature.id, feature.id.lower())


@pytest.mark.parametrize(
    ("pair", "error", "match"),
    [
        (("a", "a"), CyclicDependencyError, "a -> a$"),
        (("b", "a"), CyclicDependencyError, "b -> a -> b$"),
        (("d", "a"), CyclicDependencyError, "d -> a -> b -> c -> d$"),
        (("a", "b"), ItemExistsError, "FeatureDependency with featureId 'a', dependsOnId 'b'"),
        (("a", "nobody"), ItemNotFoundError, "no Feature with projectId 'p', featureId 'nobody'"),
        (("nobody", "a"), ItemNotFoundError, "no Feature with projectId 'p', featureId 'nobody'"),
        (("a", "elsewhere"), ItemNotFoundError, "featureId 'elsewhere'"),
    ],
)
def test_a_dependency_that_cannot_be_is_refused_and_changes_nothing(
    world: World, forge: Forge, pair: tuple[str, str], error: type[Exception], match: str
) -> None:
    chain(forge, "a", "b", "c", "d")
    put_raw(world.store, a_project(id="q").to_item())
    forge.features.create("q", "elsewhere", id="elsewhere")
    before = require_settled(world.store, world.clock.now)

    with pytest.raises(error, match=match):
        forge.features.add_dependency(PROJECT, *pair)

    assert require_settled(world.store, world.clock.now) == before


def test_what_is_no_dependency_cannot_be_removed(forge: Forge) -> None:
    chain(forge, "a", "b", "c")

    with pytest.raises(ItemNotFoundError, match="FeatureDependency with featureId 'a'"):
        forge.features.remove_dependency(PROJECT, "a", "c")
    with pytest.raises(ItemNotFoundError, match="no Feature"):
        forge.features.remove_dependency(PROJECT, "nobody", "c")


@pytest.mark.usefixtures("fast")
def test_a_cycle_through_what_a_crash_left_unlinked_is_refused(
    world: World, forge: Forge, own: Client
) -> None:
    ids = [f"m{n:02}" for n in range(46)]
    create(forge, *ids)
    with (
        injected(own, lambda _, sent: Lose(CrashError()) if sent == _TRANSACT else Pass()),
        pytest.raises(CrashError),
    ):
        create(world.process(own), "x", dependencies=ids)

    # No reverse edge of x exists yet.
    with pytest.raises(CyclicDependencyError, match="m00 -> x -> m00"):
        forge.features.add_dependency(PROJECT, "m00", "x")
    create(forge, "y", dependencies=["x"])
    with pytest.raises(CyclicDependencyError, match="m45 -> y -> x -> m45"):
        forge.features.add_dependency(PROJECT, "m45", "y")

    require_settled(world.store, world.clock.now)


@pytest.mark.usefixtures("fast")
def test_a_new_feature_links_what_a_crash_left_before_it_depends_on_it(
    world: World, forge: Forge, own: Client
) -> None:
    ids = [f"m{n:02}" for n in range(46)]
    create(forge, *ids)
    with (
        injected(own, lambda _, sent: Lose(CrashError()) if sent == _TRANSACT else Pass()),
        pytest.raises(CrashError),
    ):
        create(world.process(own), "x", dependencies=ids)

    create(forge, "y", dependencies=["x"])

    with pytest.raises(CyclicDependencyError, match="m00 -> y -> x -> m00"):
        forge.features.add_dependency(PROJECT, "m00", "y")


def test_edges_that_no_feature_has_make_no_cycle(world: World, forge: Forge) -> None:
    create(forge, "a", "b")
    edge = forge.features.add_dependency(PROJECT, "a", "b")
    rows = [each.to_item() for each in forge.features.dependents(PROJECT, "b").items]
    forge.features.remove_dependency(PROJECT, "a", "b")
    put_raw(world.store, *rows)

    assert forge.features.add_dependency(PROJECT, "b", "a").waiting_on == {edge.id}
    assert forge.features.repair(PROJECT).edges == 1
    require_settled(world.store, world.clock.now)


_TRANSACT = "TransactWriteItems"

#: What another caller may do between the decision to add a -> b and the transaction.
_MEANWHILE: dict[str, tuple[Callable[[Forge], object], str]] = {
    "the same": (lambda f: f.features.add_dependency(PROJECT, "a", "b"), "exists"),
    "the opposite": (lambda f: f.features.add_dependency(PROJECT, "b", "a"), "cycle"),
    "the rest of a cycle": (lambda f: f.features.add_dependency(PROJECT, "b", "c"), "cycle"),
    "b passes": (lambda f: f.features.pass_(PROJECT, "b", force=True), "ready"),
    "a is claimed": (lambda f: f.features.claim(PROJECT, "a", "bob"), "waits"),
    "b goes": (lambda f: f.features.delete(PROJECT, "b"), "no Feature"),
    "a goes": (lambda f: f.features.delete(PROJECT, "a", detach=True), "no Feature"),
    "another priority": (lambda f: f.features.update(PROJECT, "a", priority=3), "waits"),
    "another dependency": (lambda f: f.features.add_dependency(PROJECT, "a", "d"), "waits"),
}


@pytest.mark.parametrize("meanwhile", _MEANWHILE)
def test_what_happens_in_between_is_seen(
    world: World, forge: Forge, own: Client, meanwhile: str
) -> None:
    create(forge, "a", "b", "d")
    create(forge, "c", dependencies=["a"])
    act, outcome = _MEANWHILE[meanwhile]
    agent = world.process(own)

    with interrupted(own, _TRANSACT, lambda: act(forge)):
        if outcome in {"ready", "waits"}:
            added = agent.features.add_dependency(PROJECT, "a", "b")
            assert added.dependencies >= {"b"}
            assert ("b" in added.waiting_on) == (outcome == "waits")
        elif outcome == "cycle":
            with pytest.raises(CyclicDependencyError):
                agent.features.add_dependency(PROJECT, "a", "b")
        else:
            with pytest.raises((ItemExistsError, ItemNotFoundError), match=outcome):
                agent.features.add_dependency(PROJECT, "a", "b")

    require_settled(world.store, world.clock.now)


@pytest.mark.parametrize("attempt", range(4))
def test_of_racing_dependencies_that_close_a_cycle_together_one_is_refused(
    client: Client, engine: Engine, attempt: int
) -> None:
    if engine.name == "moto":
        pytest.skip("moto is no judge of races")
    world = World.on(client)
    size = 2 + attempt
    ids = [f"f{n}" for n in range(size)]
    create(world.process(), *ids)

    outcomes = at_once(
        [
            partial(world.process().features.add_dependency, PROJECT, one, other)
            for one, other in zip(ids, [*ids[1:], ids[0]], strict=True)
        ]
    )

    refused = [each for each in outcomes if isinstance(each, Exception)]
    assert [type(each) for each in refused] == [CyclicDependencyError]
    require_settled(world.store, world.clock.now)


def test_a_removal_and_a_release_at_once_leave_nothing_waiting(
    world: World, forge: Forge, own: Client
) -> None:
    chain(forge, "a", "b", "c")
    create(forge, "d", dependencies=["a", "c"])

    with interrupted(own, _TRANSACT, lambda: forge.features.pass_(PROJECT, "c", force=True)):
        removed = world.process(own).features.remove_dependency(PROJECT, "d", "a")

    assert removed.waiting_on == frozenset()
    there = require_settled(world.store, world.clock.now)
    assert there.features["b"].status == FeatureStatus.PENDING


@pytest.mark.usefixtures("fast")
def test_more_dependencies_than_a_transaction_holds_are_added_one_by_one(
    world: World, forge: Forge
) -> None:
    ids = [f"m{n:02}" for n in range(50)]
    create(forge, *ids)
    create(forge, "x", dependencies=ids[:48])

    for each in ids[48:]:
        forge.features.add_dependency(PROJECT, "x", each)
    forge.features.pass_(PROJECT, "m49", force=True)

    there = require_safe(world.store, world.clock.now)
    assert there.features["x"].waiting_on == set(ids[:49])
    require_settled(world.store, world.clock.now)
