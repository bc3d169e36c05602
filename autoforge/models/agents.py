"""Agents: the programs or people that work on a project."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    EnumAttribute,
    IdAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI1
from autoforge.dynamodb.schema.keys import Key


class AgentRole(StrEnum):
    """What an agent is for."""

    ARCHITECT = "architect"
    CODER = "coder"
    REVIEWER = "reviewer"
    TESTER = "tester"


class AgentStatus(StrEnum):
    """Whether an agent works."""

    IDLE = "idle"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


class Agent(Entity):
    """A program or a person that works on a project."""

    id = IdAttribute()
    project_id = IdAttribute()
    name = TextAttribute()
    role = EnumAttribute(AgentRole, default_for_new=AgentRole.CODER)
    status = EnumAttribute(AgentStatus, default_for_new=AgentStatus.IDLE)
    current_feature_id = optional(IdAttribute())
    #: The run that set the agent running; only the end of that run sets it idle.
    current_run_id = optional(IdAttribute())
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation = optional(TextAttribute())
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}", "AGENT#{id}")
    by_status = Key("PROJECT#{project_id}#AGENT#{status}", "AGENT#{id}", index=GSI1)
