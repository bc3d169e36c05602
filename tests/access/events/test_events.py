"""Events are recorded once, with a reference for each in the global feed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from autoforge.access.artefacts import update_artefact
from autoforge.access.events.patterns import (
    EventById,
    EventsOfDate,
    EventsOfProject,
    GlobalEvents,
    record_event,
)
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.errors import (
    InvalidValueError,
    ItemExistsError,
)
from autoforge.models import (
    Event,
)
from tests.dynamodb.written import LATER, stored_item
from tests.factories import (
    NOON,
    an_artefact,
    an_event,
    new_id,
)
from tests.stores import fresh, put_raw, raw_items


def test_a_recorded_event_is_in_its_project_its_day_and_the_feed(store: Store) -> None:
    store = fresh(store.client)
    event = an_event(detail={"a": 1})

    store.transact(record_event(event))

    (trace,) = store.page(GlobalEvents(), limit=9).items
    assert store.page(EventsOfProject(event.project_id or ""), limit=9).items == (event,)
    assert store.page(EventsOfDate(NOON.date()), limit=9).items == (event,)
    assert trace.attribute_values == {
        **{n: value for n, value in event.attribute_values.items() if n != "detail"},
        "expires_at": NOON + timedelta(days=30),
    }


def test_an_event_of_no_project_is_stored_once_in_the_feed(store: Store) -> None:
    store = fresh(store.client)
    event = an_event(project_id=None)

    store.transact(record_event(event))
    store.transact(record_event(event))

    assert store.page(GlobalEvents(), limit=9).items == (event,)
    assert len(raw_items(store)) == 1


def test_recording_the_same_event_twice_is_one_event(store: Store) -> None:
    store = fresh(store.client)
    event = an_event(detail={"small": 1e-7, "whole": 2.0, "large": 1e30})

    store.transact(record_event(event))
    before = raw_items(store)
    store.transact(record_event(event))

    assert raw_items(store) == before
    assert len(before) == 2


def test_numbers_that_are_written_in_another_way_are_still_the_same_event(store: Store) -> None:
    event = an_event(project_id=None, detail={"a": [1.5, 100]})
    written = {"M": {"a": {"L": [{"N": "1.50"}, {"N": "1E2"}]}}}
    put_raw(store, {**event.to_item(), "detail": written})

    store.transact(record_event(event))

    assert store.get(EventById(None, event.id)) == event


def test_recording_an_event_again_restores_a_trace_that_expired_before_it(store: Store) -> None:
    store = fresh(store.client)
    event = an_event()
    store.transact(record_event(event))
    (trace,) = store.page(GlobalEvents(), limit=9).items
    store.delete_all(store.keys_in("GLOBAL"))

    store.transact(record_event(event))

    assert store.page(GlobalEvents(), limit=9).items == (trace,)


@pytest.mark.parametrize(
    "change", [{"summary": "Another"}, {"detail": {"a": 2}}, {"detail": {"a": 1.5}}]
)
def test_another_event_under_the_same_id_is_refused(store: Store, change: dict[str, Any]) -> None:
    event = an_event(detail={"a": 1})
    store.transact(record_event(event))
    values = {**event.attribute_values, **change}

    with pytest.raises(ItemExistsError) as caught:
        store.transact(record_event(Event(**values)))

    assert caught.value.item == event


def test_an_event_with_another_write_is_not_half_repeated(store: Store) -> None:
    """The event already exists, so its update was applied before or belongs to another call."""
    event, artefact = an_event(), store.save(Put(an_artefact()))
    store.transact(record_event(event))
    update = update_artefact(
        artefact.project_id, artefact.type, {"new": 1}, expected_version=None, at=LATER
    )

    with pytest.raises(ItemExistsError):
        store.transact(Transaction((*record_event(event).writes, update)))

    assert stored_item(store, artefact) == artefact.to_item()


def test_an_event_whose_id_tells_another_moment_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="was minted at 2026-02-04T12:00:00"):
        record_event(an_event(id=new_id(NOON), created_at=NOON + MILLISECOND))
