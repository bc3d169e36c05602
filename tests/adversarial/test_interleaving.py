"""The interleaver reaches every place, and the laws detect an inconsistent table."""

from __future__ import annotations

from typing import Any, Final

import pytest

from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.entity import Item
from autoforge.errors import VersionConflictError
from autoforge.forge import Forge, NewFeature
from autoforge.models import (
    AgentRunRef,
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    GlobalEventRef,
    ProjectMember,
    Ticket,
    UserByEmailLookup,
)
from tests.adversarial.interleaving import (
    Board,
    Crossing,
    Refused,
    Way,
    crossings,
    meet,
    meetings,
)
from tests.adversarial.laws import require_finished
from tests.stores import put_raw


def _two_features(forge: Forge) -> None:
    forge.users.upsert("auth0|ann", "ann@x.org", "Ann")
    forge.projects.create("Portal", id="p", owner_id="ann")
    forge.features.create_many(
        "p",
        [
            NewFeature(name="a", id="a", linear_issue_id="L-1"),
            NewFeature(name="b", id="b", dependencies=["a"]),
        ],
    )
    forge.events.record("p", "started", "Begun")
    forge.agents.create("p", "Coder", id="coder")
    forge.runs.start("p", "coder", "a", id="run")
    forge.tickets.sync("p", "L-1", linear_issue_url="https://x.org/1", title="A", status="Todo")


def _rename(forge: Forge) -> Feature:
    """Read, then write unless the feature has changed."""
    seen = forge.features.get("p", "a", consistent=True)
    return forge.features.update("p", "a", name="renamed", expected_version=seen.version)


def _describe(forge: Forge) -> Feature:
    return forge.features.update("p", "a", description="described")


def test_another_comes_in_before_every_request_and_after_every_write(board: Board) -> None:
    board.prepare(_two_features)

    assert crossings(board, _rename) == [
        Crossing(Way.BEFORE, 0),
        Crossing(Way.BEFORE, 1),
        Crossing(Way.BEFORE, 2),
        Crossing(Way.UNANSWERED, 1),
        Crossing(Way.KILLED, 2),
    ]


def test_what_was_read_before_the_other_came_is_out_of_date(board: Board) -> None:
    board.prepare(_two_features)

    came = [(each.crossing.place, each.first) for each in meetings(board, _rename, _describe)][:3]

    assert [place for place, _ in came] == [0, 1, 2]
    assert isinstance(came[0][1], Feature)
    assert isinstance(came[1][1], Refused)
    assert isinstance(came[1][1].error, VersionConflictError)
    assert isinstance(came[2][1], Feature)


def test_every_meeting_begins_with_the_same_table_and_keeps_what_both_did(board: Board) -> None:
    board.prepare(_two_features)

    for each in meetings(board, _describe, lambda forge: forge.features.delete("p", "b")):
        there = require_finished(board.store, board.clock.now)
        assert [(it.id, it.description) for it in there.all(Feature)] == [("a", "described")], each


def test_one_that_is_killed_sends_nothing_more_and_is_called_again(board: Board) -> None:
    board.prepare(_two_features)

    def pass_(forge: Forge) -> Feature:
        return forge.features.pass_("p", "a", force=True)

    killed = meet(board, pass_, lambda forge: forge.features.get("p", "a"), Crossing(Way.KILLED, 1))

    assert len(killed.sent) == 2  # the second was never executed
    assert killed.first is None
    assert isinstance(killed.second, Feature)
    assert killed.second.unsettled == "release"
    assert isinstance(killed.again, Feature)
    assert killed.again.unsettled is None


def test_an_answer_is_lost_after_the_request_was_carried_out(board: Board) -> None:
    board.prepare(_two_features)

    lost = meet(board, _describe, _describe, Crossing(Way.UNANSWERED, 0))

    assert isinstance(lost.first, Feature)
    assert isinstance(lost.second, Feature)
    # The client read the item and found the update applied.
    assert lost.sent == ("UpdateItem", "GetItem")


#: Changes that break a law: the entity of the item, and the change, or None to delete the item.
_SPOILT: Final[list[tuple[type[Entity], dict[str, Any] | None]]] = [
    (FeatureDependency, None),
    (FeatureByLinearIssueLookup, None),
    (AgentRunRef, None),
    (GlobalEventRef, None),
    (UserByEmailLookup, None),
    (ProjectMember, None),
    (Feature, None),
    (Feature, {"version": {"N": "7"}, "GSI1SK": {"S": "READY#00001#a"}}),
    (Ticket, {"featureId": {"S": "none"}}),
    (Ticket, {"projectId": {"S": "none"}, "GSI1PK": {"S": "PROJECT#none#TICKET"}}),
]


@pytest.mark.parametrize(("entity", "change"), _SPOILT)
def test_the_laws_see_what_is_wrong(
    board: Board, entity: type[Entity], change: dict[str, Any] | None
) -> None:
    board.prepare(_two_features)
    require_finished(board.store, board.clock.now)
    key, item = _one_of(board, entity)
    if change is None:
        board.store.delete_all([key])
    else:
        put_raw(board.store, {**item, **change})

    with pytest.raises(AssertionError):
        require_finished(board.store, board.clock.now)


def _one_of(board: Board, entity: type[Entity]) -> tuple[Any, Item]:
    """Return the last item of an entity by sort key."""
    name = {"S": entity.type_name}
    there = {key: item for key, item in board.start.items() if item["EntityType"] == name}
    return max(there.items(), key=lambda each: each[0].sort)
