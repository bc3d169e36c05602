"""``forge.actions``."""

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
from autoforge.dynamodb.patterns.query import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.dynamodb.timestamps import moment_of
from autoforge.errors import InvalidValueError
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.actions import AgentAction


class Actions(Resource):
    """What agents did or mean to do, for 90 days."""

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
        """Note an action: one that was executed, is held, or is proposed.

        Noted again under its id with the same content, it is the action that is there.

        Args:
            project_id: The project.
            action_type: What kind of action it is; an open set.
            description: What it does, for people.
            detail: Anything else, as a document.
            confidence: What speaks for it, as a document.
            executed: Whether it was done already.
            held_until: Until when a person may object to it.
            id: A ULID chosen by the caller; the action is created at its time, which may lie in
                the past, and at most 2 seconds ahead.

        Raises:
            ItemExistsError: if the id is that of another.
            ItemNotFoundError: if there is no such project.
            InvalidValueError: if it is both executed and held, or the id's time is ahead of the
                present.
        """
        if executed and held_until is not None:
            raise InvalidValueError("an action that was executed is not held any more")
        self._require_project(project_id)
        now = self._now()
        moment = now if id is None else moment_of(id)
        require_not_ahead(f"the time of id {id}", moment, now)
        action = AgentAction(
            id=self._tools.new_id(now) if id is None else id,
            project_id=project_id,
            action_type=action_type,
            description=description,
            detail=detail,
            confidence=confidence,
            executed=executed,
            executed_at=moment if executed else None,
            held_until=held_until,
            created_at=moment,
            updated_at=now,
        )
        require_minted(action.id, action.created_at)
        return create(self._store, action)

    def get(self, project_id: str, action_id: str, *, consistent: bool = False) -> AgentAction:
        """Return an action.

        Raises:
            ItemNotFoundError: if there is none, or it is past its 90 days.
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
        """Return a page of the held actions whose time has come by a moment, longest due first.

        Args:
            until: The moment; now unless given. One far ahead returns all held actions.
            order: ``desc`` for latest due first.
            limit: Actions of the page.
            cursor: Where the page before ended.
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
        """Let a proposed action wait, so that a person may object.

        Raises:
            ConditionFailedError: if it is not proposed; its ``item`` says what it is.
            VersionConflictError: if it is not as expected; it carries the action.
            ItemNotFoundError: if there is none.
        """
        write = hold_action(project_id, action_id, held_until=until, at=self._now())
        return save_as_expected(self._store, write, expected)

    def approve(
        self, project_id: str, action_id: str, *, expected: Expected[AgentAction] | None = None
    ) -> AgentAction:
        """End the hold of a held action.

        Raises:
            ConditionFailedError: if it is not held; its ``item`` says what it is.
            VersionConflictError: if it is not as expected; it carries the action.
            ItemNotFoundError: if there is none.
        """
        write = approve_action(project_id, action_id, at=self._now())
        return save_as_expected(self._store, write, expected)

    def cancel(
        self, project_id: str, action_id: str, *, expected: Expected[AgentAction] | None = None
    ) -> AgentAction:
        """Rule out that an action is executed.

        Raises:
            ConditionFailedError: if it was executed or cancelled; its ``item`` says which.
            VersionConflictError: if it is not as expected; it carries the action.
            ItemNotFoundError: if there is none.
        """
        write = cancel_action(project_id, action_id, at=self._now())
        return save_as_expected(self._store, write, expected)

    def execute(
        self, project_id: str, action_id: str, *, expected: Expected[AgentAction] | None = None
    ) -> AgentAction:
        """Mark an action as executed; of several callers one succeeds, and only it may act.

        Raises:
            ConditionFailedError: if it is held for longer, was cancelled, or was executed.
            VersionConflictError: if it is not as expected; it carries the action.
            ItemNotFoundError: if there is none.
        """
        write = execute_action(project_id, action_id, at=self._now())
        return save_as_expected(self._store, write, expected)
