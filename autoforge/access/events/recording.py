"""Recording an event in time: who polls reads again what is younger than a bound, and no more.

An event's place in a feed is its moment, and it is seen once its write commits. So ``RecordEvent``
acknowledges an event only if it was stored within a bound after its moment. Whoever polls
(``polling.py``) takes what is older than that for complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from autoforge.access.clocks import CLOCK_SKEW
from autoforge.access.events.patterns import EventById, record_event
from autoforge.dynamodb.client.client import Deadline, TooLateError, UncertainError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.write import Put
from autoforge.errors import (
    ConfigurationError,
    ItemExistsError,
    RequestRunningError,
    UnacknowledgedEventError,
    UnavailableError,
)
from autoforge.models.events import Event

#: How long to wait for the answer to one attempt to store an event.
ANSWER: Final = timedelta(seconds=3)
#: The longest ``RecordBound.sending``: poll cursors write the times of events in two bytes.
LONGEST: Final = timedelta(seconds=30)
#: The type of an event that takes an id, and reads as gone.
NOT_RECORDED: Final = "not_recorded"


@dataclass(frozen=True)
class RecordBound:
    """How long after an event's moment attempts to store it may begin.

    All processes that record or poll on one table have the same, or pollers the largest.

    Attributes:
        sending: From the event's moment to the last attempt; at most 30 seconds.

    Raises:
        ConfigurationError: if it is not above 0, or is longer.
    """

    sending: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        """Refuse a bound that no event could keep, or that a poll cursor cannot hold."""
        if not timedelta() < self.sending <= LONGEST:
            raise ConfigurationError(
                f"events are recorded within {self.sending.total_seconds():g} seconds: "
                f"give more than 0 and at most {LONGEST.seconds}"
            )

    @property
    def stored(self) -> timedelta:
        """From an event's moment until it is stored, by the clock of who records it."""
        return self.sending + ANSWER

    @property
    def complete(self) -> timedelta:
        """From an event's moment until everybody can read it, by anybody's clock."""
        return self.stored + CLOCK_SKEW


@dataclass(frozen=True)
class RecordEvent:
    """Store an event and its trace in the global feed, in time for whoever polls.

    Attributes:
        event: The event.
        renewed: Makes the same event anew, at the present moment and under a new id; None where
            the caller chose the moment or the id.
        bound: How long attempts may begin.
    """

    event: Event
    renewed: Callable[[], Event] | None
    bound: RecordBound

    def run(self, store: Store) -> Event:
        """Store the event, perhaps made anew, and return it.

        An attempt whose answer was lost is looked up before another is made, under the same id. A
        new id is taken only if every attempt under the old one was refused. An event whose moment
        is older than the bound from the start is stored without any: it belongs to the past.

        Raises:
            InvalidValueError: if the event's id was not minted from its ``created_at``.
            ItemExistsError: if another event has the id.
            UnacknowledgedEventError: if nobody knows whether the event is stored, or it was
                stored too late; the error names its id.
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
                        f"event {event.id} was not stored within {seconds:g} seconds of its moment"
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
        """The event, if it is certain that it was stored in time.

        Only this makes the bound hold: a process may have been stopped between the check of the
        deadline and the request.
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
    """Whether an event of the present, whose recording was cut off, needs another moment.

    It does if it was not stored while polls could wait for it. Its id is taken then, so that no
    process that stood still stores it after all.

    Raises:
        RequestRunningError: if it may still be stored, and it is too late to try that again.
    """
    age = store.clock() - moment
    if age <= bound.sending / 2 or store.get(EventById(project_id, event_id), consistent=True):
        return False
    if age <= bound.complete:
        raise RequestRunningError(f"event {event_id} may still be stored")
    return _is_taken(store, project_id, event_id, moment)


def _is_taken(store: Store, project_id: str | None, event_id: str, moment: datetime) -> bool:
    """Take the id of an event that was not stored, with an item that reads as gone at once.

    False if the event is stored by now.
    """
    now = store.clock()
    nothing = Event(
        id=event_id,
        project_id=project_id,
        event_type=NOT_RECORDED,
        summary="Was not recorded in time; recorded again under another id",
        created_at=moment,
        expires_at=now,
    )
    try:
        store.write(Put(nothing))
    except ItemExistsError as error:
        return not (isinstance(error.item, Event) and error.item.is_live(now))
    return True


def _is_stored(store: Store, event: Event, error: UncertainError) -> bool:
    """Look up whether an attempt without an answer stored the event."""
    try:
        return store.is_stored(Put(event))
    except UnavailableError:
        raise _unknown(event) from error


def _unknown(event: Event) -> UnacknowledgedEventError:
    return UnacknowledgedEventError(
        event.id, "may be stored or not: record it again under this id to be sure"
    )
