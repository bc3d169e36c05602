"""``forge.actions``: the actions that agents executed or propose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from autoforge.access.actions import (
    ActionById,
    ActionsOfProject,
    HeldActions,
    approve_action,
    cancel_action,
    execute_action,
    hold_action,
)
from autoforge.access.clocks import require_not_ahead
from autoforge.access.creation import create
from autoforge.access.events.patterns import require_minted
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.dynamodb.timestamps import timestamp_of
from autoforge.errors import InvalidValueError
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.actions import AgentAction


class Actions(Resource):
    """Creates, reads and moves actions, which expire after 90 days."""

    def create(
        self,
        project_id: str,
        action_type: str,
        description: str,
        *,
        detail: Mapping[str, Any] | None = None,
        confidence: Mapping[str, Any] | None = None,
        executed: bool = False,
        held_until: datetime | None = None,
        id: str | None = None,  # noqa: A002 - the attribute's name
    ) -> AgentAction:
        """Create an action that was executed, is held, or is proposed.

        A repeated creation with the same id and content returns the stored action.

        Args:
            project_id: The project.
            action_type: The kind of action; any text.
            description: The action in words, for people.
            detail: Further data, as a document.
            confidence: The agent's confidence in the action, as a document.
            executed: Whether the action was executed already.
            held_until: The time until which a person may object; None for no hold.
            id: A ULID chosen by the caller; None to mint one. The time in it is the creation time,
                which may be in the past, and at most 2 seconds in the future.

        Raises:
            ItemExistsError: if an action with other content has the id.
            ItemNotFoundError: if there is no such project.
            InvalidValueError: if it is both executed and held, or the time in the id is ahead of
                the present.
        """
        if executed and held_until is not None:
            raise InvalidValueError(
                "the action is executed and heldUntil is given; an executed action cannot be held"
            )
        self._require_project(project_id)
        now = self._now()
        created_at = now if id is None else timestamp_of(id)
        require_not_ahead(f"the time of id {id}", created_at, now)
        action = AgentAction(
            id=self._context.new_id(now) if id is None else id,
            project_id=project_id,
            action_type=action_type,
            description=description,
            detail=detail,
            confidence=confidence,
            executed=executed,
            executed_at=created_at if executed else None,
            held_until=held_until,
            created_at=created_at,
            updated_at=now,
        )
        require_minted(action.id, action.created_at)
        return create(self._store, action)

    def get(self, project_id: str, action_id: str, *, consistent: bool = False) -> AgentAction:
        """Return an action.

        Raises:
            ItemNotFoundError: if there is no such action, or it has expired.
        """
        return self._store.require(ActionById(project_id, action_id), consistent=consistent)

    def of_project(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentAction]:
        """Return a page of a project's actions, newest first."""
        query = ActionsOfProject(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def held(
        self,
        *,
        until: datetime | None = None,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentAction]:
        """Return a page of the actions whose hold is over by a time, the longest due first.

        Args:
            until: The time; None for now. A time far in the future returns all held actions.
            order: ``desc`` for the latest due first.
            limit: The number of actions of the page.
            cursor: The cursor of the previous page; None for the first page.
        """
        return self._store.page(HeldActions(until, order=order), limit=limit, cursor=cursor)

    def hold(
        self,
        project_id: str,
        action_id: str,
        until: datetime,
        *,
        expected: Expected[AgentAction] | None = None,
    ) -> AgentAction:
        """Hold a proposed action until a time, so that a person may object.

        Raises:
            ConditionFailedError: if it is not proposed; ``item`` is the action.
            VersionConflictError: if it is not as expected; ``item`` is the action.
            ItemNotFoundError: if there is no such action.
        """
        write = hold_action(project_id, action_id, held_until=until, at=self._now())
        return save_as_expected(self._store, write, expected)

    def approve(
        self, project_id: str, action_id: str, *, expected: Expected[AgentAction] | None = None
    ) -> AgentAction:
        """End the hold of a held action, which can then be executed at once.

        Raises:
            ConditionFailedError: if it is not held; ``item`` is the action.
            VersionConflictError: if it is not as expected; ``item`` is the action.
            ItemNotFoundError: if there is no such action.
        """
        write = approve_action(project_id, action_id, at=self._now())
        return save_as_expected(self._store, write, expected)

    def cancel(
        self, project_id: str, action_id: str, *, expected: Expected[AgentAction] | None = None
    ) -> AgentAction:
        """Cancel an action, so that it cannot be executed.

        Raises:
            ConditionFailedError: if it is executed or cancelled; ``item`` is the action.
            VersionConflictError: if it is not as expected; ``item`` is the action.
            ItemNotFoundError: if there is no such action.
        """
        write = cancel_action(project_id, action_id, at=self._now())
        return save_as_expected(self._store, write, expected)

    def execute(
        self, project_id: str, action_id: str, *, expected: Expected[AgentAction] | None = None
    ) -> AgentAction:
        """Mark an action as executed; only the one caller that succeeds may carry it out.

        Raises:
            ConditionFailedError: if it is still held, cancelled or executed; ``item`` is the
                action.
            VersionConflictError: if it is not as expected; ``item`` is the action.
            ItemNotFoundError: if there is no such action.
        """
        write = execute_action(project_id, action_id, at=self._now())
        return save_as_expected(self._store, write, expected)
