"""``forge.events``."""

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
from autoforge.dynamodb.patterns.query import Page
from autoforge.dynamodb.timestamps import as_timestamp, moment_of
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.events import Event, GlobalEventRef, Severity


class Events(Resource):
    """What happened, for 30 days."""

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
        """Record an event in its project and in the global feed, together.

        Once this returns, every poll shows it, if its moment lies within the last 5 seconds
        (``record_within`` of ``Forge.connect``) or is not given. An older one is recorded too, but
        polls that are past its moment do not show it.

        Args:
            project_id: The project; None for an event that belongs to none.
            event_type: What kind of event it is; an open set.
            summary: One line for people.
            severity: How much it asks for attention.
            detail: Anything else, as a document.
            id: A ULID chosen by the caller. Recording the same event under the same id again
                changes nothing, so a caller that is unsure may repeat itself.
            created_at: When it happened; now, or the id's own time, unless given. It may lie in
                the past, and at most 2 seconds ahead.

        Raises:
            ItemExistsError: if another event has the id.
            ItemNotFoundError: if there is no such project.
            InvalidValueError: if the id was not minted from ``created_at``, or either is ahead
                of the present.
            UnacknowledgedEventError: if nobody knows whether the event was stored, or it was
                stored too late for polls; its ``id`` says which event to look up or record again.
            UnavailableError: if the event was not stored.
        """
        if project_id is not None:
            self._require_project(project_id)

        def event() -> Event:
            moment = self._moment(id, created_at)
            return Event(
                id=self._tools.new_id(moment) if id is None else id,
                project_id=project_id,
                event_type=event_type,
                severity=severity,
                summary=summary,
                detail=detail,
                created_at=moment,
            )

        renewed = event if id is None and created_at is None else None
        return RecordEvent(event(), renewed, self._tools.record_bound).run(self._store)

    def get(self, project_id: str | None, event_id: str, *, consistent: bool = False) -> Event:
        """Return an event of a project, or with None one of no project.

        Raises:
            ItemNotFoundError: if there is none, or it is past its 30 days.
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
            since: Only events from this moment on.
            until: Only events before this moment.
            after: Id of an event; only newer ones. Costs half a read unit when there are none. An
                event that was stored later than a newer one is not among them: see ``poll``.
            order: ``asc`` for oldest first.
            limit: Events of the page.
            cursor: Where the page before ended.
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
        """Return a page of what happened in all projects, newest first, over any range."""
        query = GlobalEvents(since=since, until=until, after=after, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def poll(
        self, project_id: str, *, after: str | None = None, limit: int = POLL_LIMIT
    ) -> Poll[Event]:
        """Return a project's events that no poll before has returned, oldest first.

        Every event whose recording was acknowledged is returned once: events with a moment of
        ``record``'s own, or one that was not older than its bound. Poll again at once while there
        are as many events as the limit.

        Args:
            project_id: The project.
            after: The cursor of the poll before. Without it the latest events are returned, and
                the next poll returns those that follow.
            limit: Events of the poll, at most 100.

        Raises:
            InvalidCursorError: if the cursor is not one of a poll of this project.
            InvalidValueError: if the limit is not 1 to 100.
        """
        return self._polled(EventsOfProject(project_id), after, limit)

    def poll_feed(
        self, *, after: str | None = None, limit: int = POLL_LIMIT
    ) -> Poll[GlobalEventRef | Event]:
        """Return what happened in all projects that no poll before has returned, oldest first.

        The rest is as in ``poll``.
        """
        return self._polled(GlobalEvents(), after, limit)

    def _polled(self, feed: Feed, after: str | None, limit: int) -> Poll[Any]:
        bound = self._tools.record_bound
        if after is not None:
            return poll(self._store, feed, after=after, limit=limit, bound=bound)
        newest, _, cursor = begin(self._store, feed, limit=limit, bound=bound)
        return Poll(tuple(reversed(newest)), cursor)

    def _moment(self, event_id: str | None, created_at: datetime | None) -> datetime:
        now = self._now()
        require_not_ahead("createdAt", created_at, now)
        if created_at is not None:
            return as_timestamp(created_at)
        if event_id is None:
            return now
        moment = moment_of(event_id)
        require_not_ahead(f"the time of id {event_id}", moment, now)
        return moment
