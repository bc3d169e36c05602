"""Checkpoints: what is asked of them, and how they move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from autoforge.access.clocks import require_not_ahead
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.writes.update import Update
from autoforge.models.checkpoints import AgentCheckpoint, moment_at, position_of


@dataclass(frozen=True)
class CheckpointOf(Get[AgentCheckpoint]):
    """How far has the agent come with this integration, by this name?"""

    source = "Database analysis §4.1, get checkpoint"
    key = AgentCheckpoint.key

    project_id: str
    integration: str
    checkpoint_key: str


@dataclass(frozen=True)
class CheckpointsOfProject(Query[AgentCheckpoint]):
    """How far has the agent come in this project, with all integrations or with one?"""

    source = "Design, access patterns: all checkpoints, or all of one integration"
    key = AgentCheckpoint.key

    project_id: str
    integration: str | None = None


def set_checkpoint(
    project_id: str, integration: str, checkpoint_key: str, value: str, *, at: datetime
) -> Update[AgentCheckpoint]:
    """Set a checkpoint as given, forward or back."""
    return Update(
        AgentCheckpoint,
        {
            "project_id": project_id,
            "integration": integration,
            "checkpoint_key": checkpoint_key,
        },
        at,
        values={"checkpoint_value": value, "position": position_of(value)},
        initial={"created_at": at},
    )


def advance_checkpoint(
    project_id: str, integration: str, checkpoint_key: str, value: str, *, at: datetime
) -> Update[AgentCheckpoint]:
    """Move a checkpoint forward, or leave it where it is; never back.

    Moments go forward in time, whole numbers by size, anything else as text.

    Raises:
        InvalidValueError: if the value is a moment ahead of the present, which no true one could
            follow; setting a checkpoint takes it.
    """
    require_not_ahead("checkpointValue", moment_at(value), at)
    position, stored = AgentCheckpoint.position, AgentCheckpoint.checkpoint_value
    forward = (
        stored.does_not_exist()
        | (position <= position_of(value))
        | (position.does_not_exist() & (stored <= value))
    )
    plain = set_checkpoint(project_id, integration, checkpoint_key, value, at=at)
    return Update(
        plain.entity,
        plain.key,
        at,
        values=plain.values,
        initial=plain.initial,
        condition=forward,
        requires=f"behind {value}",
    )
