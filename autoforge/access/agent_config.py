"""Patterns and writes of the agent's settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.writes.update import Update
from autoforge.models.agent_config import AgentConfig


@dataclass(frozen=True)
class AgentConfigOf(Get[AgentConfig]):
    """What is the agent's setting of this name?"""

    source = "Database analysis §4.1, get agent config"
    key = AgentConfig.key

    config_key: str


@dataclass(frozen=True)
class AgentConfigs(Query[AgentConfig]):
    """Which settings has the agent, by name?"""

    source = "Database analysis §4.1, get all agent configs"
    key = AgentConfig.key


def set_agent_config(config_key: str, value: Any, *, at: datetime) -> Update[AgentConfig]:
    """Create or replace one of the agent's settings; the value is any JSON value."""
    return Update(
        AgentConfig,
        {"config_key": config_key},
        at,
        changes=[AgentConfig.value.set(value)],
        initial={"created_at": at},
    )
