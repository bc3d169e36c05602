"""Routes of artefacts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from autoforge.access.artefacts import ArtefactOfProject, ArtefactsOfProject
from autoforge.access.projects.patterns import ProjectById
from autoforge.errors import ItemExistsError, ItemNotFoundError, VersionConflictError
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY
from autoforge.http.api.created import creation
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import ProjectId
from autoforge.http.api.preconditions import PreconditionRequiredError, Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import Body, ItemView, PageView, Timestamp
from autoforge.http.idempotency import Once, repeatable
from autoforge.models.artefacts import ArtefactType

Type = Annotated[ArtefactType, PathParameter(name="type")]


class ArtefactView(ItemView):
    """A document of a project, with the version before it."""

    example = {
        "id": "01KGKR2T40R6BAX8A0B1RTCDKN",
        "projectId": "550e8400-e29b-41d4-a716-446655440000",
        "type": "delivery_state",
        "content": {"overallStatus": "amber", "blockers": []},
        "previousVersion": {"overallStatus": "green", "blockers": []},
        "version": 3,
        "createdAt": "2026-02-01T00:00:00.000Z",
        "updatedAt": "2026-02-04T10:30:00.000Z",
    }

    id: str
    project_id: str
    type: ArtefactType
    content: dict[str, Any]
    previous_version: dict[str, Any] | None
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class ArtefactPage(PageView):
    """Some artefacts, and where the next ones begin."""

    example = {"items": [ArtefactView.example], "nextCursor": None}

    items: tuple[ArtefactView, ...]
    next_cursor: str | None


class ArtefactContent(Body):
    """The content of an artefact."""

    example = {"content": {"overallStatus": "amber", "blockers": []}}

    content: dict[str, Any]


class ArtefactController(Controller):
    """The documents of a project, with their versions."""

    path = "/projects/{projectId:str}/artefacts"
    tags = ["artefacts"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_artefacts(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[ArtefactPage]:
        """List a project's artefacts, by type."""
        return paging.answer(
            ArtefactsOfProject(project_id, order=paging.order),
            ArtefactPage,
            under=ProjectById(project_id),
        )

    @get("/{type:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_artefact(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        artefact_type: Type,
    ) -> Response[ArtefactView]:
        """Get an artefact."""
        return answer(forge.store, ArtefactOfProject(project_id, artefact_type), ArtefactView)

    @put(
        "/{type:str}",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses={
            **creation(ArtefactView),
            **responses(HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_REQUIRED),
        },
    )
    def put_artefact(
        self,
        *,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        artefact_type: Type,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[ArtefactContent],
    ) -> Response[ArtefactView]:
        """Create an artefact, or with If-Match replace the one that was read.

        Without If-Match an artefact that is there is left alone (428, or 412 with
        If-None-Match: *), so that no writer overwrites what it has not seen.
        """
        if preconditions.if_match is not None:
            expected = preconditions.on(ArtefactView)
            try:
                artefact = forge.artefacts.update(
                    project_id, artefact_type, data.content, expected=expected
                )
            except ItemNotFoundError as error:
                forge.projects.get(project_id)
                raise VersionConflictError(f"{error}; If-Match requires it to exist") from error
            return JsonResponse(ArtefactView.of(artefact), status_code=HTTPStatus.OK)
        try:
            created = forge.artefacts.create(project_id, artefact_type, data.content)
        except ItemExistsError as error:
            raise _overwrite_error(error, preconditions) from error
        location = f"/projects/{created.project_id}/artefacts/{created.type}"
        return JsonResponse(
            ArtefactView.of(created),
            status_code=HTTPStatus.CREATED,
            headers={"location": location},
        )

    @post(
        "/{type:str}/revert",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=repeatable(HTTPStatus.NOT_FOUND),
    )
    def revert_artefact(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        preconditions: NamedDependency[Preconditions],
        project_id: ProjectId,
        artefact_type: Type,
    ) -> Response[ArtefactView]:
        """Swap the content of an artefact and the version before it."""
        expected = preconditions.on(ArtefactView)
        return once.one(
            lambda forge: forge.artefacts.revert(project_id, artefact_type, expected=expected),
            lambda _: forge.artefacts.get(project_id, artefact_type, consistent=True),
            lambda artefact: JsonResponse(ArtefactView.of(artefact)),
        )


def _overwrite_error(error: ItemExistsError, preconditions: Preconditions) -> Exception:
    """The error of a request that would replace an artefact without If-Match."""
    expected = preconditions.on(ArtefactView)
    if expected is not None and not expected(error.item):
        return VersionConflictError(str(error), item=error.item)
    tag = ArtefactView.of(error.item).tag()
    return PreconditionRequiredError(
        f"{error}: send If-Match: {tag} to replace it as it is now", error.item
    )
