"""An event is recorded in time for every poller, or its recording is not acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from botocore.exceptions import EndpointConnectionError

from autoforge.access.clocks import CLOCK_SKEW
from autoforge.access.events.patterns import EventById, record_event
from autoforge.access.events.polling import MEMORY, POLL_LIMIT
from autoforge.access.events.recording import ANSWER, LONGEST, RecordBound, has_lapsed
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND, timestamp_of
from autoforge.dynamodb.transport.transport import patience
from autoforge.errors import (
    ConfigurationError,
    ItemExistsError,
    ThrottledError,
    UnacknowledgedEventError,
    UnavailableError,
)
from autoforge.forge import Forge
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Attempts, Break, Fault, Lose, Pass, Refuse, injected
from autoforge.testing.recording import Overheard, watching
from tests.factories import NOON, a_project, an_event, new_id

_BOUND: Final = RecordBound()
_THROTTLED: Final = Refuse("ThrottlingException")
_UNREACHED: Final = Break(EndpointConnectionError(endpoint_url="made up"))
#: An attempt that has no effect, with an answer that leaves this open.
_VANISHED: Final = Refuse("InternalServerError", status=500)


@pytest.fixture
def project_id(store: Store) -> str:
    """The id of a project that exists."""
    project = a_project(id=new_id())
    store.put_all([project])
    return str(project.id)


@contextmanager
def _transactions(store: Store, *faults: Fault) -> Iterator[Attempts]:
    """Make the attempts to store an event meet these faults in turn."""
    left = list(faults)

    def fault(_: int, operation: str) -> Fault:
        return left.pop(0) if left and operation == "TransactWriteItems" else Pass()

    with injected(store.client, fault) as attempts:
        yield attempts


@contextmanager
def _taking(clock: Clock, store: Store, **seconds: float) -> Iterator[None]:
    """Make requests of some operations take a number of seconds before they are sent."""
    sound = store.client.active_transport

    def before(operation: str, _: dict[str, Any]) -> None:
        clock.now += timedelta(seconds=seconds.get(operation, 0))

    store.client.active_transport = Overheard(sound, before)
    try:
        yield
    finally:
        store.client.active_transport = sound


def _stored(store: Store, project_id: str, event_id: str) -> bool:
    return store.get(EventById(project_id, event_id), consistent=True) is not None


@pytest.mark.parametrize("fault", [Lose(), _VANISHED])
def test_an_attempt_without_an_answer_is_looked_up_and_its_id_is_kept(
    forge: Forge, store: Store, project_id: str, fault: Fault
) -> None:
    with _transactions(store, fault) as attempts:
        event = forge.events.record(project_id, "signal", "s")

    again = [] if isinstance(fault, Lose) else ["TransactWriteItems"]
    assert attempts.operations == ["GetItem", "TransactWriteItems", "GetItem", *again]
    assert attempts.bodies[2].count(event.id.encode()) == 1
    assert [each.id for each in forge.events.of_project(project_id).items] == [event.id]


@pytest.mark.parametrize("fault", [_THROTTLED, _UNREACHED])
def test_an_event_refused_for_longer_than_the_bound_takes_a_new_id(
    forge: Forge, store: Store, clock: Clock, project_id: str, fault: Fault
) -> None:
    with _transactions(store, fault, fault, fault), _taking(clock, store, TransactWriteItems=3):
        event = forge.events.record(project_id, "signal", "s")

    # Attempts at 0, 3 and 6 seconds; the last is too late for the first id.
    assert event.created_at == timestamp_of(event.id) == NOON + timedelta(seconds=6)
    assert [each.id for each in forge.events.of_project(project_id).items] == [event.id]


@pytest.mark.parametrize("chosen", [{"id": new_id()}, {"created_at": NOON}])
def test_an_event_whose_caller_chose_its_place_is_not_given_another(
    forge: Forge, store: Store, clock: Clock, project_id: str, chosen: dict[str, Any]
) -> None:
    with (
        _transactions(store, _THROTTLED, _THROTTLED, _THROTTLED),
        _taking(clock, store, TransactWriteItems=3),
        pytest.raises(UnavailableError, match="was not stored within 5 seconds of its creation"),
    ):
        forge.events.record(project_id, "signal", "s", **chosen)

    assert forge.events.of_project(project_id).items == ()


def test_an_unknown_outcome_is_an_error_that_names_the_id(
    forge: Forge, store: Store, clock: Clock, project_id: str
) -> None:
    """No other id is used while the first attempt may still be executed."""
    with (
        _transactions(store, _VANISHED, _VANISHED, _VANISHED) as attempts,
        _taking(clock, store, TransactWriteItems=3),
        pytest.raises(UnacknowledgedEventError, match="may or may not be stored") as caught,
    ):
        forge.events.record(project_id, "signal", "s")

    assert attempts.operations.count("TransactWriteItems") == 2
    assert all(caught.value.id.encode() in body for body in attempts.bodies[1:])
    event = forge.events.record(project_id, "signal", "s", id=caught.value.id)
    assert [each.id for each in forge.events.of_project(project_id).items] == [event.id]


def test_an_event_stored_too_late_is_not_acknowledged(
    forge: Forge, store: Store, clock: Clock, project_id: str
) -> None:
    """A process may be suspended between the check of the time and the request."""
    stored = _BOUND.stored.total_seconds()
    with _taking(clock, store, TransactWriteItems=stored):
        forge.events.record(project_id, "signal", "s")

    with (
        _taking(clock, store, TransactWriteItems=stored + 0.001),
        pytest.raises(UnacknowledgedEventError, match="too late for polls") as caught,
    ):
        forge.events.record(project_id, "signal", "s")

    assert _stored(store, project_id, caught.value.id)


def test_an_event_of_the_past_may_take_as_long_as_any_write(
    forge: Forge, store: Store, clock: Clock, project_id: str
) -> None:
    old = NOON - _BOUND.sending - MILLISECOND

    with (
        _transactions(store, _THROTTLED, Lose()),
        _taking(clock, store, TransactWriteItems=60),
    ):
        event = forge.events.record(project_id, "signal", "s", created_at=old)

    assert _stored(store, project_id, event.id)


def test_an_event_as_old_as_the_bound_is_still_one_of_the_present(
    forge: Forge, store: Store, clock: Clock, project_id: str
) -> None:
    last = NOON - _BOUND.sending

    with (
        _taking(clock, store, TransactWriteItems=60),
        pytest.raises(UnacknowledgedEventError, match="too late for polls"),
    ):
        forge.events.record(project_id, "signal", "s", created_at=last)


def test_another_event_under_the_id_of_a_lost_attempt_is_refused(
    forge: Forge, store: Store, project_id: str
) -> None:
    chosen = new_id()
    forge.events.record(project_id, "signal", "another", id=chosen)

    with _transactions(store, _VANISHED), pytest.raises(ItemExistsError):
        forge.events.record(project_id, "signal", "s", id=chosen)


def test_a_table_that_stays_throttled_is_said_to_be(
    forge: Forge, store: Store, project_id: str
) -> None:
    with (
        injected(store.client, lambda _, op: _THROTTLED if op == "TransactWriteItems" else Pass()),
        pytest.raises(ThrottledError),
    ):
        forge.events.record(project_id, "signal", "s")


def test_each_attempt_waits_for_its_answer_no_longer_than_the_bound_says(
    forge: Forge, store: Store, project_id: str
) -> None:
    seen: list[tuple[str, float | None]] = []
    sound = store.client.active_transport
    store.client.active_transport = Overheard(
        sound, lambda operation, _: seen.append((operation, patience()))
    )
    try:
        forge.events.record(project_id, "signal", "s")
    finally:
        store.client.active_transport = sound

    assert seen == [("GetItem", None), ("TransactWriteItems", ANSWER.total_seconds())]


@pytest.mark.parametrize("sending", [timedelta(), timedelta(seconds=-1), LONGEST + MILLISECOND])
def test_a_bound_that_no_poll_could_keep_is_refused(sending: timedelta) -> None:
    with pytest.raises(ConfigurationError, match="give more than 0 and at most 30"):
        RecordBound(sending)


def test_a_poll_asks_what_its_pattern_says_in_one_strongly_consistent_request(
    forge: Forge, store: Store, project_id: str
) -> None:
    began = forge.events.poll(project_id)
    for _ in range(3):
        forge.events.record(project_id, "signal", "s")
    polls: tuple[Callable[[], Any], ...] = (
        lambda: forge.events.poll(project_id),
        lambda: forge.events.poll(project_id, after=began.cursor),
        forge.events.poll_feed,
    )

    for poll in polls:
        with watching(store.client) as watched:
            poll()
        ((operation, sent),) = watched.sent
        assert (operation, sent["ConsistentRead"]) == ("Query", True)


def test_an_event_stored_at_the_last_moment_by_a_clock_that_is_slow_is_delivered(
    forge: Forge, store: Store, clock: Clock, project_id: str
) -> None:
    """The poller's clock is as far ahead as allowed, and it polled just before."""
    began = forge.events.poll(project_id)
    clock.now = NOON + _BOUND.stored + CLOCK_SKEW
    newer = forge.events.record(project_id, "signal", "newer")
    polled = forge.events.poll(project_id, after=began.cursor)
    last = an_event(project_id=project_id, created_at=NOON)
    store.transact(record_event(last))

    late = forge.events.poll(project_id, after=polled.cursor)

    assert [each.id for each in polled.items] == [newer.id]
    assert [each.id for each in late.items] == [last.id]


