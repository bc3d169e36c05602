"""Runs: an agent's sessions of work with their output, and the references that find them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from autoforge.dynamodb.schema.attributes import (
    Array,
    Boolean,
    Choice,
    Id,
    Integer,
    Moment,
    Text,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
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

    id = Id()
    project_id = Id()
    agent_id = Id()
    feature_id = Id()
    role = Choice(AgentRole)
    status = Choice(RunStatus, default_for_new=RunStatus.STARTED)
    output = optional(Text())
    #: How many of the oldest characters of the output were dropped to make room.
    output_dropped = optional(Integer())
    output_summary = optional(Text())
    error_message = optional(Text())
    started_at = Moment()
    completed_at = optional(Moment())
    #: Milliseconds from start to end.
    duration_ms = optional(Integer())
    #: The ids of the latest reports, oldest first; a repeated report is recognised by its id.
    recent_reports = optional(Array())
    version = Integer(default_for_new=1)
    updated_at = optional(Moment())

    key = Key("PROJECT#{project_id}", "RUN#{id}")
    by_feature = Key("PROJECT#{project_id}#FEATURE#{feature_id}#RUN", "RUN#{id}", index=GSI1)


class AgentRunRef(Entity):
    """Reference to a run: by its agent and, while active, among the project's active runs."""

    agent_id = Id()
    run_id = Id()
    project_id = Id()
    feature_id = Id()
    active = Boolean(default_for_new=True)
    started_at = Moment()

    key = Key("AGENT#{agent_id}", "RUN#{run_id}")
    by_activity = Key(
        "PROJECT#{project_id}#RUN#active", "RUN#{run_id}", index=GSI1, where={"active": True}
    )
