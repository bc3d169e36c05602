"""Routes of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from autoforge.access.events.patterns import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.events.polling import Feed, begin, poll
from autoforge.access.events.recording import has_lapsed
from autoforge.access.projects.patterns import ProjectById
from autoforge.access.requests.once import Lapsed
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.timestamps import is_ulid
from autoforge.errors import InvalidValueError
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY
from autoforge.http.api.paging import Paging, answer, json_response
from autoforge.http.api.parameters import After, From, ProjectId, To, id_in_path, time_range
from autoforge.http.api.problem import responses
from autoforge.http.api.projection import JsonObject, read_as_view
from autoforge.http.api.schemas import ULID_PATTERN, Body, ItemView, PageView, Timestamp
from autoforge.http.idempotency import Once, placed, repeatable
from autoforge.models.events import Severity

EventId = Annotated[str, id_in_path("eventId", "01KGKR2T40R6BAX8A0B1RTCDKN")]


class EventView(ItemView):
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
    created_at: Timestamp
    expires_at: Timestamp | None = Field(validation_alias="expiry")


class EventPage(PageView):
    """Some events, and where the next ones begin.

    The pollCursor of the first page without a range, given as ``after``, answers with what was not
    delivered since, and with the pollCursor for the next poll. Other pages have none.
    """

    example = {
        "items": [EventView.example],
        "nextCursor": None,
        "pollCursor": "AZxnLRIQ__________________7-_w.w3jW6rJZ2tZ8n0yC1c5cVh1rKq7xT3u4v5w6x7y8z9A",
    }

    items: tuple[EventView, ...]
    next_cursor: str | None
    poll_cursor: str | None


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
    created_at: Timestamp | None = None


class ProjectEventController(Controller):
    """What happened in a project."""

    path = "/projects/{projectId:str}/events"
    tags = ["events"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_project_events(
        self,
        *,
        forge: NamedDependency[Forge],
        paging: NamedDependency[Paging],
        project_id: ProjectId,
        since: From = None,
        until: To = None,
        after: After = None,
    ) -> Response[EventPage]:
        """List a project's events, newest first; or poll for those that follow."""
        first, end = time_range(since, until)
        feed = EventsOfProject(project_id, first, end, order=paging.order)
        return _answer_feed(forge, paging, feed, after, under=ProjectById(project_id))

    @post(
        "",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses=repeatable(HTTPStatus.NOT_FOUND),
    )
    def record_project_event(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        project_id: ProjectId,
        data: JSONBody[NewEvent],
    ) -> Response[EventView]:
        """Record an event in a project and in the global feed."""
        return once.one(
            lambda forge: forge.events.record(project_id, **dict(data)),
            lambda event_id: forge.events.get(project_id, event_id, consistent=True),
            lambda event: placed(
                EventView.of(event), f"/projects/{event.project_id}/events/{event.id}"
            ),
            _lapsed(forge, project_id, data),
        )

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
        forge: NamedDependency[Forge],
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
        """List what happened in all projects, newest first; or poll for what follows.

        The feed carries no detail of the events of projects; with a date the events do.
        """
        first, end = time_range(since, until)
        if day is None:
            return _answer_feed(forge, paging, GlobalEvents(first, end, order=paging.order), after)
        if after is not None:
            raise InvalidValueError("after was given with date; expected one of them")
        return _answer_page(paging, EventsOfDate(day, first, end, order=paging.order))

    @post(
        "",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses=repeatable(),
    )
    def record_event(
        self, forge: NamedDependency[Forge], once: NamedDependency[Once], data: JSONBody[NewEvent]
    ) -> Response[EventView]:
        """Record an event that belongs to no project."""
        return once.one(
            lambda forge: forge.events.record(None, **dict(data)),
            lambda event_id: forge.events.get(None, event_id, consistent=True),
            lambda event: placed(EventView.of(event), f"/events/{event.id}"),
            _lapsed(forge, None, data),
        )

    @get("/{eventId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_event(self, forge: NamedDependency[Forge], event_id: EventId) -> Response[EventView]:
        """Get an event that belongs to no project."""
        return answer(forge.store, EventById(None, event_id), EventView)


def _lapsed(forge: Forge, project_id: str | None, data: NewEvent) -> Lapsed:
    """Return whether an interrupted recording needs a new time; a client's own id or time stays."""
    if data.id is not None or data.created_at is not None:
        return lambda _: False
    return lambda run: has_lapsed(
        forge.store, project_id, run.first_id, run.moment, forge.record_bound
    )


def _answer_feed(
    forge: Forge,
    paging: Paging,
    feed: Feed,
    after: str | None,
    *,
    under: ProjectById | None = None,
) -> Response[EventPage]:
    """Answer with a page of a feed, or with what a poll delivers.

    Most polls find nothing new, so a poll does not check whether the project exists.

    Raises:
        ItemNotFoundError: if the page is empty and the project does not exist.
        InvalidCursorError: if ``after`` or the cursor is not a cursor of this feed.
        InvalidValueError: if the request has a parameter that a poll does not take.
    """
    reading = read_as_view(EventView)
    if after is not None and is_ulid(after):
        return _answer_page(paging, replace(feed, after=after))
    if after is not None:
        _require_plain_poll(paging, feed)
        polled = poll(
            paging.store,
            feed,
            after=after,
            limit=paging.limit,
            bound=forge.record_bound,
            reading=reading,
        )
        return _page(polled.items, None, polled.cursor)
    if paging.cursor is not None or feed.since or feed.until or not feed.descending:
        return _answer_page(paging, feed, under=under)
    items, cursor, poll_cursor = begin(
        paging.store, feed, limit=paging.limit, bound=forge.record_bound, reading=reading
    )
    paging.require(under, items)
    return _page(items, cursor, poll_cursor)


def _require_plain_poll(paging: Paging, feed: Feed) -> None:
    """Refuse parameters that would make a poll skip events."""
    given = {
        "from": feed.since,
        "to": feed.until,
        "cursor": paging.cursor,
        "order=desc": feed.order == "desc",
    }
    for name, value in given.items():
        if value:
            raise InvalidValueError(
                f"{name} was given with a pollCursor as after; expected one of them"
            )


def _answer_page(
    paging: Paging, query: Query[Any], *, under: ProjectById | None = None
) -> Response[EventPage]:
    page = paging.store.page(
        query, limit=paging.limit, cursor=paging.cursor, reading=read_as_view(EventView)
    )
    paging.require(under, page.items)
    return _page(page.items, page.cursor, None)


def _page(
    items: Sequence[JsonObject], cursor: str | None, poll_cursor: str | None
) -> Response[EventPage]:
    return json_response({"items": items, "nextCursor": cursor, "pollCursor": poll_cursor})
