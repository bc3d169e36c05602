"""Claims: the best ready feature, in two requests, held by one caller until it is released."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from botocore.exceptions import ConnectionClosedError

from autoforge.access.features.claims import QUIET
from autoforge.access.features.patterns import ReadyFeatures
from autoforge.dynamodb.client.client import Client
from autoforge.errors import (
    ConditionFailedError,
    HeldByAnotherError,
    InvalidValueError,
    ItemNotFoundError,
)
from autoforge.forge import Forge
from autoforge.models import FeatureStatus
from autoforge.testing.faults import Answer, Fault, Lose, Pass, Refuse, injected
from autoforge.testing.recording import watching
from tests.access.features.laws import require_settled
from tests.access.worlds import (
    PROJECT,
    World,
    create,
    set_raw,
    taken,
)
from tests.factories import a_feature, a_project
from tests.servers import Engine
from tests.stores import client_of, forge_of, fresh, put_raw

_THROTTLED: Final = Refuse("ProvisionedThroughputExceededException")


def test_the_highest_priority_is_claimed_first_and_of_one_priority_the_oldest(
    forge: Forge, agent: Forge
) -> None:
    create(forge, "e", "b", priority=20)
    create(forge, "d", "c", priority=3)
    create(forge, "a", priority=100)

    assert taken(agent, 6) == ["c", "d", "b", "e", "a", None]


def test_a_claim_names_its_agent_and_its_version_is_its_token(forge: Forge, agent: Forge) -> None:
    create(forge, "a")

    claimed = agent.features.claim_next(PROJECT, "ann", 30)

    assert claimed is not None
    assert (claimed.status, claimed.assigned_agent_id) == (FeatureStatus.IN_PROGRESS, "ann")
    assert (claimed.version, claimed.claim_version) == (2, 2)
    assert claimed.lease_until == claimed.updated_at + timedelta(seconds=30)
    assert claimed == forge.features.get(PROJECT, "a")


@pytest.mark.parametrize("number", [10, 2000])
def test_a_lone_claim_costs_the_same_however_long_the_backlog_is(
    client: Client, engine: Engine, number: int
) -> None:
    if engine.name == "moto":
        pytest.skip("moto answers constants for capacity; this runs on dynoxide")
    store = fresh(client)
    ids = [f"f{n:04}" for n in range(number)]
    store.put_all([a_project(id=PROJECT), *(a_feature(project_id=PROJECT, id=i) for i in ids)])
    agent = forge_of(store)

    with watching(client) as watched:
        claims = [agent.features.claim_next(PROJECT, "ann") for _ in range(3)]

    assert [each and each.id for each in claims] == ids[:3]
    assert watched.operations == ["Query", "UpdateItem"] * 3
    assert [call.capacity["CapacityUnits"] for call in watched.calls] == [0.5, 3.0] * 3


def test_a_feature_that_waits_is_never_claimed(forge: Forge, agent: Forge) -> None:
    create(forge, "a")
    create(forge, "b", dependencies=["a"], priority=1)

    assert taken(agent, 2) == ["a", None]
    refused = "^Feature b of project p is pending and waits for a; only a ready feature can"
    with pytest.raises(ConditionFailedError, match=refused):
        agent.features.claim(PROJECT, "b", "ann")


def test_a_row_that_says_ready_of_what_is_not_costs_a_request_and_is_not_claimed(
    world: World, forge: Forge, agent: Forge
) -> None:
    create(forge, "a", "z")
    create(forge, "b", "c", dependencies=["a"])
    forge.features.claim(PROJECT, "a", "bob")
    create(forge, "d", priority=0)
    forge.features.claim(PROJECT, "d", "bob")
    forge.features.pass_(PROJECT, "d", version=2)
    for place, each in enumerate("abcd"):
        row = f"READY#0000{place}#{each}"
        set_raw(world, each, GSI1PK=f"PROJECT#{PROJECT}#FEATURE#pending", GSI1SK=row)

    assert taken(agent, 2) == ["z", None]
    assert forge.features.get(PROJECT, "a").assigned_agent_id == "bob"


def test_a_row_that_was_wrong_all_along_is_no_sign_of_others(
    engine: Engine, world: World, forge: Forge
) -> None:
    create(forge, "a", *"mnopqrst")
    names = "projectId", "id", "priority", "version", "status"
    rows = list(world.store.items_in(ReadyFeatures(PROJECT).condition(world.clock.now), *names))
    set_raw(world, "a", assignedAgentId="bob")  # by a program that does not count versions
    client = client_of(engine, random=lambda: 0.99)

    def meet(_: int, sent: str) -> Fault:
        return Answer({"Items": rows}) if sent == "Query" else Pass()

    # After a lost race a claim draws one of several candidates; this random value draws the last.
    with injected(client, meet):
        assert taken(world.process(client), 5) == [*"mnopq"]


def test_an_index_that_lags_costs_requests_and_nothing_is_claimed_wrongly(
    sure: Client, world: World, forge: Forge, agent: Forge
) -> None:
    create(forge, *"abcdef", priority=1)
    create(forge, "g")
    condition = ReadyFeatures(PROJECT).condition(world.clock.now)
    names = "projectId", "id", "priority", "version", "status"
    rows = list(world.store.items_in(condition, *names))
    forge.features.claim(PROJECT, "a", "bob")
    forge.features.add_dependency(PROJECT, "b", "g")
    for each, verb in {"c": "pass_", "d": "fail", "e": "send_to_review"}.items():
        forge.features.claim(PROJECT, each, "bob")
        getattr(forge.features, verb)(PROJECT, each, version=2)
    forge.features.delete(PROJECT, "f")
    before = require_settled(world.store, world.clock.now)

    def meet(_: int, sent: str) -> Fault:
        return Answer({"Items": rows}) if sent == "Query" else Pass()

    with injected(sure, meet):
        assert taken(agent, 1) == ["g"]

    there = require_settled(world.store, world.clock.now)
    assert there.features == before.features | {"g": forge.features.get(PROJECT, "g")}


def test_what_names_a_holder_is_not_claimed_though_it_is_pending(
    world: World, forge: Forge, agent: Forge
) -> None:
    create(forge, "a")
    set_raw(world, "a", assignedAgentId="bob")

    assert taken(agent, 1) == [None]
    with pytest.raises(HeldByAnotherError, match="held by bob"):
        agent.features.claim(PROJECT, "a", "ann")


def test_a_feature_without_an_index_row_is_found_before_none_is_said(
    world: World, forge: Forge, agent: Forge
) -> None:
    create(forge, "a", "b")
    for each in "ab":
        set_raw(world, each, GSI1PK=None, GSI1SK=None)

    assert taken(agent, 3) == ["a", "b", None]


def test_nothing_ready_is_believed_until_something_is_announced(forge: Forge, agent: Forge) -> None:
    create(forge, "a")
    assert taken(agent, 2) == ["a", None]

    with watching(agent.store.client) as watched:
        assert taken(agent, 2) == [None, None]

    # Reads the index, and the mark that features are ready.
    assert watched.operations == ["Query", "GetItem"] * 2


def _prepared(forge: Forge) -> None:
    create(forge, "x", "y")
    create(forge, "w", dependencies=["x"])
    create(forge, "r", priority=99999)
    for each in "xyr":
        forge.features.claim(PROJECT, each, "bob")
    forge.features.fail(PROJECT, "y", version=2)


#: Writes that make the named feature ready; x, y and r are in progress or failed, w waits for x.
_READYING: Final[dict[str, Callable[[Forge], object]]] = {
    "n": lambda forge: create(forge, "n"),
    "w": lambda forge: forge.features.pass_(PROJECT, "x", version=2),
    "w ": lambda forge: forge.features.remove_dependency(PROJECT, "w", "x"),
    "w  ": lambda forge: forge.features.delete(PROJECT, "x", detach=True),
    "y": lambda forge: forge.features.reopen(PROJECT, "y"),
    "r": lambda forge: forge.features.release(PROJECT, "r", version=2),
}


@pytest.mark.parametrize("ready", _READYING)
@pytest.mark.parametrize("own", [True, False], ids=["its own", "another's"])
def test_what_a_process_makes_ready_is_found_though_its_row_is_missing(
    world: World, forge: Forge, agent: Forge, ready: str, *, own: bool
) -> None:
    _prepared(forge)
    assert taken(agent, 1) == [None]

    _READYING[ready](agent if own else world.process())
    set_raw(world, ready.strip(), GSI1PK=None, GSI1SK=None)

    assert taken(agent, 2) == [ready.strip(), None]


def test_what_a_crash_left_unannounced_is_found_within_a_minute(
    world: World, forge: Forge, agent: Forge
) -> None:
    create(forge, "a")
    assert taken(agent, 2) == ["a", None]
    put_raw(world.store, a_feature(project_id=PROJECT, id="b").to_item())
    set_raw(world, "b", GSI1PK=None, GSI1SK=None)

    assert taken(agent, 1) == [None]
    world.clock.now += QUIET

    assert taken(agent, 1) == ["b"]


def test_an_abandoned_feature_is_claimed_again_by_priority(
    world: World, forge: Forge, agent: Forge
) -> None:
    create(forge, "first", priority=1)
    create(forge, "second", "third", priority=2)
    create(forge, "fourth", priority=3)
    other = world.process()
    for each in ("first", "third"):
        other.features.claim(PROJECT, each, "bob", 10)
    assert agent.features.claim_next(PROJECT, "ann", 60).id == "second"  # type: ignore[union-attr]  # there is one
    world.clock.now += timedelta(seconds=10)

    assert taken(agent, 4) == ["first", "third", "fourth", None]


def test_a_lease_that_was_seen_to_begin_is_not_hidden_by_nothing_ready(
    world: World, forge: Forge, agent: Forge
) -> None:
    create(forge, "a")
    world.process().features.claim(PROJECT, "a", "bob", 10)
    assert taken(agent, 1) == [None]

    world.clock.now += timedelta(seconds=10)

    assert taken(agent, 1) == ["a"]


def test_a_claim_without_a_lease_never_ends(world: World, forge: Forge, agent: Forge) -> None:
    create(forge, "a")
    forge.features.claim(PROJECT, "a", "bob")

    world.clock.now += timedelta(days=5000)

    assert taken(agent, 1) == [None]
    with pytest.raises(HeldByAnotherError, match="held by bob by claim 2"):
        agent.features.claim(PROJECT, "a", "ann", 10)


@pytest.mark.parametrize("lease", [0, -1, 0.0001, float("nan"), float("inf"), 366 * 86400 + 1])
def test_a_lease_is_a_length_of_time(forge: Forge, lease: float) -> None:
    create(forge, "a")

    with pytest.raises(InvalidValueError, match="a lease is"):
        forge.features.claim_next(PROJECT, "ann", lease)

    assert forge.features.get(PROJECT, "a").version == 1


def test_a_claim_of_nothing_is_refused(forge: Forge) -> None:
    with pytest.raises(ItemNotFoundError):
        forge.features.claim(PROJECT, "nobody", "ann")


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize(
    "faults",
    [
        [Lose()],
        [Lose(), Lose()],
        [_THROTTLED, Lose(), _THROTTLED],
        [Lose(ConnectionClosedError(endpoint_url="made up")), _THROTTLED],
    ],
    ids=str,
)
def test_a_caller_whose_answers_are_lost_claims_one_feature(
    world: World, agent: Forge, faults: list[Fault], *, limited: bool
) -> None:
    create(world.process(), "a", "b", "c")
    left = list(faults)

    def meet(_: int, operation: str) -> Fault:
        if operation not in {"UpdateItem", "TransactWriteItems"} or not left:
            return Pass()
        return left.pop(0)

    with injected(agent.store.client, meet):
        claimed = agent.features.claim_next(PROJECT, "ann", respect_limit=limited)

    there = require_settled(world.store, world.clock.now)
    assert claimed is not None
    assert there.in_status(FeatureStatus.IN_PROGRESS) == {claimed.id} == {"a"}
    assert claimed == there.features["a"]
    assert claimed.version == claimed.claim_version == 2
    assert len(left) < len(faults)
