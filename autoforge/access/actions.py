"""Patterns of actions, and the conditional writes that move an action between states.

=========  =============================================  =========
write      from                                           to
=========  =============================================  =========
hold       proposed                                       held
approve    held                                           approved
cancel     proposed, held, approved                       cancelled
execute    proposed, approved, held with its time passed  executed
=========  =============================================  =========

Each write is one conditional request: of two concurrent callers one succeeds, and the error of the
other names the state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pynamodb.expressions.condition import And, Condition, Or

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.timestamps import timestamp_of, timestamp_text
from autoforge.dynamodb.writes.update import Update
from autoforge.models.actions import ActionState, AgentAction


@dataclass(frozen=True)
class ActionById(Get[AgentAction]):
    """Which action of this project has this id?

    The id says when the action was created, and so where it is.
    """

    source = "HTTP API, GET /projects/{projectId}/actions/{actionId}"
    key = AgentAction.key
    renames = {"id": "action_id"}

    project_id: str
    action_id: str

    @property
    def created_at(self) -> datetime:
        """The time in the id, which is the action's creation time."""
        return timestamp_of(self.action_id)


@dataclass(frozen=True)
class ActionsOfProject(Query[AgentAction]):
    """Which actions were taken or proposed in this project, newest first?"""

    source = "Database analysis §4.1, get project actions"
    key = AgentAction.key
    newest_first = True

    project_id: str


@dataclass(frozen=True)
class HeldActions(Query[AgentAction]):
    """Which held actions of all projects has the time come for, longest due first?

    ``until`` is included; without it, it is the moment the question is asked.
    """

    source = "Design, access patterns: held actions whose time has come"
    key = AgentAction.held
    range = SortRange("held_until", at_most="until")
    moving = "until"

    until: datetime | None = None


def hold_action(
    project_id: str, action_id: str, *, held_until: datetime, at: datetime
) -> Update[AgentAction]:
    """Hold a proposed action until a time, so that a person may object."""
    move = _move(project_id, action_id, at=at, held_until=held_until)
    proposed = And(~AgentAction.held_until.is_present(), ~AgentAction.approved_at.is_present())
    return _restricted(move, proposed, "only a proposed action can be held")


def approve_action(project_id: str, action_id: str, *, at: datetime) -> Update[AgentAction]:
    """End the hold of a held action; it can then be executed at once."""
    move = _move(project_id, action_id, at=at, held_until=None, approved_at=at)
    is_held = AgentAction.held_until.is_present()
    return _restricted(move, is_held, "only a held action can be approved")


def cancel_action(project_id: str, action_id: str, *, at: datetime) -> Update[AgentAction]:
    """Cancel an action that is neither executed nor cancelled."""
    return _move(project_id, action_id, at=at, held_until=None, cancelled_at=at)


def execute_action(project_id: str, action_id: str, *, at: datetime) -> Update[AgentAction]:
    """Mark an action as executed, unless it is still held, cancelled or already executed."""
    move = _move(project_id, action_id, at=at, executed=True, executed_at=at)
    due = Or(~AgentAction.held_until.is_present(), AgentAction.held_until <= timestamp_text(at))
    requires = "only a proposed or approved action, or one whose hold is over, can be executed"
    return _restricted(move, due, requires)


def _move(
    project_id: str, action_id: str, *, at: datetime, **values: object
) -> Update[AgentAction]:
    """The update that changes the state of an action that is neither executed nor cancelled."""
    return Update(
        AgentAction,
        {"project_id": project_id, "id": action_id, "created_at": timestamp_of(action_id)},
        at,
        changes=values,
        expected=[AgentAction.executed.equals(False)],
        condition=~AgentAction.cancelled_at.is_present(),
        requires="only a proposed, held or approved action can be cancelled",
        found=_state_found,
    )


def _restricted(
    move: Update[AgentAction], condition: Condition, requires: str
) -> Update[AgentAction]:
    """The same update on a further condition, which allows fewer states."""
    both = condition if move.condition is None else And(move.condition, condition)
    return replace(move, condition=both, requires=requires)


def _state_found(action: AgentAction) -> str:
    if action.state is ActionState.HELD and action.held_until is not None:
        return f"is held until {timestamp_text(action.held_until)}"
    return f"is {action.state}"
