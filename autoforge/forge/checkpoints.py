"""``forge.checkpoints``: how far agents have read integrations."""

from __future__ import annotations

from typing import Literal

from autoforge.access.checkpoints import (
    CheckpointOf,
    CheckpointsOfProject,
    advance_checkpoint,
    set_checkpoint,
)
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.checkpoints import AgentCheckpoint


class Checkpoints(Resource):
    """Reads, sets and advances checkpoints."""

    def get(
        self, project_id: str, integration: str, checkpoint_key: str, *, consistent: bool = False
    ) -> AgentCheckpoint:
        """Return a checkpoint.

        Raises:
            ItemNotFoundError: if there is no such checkpoint.
        """
        pattern = CheckpointOf(project_id, integration, checkpoint_key)
        return self._store.require(pattern, consistent=consistent)

    def find(
        self, project_id: str, integration: str, checkpoint_key: str, *, consistent: bool = False
    ) -> AgentCheckpoint | None:
        """Return a checkpoint, or None if it does not exist."""
        pattern = CheckpointOf(project_id, integration, checkpoint_key)
        return self._store.get(pattern, consistent=consistent)

    def of_project(
        self,
        project_id: str,
        integration: str | None = None,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentCheckpoint]:
        """Return a page of a project's checkpoints, of all integrations or of one."""
        query = CheckpointsOfProject(project_id, integration, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def set(
        self,
        project_id: str,
        integration: str,
        checkpoint_key: str,
        value: str,
        *,
        expected: Expected[AgentCheckpoint] | None = None,
    ) -> AgentCheckpoint:
        """Set a checkpoint to a value, which may be behind or ahead of the current one.

        Args:
            project_id: The project.
            integration: The integration that the agent reads.
            checkpoint_key: The name of the checkpoint.
            value: How far the agent has read.
            expected: The checkpoint as the caller read it, or a test that it must pass; the test
                gets None if the checkpoint does not exist. None accepts any state.

        Raises:
            VersionConflictError: if it is not as expected; ``item`` is the checkpoint.
            ItemNotFoundError: if there is no such project.
        """
        self._require_project(project_id)
        write = set_checkpoint(project_id, integration, checkpoint_key, value, at=self._now())
        return save_as_expected(self._store, write, expected)

    def advance(
        self,
        project_id: str,
        integration: str,
        checkpoint_key: str,
        value: str,
        *,
        expected: Expected[AgentCheckpoint] | None = None,
    ) -> AgentCheckpoint:
        """Set a checkpoint to a value that is not behind the current one.

        Timestamps are compared by time, whole numbers by size, anything else as text.

        Raises:
            ConditionFailedError: if the checkpoint is past the value; ``item`` is the checkpoint.
            VersionConflictError: if it is not as expected; ``item`` is the checkpoint.
            InvalidValueError: if the value is a timestamp ahead of the present; ``set`` accepts
                it.
            ItemNotFoundError: if there is no such project.
        """
        self._require_project(project_id)
        write = advance_checkpoint(project_id, integration, checkpoint_key, value, at=self._now())
        return save_as_expected(self._store, write, expected)
