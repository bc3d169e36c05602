"""Routes of artefacts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import JSONBody, PathParameter

from autoforge.access.artefacts import ArtefactOfProject, ArtefactsOfProject
from autoforge.errors import ItemExistsError
from autoforge.forge import Forge
from autoforge.http.answers import Paging, answer
from autoforge.http.bodies import DOCUMENT_BODY
from autoforge.http.params import IfMatch, IfNoneMatch, ProjectId
from autoforge.http.preconditions import expected_version, version_tag
from autoforge.http.problem import responses
from autoforge.http.projection import Json
from autoforge.http.puts import creation
from autoforge.http.respond import JsonResponse
from autoforge.http.views import Body, Moment, PageView, View
from autoforge.models.artefact import Artefact, ArtefactType

Type = Annotated[ArtefactType, PathParameter(name="type")]


class ArtefactView(View):
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
    created_at: Moment
    updated_at: Moment


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

    @get("", sync_to_thread=True, responses=responses())
    def list_artefacts(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[ArtefactPage]:
        """List a project's artefacts, by type."""
        return paging.answer(ArtefactsOfProject(project_id, order=paging.order), ArtefactPage)

    @get("/{type:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_artefact(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        artefact_type: Type,
    ) -> Response[ArtefactView]:
        """Get an artefact; its ETag is its version."""
        pattern = ArtefactOfProject(project_id, artefact_type)
        return answer(forge.store, pattern, ArtefactView, etag=_tag)

    @put(
        "/{type:str}",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses={
            **creation(ArtefactView),
            **responses(
                HTTPStatus.NOT_FOUND,
                HTTPStatus.PRECONDITION_FAILED,
                HTTPStatus.PRECONDITION_REQUIRED,
            ),
        },
    )
    def put_artefact(
        self,
        *,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        artefact_type: Type,
        data: JSONBody[ArtefactContent],
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[ArtefactView]:
        """Create an artefact, or with If-Match replace the version that was read.

        Without If-Match an artefact that is there is left alone (428, or 412 with
        If-None-Match: *), so that no writer overwrites what it has not seen.
        """
        if if_match is not None:
            version = expected_version(if_match)
            artefact = forge.artefacts.update(
                project_id, artefact_type, data.content, expected_version=version
            )
            return _tagged(artefact)
        try:
            created = forge.artefacts.create(project_id, artefact_type, data.content)
        except ItemExistsError as error:
            raise HTTPException(
                f"{error}: send its ETag as If-Match to replace it",
                status_code=HTTPStatus.PRECONDITION_REQUIRED
                if if_none_match is None
                else HTTPStatus.PRECONDITION_FAILED,
            ) from error
        location = f"/projects/{created.project_id}/artefacts/{created.type}"
        return _tagged(created, status_code=HTTPStatus.CREATED, location=location)

    @post(
        "/{type:str}/revert",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=responses(
            HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED
        ),
    )
    def revert_artefact(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        artefact_type: Type,
        if_match: IfMatch = None,
    ) -> Response[ArtefactView]:
        """Swap the content of an artefact and the version before it."""
        version = None if if_match is None else expected_version(if_match)
        artefact = forge.artefacts.revert(project_id, artefact_type, expected_version=version)
        return _tagged(artefact)


def _tag(shown: Json) -> str:
    """The ETag of an artefact as it is shown."""
    return version_tag(shown["version"])


def _tagged(
    artefact: Artefact, *, status_code: int = HTTPStatus.OK, location: str | None = None
) -> Response[ArtefactView]:
    headers = {"etag": version_tag(artefact.version)}
    if location is not None:
        headers["location"] = location
    return JsonResponse(ArtefactView.of(artefact), status_code=status_code, headers=headers)
