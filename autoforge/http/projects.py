"""Routes of projects."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from autoforge.forge import Forge
from autoforge.http.artefacts import ArtefactView
from autoforge.http.escalations import EscalationView
from autoforge.http.params import Paging, ProjectId
from autoforge.http.problem import responses
from autoforge.http.respond import JsonResponse
from autoforge.http.views import ID_PATTERN, Body, Changes, Moment, PageView, View
from autoforge.models.project import AutonomyLevel, ProjectSource, ProjectStatus

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


class ProjectView(View):
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
    created_at: Moment
    updated_at: Moment


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
    max_concurrency: int = Field(default=3, ge=1, le=1000, strict=True)


class ProjectChanges(Changes):
    """Attributes of a project to change; null removes one that may be absent."""

    example = {"status": "paused", "description": None}

    name: str = Field(default="", min_length=1, max_length=200)
    description: str | None = None
    status: ProjectStatus = ProjectStatus.ACTIVE
    source: ProjectSource = ProjectSource.MANUAL
    source_project_key: str | None = None
    autonomy_level: AutonomyLevel = AutonomyLevel.MONITORING
    config: dict[str, Any] | None = None
    owner_id: str | None = Field(default=None, pattern=ID_PATTERN)
    repo_url: str | None = None
    max_concurrency: int = Field(default=3, ge=1, le=1000, strict=True)


class ProjectController(Controller):
    """The projects agents work on."""

    path = "/projects"
    tags = ["projects"]

    @get("", sync_to_thread=True, responses=responses())
    def list_projects(
        self,
        forge: NamedDependency[Forge],
        paging: NamedDependency[Paging],
        status: Annotated[
            ProjectStatus, QueryParameter(name="status", description="Which projects.")
        ] = ProjectStatus.ACTIVE,
    ) -> ProjectPage:
        """List the projects in a status, in the order of their ids."""
        page = forge.projects.by_status(status, **paging)
        return ProjectPage.of_page(page)

    @post("", sync_to_thread=True, responses=responses(HTTPStatus.CONFLICT))
    def create_project(
        self, forge: NamedDependency[Forge], data: JSONBody[NewProject]
    ) -> Response[ProjectView]:
        """Create a project."""
        project = forge.projects.create(**dict(data))
        return JsonResponse(
            ProjectView.of(project), headers={"location": f"/projects/{project.id}"}
        )

    @get("/{projectId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_project(self, forge: NamedDependency[Forge], project_id: ProjectId) -> ProjectView:
        """Get a project."""
        return ProjectView.of(forge.projects.get(project_id))

    @patch(
        "/{projectId:str}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def change_project(
        self, forge: NamedDependency[Forge], project_id: ProjectId, data: JSONBody[ProjectChanges]
    ) -> ProjectView:
        """Change attributes of a project."""
        return ProjectView.of(forge.projects.update(project_id, **data.given()))

    @delete("/{projectId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def delete_project(self, forge: NamedDependency[Forge], project_id: ProjectId) -> None:
        """Delete a project with everything in it; cut off, call it again."""
        forge.projects.delete(project_id)

    @get(
        "/{projectId:str}/overview", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND)
    )
    def get_project_overview(
        self, forge: NamedDependency[Forge], project_id: ProjectId
    ) -> OverviewView:
        """Get a project with its artefacts and its latest escalations."""
        return OverviewView.model_validate(forge.projects.overview(project_id))
