"""Transitions: who may change a feature's status, and the result of each change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from autoforge.errors import ConditionFailedError, HeldByAnotherError, ItemNotFoundError
from autoforge.forge import Forge
from autoforge.models import Feature, FeatureStatus
from tests.access.features.laws import require_settled
from tests.access.worlds import PROJECT, World, create, set_raw, taken

_VERBS: Final = ("pass_", "fail", "release", "send_to_review")


def test_a_renewed_claim_goes_on(world: World, forge: Forge, agent: Forge) -> None:
    create(forge, "a")
    claimed = forge.features.claim(PROJECT, "a", "bob", 10)
    world.clock.now += timedelta(seconds=9)

    renewed = forge.features.renew(PROJECT, "a", version=claimed.version, lease=10)
    world.clock.now += timedelta(seconds=9)

    assert renewed.version == claimed.version
    assert renewed.lease_until == world.clock.now + timedelta(seconds=1)
    assert taken(agent, 1) == [None]
    world.clock.now += timedelta(seconds=1)
    assert taken(agent, 1) == ["a"]


@pytest.mark.parametrize("verb", ["pass_", "fail", "release", "send_to_review", "renew"])
def test_an_old_holder_is_refused_and_told_who_holds_the_feature(
    world: World, forge: Forge, agent: Forge, verb: str
) -> None:
    create(forge, "a")
    old = forge.features.claim(PROJECT, "a", "bob", 10)
    world.clock.now += timedelta(seconds=10)
    held = agent.features.claim(PROJECT, "a", "ann", 60)
    given = {"version": old.version} | ({"lease": 60} if verb == "renew" else {})

    with pytest.raises(
        HeldByAnotherError, match=r"held by ann by claim 3 until .*12:01:10.000Z; claim 2 has ended"
    ) as caught:
        getattr(forge.features, verb)(PROJECT, "a", **given)

    assert caught.value.item == held == forge.features.get(PROJECT, "a")


@pytest.mark.parametrize("verb", ["pass_", "fail", "release", "send_to_review"])
def test_without_the_token_nobody_writes_what_is_held_but_by_force(
    forge: Forge, agent: Forge, verb: str
) -> None:
    create(forge, "a")
    held = agent.features.claim(PROJECT, "a", "ann")

    with pytest.raises(HeldByAnotherError, match=r"held by ann by claim 2; only .*its holder"):
        getattr(forge.features, verb)(PROJECT, "a")
    assert forge.features.get(PROJECT, "a") == held
    forced = getattr(forge.features, verb)(PROJECT, "a", force=True)

    assert (forced.assigned_agent_id, forced.lease_until) == (None, None)


def test_a_token_outlives_all_that_others_may_do_to_the_feature(forge: Forge, agent: Forge) -> None:
    create(forge, "a", "b")
    held = agent.features.claim(PROJECT, "a", "ann", 10)

    forge.features.update(PROJECT, "a", name="another", priority=7)
    agent.features.renew(PROJECT, "a", version=held.version, lease=20)
    forge.features.add_dependency(PROJECT, "a", "b")
    forge.features.claim(PROJECT, "b", "bob")
    forge.features.pass_(PROJECT, "b", version=2)

    assert agent.features.pass_(PROJECT, "a", version=held.version).status == FeatureStatus.PASSING


def _in(forge: Forge, status: FeatureStatus) -> Feature:
    """Bring feature a to a status; unless that is pending, it was claimed on the way."""
    create(forge, "a")
    if status == FeatureStatus.PENDING:
        return forge.features.get(PROJECT, "a")
    held = forge.features.claim(PROJECT, "a", "ann", 10)
    verb = {"review_ready": "send_to_review", "passing": "pass_", "failing": "fail"}.get(status)
    if verb is None:
        return held
    moved: Feature = getattr(forge.features, verb)(PROJECT, "a", version=held.version)
    return moved


#: The statuses in which each transition may begin, for the holder of the claim and for others, and
#: the status it leads to. A transition to the present status changes nothing.
_MOVES: Final[dict[str, tuple[set[str], set[str], str]]] = {
    "pass_": (
        {"in_progress", "review_ready", "failing", "passing"},
        {"review_ready", "failing", "passing"},
        "passing",
    ),
    "fail": (
        {"in_progress", "review_ready", "failing", "passing"},
        {"review_ready", "failing", "passing"},
        "failing",
    ),
    "release": ({"in_progress"}, {"pending"}, "pending"),
    "send_to_review": ({"in_progress", "review_ready"}, {"review_ready"}, "review_ready"),
}


@pytest.mark.parametrize("status", FeatureStatus)
@pytest.mark.parametrize("holder", [True, False], ids=["its holder", "anybody"])
@pytest.mark.parametrize("verb", _VERBS)
def test_a_move_is_made_from_where_it_may_begin_and_from_nowhere_else(
    world: World, forge: Forge, verb: str, status: FeatureStatus, *, holder: bool
) -> None:
    before = _in(forge, status)
    for_holder, for_all, to = _MOVES[verb]
    world.clock.now += timedelta(seconds=1)
    given: dict[str, Any] = {"version": 2} if holder else {}
    may = str(status) in (for_holder if holder else for_all)

    if may:
        after = getattr(forge.features, verb)(PROJECT, "a", **given)
        assert after.status == to
        assert (after.assigned_agent_id, after.lease_until) == (None, None)
        assert (after.completed_at is not None) == (to == "passing")
        assert (after == before) == (status == to)
    else:
        with pytest.raises(ConditionFailedError) as caught:
            getattr(forge.features, verb)(PROJECT, "a", **given)
        assert isinstance(caught.value, HeldByAnotherError) == (status == "in_progress")

    there = require_settled(world.store, world.clock.now)
    assert (there.features["a"] == before) == (not may or status == to)


@pytest.mark.parametrize("status", FeatureStatus)
def test_only_what_is_pending_or_abandoned_is_claimed(
    world: World, forge: Forge, status: FeatureStatus
) -> None:
    before = _in(forge, status)
    # A lease has no meaning for a feature without a claim.
    set_raw(world, "a", leaseUntil="2026-02-04T12:00:10.000Z")

    if status in {FeatureStatus.PENDING, FeatureStatus.IN_PROGRESS}:
        world.clock.now += timedelta(seconds=10)
        claimed = forge.features.claim(PROJECT, "a", "bob")
        assert (claimed.assigned_agent_id, claimed.lease_until) == ("bob", None)
        assert claimed.version == claimed.claim_version == before.version + 1
    else:
        world.clock.now += timedelta(seconds=10)
        refused = f"is {status}; only a ready feature can be claimed"
        with pytest.raises(ConditionFailedError, match=refused):
            forge.features.claim(PROJECT, "a", "bob")


@pytest.mark.parametrize("status", FeatureStatus)
def test_what_is_not_in_progress_may_be_reopened(
    world: World, forge: Forge, status: FeatureStatus
) -> None:
    _in(forge, status)

    if status == FeatureStatus.IN_PROGRESS:
        with pytest.raises(HeldByAnotherError, match="held by ann"):
            forge.features.reopen(PROJECT, "a")
    else:
        after = forge.features.reopen(PROJECT, "a")
        assert (after.status, after.completed_at) == (FeatureStatus.PENDING, None)
        assert world.process().features.claim_next(PROJECT, "bob") is not None


@pytest.mark.parametrize("verb", [*_VERBS, "reopen"])
def test_a_move_of_nothing_is_refused(forge: Forge, verb: str) -> None:
    with pytest.raises(ItemNotFoundError, match="no Feature"):
        getattr(forge.features, verb)(PROJECT, "nobody")


def test_a_refusal_says_what_the_feature_is_and_what_it_would_have_to_be(forge: Forge) -> None:
    create(forge, "a")

    name = "Feature a of project p"
    needed = "only a review_ready or failing feature, or its holder's feature in progress, can pass"
    with pytest.raises(ConditionFailedError, match=f"^{name} is pending; {needed}$"):
        forge.features.pass_(PROJECT, "a")
    ended = f"^{name} is pending and unclaimed; claim 9 has ended$"
    with pytest.raises(ConditionFailedError, match=ended):
        forge.features.release(PROJECT, "a", version=9)


def test_a_changed_priority_moves_a_feature_and_what_it_waits_for_stays(
    world: World, forge: Forge
) -> None:
    create(forge, "a", "b", priority=5)
    create(forge, "c", priority=1, dependencies=["a"])

    forge.features.update(PROJECT, "b", priority=0)
    forge.features.update(PROJECT, "c", priority=0, name="another")

    there = require_settled(world.store, world.clock.now)
    assert there.features["c"].waiting_on == {"a"}
    assert [each.id for each in forge.features.ready(PROJECT).items] == ["b", "a"]
