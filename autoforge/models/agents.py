"""Agents: the programs or people that work on a project."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    Choice,
    Id,
    Moment,
    Text,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.models.indexes import GSI1


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

    id = Id()
    project_id = Id()
    name = Text()
    role = Choice(AgentRole, default_for_new=AgentRole.CODER)
    status = Choice(AgentStatus, default_for_new=AgentStatus.IDLE)
    current_feature_id = optional(Id())
    #: The run that set the agent running; only the end of that run sets it idle.
    current_run_id = optional(Id())
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation = optional(Text())
    created_at = Moment()
    updated_at = Moment()

    key = Key("PROJECT#{project_id}", "AGENT#{id}")
    by_status = Key("PROJECT#{project_id}#AGENT#{status}", "AGENT#{id}", index=GSI1)
