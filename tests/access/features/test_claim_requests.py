"""A claim repeated under the same idempotency key is the same claim."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
    ItemNotFoundError,
    RequestReusedError,
)
from autoforge.forge import Forge
from autoforge.models import FeatureStatus
from autoforge.testing.faults import Fault, Lose, Pass, injected
from autoforge.testing.recording import watching
from tests.access.worlds import PROJECT, World, create
from tests.adversarial.interleaving import Board, meetings

_DAY: Final = timedelta(days=1)


@pytest.fixture
def world(client: Client) -> World:
    """A project with two features that are ready."""
    world = World.on(client)
    create(world.process(), "a", "b")
    return world


@pytest.mark.parametrize("limited", [False, True])
def test_a_claim_that_is_repeated_is_the_same_claim_whoever_edited_the_feature(
    world: World, forge: Forge, *, limited: bool
) -> None:
    first = forge.features.claim_next(PROJECT, "ann", 900, respect_limit=limited, request_id="once")
    assert first is not None
    forge.features.update(PROJECT, "a", name="Edited")

    again = world.process().features.claim_next(
        PROJECT, "ann", 900, respect_limit=limited, request_id="once"
    )

    assert again is not None
    assert (again.id, again.version) == (first.id, first.version) == ("a", 2)
    assert again.name == "Edited"
    forge.features.pass_(PROJECT, "a", version=again.version)


def test_a_named_claim_that_is_repeated_is_the_same_claim(forge: Forge) -> None:
    first = forge.features.claim(PROJECT, "b", "ann", request_id="once")

    assert forge.features.claim(PROJECT, "b", "ann", request_id="once") == first


def test_the_same_id_names_another_request_on_another_feature_and_for_the_next(
    forge: Forge,
) -> None:
    claimed = [
        forge.features.claim(PROJECT, "b", "ann", request_id="once"),
        forge.features.claim_next(PROJECT, "ann", request_id="once"),
    ]

    assert [each and each.id for each in claimed] == ["b", "a"]


def test_another_claim_under_the_same_id_is_refused(forge: Forge) -> None:
    forge.features.claim_next(PROJECT, "ann", request_id="once")

    for agent, lease in [("bob", None), ("ann", 60)]:
        with pytest.raises(RequestReusedError):
            forge.features.claim_next(PROJECT, agent, lease, request_id="once")

    assert forge.features.get(PROJECT, "b").status == FeatureStatus.PENDING


def test_a_claim_that_has_ended_is_not_returned_again(world: World, forge: Forge) -> None:
    claimed = forge.features.claim_next(PROJECT, "ann", request_id="once")
    assert claimed is not None
    forge.features.release(PROJECT, "a", version=claimed.version)

    refused = "^Feature a of project p is pending; the claim of this request has ended$"
    with pytest.raises(ConditionFailedError, match=refused) as error:
        forge.features.claim_next(PROJECT, "ann", request_id="once")

    assert error.value.item.id == "a"
    forge.features.claim(PROJECT, "a", "bob")
    with pytest.raises(ConditionFailedError, match="is held by bob by claim 4; the claim of this"):
        world.process().features.claim_next(PROJECT, "ann", request_id="once")


def test_a_claim_whose_lease_has_ended_has_ended(world: World, forge: Forge) -> None:
    forge.features.claim_next(PROJECT, "ann", 60, request_id="once")
    world.clock.now += timedelta(seconds=60)

    with pytest.raises(ConditionFailedError, match=r"held by ann .*Z; the lease has ended"):
        forge.features.claim_next(PROJECT, "ann", 60, request_id="once")


def test_a_claim_of_a_feature_that_is_no_more_is_not_found(forge: Forge) -> None:
    forge.features.claim_next(PROJECT, "ann", request_id="once")
    forge.features.delete(PROJECT, "a")

    with pytest.raises(ItemNotFoundError):
        forge.features.claim_next(PROJECT, "ann", request_id="once")


def test_that_nothing_was_ready_is_not_remembered(world: World, forge: Forge) -> None:
    for _ in range(2):
        forge.features.claim_next(PROJECT, "ann")
    assert forge.features.claim_next(PROJECT, "ann", request_id="once") is None
    create(world.process(), "c")

    claimed = forge.features.claim_next(PROJECT, "ann", request_id="once")

    assert claimed is not None
    assert claimed.id == "c"


def test_a_request_is_forgotten_after_a_day(world: World, forge: Forge) -> None:
    """Even if its record still exists, because DynamoDB deletes expired items late."""
    forge.features.claim_next(PROJECT, "ann", request_id="once")
    world.clock.now += _DAY

    claimed = forge.features.claim_next(PROJECT, "ann", request_id="once")

    assert claimed is not None
    assert claimed.id == "b"


@pytest.mark.parametrize("request_id", ["", "x" * 256, "é", "a\nb"])
def test_an_id_that_is_none_is_refused_and_claims_nothing(forge: Forge, request_id: str) -> None:
    with watching(forge.store.client) as watched, pytest.raises(InvalidValueError):
        forge.features.claim_next(PROJECT, "ann", request_id=request_id)

    assert watched.sent == []


def test_every_answer_may_be_lost_without_a_second_claim(world: World, forge: Forge) -> None:
    lost: list[int] = []

    def each_once(number: int, operation: str) -> Fault:
        del operation
        if number % 2:
            return Pass()
        lost.append(number)
        return Lose()

    with injected(forge.store.client, each_once):
        claimed = forge.features.claim_next(PROJECT, "ann", request_id="once")

    assert len(lost) > 2
    assert claimed is not None
    assert _in_progress(world.process()) == {claimed.id}


@pytest.mark.parametrize("limited", [False, True])
def test_whatever_comes_between_two_calls_of_one_request_they_are_one_claim(
    client: Client, *, limited: bool
) -> None:
    """Including when the first call is killed after any of its writes and then repeated."""

    def prepare(forge: Forge) -> None:
        forge.projects.create("Portal", id=PROJECT)
        create(forge, "a", "b")

    def claim(forge: Forge) -> object:
        claimed = forge.features.claim_next(
            PROJECT, "ann", 900, respect_limit=limited, request_id="once"
        )
        return None if claimed is None else (claimed.id, claimed.version)

    board = Board.on(client, prepare)
    for meeting in meetings(board, claim, claim):
        answer = meeting.again or meeting.first
        assert meeting.second == answer, meeting
        assert answer in {("a", 2), ("b", 2)}, meeting
        assert [(each, 2) for each in _in_progress(board.process())] == [answer], meeting


def test_a_named_claim_that_is_made_twice_at_once_is_one_claim(client: Client) -> None:
    def prepare(forge: Forge) -> None:
        forge.projects.create("Portal", id=PROJECT)
        create(forge, "a")

    def claim(forge: Forge) -> object:
        claimed = forge.features.claim(PROJECT, "a", "ann", 900, request_id="once")
        return claimed.id, claimed.version

    board = Board.on(client, prepare)
    for meeting in meetings(board, claim, claim):
        answer = meeting.again or meeting.first
        assert meeting.second == answer == ("a", 2), meeting


def _in_progress(forge: Forge) -> set[str]:
    features = forge.features.of_project(PROJECT).items
    return {str(each.id) for each in features if each.status == FeatureStatus.IN_PROGRESS}
