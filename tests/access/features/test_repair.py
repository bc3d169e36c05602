"""A call cut off at any request leaves nothing claimed too early or waiting for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Final

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from autoforge.access.features.repair import Repaired
from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.dynamodb.schema.entity import Item
from autoforge.errors import (
    ConditionFailedError,
    ItemExistsError,
    ItemNotFoundError,
    UnavailableError,
)
from autoforge.forge import Forge, NewFeature
from autoforge.testing.faults import Break, Fault, Lose, Pass, injected
from tests.access.features.laws import (
    require_released,
    require_safe,
    require_settled,
)
from tests.access.worlds import PROJECT, CrashError, World
from tests.servers import Engine
from tests.stores import client_of, raw_items

pytestmark = pytest.mark.one_engine

#: Longer than a process caches that nothing is ready, and than every lease here.
_LATER: Final = timedelta(seconds=61)
#: The version of a feature that was created and then claimed: the token of that claim.
_TOKEN: Final = 2

#: How a call ends at a request: before its execution, after it, or with a lost answer and no
#: retry.
_CUTS: Final[dict[str, Fault]] = {
    "before": Break(EndpointConnectionError(endpoint_url="made up")),
    "after": Lose(CrashError()),
    "unanswered": Lose(ReadTimeoutError(endpoint_url="made up")),
}
_WRITES: Final = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}
#: What follows the cut: a repair, the same call again, or only claims of other agents.
_AFTERWARDS: Final = ("repair", "again", "others")


@dataclass(frozen=True)
class Scene:
    """A call, and what must exist before it."""

    name: str
    act: Callable[[Forge], object]
    prepare: Callable[[Forge], object] = lambda _: None
    #: Whether the scene is so large that one kind of cut is enough.
    large: bool = False

    def __str__(self) -> str:
        return self.name


def _features(forge: Forge, *ids: str, on: tuple[str, ...] = ()) -> None:
    new = [NewFeature(name=each, id=each, dependencies=on) for each in ids]
    forge.features.create_many(PROJECT, new)


def _passing(forge: Forge, *ids: str) -> None:
    for each in ids:
        forge.features.pass_(PROJECT, each, force=True)


def _with_dependents(number: int, *, passing: bool = False) -> Callable[[Forge], None]:
    """Prepare feature x with dependents: x is claimed, or it passes and one of them is claimed."""

    def prepare(forge: Forge) -> None:
        _features(forge, "x", "y")
        if number:
            _features(forge, *(f"d{n:02}" for n in range(number)), on=("x",))
            forge.features.add_dependency(PROJECT, "d00", "y")
        forge.features.claim(PROJECT, "x", "ann")
        if passing:
            forge.features.pass_(PROJECT, "x", version=_TOKEN)
            if number > 1:
                forge.features.claim(PROJECT, "d01", "bob")

    return prepare


def _many(forge: Forge) -> None:
    """Create more features than one transaction can link, some of which pass."""
    _features(forge, *_MANY)
    _passing(forge, *_MANY[40:])


_MANY: Final = tuple(f"m{n:02}" for n in range(47))


def _feature_of_issue(forge: Forge) -> None:
    forge.features.create(PROJECT, "issue", linear_issue_id="L-1")


def _diamond(forge: Forge) -> None:
    forge.features.create_many(
        PROJECT,
        [
            NewFeature(name="last", id="n3", dependencies=["n1", 2]),
            NewFeature(name="one", id="n1", dependencies=[3, "a"]),
            NewFeature(name="two", id="n2", dependencies=["b", 3], linear_issue_id="L-2"),
            NewFeature(name="first", id="n0"),
        ],
    )


def _one_passes(forge: Forge) -> None:
    _features(forge, "a", "b")
    _passing(forge, "a")


def _chain(forge: Forge) -> None:
    _features(forge, "a")
    forge.features.create(PROJECT, "x", id="x", dependencies=["a"], linear_issue_id="L-1")
    forge.features.create(PROJECT, "z", id="z", dependencies=["x"])


_SMALL: Final = [
    Scene("create", lambda f: f.features.create(PROJECT, "x", id="x")),
    Scene(
        "create what depends on others",
        lambda f: f.features.create(PROJECT, "x", id="x", dependencies=["a", "b"]),
        _one_passes,
    ),
    Scene("create several", _diamond, _one_passes),
    Scene("create of an issue", _feature_of_issue),
    Scene("add a dependency", lambda f: f.features.add_dependency(PROJECT, "b", "c"),
          lambda f: _features(f, "b", "c")),
    Scene("add a dependency on what passes", lambda f: f.features.add_dependency(PROJECT, "b", "a"),
          _one_passes),
    Scene("remove a dependency", lambda f: f.features.remove_dependency(PROJECT, "z", "x"), _chain),
    Scene("review", lambda f: f.features.send_to_review(PROJECT, "x", version=_TOKEN),
          _with_dependents(3)),
    Scene("release", lambda f: f.features.release(PROJECT, "x", version=_TOKEN),
          _with_dependents(3)),
    Scene("fail", lambda f: f.features.fail(PROJECT, "x", version=_TOKEN), _with_dependents(3)),
    *(
        Scene(f"pass with {n}", lambda f: f.features.pass_(PROJECT, "x", version=_TOKEN),
              _with_dependents(n))
        for n in (0, 3)
    ),
    *(
        Scene(f"reopen with {n}", lambda f: f.features.reopen(PROJECT, "x"),
              _with_dependents(n, passing=True))
        for n in (0, 3)
    ),
    Scene("regress with 3", lambda f: f.features.fail(PROJECT, "x"),
          _with_dependents(3, passing=True)),
    Scene("delete", lambda f: f.features.delete(PROJECT, "z"), _chain),
    Scene("delete and detach", lambda f: f.features.delete(PROJECT, "x", detach=True), _chain),
    Scene("claim", lambda f: f.features.claim(PROJECT, "b", "ann", 30), _one_passes),
    Scene("claim the next", lambda f: f.features.claim_next(PROJECT, "ann", 30), _one_passes),
    Scene("claim within the limit",
          lambda f: f.features.claim_next(PROJECT, "ann", 30, respect_limit=True), _one_passes),
    Scene("change the priority", lambda f: f.features.update(PROJECT, "z", priority=1), _chain),
]  # fmt: skip
_LARGE: Final = [
    Scene("create what depends on 47",
          lambda f: f.features.create(PROJECT, "x", id="x", dependencies=_MANY), _many, large=True),
    Scene("create of an issue what depends on 47",
          lambda f: f.features.create(PROJECT, "x", dependencies=_MANY, linear_issue_id="L-1"),
          _many, large=True),
    Scene("pass with 95", lambda f: f.features.pass_(PROJECT, "x", version=_TOKEN),
          _with_dependents(95), large=True),
    Scene("reopen with 95", lambda f: f.features.reopen(PROJECT, "x"),
          _with_dependents(95, passing=True), large=True),
    Scene("regress with 95", lambda f: f.features.fail(PROJECT, "x"),
          _with_dependents(95, passing=True), large=True),
]  # fmt: skip


#: The scenes that also run on moto: enough to show that its requests behave the same.
_ON_BOTH: Final = {"create several", "pass with 3", "delete and detach"}


@pytest.fixture(scope="module")
def once(engine: Engine) -> Client:
    """A connection that sends each request once."""
    return client_of(engine, retries=RetryPolicy(attempts=1))


@pytest.mark.parametrize("scene", [*_SMALL, *_LARGE], ids=str)
def test_what_is_cut_off_anywhere_is_safe_at_once_and_finished_by_whoever_comes(
    client: Client, once: Client, engine: Engine, scene: Scene
) -> None:
    if engine.name == "moto" and scene.name not in _ON_BOTH:
        pytest.skip("moto is slow, and engines differ in requests, not in what comes between them")
    origin = World.on(client)
    scene.prepare(origin.process())
    before = raw_items(origin.store)

    for world, afterwards in _cut_everywhere(client, once, scene, before):
        require_safe(world.store, world.clock.now)
        if afterwards == "repair":
            world.process().features.repair(PROJECT)
            assert world.process().features.repair(PROJECT) == Repaired()
            require_settled(world.store, world.clock.now)
        elif afterwards == "again":
            with suppress(ItemExistsError, ItemNotFoundError, ConditionFailedError):
                scene.act(world.process())
            require_settled(world.store, world.clock.now)
        else:
            _claimed_by_others(world)


def _cut_everywhere(
    client: Client, once: Client, scene: Scene, before: list[Item]
) -> Iterator[tuple[World, str]]:
    """Yield a world for each write of the call and each kind of cut, with what follows the cut.

    The state after a write equals the state before the next one, and during any reads in between.
    The follow-ups rotate, so that each such state is tested with every one of them.
    """
    for place, (name, fault) in enumerate(_CUTS.items()):
        for number in count():
            if scene.large and name != "after":
                break
            world = World.restored(client, before)
            if not _cut(world, once, scene, number, fault):
                assert number > 0
                break
            state = number if place == 0 else number + 1
            yield world, _AFTERWARDS[(place + state) % len(_AFTERWARDS)]


def _cut(world: World, once: Client, scene: Scene, number: int, fault: Fault) -> bool:
    """Run the call until a write, counted from 0, meets a fault; return whether it got there."""
    writes: list[str] = []

    def meet(_: int, operation: str) -> Fault:
        if operation not in _WRITES:
            return Pass()
        writes.append(operation)
        return fault if len(writes) == number + 1 else Pass()

    with injected(once, meet), suppress(CrashError, UnavailableError):
        scene.act(world.process(once))
    return len(writes) > number


def _claimed_by_others(world: World) -> None:
    """Let other agents claim every ready feature; they know nothing of the call."""
    world.clock.now += _LATER
    for other in (world.process(), world.process()):
        while other.features.claim_next(PROJECT, "worker") is not None:
            pass
    there = require_released(world.store, world.clock.now)
    assert not there.ready(world.clock.now)
