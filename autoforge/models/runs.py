"""Runs: an agent's sessions of work with their output, and the references that find them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.document_attributes import Array
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.models.agents import AgentRole
from autoforge.models.indexes import GSI1


class RunStatus(StrEnum):
    """Which phase a run is in; the last two are final."""

    STARTED = "started"
    THINKING = "thinking"
    CODING = "coding"
    TESTING = "testing"
    REVIEWING = "reviewing"
    COMPLETED = "completed"
    FAILED = "failed"


#: The final statuses: a run in one of them does not change any further.
FINAL: Final = frozenset({RunStatus.COMPLETED, RunStatus.FAILED})


class AgentRun(Entity):
    """A session of an agent's work on a feature, with its output."""

    id: Id = Id()
    project_id: Id = Id()
    agent_id: Id = Id()
    feature_id: Id = Id()
    role: Choice[AgentRole] = Choice(AgentRole)
    status: Choice[RunStatus] = Choice(RunStatus, default=RunStatus.STARTED)
    output: Text[None] = Text(default=None)
    #: How many of the oldest characters of the output were dropped to make room.
    output_dropped: Integer[None] = Integer(default=None)
    output_summary: Text[None] = Text(default=None)
    error_message: Text[None] = Text(default=None)
    started_at: Moment = Moment()
    completed_at: Moment[None] = Moment(default=None)
    #: Milliseconds from start to end.
    duration_ms: Integer[None] = Integer(default=None)
    #: The ids of the latest reports, oldest first; a repeated report is recognised by its id.
    recent_reports: Array[None] = Array(default=None)
    version: Integer = Integer(default=1)
    updated_at: Moment[None] = Moment(default=None)

    key = Key("PROJECT#{project_id}", "RUN#{id}")
    by_feature = Key("PROJECT#{project_id}#FEATURE#{feature_id}#RUN", "RUN#{id}", index=GSI1)


class AgentRunRef(Entity):
    """Reference to a run: by its agent and, while active, among the project's active runs."""

    agent_id: Id = Id()
    run_id: Id = Id()
    project_id: Id = Id()
    feature_id: Id = Id()
    active: Boolean = Boolean(default=True)
    started_at: Moment = Moment()

    key = Key("AGENT#{agent_id}", "RUN#{run_id}")
    by_activity = Key(
        "PROJECT#{project_id}#RUN#active", "RUN#{run_id}", index=GSI1, where={"active": True}
    )
