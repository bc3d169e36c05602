"""``forge.events``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from autoforge.access.clocks import require_not_ahead
from autoforge.access.events import (
    EventById,
    EventsOfDate,
    EventsOfProject,
    GlobalEvents,
    record_event,
)
from autoforge.access.query import Page
from autoforge.forge.kind import PAGE_SIZE, Kind
from autoforge.models.event import Event, GlobalEventRef, Severity
from autoforge.moments import as_moment, moment_of


class Events(Kind):
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
        """
        if project_id is not None:
            self._require_project(project_id)
        moment = self._moment(id, created_at)
        event = Event(
            id=self._tools.new_id(moment) if id is None else id,
            project_id=project_id,
            event_type=event_type,
            severity=severity,
            summary=summary,
            detail=detail,
            created_at=moment,
        )
        self._store.transact(record_event(event))
        return event

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
            after: Id of an event; only newer ones. Costs half a read unit when there are none.
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

    def _moment(self, event_id: str | None, created_at: datetime | None) -> datetime:
        now = self._now()
        require_not_ahead("createdAt", created_at, now)
        if created_at is not None:
            return as_moment(created_at)
        if event_id is None:
            return now
        moment = moment_of(event_id)
        require_not_ahead(f"the time of id {event_id}", moment, now)
        return moment
