"""Routes of escalations."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
)
from autoforge.access.projects.patterns import ProjectById
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import ProjectId, id_in_path
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import ID_PATTERN, Body, ItemView, PageView, Timestamp
from autoforge.http.idempotency import Once, placed, repeatable
from autoforge.models.escalations import EscalationStatus

EscalationId = Annotated[str, id_in_path("escalationId", "01KGKR2T40E5G7J9M1P3R5T7V9")]


class EscalationView(ItemView):
    """A question an agent asks a person, and the answer."""

    example = {
        "id": "01KGKR2T40R6BAX8A0B1RTCDKN",
        "projectId": "550e8400-e29b-41d4-a716-446655440000",
        "status": "decided",
        "title": "Sprint scope change request from stakeholder",
        "context": {"ticket": "MCU-160"},
        "options": ["Take it into sprint 12", "Defer to sprint 13"],
        "agentRecommendation": "Defer to sprint 13",
        "agentRationale": "The current sprint is 62% complete",
        "userDecision": "Defer to sprint 13",
        "userNotes": None,
        "decidedBy": "Ann",
        "decidedAt": "2026-02-04T11:00:00.000Z",
        "createdAt": "2026-02-04T10:30:00.000Z",
        "updatedAt": "2026-02-04T11:00:00.000Z",
    }

    id: str
    project_id: str
    status: EscalationStatus
    title: str
    context: dict[str, Any] | None
    options: list[Any] | None
    agent_recommendation: str | None
    agent_rationale: str | None
    user_decision: str | None
    user_notes: str | None
    decided_by: str | None
    decided_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp | None


class EscalationPage(PageView):
    """Some escalations, and where the next ones begin."""

    example = {"items": [EscalationView.example], "nextCursor": None}

    items: tuple[EscalationView, ...]
    next_cursor: str | None


class NewEscalation(Body):
    """A question for a person."""

    example = {
        "title": "Sprint scope change request from stakeholder",
        "context": {"ticket": "MCU-160"},
        "options": ["Take it into sprint 12", "Defer to sprint 13"],
        "agentRecommendation": "Defer to sprint 13",
        "agentRationale": "The current sprint is 62% complete",
    }

    title: str = Field(min_length=1, max_length=2000)
    context: dict[str, Any] | None = None
    options: list[Any] | None = Field(default=None, max_length=100)
    agent_recommendation: str | None = None
    agent_rationale: str | None = None
    id: str | None = Field(default=None, pattern=ID_PATTERN)


class Decision(Body):
    """The answer to an escalation."""

    example = {"userDecision": "Defer to sprint 13", "userNotes": None, "decidedBy": "Ann"}

    user_decision: str = Field(min_length=1)
    user_notes: str | None = None
    decided_by: str | None = None


class ProjectEscalationController(Controller):
    """The questions of a project."""

    path = "/projects/{projectId:str}/escalations"
    tags = ["escalations"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_project_escalations(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[EscalationPage]:
        """List a project's escalations, in the order of their ids."""
        return paging.answer(
            EscalationsOfProject(project_id, order=paging.order),
            EscalationPage,
            under=ProjectById(project_id),
        )

    @post(
        "",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses=repeatable(HTTPStatus.NOT_FOUND),
    )
    def create_escalation(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        project_id: ProjectId,
        data: JSONBody[NewEscalation],
    ) -> Response[EscalationView]:
        """Ask a person."""
        return once.one(
            lambda forge: forge.escalations.create(project_id, **dict(data)),
            lambda each: forge.escalations.get(project_id, each, consistent=True),
            lambda escalation: placed(
                EscalationView.of(escalation),
                f"/projects/{escalation.project_id}/escalations/{escalation.id}",
            ),
        )

    @get("/{escalationId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_escalation(
        self, forge: NamedDependency[Forge], project_id: ProjectId, escalation_id: EscalationId
    ) -> Response[EscalationView]:
        """Get an escalation."""
        return answer(forge.store, EscalationById(project_id, escalation_id), EscalationView)

    @post(
        "/{escalationId:str}/decide",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        status_code=HTTPStatus.OK,
        responses=repeatable(HTTPStatus.NOT_FOUND),
    )
    def decide_escalation(
        self,
        *,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        project_id: ProjectId,
        escalation_id: EscalationId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[Decision],
    ) -> Response[EscalationView]:
        """Answer an escalation that is pending; if it is not, learn who decided what."""
        expected = preconditions.on(EscalationView)
        return once.one(
            lambda forge: forge.escalations.decide(
                project_id,
                escalation_id,
                data.user_decision,
                notes=data.user_notes,
                decided_by=data.decided_by,
                expected=expected,
            ),
            lambda each: forge.escalations.get(project_id, each, consistent=True),
            lambda escalation: JsonResponse(EscalationView.of(escalation)),
        )


class EscalationController(Controller):
    """The questions of all projects."""

    path = "/escalations"
    tags = ["escalations"]

    @get("", sync_to_thread=True, responses=responses())
    def list_escalations(
        self,
        paging: NamedDependency[Paging],
        status: Annotated[
            EscalationStatus,
            QueryParameter(
                name="status", description="Which escalations; the pending ones unless given."
            ),
        ] = EscalationStatus.PENDING,
    ) -> Response[EscalationPage]:
        """List all projects' escalations in a status, oldest first."""
        return paging.answer(EscalationsByStatus(status, order=paging.order), EscalationPage)