def test_more_events_than_a_cursor_remembers_come_later_and_once(
    forge: Forge, store: Store, clock: Clock, project_id: str
) -> None:
    cursor = forge.events.poll(project_id).cursor
    events = [an_event(project_id=project_id) for _ in range(MEMORY + 30)]
    store.put_all(events)
    sizes, delivered = [], []

    for seconds in (0, 0, 0, _BOUND.complete.total_seconds(), 0.001, 0):
        clock.now += timedelta(seconds=seconds)
        polled = forge.events.poll(project_id, after=cursor)
        cursor = polled.cursor
        sizes.append(len(polled.items))
        delivered += [each.id for each in polled.items]
        assert len(cursor) < 2048

    assert sizes == [POLL_LIMIT, MEMORY - POLL_LIMIT, 0, 0, 30, 0]
    assert delivered == [each.id for each in events]


def test_as_many_events_as_a_cursor_remembers_count_as_delivered_when_polling_begins(
    forge: Forge, store: Store, project_id: str
) -> None:
    store.put_all([an_event(project_id=project_id) for _ in range(MEMORY)])

    cursor = forge.events.poll(project_id).cursor

    assert forge.events.poll(project_id, after=cursor).items == ()


def test_an_id_that_was_taken_of_a_late_event_stays_taken(
    store: Store, clock: Clock, project_id: str
) -> None:
    late = an_event(project_id=project_id)
    clock.now += _BOUND.complete + MILLISECOND

    for _ in range(2):
        assert has_lapsed(store, project_id, late.id, late.created_at, _BOUND)


def test_loaded_events_with_other_ids_than_ulids_do_not_stop_a_poll(
    forge: Forge, store: Store, project_id: str
) -> None:
    began = forge.events.poll(project_id)
    known = forge.events.record(project_id, "signal", "known")
    loaded = _under(known, "550e8400-e29b-41d4-a716-446655440000")
    store.put_all([loaded])
    newer = forge.events.record(project_id, "signal", "newer")

    polled = forge.events.poll(project_id, after=began.cursor)

    assert [each.id for each in polled.items] == [known.id, newer.id]
    assert loaded in forge.events.poll(project_id).items


def _under(event: Any, id_: str) -> Any:
    """Return the same event under another id."""
    return type(event)(**{**event.attribute_values, "id": id_})


def test_a_poll_cursor_of_a_deleted_project_shows_nothing(forge: Forge, project_id: str) -> None:
    """The events whose ids a cursor remembers may have been deleted."""
    forge.events.record(project_id, "signal", "s")
    began = forge.events.poll(project_id)
    forge.projects.delete(project_id)

    assert forge.events.poll(project_id, after=began.cursor).items == ()
