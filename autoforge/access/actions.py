"""Actions: what is asked of them, and how they go from one state to the next.

=========  =======================================  =========
write      from                                     to
=========  =======================================  =========
hold       proposed                                 held
approve    held                                     approved
cancel     proposed, held, approved                 cancelled
execute    proposed, approved, held until the past  executed
=========  =======================================  =========

Each is one conditional request, so of two racing callers one wins and the other learns the state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pynamodb.expressions.condition import And, Condition, Or

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query, SortRange
from autoforge.dynamodb.timestamps import moment_of, timestamp_text
from autoforge.dynamodb.writes.update import Update
from autoforge.models.actions import AgentAction


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
        """The moment the id was minted from."""
        return moment_of(self.action_id)


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
    """Let an action that is proposed wait, so that a person may object until then."""
    move = _move(project_id, action_id, at=at, held_until=held_until)
    proposed = And(~AgentAction.held_until.is_type(), ~AgentAction.approved_at.is_type())
    return _only(move, proposed, "proposed")


def approve_action(project_id: str, action_id: str, *, at: datetime) -> Update[AgentAction]:
    """End the hold of an action that is held: it may be executed at once."""
    move = _move(project_id, action_id, at=at, held_until=None, approved_at=at)
    return _only(move, AgentAction.held_until.is_type(), "held")


def cancel_action(project_id: str, action_id: str, *, at: datetime) -> Update[AgentAction]:
    """Rule out that an action is executed, whatever it waits for."""
    return _move(project_id, action_id, at=at, held_until=None, cancelled_at=at)


def execute_action(project_id: str, action_id: str, *, at: datetime) -> Update[AgentAction]:
    """Mark an action as executed, unless it is held for longer or was cancelled or executed."""
    move = _move(project_id, action_id, at=at, executed=True, executed_at=at)
    due = Or(~AgentAction.held_until.is_type(), AgentAction.held_until <= timestamp_text(at))
    return _only(move, due, "ready to be executed")


def _move(
    project_id: str, action_id: str, *, at: datetime, **values: object
) -> Update[AgentAction]:
    """Change the state of an action that is neither executed nor cancelled."""
    return Update(
        AgentAction,
        {"project_id": project_id, "id": action_id, "created_at": moment_of(action_id)},
        at,
        values=values,
        expected={"executed": False},
        condition=~AgentAction.cancelled_at.is_type(),
        requires="open",
    )


def _only(move: Update[AgentAction], condition: Condition, requires: str) -> Update[AgentAction]:
    """The same change, from fewer states."""
    both = condition if move.condition is None else And(move.condition, condition)
    return replace(move, condition=both, requires=requires)
