"""``forge.events``: the events of a project and of the whole platform."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from autoforge.access.clocks import require_not_ahead
from autoforge.access.events.patterns import (
    EventById,
    EventsOfDate,
    EventsOfProject,
    GlobalEvents,
)
from autoforge.access.events.polling import POLL_LIMIT, Feed, Poll, begin, poll
from autoforge.access.events.recording import RecordEvent
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_of
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.events import Event, GlobalEventRef, Severity


class Events(Resource):
    """Records, reads and polls events, which expire after 30 days."""

    def record(
        self,
        project_id: str | None,
        event_type: str,
        summary: str,
        *,
        severity: Severity = Severity.INFO,
        detail: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002 - the attribute's name
        created_at: datetime | None = None,
    ) -> Event:
        """Record an event in its project and in the global feed, in one transaction.

        Every poll returns the event if its creation time is not given, or is within the last 5
        seconds (``record_within`` of ``Forge.connect``). An older event is stored too, but polls
        that are past its time do not return it.

        Args:
            project_id: The project; None for an event without a project.
            event_type: The kind of event; any text.
            summary: The event in one line, for people.
            severity: How urgently the event needs attention.
            detail: Further data, as a document.
            id: A ULID chosen by the caller; None to mint one. Recording the same event under the
                same id again changes nothing, so the call can be repeated.
            created_at: When the event happened; None for the time in the id, or now. It may be in
                the past, and at most 2 seconds in the future.

        Raises:
            ItemExistsError: if another event has the id.
            ItemNotFoundError: if there is no such project.
            InvalidValueError: if the id was not minted from ``created_at``, or either is ahead
                of the present.
            UnacknowledgedEventError: if it is unknown whether the event was stored, or it was
                stored too late for polls; ``id`` is the event's id, to record it again.
            UnavailableError: if the event was not stored.
        """
        if project_id is not None:
            self._require_project(project_id)

        def event() -> Event:
            time = self._creation_time(id, created_at)
            return Event(
                id=self._context.new_id(time) if id is None else id,
                project_id=project_id,
                event_type=event_type,
                severity=severity,
                summary=summary,
                detail=detail,
                created_at=time,
            )

        renewed = event if id is None and created_at is None else None
        return RecordEvent(event(), renewed, self._context.record_bound).run(self._store)

    def get(self, project_id: str | None, event_id: str, *, consistent: bool = False) -> Event:
        """Return an event of a project, or with None an event without a project.

        Raises:
            ItemNotFoundError: if there is no such event, or it has expired.
        """
        return self._store.require(EventById(project_id, event_id), consistent=consistent)

    def of_project(
        self,
        project_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        after: str | None = None,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Event]:
        """Return a page of a project's events, newest first.

        Args:
            project_id: The project.
            since: The earliest creation time, included.
            until: The latest creation time, excluded.
            after: The id of an event; only newer events are returned. Costs half a read unit if
                there are none. An event can be stored after a newer one and is then missed here;
                ``poll`` returns it.
            order: ``asc`` for oldest first.
            limit: The number of events of the page.
            cursor: The cursor of the previous page; None for the first page.
        """
        query = EventsOfProject(project_id, since=since, until=until, after=after, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def of_date(
        self,
        day: date,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Event]:
        """Return a page of all projects' events of a UTC day, newest first."""
        query = EventsOfDate(day, since=since, until=until, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def feed(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        after: str | None = None,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[GlobalEventRef | Event]:
        """Return a page of the events of all projects, newest first, over any range of time."""
        query = GlobalEvents(since=since, until=until, after=after, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def poll(
        self, project_id: str, *, after: str | None = None, limit: int = POLL_LIMIT
    ) -> Poll[Event]:
        """Return the events of a project that the previous polls have not returned, oldest first.

        Every acknowledged event is returned once, unless it was recorded with a time older than
        the bound of ``record``. Poll again at once if the number of events is the limit.

        Args:
            project_id: The project.
            after: The cursor of the previous poll. None returns the newest events, and the next
                poll returns the events that follow them.
            limit: The most events to return, up to 100.

        Raises:
            InvalidCursorError: if the cursor was not issued by a poll of this project.
            InvalidValueError: if the limit is not 1 to 100.
        """
        return self._polled(EventsOfProject(project_id), after, limit)

    def poll_feed(
        self, *, after: str | None = None, limit: int = POLL_LIMIT
    ) -> Poll[GlobalEventRef | Event]:
        """Return the events of all projects that the previous polls have not returned.

        Arguments, order and errors are those of ``poll``.
        """
        return self._polled(GlobalEvents(), after, limit)

    def _polled(self, feed: Feed, after: str | None, limit: int) -> Poll[Any]:
        bound = self._context.record_bound
        if after is not None:
            return poll(self._store, feed, after=after, limit=limit, bound=bound)
        newest, _, cursor = begin(self._store, feed, limit=limit, bound=bound)
        return Poll(tuple(reversed(newest)), cursor)

    def _creation_time(self, event_id: str | None, created_at: datetime | None) -> datetime:
        now = self._now()
        require_not_ahead("createdAt", created_at, now)
        if created_at is not None:
            return as_timestamp(created_at)
        if event_id is None:
            return now
        time = timestamp_of(event_id)
        require_not_ahead(f"the time of id {event_id}", time, now)
        return time
