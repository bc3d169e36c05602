"""Recording of an event within a bound, so that pollers need not read older events again.

The sort key of an event is its creation time, but readers see it only when its write commits. So
``RecordEvent`` acknowledges an event only if it was stored within a bound after its creation time.
Pollers (``polling.py``) rely on the feed being complete up to that bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from autoforge.access.clocks import CLOCK_SKEW
from autoforge.access.events.patterns import EventById, record_event
from autoforge.dynamodb.client.client import Deadline
from autoforge.dynamodb.client.failures import TooLateError, UncertainError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import (
    ConfigurationError,
    ItemExistsError,
    RequestRunningError,
    UnacknowledgedEventError,
    UnavailableError,
)
from autoforge.models.events import Event

#: The timeout of one attempt to store an event.
ANSWER: Final = timedelta(seconds=3)
#: The longest ``RecordBound.sending``, since poll cursors hold relative times in two bytes.
LONGEST: Final = timedelta(seconds=30)
#: The type of an expired event that only occupies the key of an event that was not recorded.
NOT_RECORDED: Final = "not_recorded"


@dataclass(frozen=True)
class RecordBound:
    """How long after an event's creation time an attempt to store it may begin.

    All processes that record or poll events of one table must use the same bound. If they differ,
    pollers must use the largest.

    Attributes:
        sending: From the event's creation time to the last attempt; at most 30 seconds.

    Raises:
        ConfigurationError: if it is not above 0 and at most 30 seconds.
    """

    sending: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        """Refuse a bound that no event can meet, or that a poll cursor cannot hold."""
        if not timedelta() < self.sending <= LONGEST:
            raise ConfigurationError(
                f"the time to record an event is {self.sending.total_seconds():g} seconds; "
                f"give more than 0 and at most {LONGEST.seconds}"
            )

    @property
    def stored(self) -> timedelta:
        """From an event's creation time until it is stored, by the recording process's clock."""
        return self.sending + ANSWER

    @property
    def complete(self) -> timedelta:
        """From an event's creation time until every process can read it, by any process's clock."""
        return self.stored + CLOCK_SKEW


@dataclass(frozen=True)
class RecordEvent:
    """Stores an event and its reference in the global feed, in time for pollers.

    Attributes:
        event: The event.
        renewed: Builds the same event with the current time and a new id; None if the caller
            chose the time or the id.
        bound: How long after the event's creation time attempts may begin.
    """

    event: Event
    renewed: Callable[[], Event] | None
    bound: RecordBound

    def run(self, store: Store) -> Event:
        """Store the event, or its renewed form, and return the stored event.

        After an attempt whose answer was lost, the event is read before the next attempt, which
        uses the same id. A new id is used only if every attempt under the old one was refused. The
        bound does not apply to an event that is older than it from the start.

        Raises:
            InvalidValueError: if the event's id was not minted from its ``created_at``.
            ItemExistsError: if another event has the id.
            UnacknowledgedEventError: if it is unknown whether the event is stored, or it was
                stored too late for pollers; the error names its id.
            UnavailableError: if the event was not stored.
        """
        event = self.event
        if store.repeated and store.is_stored(Put(event)):
            return event
        if store.clock() - as_timestamp(event.created_at) > self.bound.sending:
            store.transact(record_event(event))
            return event
        return self._in_time(store, event)

    def _in_time(self, store: Store, event: Event) -> Event:
        uncertain = False
        for _ in store.client.attempts():
            try:
                store.transact(record_event(event), deadline=self._deadline(store, event))
                return self._acknowledged(store, event)
            except UncertainError as error:
                uncertain = True
                if _is_stored(store, event, error):
                    return self._acknowledged(store, event)
            except TooLateError as error:
                if uncertain:
                    raise _unknown(event) from error
                if self.renewed is None:
                    seconds = self.bound.sending.total_seconds()
                    raise UnavailableError(
                        f"event {event.id} was not stored within {seconds:g} seconds of its "
                        "creation time"
                    ) from error
                event = self.renewed()
            except UnavailableError as error:
                if uncertain:
                    raise _unknown(event) from error
                raise
        raise _unknown(event)

    def _deadline(self, store: Store, event: Event) -> Deadline:
        last = as_timestamp(event.created_at) + self.bound.sending
        return Deadline(store.clock, last, ANSWER.total_seconds())

    def _acknowledged(self, store: Store, event: Event) -> Event:
        """Return the event, if it was stored within the bound.

        The check is made after the answer, because the process may have been suspended between the
        check of the deadline and the request.

        Raises:
            UnacknowledgedEventError: if it was stored later.
        """
        if store.clock() > as_timestamp(event.created_at) + self.bound.stored:
            raise UnacknowledgedEventError(
                event.id,
                "was stored, but too late for polls to be sure to show it",
            )
        return event


def has_lapsed(
    store: Store, project_id: str | None, event_id: str, moment: datetime, bound: RecordBound
) -> bool:
    """Whether an interrupted recording was too late, so that the event needs a new time and id.

    That is so if the event was not stored within the bound. An expired item then occupies its key,
    so that a process which was suspended cannot store the event any more.

    Args:
        store: The Store.
        project_id: The event's project; None for an event without one.
        event_id: The event's id.
        moment: The event's creation time.
        bound: The bound of its recording.

    Raises:
        RequestRunningError: if an earlier attempt may still store the event, and it is too late
            for another attempt.
    """
    age = store.clock() - moment
    if age <= bound.sending / 2 or store.get(EventById(project_id, event_id), consistent=True):
        return False
    if age <= bound.complete:
        raise RequestRunningError(f"event {event_id} may still be stored; repeat the request later")
    return _occupy_key(store, project_id, event_id, moment)


def _occupy_key(store: Store, project_id: str | None, event_id: str, moment: datetime) -> bool:
    """Store an expired item under the key of an event; return False if the event is stored."""
    now = store.clock()
    placeholder = Event(
        id=event_id,
        project_id=project_id,
        event_type=NOT_RECORDED,
        summary="Was not recorded in time; recorded again under another id",
        created_at=moment,
        expires_at=now,
    )
    try:
        store.write(Put(placeholder))
    except ItemExistsError as error:
        return not (isinstance(error.item, Event) and error.item.is_live(now))
    return True


def _is_stored(store: Store, event: Event, error: UncertainError) -> bool:
    """Whether an attempt without an answer stored the event.

    Raises:
        UnacknowledgedEventError: if that cannot be read.
    """
    try:
        return store.is_stored(Put(event))
    except UnavailableError:
        raise _unknown(event) from error


def _unknown(event: Event) -> UnacknowledgedEventError:
    return UnacknowledgedEventError(
        event.id, "may or may not be stored; record it again under this id to be sure"
    )
