"""Routes of actions."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from autoforge.access.actions import ActionById, ActionsOfProject, HeldActions
from autoforge.access.projects.patterns import ProjectById
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import ProjectId, id_in_path, time_of
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import ULID_PATTERN, Body, ItemView, PageView, Timestamp
from autoforge.http.idempotency import Once, placed, repeatable
from autoforge.models.actions import ActionState, AgentAction

ActionId = Annotated[str, id_in_path("actionId", "01KGKR2T40A2C4E6G8J0M2P4R6")]

_PROBLEMS = repeatable(HTTPStatus.NOT_FOUND)


class ActionView(ItemView):
    """Something an agent did or means to do."""

    example = {
        "id": "01KGKR2T40R6BAX8A0B1RTCDKN",
        "projectId": "550e8400-e29b-41d4-a716-446655440000",
        "actionType": "artefact_update",
        "description": "Update the delivery state with the new sprint progress",
        "detail": {"artefact": "delivery_state"},
        "confidence": {"sourceAgreement": True, "schemaValidity": True},
        "state": "held",
        "executed": False,
        "heldUntil": "2026-02-04T11:30:00.000Z",
        "approvedAt": None,
        "cancelledAt": None,
        "executedAt": None,
        "createdAt": "2026-02-04T10:30:00.000Z",
        "updatedAt": "2026-02-04T10:30:00.000Z",
        "expiresAt": "2026-05-05T10:30:00.000Z",
    }

    id: str
    project_id: str
    action_type: str
    description: str
    detail: dict[str, Any] | None
    confidence: dict[str, Any] | None
    state: ActionState
    executed: bool
    held_until: Timestamp | None
    approved_at: Timestamp | None
    cancelled_at: Timestamp | None
    executed_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp | None
    expires_at: Timestamp | None = Field(validation_alias="expiry")


class ActionPage(PageView):
    """Some actions, and where the next ones begin."""

    example = {"items": [ActionView.example], "nextCursor": None}

    items: tuple[ActionView, ...]
    next_cursor: str | None


class NewAction(Body):
    """An action: executed, held, or proposed."""

    example = {
        "actionType": "artefact_update",
        "description": "Update the delivery state with the new sprint progress",
        "detail": {"artefact": "delivery_state"},
        "confidence": {"sourceAgreement": True, "schemaValidity": True},
        "heldUntil": "2026-02-04T11:30:00.000Z",
    }

    action_type: str = Field(min_length=1, max_length=200)
    description: str = Field(max_length=2000)
    detail: dict[str, Any] | None = None
    confidence: dict[str, Any] | None = None
    executed: bool = Field(default=False, strict=True)
    held_until: Timestamp | None = None
    id: str | None = Field(default=None, pattern=ULID_PATTERN)


class Hold(Body):
    """Until when a person may object."""

    example = {"heldUntil": "2026-02-04T11:30:00.000Z"}

    held_until: Timestamp


class ProjectActionController(Controller):
    """What agents did or mean to do in a project."""

    path = "/projects/{projectId:str}/actions"
    tags = ["actions"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_project_actions(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[ActionPage]:
        """List a project's actions, newest first."""
        return paging.answer(
            ActionsOfProject(project_id, order=paging.order),
            ActionPage,
            under=ProjectById(project_id),
        )

    @post(
        "",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses=_PROBLEMS,
    )
    def create_action(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        project_id: ProjectId,
        data: JSONBody[NewAction],
    ) -> Response[ActionView]:
        """Note an action; with heldUntil it is held, so that a person may object."""
        return once.one(
            lambda forge: forge.actions.create(project_id, **dict(data)),
            lambda action_id: forge.actions.get(project_id, action_id, consistent=True),
            lambda action: placed(
                ActionView.of(action), f"/projects/{action.project_id}/actions/{action.id}"
            ),
        )

    @get("/{actionId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_action(
        self, forge: NamedDependency[Forge], project_id: ProjectId, action_id: ActionId
    ) -> Response[ActionView]:
        """Get an action."""
        return answer(forge.store, ActionById(project_id, action_id), ActionView)

    @post(
        "/{actionId:str}/hold", sync_to_thread=True, status_code=HTTPStatus.OK, responses=_PROBLEMS
    )
    def hold_action(
        self,
        *,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        project_id: ProjectId,
        action_id: ActionId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[Hold],
    ) -> Response[ActionView]:
        """Let a proposed action wait, so that a person may object."""
        expected = preconditions.on(ActionView)
        return _answer_action(
            once,
            forge,
            project_id,
            lambda forge: forge.actions.hold(
                project_id, action_id, data.held_until, expected=expected
            ),
        )

    @post(
        "/{actionId:str}/approve",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def approve_action(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        preconditions: NamedDependency[Preconditions],
        project_id: ProjectId,
        action_id: ActionId,
    ) -> Response[ActionView]:
        """End the hold of a held action."""
        expected = preconditions.on(ActionView)
        return _answer_action(
            once,
            forge,
            project_id,
            lambda forge: forge.actions.approve(project_id, action_id, expected=expected),
        )

    @post(
        "/{actionId:str}/cancel",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def cancel_action(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        preconditions: NamedDependency[Preconditions],
        project_id: ProjectId,
        action_id: ActionId,
    ) -> Response[ActionView]:
        """Rule out that an action is executed."""
        expected = preconditions.on(ActionView)
        return _answer_action(
            once,
            forge,
            project_id,
            lambda forge: forge.actions.cancel(project_id, action_id, expected=expected),
        )

    @post(
        "/{actionId:str}/execute",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def execute_action(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        preconditions: NamedDependency[Preconditions],
        project_id: ProjectId,
        action_id: ActionId,
    ) -> Response[ActionView]:
        """Mark an action as executed; of several callers one succeeds."""
        expected = preconditions.on(ActionView)
        return _answer_action(
            once,
            forge,
            project_id,
            lambda forge: forge.actions.execute(project_id, action_id, expected=expected),
        )


class ActionController(Controller):
    """What waits in all projects."""

    path = "/actions"
    tags = ["actions"]

    @get("/held", sync_to_thread=True, responses=responses())
    def list_held_actions(
        self,
        paging: NamedDependency[Paging],
        until: Annotated[
            str | None,
            QueryParameter(
                name="until",
                description="Actions due by this moment (any ISO-8601); by now, unless given.",
                schema_extra={"examples": ["2026-02-04T10:30:00Z"], "format": "date-time"},
            ),
        ] = None,
    ) -> Response[ActionPage]:
        """List the held actions of all projects whose time has come, longest due first."""
        query = HeldActions(time_of("until", until), order=paging.order)
        return paging.answer(query, ActionPage)


def _answer_action(
    once: Once, forge: Forge, project_id: str, transition: Callable[[Forge], AgentAction]
) -> Response[ActionView]:
    """Change the state of an action, once under the request's key, and answer with the action."""
    return once.one(
        transition,
        lambda action_id: forge.actions.get(project_id, action_id, consistent=True),
        lambda action: JsonResponse(ActionView.of(action)),
    )
