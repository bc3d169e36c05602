"""Routes of tickets."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import Field

from autoforge.access.projects.patterns import ProjectById
from autoforge.access.tickets.patterns import TicketByLinearIssue, TicketsOfProject
from autoforge.access.tickets.sync import Synced
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY, JsonRequest
from autoforge.http.api.created import answer_created, creation
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import ProjectId, text_in_path, text_segments
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.schemas import ID_PATTERN, WHOLE, Body, ItemView, PageView, Timestamp

LinearIssueId = Annotated[str, text_in_path("linearIssueId", "MCU-160")]


class TicketView(ItemView):
    """A Linear issue as it was when it was last synced."""

    example = {
        "id": "01KGKR2T40R6BAX8A0B1RTCDKN",
        "linearIssueId": "MCU-160",
        "projectId": "550e8400-e29b-41d4-a716-446655440000",
        "featureId": None,
        "linearIssueUrl": "https://linear.app/acme/issue/MCU-160",
        "title": "Sign in with a passkey",
        "description": None,
        "priority": 2,
        "status": "In Progress",
        "labels": ["security", "frontend"],
        "sourceUpdatedAt": "2026-02-04T10:29:57.000Z",
        "createdAt": "2026-02-01T00:00:00.000Z",
        "syncedAt": "2026-02-04T10:30:00.000Z",
    }

    id: str
    linear_issue_id: str
    project_id: str
    feature_id: str | None
    linear_issue_url: str
    title: str
    description: str | None
    priority: int
    status: str
    labels: list[str] | None
    source_updated_at: Timestamp | None
    created_at: Timestamp | None
    synced_at: Timestamp


class TicketPage(PageView):
    """Some tickets, and where the next ones begin."""

    example = {"items": [TicketView.example], "nextCursor": None}

    items: tuple[TicketView, ...]
    next_cursor: str | None


class TicketState(Body):
    """What Linear says of an issue, whole.

    With ``asOf``, when Linear last changed the issue, what is older than the ticket changes
    nothing. Without ``featureId`` the ticket takes the feature that was made from the issue, or
    keeps the one it has.
    """

    example = {
        "projectId": "550e8400-e29b-41d4-a716-446655440000",
        "linearIssueUrl": "https://linear.app/acme/issue/MCU-160",
        "title": "Sign in with a passkey",
        "description": None,
        "priority": 2,
        "status": "In Progress",
        "labels": ["security", "frontend"],
        "asOf": "2026-02-04T10:29:57Z",
    }

    project_id: str = Field(pattern=ID_PATTERN)
    linear_issue_url: str = Field(min_length=1, max_length=2000)
    title: str = Field(min_length=1, max_length=2000)
    status: str = Field(min_length=1, max_length=200)
    description: str | None = None
    priority: Annotated[int, Field(strict=True, ge=0, le=4), WHOLE] = 0
    labels: list[str] = Field(default=[], max_length=1000, fail_fast=True)
    feature_id: str | None = Field(default=None, pattern=ID_PATTERN)
    as_of: Timestamp | None = None


class ProjectTicketController(Controller):
    """The tickets of a project."""

    path = "/projects/{projectId:str}/tickets"
    tags = ["tickets"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_tickets(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[TicketPage]:
        """List a project's tickets, the last synced first."""
        return paging.answer(
            TicketsOfProject(project_id, order=paging.order),
            TicketPage,
            under=ProjectById(project_id),
        )


class TicketController(Controller):
    """The tickets of all projects, by their Linear issues."""

    path = "/tickets"
    tags = ["tickets"]

    @get("/{linearIssueId:path}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_ticket(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        linear_issue_id: LinearIssueId,  # noqa: ARG002 - documented; read exactly from the request
    ) -> Response[TicketView]:
        """Get the ticket of a Linear issue."""
        (issue_id,) = text_segments(request, 1)
        return answer(forge.store, TicketByLinearIssue(issue_id), TicketView)

    @put(
        "/{linearIssueId:path}",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses={
            **creation(TicketView),
            **responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        },
    )
    def put_ticket(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        linear_issue_id: LinearIssueId,  # noqa: ARG002
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[TicketState],
    ) -> Response[TicketView]:
        """Sync the ticket of a Linear issue; one of another project moves."""
        (issue_id,) = text_segments(request, 1)
        expected = preconditions.on(TicketView)
        result = forge.tickets.sync(linear_issue_id=issue_id, expected=expected, **dict(data))
        view = TicketView.of(result.ticket)
        return answer_created(request, view, created=result.synced is Synced.CREATED)
