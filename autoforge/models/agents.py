"""Agents: the programs or people that work on a project."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
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

    id: Id = Id()
    project_id: Id = Id()
    name: Text = Text()
    role: Choice[AgentRole] = Choice(AgentRole, default=AgentRole.CODER)
    status: Choice[AgentStatus] = Choice(AgentStatus, default=AgentStatus.IDLE)
    current_feature_id: Id[None] = Id(default=None)
    #: The run that set the agent running; only the end of that run sets it idle.
    current_run_id: Id[None] = Id(default=None)
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation: Text[None] = Text(default=None)
    created_at: Moment = Moment()
    updated_at: Moment = Moment()

    key = Key("PROJECT#{project_id}", "AGENT#{id}")
    by_status = Key("PROJECT#{project_id}#AGENT#{status}", "AGENT#{id}", index=GSI1)
