"""Patterns of events, and the transaction that records one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_of
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.errors import InvalidValueError
from autoforge.models.events import Event, GlobalEventRef


@dataclass(frozen=True)
class EventById(Get[Event]):
    """Which event has this id, in this project or, without one, in the global feed?

    The id says when the event was created, and so where it is.
    """

    source = "HTTP API, GET /projects/{projectId}/events/{eventId}"
    key = Event.key
    renames = {"id": "event_id"}

    project_id: str | None
    event_id: str

    @property
    def created_at(self) -> datetime:
        """The time in the id, which is the event's creation time."""
        return timestamp_of(self.event_id)


@dataclass(frozen=True)
class EventsOfProject(Query[Event]):
    """What happened in this project, newest first?

    ``since`` is included and ``until`` is not. With ``after``, the id of an event, only what is
    newer is read: half a read unit when there is nothing, so that a dashboard can poll.
    """

    source = "Database analysis §4.1, get project events (paginated)"
    key = Event.key
    range = SortRange(
        "created_at", at_least="since", below="until", above=("after_created_at", "after")
    )
    newest_first = True

    project_id: str
    since: datetime | None = None
    until: datetime | None = None
    after: str | None = None

    @property
    def after_created_at(self) -> datetime | None:
        """The time in the id ``after``."""
        return None if self.after is None else timestamp_of(self.after)


@dataclass(frozen=True)
class EventsOfDate(Query[Event]):
    """What happened on this UTC day, in all projects, newest first?

    ``since`` is included and ``until`` is not; both only narrow the day.
    """

    source = "Database analysis §4.2, get events by date (global)"
    key = Event.by_date
    renames = {"created_at": "date"}
    range = SortRange("created_at", at_least="since", below="until")
    newest_first = True

    date: date
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class GlobalEvents(Query[GlobalEventRef | Event]):
    """What happened in all projects, newest first?

    ``since`` is included and ``until`` is not; a range may span midnights.
    """

    source = "Database analysis §4.2 and §4.3, get recent global events"
    key = GlobalEventRef.key
    range = SortRange(
        "created_at", at_least="since", below="until", above=("after_created_at", "after")
    )
    newest_first = True

    since: datetime | None = None
    until: datetime | None = None
    after: str | None = None

    @property
    def after_created_at(self) -> datetime | None:
        """The time in the id ``after``."""
        return None if self.after is None else timestamp_of(self.after)


def record_event(event: Event) -> Transaction:
    """The transaction that stores an event and its reference in the global feed; idempotent.

    Raises:
        InvalidValueError: if the event's id was not minted from its ``created_at``.
    """
    require_minted(event.id, event.created_at)
    own = Put(event, idempotent=True)
    if event.project_id is None:
        return Transaction((own,))
    reference = GlobalEventRef(
        id=event.id,
        project_id=event.project_id,
        event_type=event.event_type,
        severity=event.severity,
        summary=event.summary,
        created_at=event.created_at,
    )
    return Transaction((own, Put(reference, idempotent=True)))


def require_minted(ulid: str, created_at: datetime) -> None:
    """Refuse an id whose time is not the creation time, since readers derive the key from the id.

    Raises:
        InvalidValueError: naming both times.
    """
    if timestamp_of(ulid) != as_timestamp(created_at):
        raise InvalidValueError(
            f"the id {ulid} was minted at {timestamp_of(ulid).isoformat()}, "
            f"not at createdAt {created_at.isoformat()}"
        )
