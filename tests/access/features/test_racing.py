"""Agents race on one project; each feature is claimed once, and none remains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Final, TypeVar

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.errors import (
    AutoforgeError,
    ItemExistsError,
    ItemNotFoundError,
    LimitReachedError,
)
from autoforge.forge import Forge
from autoforge.models import FeatureStatus
from tests.access.features.laws import require_safe, require_settled
from tests.access.worlds import PROJECT, World, at_once, create
from tests.servers import Engine

T = TypeVar("T")

_THREADS: Final = 6
_IN_PROGRESS: Final = FeatureStatus.IN_PROGRESS


@pytest.fixture(autouse=True)
def racing(engine: Engine) -> None:
    """Limit all tests here to engines that can run races."""
    if engine.name == "moto":
        pytest.skip("moto is no judge of races")


def all_at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all calls at the same time; none may be refused."""
    answers: list[T] = []
    for each in at_once(calls):
        assert not isinstance(each, AutoforgeError), each
        answers.append(each)
    return answers


@pytest.mark.parametrize("shared", [True, False], ids=["one process", "a process each"])
def test_racing_agents_claim_each_feature_once_and_none_is_left(
    client: Client, *, shared: bool
) -> None:
    world = World.on(client)
    one = world.process()
    create(one, *(f"f{n:02}" for n in range(30)))
    forges = [one if shared else world.process() for _ in range(_THREADS)]

    def work(forge: Forge) -> list[str]:
        claims = []
        while claimed := forge.features.claim_next(PROJECT, "ann"):
            claims.append(str(claimed.id))
        return claims

    claims = all_at_once([partial(work, each) for each in forges])

    assert sorted(chain(*claims)) == [f"f{n:02}" for n in range(30)]


@pytest.mark.parametrize("shared", [True, False], ids=["one process", "a process each"])
def test_racing_agents_work_through_dependencies_and_none_waits_for_ever(
    client: Client, *, shared: bool
) -> None:
    world = World.on(client)
    one = world.process()
    for level in range(5):
        on = [f"f{level - 1}{n}" for n in range(4)] if level else []
        create(one, *(f"f{level}{n}" for n in range(4)), dependencies=on)
    done: Counter[str] = Counter()

    def work(forge: Forge) -> None:
        while sum(done.values()) < 20:
            claimed = forge.features.claim_next(PROJECT, "ann")
            if claimed is None:
                continue
            assert claimed.waiting_on == frozenset()
            done[str(claimed.id)] += 1
            forge.features.pass_(PROJECT, str(claimed.id), version=claimed.version)

    all_at_once([partial(work, one if shared else world.process()) for _ in range(4)])

    assert set(done.values()) == {1}
    there = require_settled(world.store, world.clock.now)
    assert there.in_status(FeatureStatus.PASSING) == {*there.features} == {*done}


def test_a_limit_is_never_exceeded_by_racing_agents(client: Client) -> None:
    world = World.on(client)
    forge = world.process()
    forge.projects.update(PROJECT, max_concurrency=3)
    create(forge, *(f"f{n:02}" for n in range(12)))
    most: list[int] = []

    def work(forge: Forge, verbs: Sequence[str]) -> None:
        for verb in verbs:
            try:
                claimed = forge.features.claim_next(PROJECT, "ann", respect_limit=True)
            except LimitReachedError:
                continue
            most.append(len(require_safe(world.store, world.clock.now).in_status(_IN_PROGRESS)))
            if claimed is not None:
                getattr(forge.features, verb)(PROJECT, str(claimed.id), version=claimed.version)

    turns = [["pass_", "release", "fail"], ["release", "pass_", "send_to_review"]]
    all_at_once([partial(work, world.process(), turns[n % 2]) for n in range(_THREADS)])

    assert 1 <= max(most) <= 3
    require_settled(world.store, world.clock.now)


def test_racing_passes_returns_and_additions_agree_in_the_end(client: Client) -> None:
    world = World.on(client)
    forge = world.process()
    create(forge, "x", "y")
    create(forge, *(f"d{n}" for n in range(5)), dependencies=["x"])
    calls: list[Callable[[Forge], object]] = [
        lambda f: f.features.pass_(PROJECT, "x", force=True),
        lambda f: f.features.reopen(PROJECT, "x"),
        lambda f: f.features.add_dependency(PROJECT, "y", "x"),
        lambda f: f.features.remove_dependency(PROJECT, "d0", "x"),
        lambda f: f.features.delete(PROJECT, "d1"),
        lambda f: create(f, "z", dependencies=["x"]),
    ]

    for _ in range(3):
        outcomes = at_once([partial(each, world.process()) for each in calls])
        errors = [each for each in outcomes if isinstance(each, AutoforgeError)]
        assert {type(each) for each in errors} <= {ItemNotFoundError, ItemExistsError}, errors
        require_settled(world.store, world.clock.now)


def test_of_racing_creations_from_one_issue_one_makes_the_feature(client: Client) -> None:
    world = World.on(client)

    made = all_at_once(
        [
            partial(world.process().features.create, PROJECT, "a name", linear_issue_id="L-1")
            for _ in range(_THREADS)
        ]
    )

    assert len({each.id for each in made}) == 1
    assert {*require_settled(world.store, world.clock.now).features} == {made[0].id}
