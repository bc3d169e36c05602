"""Routes of checkpoints."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from autoforge.access.checkpoints import CheckpointOf, CheckpointsOfProject
from autoforge.access.projects.patterns import ProjectById
from autoforge.forge import Forge
from autoforge.http.api.bodies import JsonRequest
from autoforge.http.api.created import answer_put, creation
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import Integration, ProjectId, text_in_path, text_segments
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.schemas import Body, ItemView, PageView, Timestamp

Key = Annotated[str, text_in_path("key", "last_sync")]


class CheckpointView(ItemView):
    """How far an agent has come."""

    example = {
        "projectId": "550e8400-e29b-41d4-a716-446655440000",
        "integration": "jira",
        "checkpointKey": "last_sync",
        "checkpointValue": "2026-02-04T10:15:00Z",
        "createdAt": "2026-02-01T00:00:00.000Z",
        "updatedAt": "2026-02-04T10:30:00.000Z",
    }

    project_id: str
    integration: str
    checkpoint_key: str
    checkpoint_value: str
    created_at: Timestamp | None
    updated_at: Timestamp


class CheckpointPage(PageView):
    """Some checkpoints, and where the next ones begin."""

    example = {"items": [CheckpointView.example], "nextCursor": None}

    items: tuple[CheckpointView, ...]
    next_cursor: str | None


class CheckpointValue(Body):
    """How far an agent has come.

    With ``onlyForward`` the checkpoint never goes back: moments go forward in time, whole numbers
    by size, anything else as text.
    """

    example = {"checkpointValue": "2026-02-04T10:15:00Z", "onlyForward": True}

    checkpoint_value: str = Field(max_length=10_000)
    only_forward: bool = Field(default=False, strict=True)


class CheckpointController(Controller):
    """How far agents have come in a project."""

    path = "/projects/{projectId:str}/checkpoints"
    tags = ["checkpoints"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_checkpoints(
        self,
        *,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
        integration: Annotated[
            str | None,
            QueryParameter(
                name="integration",
                min_length=1,
                description="Only of it.",
                schema_extra={"examples": ["jira"]},
            ),
        ] = None,
    ) -> Response[CheckpointPage]:
        """List a project's checkpoints, of all integrations or of one."""
        query = CheckpointsOfProject(project_id, integration, order=paging.order)
        return paging.answer(query, CheckpointPage, under=ProjectById(project_id))

    @get(
        "/{integration:str}/{key:path}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def get_checkpoint(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        integration: Integration,  # noqa: ARG002 - documented; read exactly from the request
        key: Key,  # noqa: ARG002
    ) -> Response[CheckpointView]:
        """Get a checkpoint."""
        return answer(forge.store, CheckpointOf(project_id, *_names(request)), CheckpointView)

    @put(
        "/{integration:str}/{key:path}",
        sync_to_thread=True,
        responses={
            **creation(CheckpointView),
            **responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        },
    )
    def put_checkpoint(
        self,
        *,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        integration: Integration,  # noqa: ARG002
        key: Key,  # noqa: ARG002
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[CheckpointValue],
    ) -> Response[CheckpointView]:
        """Set a checkpoint, or with onlyForward advance it."""
        write = forge.checkpoints.advance if data.only_forward else forge.checkpoints.set
        checkpoint = write(
            project_id,
            *_names(request),
            data.checkpoint_value,
            expected=preconditions.on(CheckpointView),
        )
        return answer_put(request, checkpoint, CheckpointView.of(checkpoint))


def _names(request: JsonRequest) -> tuple[str, str]:
    """The integration and the key, as the client wrote them."""
    integration, key = text_segments(request, 2)
    return integration, key
