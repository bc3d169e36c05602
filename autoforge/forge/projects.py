"""``forge.projects``: the projects and their members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict, Unpack

from autoforge.access.projects.deletion import DeleteProject
from autoforge.access.projects.members import MembersOfProject, SetMember
from autoforge.access.projects.ownership import ChangeProject, CreateProject
from autoforge.access.projects.patterns import (
    Overview,
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
)
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected
from autoforge.errors import ItemNotFoundError
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.projects import AutonomyLevel, Project, ProjectSource, ProjectStatus
from autoforge.models.users import ProjectMemberRef


class ProjectUpdate(TypedDict, total=False):
    """The attributes of a project that can be changed."""

    name: str
    description: str | None
    status: ProjectStatus
    source: ProjectSource
    source_project_key: str | None
    autonomy_level: AutonomyLevel
    config: Mapping[str, Any] | None
    owner_id: str | None
    repo_url: str | None
    max_concurrency: int


class Projects(Resource):
    """Creates, reads, changes and deletes projects, and manages their members."""

    def create(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - the attribute's name
        description: str | None = None,
        status: ProjectStatus = ProjectStatus.ACTIVE,
        source: ProjectSource = ProjectSource.MANUAL,
        source_project_key: str | None = None,
        autonomy_level: AutonomyLevel = AutonomyLevel.MONITORING,
        config: Mapping[str, Any] | None = None,
        owner_id: str | None = None,
        repo_url: str | None = None,
        max_concurrency: int = 3,
    ) -> Project:
        """Create a project; its id is minted unless given. The owner need not exist as a user.

        A repeated creation with the same id and content returns the stored project.

        Raises:
            ItemExistsError: if a project with other content has the id.
            InvalidValueError: if a value cannot be stored.
        """
        now = self._now()
        project = Project(
            id=self._context.new_id(now) if id is None else id,
            name=name,
            description=description,
            status=status,
            source=source,
            source_project_key=source_project_key,
            autonomy_level=autonomy_level,
            config={} if config is None else config,
            owner_id=owner_id,
            repo_url=repo_url,
            max_concurrency=max_concurrency,
            incarnation=self._context.new_id(now),
            created_at=now,
            updated_at=now,
        )
        return CreateProject(project).run(self._store)

    def get(self, project_id: str, *, consistent: bool = False) -> Project:
        """Return a project.

        Raises:
            ItemNotFoundError: if there is no such project.
        """
        return self._store.require(ProjectById(project_id), consistent=consistent)

    def by_status(
        self,
        status: ProjectStatus = ProjectStatus.ACTIVE,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Project]:
        """Return a page of the projects in a status, in the order of their ids."""
        query = ProjectsByStatus(status, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def overview(self, project_id: str, *, escalations: int = 10) -> Overview:
        """Return a project with its artefacts and its latest escalations, in two requests.

        Raises:
            ItemNotFoundError: if there is no such project.
            InvalidValueError: if ``escalations`` is less than 1.
        """
        overview = self._store.answer(ProjectOverview(project_id, escalations))
        if overview is None:
            raise ItemNotFoundError(Project.type_name, {"projectId": project_id})
        return overview

    def update(
        self,
        project_id: str,
        *,
        expected: Expected[Project] | None = None,
        **changes: Unpack[ProjectUpdate],
    ) -> Project:
        """Change attributes of a project.

        Args:
            project_id: The project.
            expected: The project as the caller read it, or a test that it must pass; None to
                accept any state.
            **changes: The attributes and their new values; None removes an optional attribute.

        Raises:
            ItemNotFoundError: if there is no such project.
            VersionConflictError: if it is not as expected; ``item`` is the project.
            InvalidValueError: if a value cannot be stored.
        """
        return ChangeProject(project_id, changes, self._now(), expected).run(self._store)

    def members(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[ProjectMemberRef]:
        """Return a page of a project's owner and members, in the order of the users' ids."""
        query = MembersOfProject(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def add_member(self, project_id: str, user_id: str) -> None:
        """Add a user as a member of a project; changes nothing if the user is a member.

        Raises:
            ItemNotFoundError: if there is no such project or no such user.
        """
        SetMember(project_id, user_id, member=True, at=self._now()).run(self._store)

    def remove_member(self, project_id: str, user_id: str) -> None:
        """Remove a user as a member of a project; an owner stays the owner.

        Raises:
            ItemNotFoundError: if there is no such project, or the user is not a member of it.
        """
        SetMember(project_id, user_id, member=False, at=self._now()).run(self._store)

    def delete(self, project_id: str, *, expected: Expected[Project] | None = None) -> int:
        """Delete a project with all its items, and return the number of deleted items.

        Readers do not see the project once the deletion has begun. After an interruption, the call
        can be repeated and continues.

        Args:
            project_id: The project.
            expected: The project as the caller read it, or a test that it must pass; None to
                accept any state, and to delete also items that remain without a project.

        Raises:
            ItemNotFoundError: if there is no such project, and no items of one remain.
            VersionConflictError: if it is not as expected; ``item`` is the project.
        """
        now = self._now()
        deletion = DeleteProject(project_id, now, self._context.new_id(now), expected)
        return deletion.run(self._store)
