"""Runs: an agent's sessions of work with their output, and the references that find them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from autoforge.dynamodb.schema.attributes import (
    BooleanAttribute,
    EnumAttribute,
    IdAttribute,
    IntegerAttribute,
    ListAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI1
from autoforge.dynamodb.schema.keys import Key
from autoforge.models.agents import AgentRole


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

    id = IdAttribute()
    project_id = IdAttribute()
    agent_id = IdAttribute()
    feature_id = IdAttribute()
    role = EnumAttribute(AgentRole)
    status = EnumAttribute(RunStatus, default_for_new=RunStatus.STARTED)
    output = optional(TextAttribute())
    #: How many of the oldest characters of the output were dropped to make room.
    output_dropped = optional(IntegerAttribute())
    output_summary = optional(TextAttribute())
    error_message = optional(TextAttribute())
    started_at = TimestampAttribute()
    completed_at = optional(TimestampAttribute())
    #: Milliseconds from start to end.
    duration_ms = optional(IntegerAttribute())
    #: The ids of the latest reports, oldest first; a repeated report is recognised by its id.
    recent_reports = optional(ListAttribute())
    version = IntegerAttribute(default_for_new=1)
    updated_at = optional(TimestampAttribute())

    key = Key("PROJECT#{project_id}", "RUN#{id}")
    by_feature = Key("PROJECT#{project_id}#FEATURE#{feature_id}#RUN", "RUN#{id}", index=GSI1)


class AgentRunRef(Entity):
    """Reference to a run: by its agent and, while active, among the project's active runs."""

    agent_id = IdAttribute()
    run_id = IdAttribute()
    project_id = IdAttribute()
    feature_id = IdAttribute()
    active = BooleanAttribute(default_for_new=True)
    started_at = TimestampAttribute()

    key = Key("AGENT#{agent_id}", "RUN#{run_id}")
    by_activity = Key(
        "PROJECT#{project_id}#RUN#active", "RUN#{run_id}", index=GSI1, where={"active": True}
    )
