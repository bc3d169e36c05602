"""Patterns and writes of agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.writes.update import Update
from autoforge.models.agents import Agent, AgentStatus


@dataclass(frozen=True)
class AgentsOfProject(Query[Agent]):
    """Which agents has this project, in the order of their ids?

    For ULIDs that is the order of creation.
    """

    source = "AutoForge design, agents: by project"
    key = Agent.key

    project_id: str


@dataclass(frozen=True)
class AgentsByStatus(Query[Agent]):
    """Which agents of this project are in this status, in the order of their ids?"""

    source = "AutoForge design, agents: by project and status"
    key = Agent.by_status

    project_id: str
    status: AgentStatus


@dataclass(frozen=True)
class AgentById(Get[Agent]):
    """Which agent of this project has this id?"""

    source = "AutoForge design, agents: get"
    key = Agent.key
    renames = {"id": "agent_id"}

    project_id: str
    agent_id: str


def update_agent(
    project_id: str, agent_id: str, changes: Mapping[str, Any], *, at: datetime
) -> Update[Agent]:
    """Change attributes of an agent; its key in the index by status follows."""
    return Update(Agent, {"project_id": project_id, "id": agent_id}, at, changes=changes)
