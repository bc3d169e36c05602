"""Routes of users."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import Field

from autoforge.access.projects.members import ProjectsOfUser
from autoforge.access.users import UserByAuth0Id, UserByEmail, UserById
from autoforge.forge import Forge
from autoforge.http.api.bodies import JsonRequest
from autoforge.http.api.created import creation
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import UserId, text_in_path, text_segments
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import Body, ItemView, Timestamp, View
from autoforge.http.projects.routes import ProjectPage
from autoforge.models.users import UserRole

Auth0Id = Annotated[str, text_in_path("auth0Id", "auth0|65b8f3a1c2d4e5f6a7b8c9d0")]
Email = Annotated[str, text_in_path("email", "ann@example.org")]

_PROFILE: dict[str, Any] = {
    "auth0Id": "auth0|65b8f3a1c2d4e5f6a7b8c9d0",
    "email": "Ann@example.org",
    "name": "Ann",
    "picture": "https://example.org/ann.png",
    "role": "developer",
}


class UserView(ItemView):
    """A person who logs in."""

    example = {
        "id": "01KGKR2T40R6BAX8A0B1RTCDKN",
        **_PROFILE,
        "createdAt": "2026-02-01T00:00:00.000Z",
        "updatedAt": "2026-02-04T10:30:00.000Z",
    }

    id: str
    auth0_id: str
    email: str
    name: str
    picture: str | None
    role: UserRole
    created_at: Timestamp
    updated_at: Timestamp


class UserLookupView(View):
    """Whose an Auth0 id or an e-mail address is."""

    example = {"userId": "01KGKR2T40R6BAX8A0B1RTCDKN"}

    user_id: str


class Profile(Body):
    """What a log-in says of a person.

    Without a picture they have none. Without a role it stays; a new user is a developer.
    """

    example = _PROFILE

    auth0_id: str = Field(min_length=1, max_length=300)
    email: str = Field(min_length=3, max_length=320, pattern=r"^.+@.+$")
    name: str = Field(min_length=1, max_length=300)
    picture: str | None = Field(default=None, max_length=2000)
    role: UserRole | None = None


class UserController(Controller):
    """People who log in."""

    path = "/users"
    tags = ["users"]

    @put(
        "",
        sync_to_thread=True,
        responses={**creation(UserView), **responses(HTTPStatus.CONFLICT)},
    )
    def put_user(
        self,
        forge: NamedDependency[Forge],
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[Profile],
    ) -> Response[UserView]:
        """Make the user that logs in, or keep the user as the log-in says."""
        log_in = forge.users.upsert(expected=preconditions.on(UserView), **dict(data))
        view = UserView.of(log_in.user)
        if not log_in.first:
            return JsonResponse(view, status_code=HTTPStatus.OK)
        place = {"location": f"/users/{view.id}"}
        return JsonResponse(view, status_code=HTTPStatus.CREATED, headers=place)

    @get("/{userId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_user(self, forge: NamedDependency[Forge], user_id: UserId) -> Response[UserView]:
        """Get a user."""
        return answer(forge.store, UserById(user_id), UserView)

    @get(
        "/by-auth0/{auth0Id:path}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def get_user_by_auth0_id(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        auth0_id: Auth0Id,  # noqa: ARG002 - documented; read exactly from the request
    ) -> Response[UserView]:
        """Get the user with an Auth0 id."""
        (name,) = text_segments(request, 1)
        return answer(forge.store, UserByAuth0Id(name), UserView)

    @get(
        "/by-email/{email:path}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def get_user_by_email(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        email: Email,  # noqa: ARG002
    ) -> Response[UserView]:
        """Get the user with an e-mail address, in whatever case it is given."""
        (name,) = text_segments(request, 1)
        return answer(forge.store, UserByEmail(name), UserView)

    @get("/{userId:str}/projects", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_user_projects(
        self,
        paging: NamedDependency[Paging],
        user_id: UserId,
    ) -> Response[ProjectPage]:
        """List the projects a user owns or is a member of, in the order of their ids."""
        return paging.answer(
            ProjectsOfUser(user_id, order=paging.order), ProjectPage, under=UserById(user_id)
        )
