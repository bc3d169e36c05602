"""Routes of a project's members."""

from __future__ import annotations

from http import HTTPStatus

from litestar import Controller, Response, delete, get, put
from litestar.di import NamedDependency

from autoforge.access.projects.members import MembersOfProject
from autoforge.access.projects.patterns import ProjectById
from autoforge.forge import Forge
from autoforge.http.api.paging import Paging
from autoforge.http.api.parameters import ProjectId, UserId
from autoforge.http.api.problem import responses
from autoforge.http.api.schemas import PageView, Timestamp, View


class MemberView(View):
    """How a user belongs to a project: as its owner, as a member, or as both."""

    example = {
        "projectId": "550e8400-e29b-41d4-a716-446655440000",
        "userId": "01KGKR2T40R6BAX8A0B1RTCDKN",
        "owner": False,
        "member": True,
        "createdAt": "2026-02-01T00:00:00.000Z",
        "updatedAt": "2026-02-04T10:30:00.000Z",
    }

    project_id: str
    user_id: str
    owner: bool
    member: bool
    created_at: Timestamp
    updated_at: Timestamp


class MemberPage(PageView):
    """Some of those who belong to a project, and where the next ones begin."""

    example = {"items": [MemberView.example], "nextCursor": None}

    items: tuple[MemberView, ...]
    next_cursor: str | None


class MemberController(Controller):
    """Who belongs to a project."""

    path = "/projects/{projectId:str}/members"
    tags = ["members"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_members(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[MemberPage]:
        """List who owns or belongs to a project, in the order of the users' ids."""
        return paging.answer(
            MembersOfProject(project_id, order=paging.order),
            MemberPage,
            under=ProjectById(project_id),
        )

    @put(
        "/{userId:str}",
        sync_to_thread=True,
        status_code=HTTPStatus.NO_CONTENT,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def add_member(
        self, forge: NamedDependency[Forge], project_id: ProjectId, user_id: UserId
    ) -> None:
        """Make a user a member of a project; one who is a member already stays one."""
        forge.projects.add_member(project_id, user_id)

    @delete("/{userId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def remove_member(
        self, forge: NamedDependency[Forge], project_id: ProjectId, user_id: UserId
    ) -> None:
        """Let a user be a member of a project no longer; an owner stays the owner."""
        forge.projects.remove_member(project_id, user_id)
