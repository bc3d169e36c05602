"""``forge.checkpoints``."""

from __future__ import annotations

from typing import Literal

from autoforge.access.checkpoints import (
    CheckpointOf,
    CheckpointsOfProject,
    advance_checkpoint,
    set_checkpoint,
)
from autoforge.dynamodb.patterns.query import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.checkpoints import AgentCheckpoint


class Checkpoints(Resource):
    """How far agents have come."""

    def get(
        self, project_id: str, integration: str, checkpoint_key: str, *, consistent: bool = False
    ) -> AgentCheckpoint:
        """Return a checkpoint.

        Raises:
            ItemNotFoundError: if there is none.
        """
        pattern = CheckpointOf(project_id, integration, checkpoint_key)
        return self._store.require(pattern, consistent=consistent)

    def find(
        self, project_id: str, integration: str, checkpoint_key: str, *, consistent: bool = False
    ) -> AgentCheckpoint | None:
        """Return a checkpoint, or None where the agent has not begun."""
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
        """Set a checkpoint as given, forward or back.

        Args:
            project_id: The project.
            integration: Which integration is read.
            checkpoint_key: Which of its checkpoints.
            value: How far the agent has come.
            expected: The checkpoint as the caller read it, or a test that it must pass, which is
                given None where there is none; None to set it whatever it is.

        Raises:
            VersionConflictError: if it is not as expected; it carries the checkpoint.
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
        """Move a checkpoint forward, never back; to where it is already is no error.

        Moments go forward in time, whole numbers by size, anything else as text.

        Raises:
            ConditionFailedError: if it is further already; its ``item`` says how far.
            VersionConflictError: if it is not as expected; it carries the checkpoint.
            InvalidValueError: if the value is a moment ahead of the present; ``set`` takes it.
            ItemNotFoundError: if there is no such project.
        """
        self._require_project(project_id)
        write = advance_checkpoint(project_id, integration, checkpoint_key, value, at=self._now())
        return save_as_expected(self._store, write, expected)
