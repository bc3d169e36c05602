"""Routes of projects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from autoforge.access.projects.patterns import ProjectById, ProjectOverview, ProjectsByStatus
from autoforge.dynamodb.patterns.readers import ItemReader
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.store.store import Store
from autoforge.errors import ItemNotFoundError
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY
from autoforge.http.api.paging import Paging, answer, json_response
from autoforge.http.api.parameters import ProjectId
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.projection import JsonObject, read_as_view
from autoforge.http.api.schemas import (
    ID_PATTERN,
    WHOLE,
    Body,
    Changes,
    ItemView,
    PageView,
    Timestamp,
    View,
    left_out,
)
from autoforge.http.artefacts import ArtefactView
from autoforge.http.escalations import EscalationView
from autoforge.http.idempotency import Once, placed, repeatable
from autoforge.models.artefacts import Artefact
from autoforge.models.escalations import Escalation
from autoforge.models.projects import AutonomyLevel, Project, ProjectSource, ProjectStatus

_PROJECT: dict[str, Any] = {
    "id": "550e8400-e29b-41d4-a716-446655440000",
    "name": "Customer Portal Migration",
    "description": "Migrate customer portal to new platform",
    "status": "active",
    "source": "jira",
    "sourceProjectKey": "MCU",
    "autonomyLevel": "artefact",
    "config": {"sprintLengthDays": 14},
    "ownerId": None,
    "repoUrl": None,
    "maxConcurrency": 3,
    "createdAt": "2026-02-01T00:00:00.000Z",
    "updatedAt": "2026-02-04T10:30:00.000Z",
}


class ProjectView(ItemView):
    """A project."""

    example = _PROJECT

    id: str
    name: str
    description: str | None
    status: ProjectStatus
    source: ProjectSource
    source_project_key: str | None
    autonomy_level: AutonomyLevel
    config: dict[str, Any] | None
    owner_id: str | None
    repo_url: str | None
    max_concurrency: int | None
    created_at: Timestamp
    updated_at: Timestamp


class ProjectPage(PageView):
    """Some projects, and where the next ones begin."""

    example = {"items": [_PROJECT], "nextCursor": None}

    items: tuple[ProjectView, ...]
    next_cursor: str | None


class OverviewView(View):
    """A project with its artefacts and its latest escalations."""

    example = {
        "project": _PROJECT,
        "artefacts": [ArtefactView.example],
        "escalations": [EscalationView.example],
    }

    project: ProjectView
    artefacts: tuple[ArtefactView, ...]
    escalations: tuple[EscalationView, ...]


#: The view of each entity in an overview.
_PARTS: Final[Mapping[type[Entity], type[View]]] = {
    Project: ProjectView,
    Artefact: ArtefactView,
    Escalation: EscalationView,
}


_MaxConcurrency = Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE]


class NewProject(Body):
    """A project to create."""

    example = {
        "name": "Customer Portal Migration",
        "description": "Migrate customer portal to new platform",
        "source": "jira",
        "sourceProjectKey": "MCU",
        "autonomyLevel": "artefact",
        "config": {"sprintLengthDays": 14},
    }

    id: str | None = Field(default=None, pattern=ID_PATTERN)
    name: str = Field(min_length=1, max_length=200)
    description: str | None = None
    status: ProjectStatus = ProjectStatus.ACTIVE
    source: ProjectSource = ProjectSource.MANUAL
    source_project_key: str | None = None
    autonomy_level: AutonomyLevel = AutonomyLevel.MONITORING
    config: dict[str, Any] | None = None
    owner_id: str | None = Field(default=None, pattern=ID_PATTERN)
    repo_url: str | None = None
    max_concurrency: _MaxConcurrency = 3


class ProjectChanges(Changes):
    """Attributes of a project to change; null removes one that may be absent."""

    example = {"status": "paused", "description": None}

    name: str = Field(default_factory=left_out, min_length=1, max_length=200)
    description: str | None = Field(default_factory=left_out)
    status: ProjectStatus = Field(default_factory=left_out)
    source: ProjectSource = Field(default_factory=left_out)
    source_project_key: str | None = Field(default_factory=left_out)
    autonomy_level: AutonomyLevel = Field(default_factory=left_out)
    config: dict[str, Any] | None = Field(default_factory=left_out)
    owner_id: str | None = Field(default_factory=left_out, pattern=ID_PATTERN)
    repo_url: str | None = Field(default_factory=left_out)
    max_concurrency: _MaxConcurrency = Field(default_factory=left_out)


class ProjectController(Controller):
    """The projects agents work on."""

    path = "/projects"
    tags = ["projects"]

    @get("", sync_to_thread=True, responses=responses())
    def list_projects(
        self,
        paging: NamedDependency[Paging],
        status: Annotated[
            ProjectStatus,
            QueryParameter(
                name="status", description="Which projects; the active ones unless given."
            ),
        ] = ProjectStatus.ACTIVE,
    ) -> Response[ProjectPage]:
        """List the projects in a status, in the order of their ids."""
        return paging.answer(ProjectsByStatus(status, order=paging.order), ProjectPage)

    @post(
        "",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses=repeatable(),
    )
    def create_project(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        data: JSONBody[NewProject],
    ) -> Response[ProjectView]:
        """Create a project."""
        return once.one(
            lambda forge: forge.projects.create(**dict(data)),
            lambda project_id: forge.projects.get(project_id, consistent=True),
            lambda project: placed(ProjectView.of(project), f"/projects/{project.id}"),
        )

    @get("/{projectId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_project(
        self, forge: NamedDependency[Forge], project_id: ProjectId
    ) -> Response[ProjectView]:
        """Get a project."""
        return answer(forge.store, ProjectById(project_id), ProjectView)

    @patch(
        "/{projectId:str}",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def change_project(
        self,
        forge: NamedDependency[Forge],
        preconditions: NamedDependency[Preconditions],
        project_id: ProjectId,
        data: JSONBody[ProjectChanges],
    ) -> ProjectView:
        """Change attributes of a project."""
        expected = preconditions.on(ProjectView)
        return ProjectView.of(forge.projects.update(project_id, expected=expected, **data.given()))

    @delete("/{projectId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def delete_project(
        self,
        forge: NamedDependency[Forge],
        preconditions: NamedDependency[Preconditions],
        project_id: ProjectId,
    ) -> None:
        """Delete a project with everything in it; cut off, call it again without If-Match."""
        forge.projects.delete(project_id, expected=preconditions.on(ProjectView))

    @get(
        "/{projectId:str}/overview", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND)
    )
    def get_project_overview(
        self, forge: NamedDependency[Forge], project_id: ProjectId
    ) -> Response[OverviewView]:
        """Get a project with its artefacts and its latest escalations."""
        return json_response(_overview(forge.store, project_id))


def _overview(store: Store, project_id: str) -> JsonObject:
    """Read the JSON of ``OverviewView``.

    Raises:
        ItemNotFoundError: if the project does not exist.
    """
    found, escalations = store.answers(ProjectOverview(project_id), reading=_with_entity)
    project = next((each for entity, each in found if entity is Project), None)
    if project is None:
        raise ItemNotFoundError(Project.type_name, {"projectId": project_id})
    return {
        "project": project,
        "artefacts": [each for entity, each in found if entity is Artefact],
        "escalations": [each for _, each in escalations],
    }


def _with_entity(entity: type[Entity], /) -> ItemReader[tuple[type[Entity], JsonObject]]:
    """Return a reader of items as their entity class and the JSON of their view."""
    project = read_as_view(_PARTS[entity])(entity)

    def read(item: Item, now: datetime) -> tuple[type[Entity], JsonObject] | None:
        content = project(item, now)
        return None if content is None else (entity, content)

    return read
