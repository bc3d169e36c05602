"""``forge.escalations``: questions that a person must answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from autoforge.access.creation import create
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
    decide_escalation,
    expire_escalation,
    require_option,
    supersede_escalation,
)
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.escalations import Escalation, EscalationStatus


class Escalations(Resource):
    """Creates, reads and closes escalations."""

    def create(
        self,
        project_id: str,
        title: str,
        *,
        context: Mapping[str, Any] | None = None,
        options: Sequence[Any] | None = None,
        agent_recommendation: str | None = None,
        agent_rationale: str | None = None,
        id: str | None = None,  # noqa: A002 - the attribute's name
    ) -> Escalation:
        """Create a pending escalation.

        A repeated creation with the same id and content returns the stored escalation.

        Raises:
            ItemExistsError: if an escalation with other content has the id.
            ItemNotFoundError: if there is no such project.
        """
        self._require_project(project_id)
        now = self._now()
        escalation = Escalation(
            id=self._context.new_id(now) if id is None else id,
            project_id=project_id,
            title=title,
            context=context,
            options=options,
            agent_recommendation=agent_recommendation,
            agent_rationale=agent_rationale,
            created_at=now,
            updated_at=now,
        )
        return create(self._store, escalation)

    def get(self, project_id: str, escalation_id: str, *, consistent: bool = False) -> Escalation:
        """Return an escalation.

        Raises:
            ItemNotFoundError: if there is no such escalation.
        """
        pattern = EscalationById(project_id, escalation_id)
        return self._store.require(pattern, consistent=consistent)

    def of_project(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Escalation]:
        """Return a page of a project's escalations, in the order of their ids."""
        query = EscalationsOfProject(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def by_status(
        self,
        status: EscalationStatus = EscalationStatus.PENDING,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Escalation]:
        """Return a page of all projects' escalations in a status, oldest first."""
        query = EscalationsByStatus(status, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def decide(
        self,
        project_id: str,
        escalation_id: str,
        decision: str,
        *,
        notes: str | None = None,
        decided_by: str | None = None,
        expected: Expected[Escalation] | None = None,
    ) -> Escalation:
        """Answer a pending escalation, with one of its options if it has any.

        An option is named by its text, or by its ``id`` or ``label`` if it is an object.

        Raises:
            ConditionFailedError: if it is not pending; ``item`` is the escalation with its
                decision.
            VersionConflictError: if it is not as expected; ``item`` is the escalation.
            InvalidValueError: if the decision is not one of the options.
            ItemNotFoundError: if there is no such escalation.
        """
        # The options never change, so they can be checked before the write.
        escalation = self.get(project_id, escalation_id, consistent=True)
        if escalation.status is EscalationStatus.PENDING:
            require_option(escalation.options, decision)
        write = decide_escalation(
            project_id,
            escalation_id,
            decision=decision,
            notes=notes,
            decided_by=decided_by,
            at=self._now(),
        )
        return save_as_expected(self._store, write, expected)

    def expire(self, project_id: str, escalation_id: str) -> Escalation:
        """Close a pending escalation as expired, without an answer.

        Raises:
            ConditionFailedError: if it is not pending; ``item`` is the escalation.
            ItemNotFoundError: if there is no such escalation.
        """
        return self._store.save(expire_escalation(project_id, escalation_id, at=self._now()))

    def supersede(self, project_id: str, escalation_id: str) -> Escalation:
        """Close a pending escalation as superseded by another one.

        Raises:
            ConditionFailedError: if it is not pending; ``item`` is the escalation.
            ItemNotFoundError: if there is no such escalation.
        """
        return self._store.save(supersede_escalation(project_id, escalation_id, at=self._now()))
