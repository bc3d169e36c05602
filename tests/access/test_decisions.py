"""Escalations that are closed once, and the states of actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from autoforge.access.actions import (
    approve_action,
    cancel_action,
    execute_action,
    hold_action,
)
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    decide_escalation,
    expire_escalation,
    supersede_escalation,
)
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Put, Write
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
    ItemNotFoundError,
)
from autoforge.forge import Forge
from autoforge.models import (
    ActionState,
    AgentAction,
    Escalation,
    EscalationStatus,
)
from tests.access.written import LATER, stored_item
from tests.factories import (
    NOON,
    an_action,
    an_escalation,
)
from tests.stores import fresh


def test_a_decision_closes_an_escalation_and_moves_it_in_the_index(store: Store) -> None:
    store = fresh(store.client)
    escalation = store.save(Put(an_escalation()))

    decided = store.save(
        decide_escalation(
            escalation.project_id,
            escalation.id,
            decision="Option A",
            notes="Risky",
            decided_by="ann",
            at=LATER,
        )
    )

    assert decided.attribute_values == {
        **escalation.attribute_values,
        "status": EscalationStatus.DECIDED,
        "user_decision": "Option A",
        "user_notes": "Risky",
        "decided_by": "ann",
        "decided_at": LATER,
        "updated_at": LATER,
    }
    assert store.page(EscalationsByStatus(EscalationStatus.PENDING), limit=9).items == ()
    assert store.page(EscalationsByStatus(EscalationStatus.DECIDED), limit=9).items == (decided,)


@pytest.mark.parametrize(
    ("options", "decision", "is_one"),
    [
        (None, "anything", True),
        ([], "anything", True),
        (["Now", "Later"], "Now", True),
        (["Now", "Later"], "now", False),
        ([{"id": "a", "label": "Defer"}, {"id": "b", "label": "Accept"}], "b", True),
        ([{"id": "a", "label": "Defer"}, {"id": "b", "label": "Accept"}], "Defer", True),
        ([{"id": "a", "label": "Defer"}, {"id": "b", "label": "Accept"}], "label", False),
        ([{"id": 1}, {"id": 2}], "2", True),
        ([{"id": 1}, {"id": 2}], "3", False),
        ([1, 2], "2", True),
        ([1, 2], "3", False),
        ([{"weeks": 2}], '{"weeks": 2}', True),
        (["Now", {"label": "Later"}, []], "", False),
    ],
)
def test_a_decision_is_one_of_the_options_if_there_are_any(
    forge: Forge, options: list[Any] | None, decision: str, *, is_one: bool
) -> None:
    project_id = forge.projects.create("Portal").id
    asked = forge.escalations.create(project_id, "When?", options=options)

    if is_one:
        assert forge.escalations.decide(project_id, asked.id, decision).user_decision == decision
        return
    with pytest.raises(InvalidValueError, match=r"^userDecision is .*, none of: "):
        forge.escalations.decide(project_id, asked.id, decision)
    assert forge.escalations.get(project_id, asked.id, consistent=True) == asked


def test_who_decides_second_learns_of_the_first_whatever_the_options_are(forge: Forge) -> None:
    project_id = forge.projects.create("Portal").id
    asked = forge.escalations.create(project_id, "When?", options=["Now", "Later"])
    forge.escalations.decide(project_id, asked.id, "Now", decided_by="Ann")

    with pytest.raises(ConditionFailedError) as caught:
        forge.escalations.decide(project_id, asked.id, "never")

    assert isinstance(caught.value.item, Escalation)
    assert caught.value.item.decided_by == "Ann"


_CLOSINGS: Final[dict[EscalationStatus, Callable[[Escalation], Write[Escalation]]]] = {
    EscalationStatus.DECIDED: lambda it: decide_escalation(
        it.project_id, it.id, decision="no", at=LATER
    ),
    EscalationStatus.EXPIRED: lambda it: expire_escalation(it.project_id, it.id, at=LATER),
    EscalationStatus.SUPERSEDED: lambda it: supersede_escalation(it.project_id, it.id, at=LATER),
}


@pytest.mark.parametrize("first", _CLOSINGS)
@pytest.mark.parametrize("second", _CLOSINGS)
def test_an_escalation_is_closed_once_and_the_second_learns_how(
    store: Store, first: EscalationStatus, second: EscalationStatus
) -> None:
    escalation = store.save(Put(an_escalation()))
    closed = store.write(_CLOSINGS[first](escalation))

    with pytest.raises(ConditionFailedError, match="is not pending") as caught:
        store.write(_CLOSINGS[second](escalation))

    assert caught.value.item == closed
    assert closed is not None
    assert closed.status == first
    assert store.get(EscalationById(escalation.project_id, escalation.id)) == closed


_PAST: Final = NOON - timedelta(minutes=5)
_FUTURE: Final = NOON + timedelta(hours=1)

#: Every state an action may be in when a write comes.
_STATES: Final[dict[str, dict[str, Any]]] = {
    "proposed": {},
    "held": {"held_until": _FUTURE},
    "due": {"held_until": LATER},
    "approved": {"approved_at": _PAST},
    "cancelled": {"cancelled_at": _PAST},
    "executed": {"executed": True, "executed_at": _PAST},
    "executed when due": {"executed": True, "executed_at": _PAST, "held_until": _PAST},
}
_MOVES: Final[dict[str, Callable[[AgentAction], Update[AgentAction]]]] = {
    "hold": lambda it: hold_action(it.project_id, it.id, held_until=_FUTURE, at=LATER),
    "approve": lambda it: approve_action(it.project_id, it.id, at=LATER),
    "cancel": lambda it: cancel_action(it.project_id, it.id, at=LATER),
    "execute": lambda it: execute_action(it.project_id, it.id, at=LATER),
}
#: What each write changes, from the states it may come from; every other pair is refused.
_ALLOWED: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("proposed", "hold"): {"held_until": _FUTURE},
    ("held", "approve"): {"held_until": None, "approved_at": LATER},
    ("due", "approve"): {"held_until": None, "approved_at": LATER},
    ("proposed", "cancel"): {"cancelled_at": LATER},
    ("held", "cancel"): {"held_until": None, "cancelled_at": LATER},
    ("due", "cancel"): {"held_until": None, "cancelled_at": LATER},
    ("approved", "cancel"): {"cancelled_at": LATER},
    ("proposed", "execute"): {"executed": True, "executed_at": LATER},
    ("due", "execute"): {"executed": True, "executed_at": LATER},
    ("approved", "execute"): {"executed": True, "executed_at": LATER},
}
_REACHED: Final = {
    "hold": ActionState.HELD,
    "approve": ActionState.APPROVED,
    "cancel": ActionState.CANCELLED,
    "execute": ActionState.EXECUTED,
}
_WANTED: Final = {
    "hold": "proposed",
    "approve": "held",
    "cancel": "open",
    "execute": "ready to be executed",
}


@pytest.mark.parametrize("move", _MOVES)
@pytest.mark.parametrize("state", _STATES)
def test_an_action_goes_from_state_to_state_as_the_table_says(
    store: Store, state: str, move: str
) -> None:
    action = store.save(Put(an_action(**_STATES[state])))
    change = _ALLOWED.get((state, move))

    if change is None:
        with pytest.raises(ConditionFailedError, match=f"is not {_WANTED[move]}$") as caught:
            store.save(_MOVES[move](action))
        assert caught.value.item == action
        assert stored_item(store, action) == action.to_item()
        return
    moved = store.save(_MOVES[move](action))

    values = {**action.attribute_values, **change, "updated_at": LATER}
    assert moved == AgentAction(**values)
    assert moved.state is _REACHED[move]
    assert stored_item(store, action) == AgentAction(**values).to_item()


def test_an_action_that_is_not_there_cannot_move(store: Store) -> None:
    for move in _MOVES.values():
        with pytest.raises(ItemNotFoundError, match="there is no AgentAction with projectId"):
            store.save(move(an_action()))
