"""Patterns of checkpoints, and the writes that set and advance them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from autoforge.access.clocks import require_not_ahead
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.writes.update import Update
from autoforge.models.checkpoints import AgentCheckpoint, position_of, timestamp_at


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
    """Set a checkpoint to a value, which may be behind or ahead of the current one."""
    return Update(
        AgentCheckpoint,
        {
            "project_id": project_id,
            "integration": integration,
            "checkpoint_key": checkpoint_key,
        },
        at,
        changes=[
            AgentCheckpoint.checkpoint_value.set(value),
            AgentCheckpoint.position.set(position_of(value)),
        ],
        initial={"created_at": at},
    )


def advance_checkpoint(
    project_id: str, integration: str, checkpoint_key: str, value: str, *, at: datetime
) -> Update[AgentCheckpoint]:
    """Set a checkpoint to a value that is not behind the current one.

    Timestamps are compared by time, whole numbers by size, anything else as text.

    Raises:
        InvalidValueError: if the value is a timestamp ahead of the present, since no later true
            value could follow it; ``set_checkpoint`` accepts it.
    """
    require_not_ahead("checkpointValue", timestamp_at(value), at)
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
        changes=plain.changes,
        initial=plain.initial,
        condition=forward,
        found=lambda there: f"is at {there.checkpoint_value}, which is past {value}",
    )
