"""Routes of events."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from autoforge.access.events import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.errors import InvalidValueError
from autoforge.forge import Forge
from autoforge.http.answers import Paging, answer
from autoforge.http.params import After, From, ProjectId, To, id_in_path, stretch
from autoforge.http.problem import responses
from autoforge.http.respond import JsonResponse
from autoforge.http.views import ULID_PATTERN, Body, Moment, PageView, View
from autoforge.models.event import Severity

EventId = Annotated[str, id_in_path("eventId", "01KGKR2T40R6BAX8A0B1RTCDKN")]


class EventView(View):
    """Something that happened; in the global feed, without its detail."""

    example = {
        "id": "01KGKR2T40R6BAX8A0B1RTCDKN",
        "projectId": "550e8400-e29b-41d4-a716-446655440000",
        "eventType": "signal_detected",
        "severity": "info",
        "summary": "Jira ticket MCU-156 status changed to In Progress",
        "detail": {"ticket": "MCU-156"},
        "createdAt": "2026-02-04T10:30:00.000Z",
        "expiresAt": "2026-03-06T10:30:00.000Z",
    }

    id: str
    project_id: str | None
    event_type: str
    severity: Severity
    summary: str
    detail: dict[str, Any] | None = None
    created_at: Moment
    expires_at: Moment | None = Field(validation_alias="expiry")


class EventPage(PageView):
    """Some events, and where the next ones begin."""

    example = {"items": [EventView.example], "nextCursor": None}

    items: tuple[EventView, ...]
    next_cursor: str | None


class NewEvent(Body):
    """An event to record."""

    example = {
        "eventType": "signal_detected",
        "severity": "info",
        "summary": "Jira ticket MCU-156 status changed to In Progress",
        "detail": {"ticket": "MCU-156"},
    }

    event_type: str = Field(min_length=1, max_length=200)
    summary: str = Field(max_length=2000)
    severity: Severity = Severity.INFO
    detail: dict[str, Any] | None = None
    #: Recording the same event under the same id again changes nothing.
    id: str | None = Field(default=None, pattern=ULID_PATTERN)
    created_at: Moment | None = None


class ProjectEventController(Controller):
    """What happened in a project."""

    path = "/projects/{projectId:str}/events"
    tags = ["events"]

    @get("", sync_to_thread=True, responses=responses())
    def list_project_events(
        self,
        *,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
        since: From = None,
        until: To = None,
        after: After = None,
    ) -> Response[EventPage]:
        """List a project's events, newest first."""
        between = stretch(since, until)
        query = EventsOfProject(project_id, **between, after=after, order=paging.order)
        return paging.answer(query, EventPage)

    @post(
        "",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    def record_project_event(
        self, forge: NamedDependency[Forge], project_id: ProjectId, data: JSONBody[NewEvent]
    ) -> Response[EventView]:
        """Record an event in a project and in the global feed."""
        event = forge.events.record(project_id, **dict(data))
        location = f"/projects/{event.project_id}/events/{event.id}"
        return JsonResponse(EventView.of(event), headers={"location": location})

    @get("/{eventId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_project_event(
        self, forge: NamedDependency[Forge], project_id: ProjectId, event_id: EventId
    ) -> Response[EventView]:
        """Get an event of a project."""
        return answer(forge.store, EventById(project_id, event_id), EventView)


class EventController(Controller):
    """What happened in all projects, and what belongs to none."""

    path = "/events"
    tags = ["events"]

    @get("", sync_to_thread=True, responses=responses())
    def list_events(
        self,
        *,
        paging: NamedDependency[Paging],
        day: Annotated[
            date | None,
            QueryParameter(
                name="date",
                description="Only this UTC day, in detail.",
                schema_extra={"examples": ["2026-02-04"]},
            ),
        ] = None,
        since: From = None,
        until: To = None,
        after: After = None,
    ) -> Response[EventPage]:
        """List what happened in all projects, newest first.

        The feed carries no detail of the events of projects; with a date the events do.
        """
        between = stretch(since, until)
        if day is None:
            feed = GlobalEvents(**between, after=after, order=paging.order)
            return paging.answer(feed, EventPage)
        if after is not None:
            raise InvalidValueError("after does not go with date: the feed without a date has it")
        return paging.answer(EventsOfDate(day, **between, order=paging.order), EventPage)

    @post(
        "",
        sync_to_thread=True,
        responses=responses(HTTPStatus.CONFLICT),
    )
    def record_event(
        self, forge: NamedDependency[Forge], data: JSONBody[NewEvent]
    ) -> Response[EventView]:
        """Record an event that belongs to no project."""
        event = forge.events.record(None, **dict(data))
        return JsonResponse(EventView.of(event), headers={"location": f"/events/{event.id}"})

    @get("/{eventId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_event(self, forge: NamedDependency[Forge], event_id: EventId) -> Response[EventView]:
        """Get an event that belongs to no project."""
        return answer(forge.store, EventById(None, event_id), EventView)
