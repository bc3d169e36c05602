"""The states of actions, and the transitions between them."""

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
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    ConditionFailedError,
    ItemNotFoundError,
)
from autoforge.models import (
    ActionState,
    AgentAction,
)
from tests.dynamodb.written import LATER, stored_item
from tests.factories import (
    NOON,
    an_action,
)

_PAST: Final = NOON - timedelta(minutes=5)


_FUTURE: Final = NOON + timedelta(hours=1)


#: Every state of an action before a write.
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


#: The changes of each write from each state in which it is allowed; all others are refused.
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


#: The state that the error of a refused write asks for.
_NEEDED: Final = {
    "hold": "only a proposed action can be held",
    "approve": "only a held action can be approved",
    "cancel": "only a proposed, held or approved action can be cancelled",
    "execute": "only a proposed or approved action, or one whose hold is over, can be executed",
}


@pytest.mark.parametrize("move", _MOVES)
@pytest.mark.parametrize("state", _STATES)
def test_an_action_goes_from_state_to_state_as_the_table_says(
    store: Store, state: str, move: str
) -> None:
    action = store.save(Put(an_action(**_STATES[state])))
    change = _ALLOWED.get((state, move))

    if change is None:
        found = "held until .*Z" if action.state is ActionState.HELD else action.state
        refused = f"^AgentAction {action.id} of project .* is {found}; {_NEEDED[move]}$"
        with pytest.raises(ConditionFailedError, match=refused) as caught:
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
