"""Expired items that DynamoDB has not deleted yet, in the tables of a library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.testing.clock import Clock
from autoforge.testing.recording import WrappedTransport
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON, new_id
from tests.stores import raw_items

HOUR = timedelta(hours=1)


class Hold(Entity):
    """A book on hold for a reader until the hold expires."""

    shelf: Id = Id()
    id: Id = Id()
    ready_at: Moment = Moment()

    key = Key("SHELF#{shelf}", "HOLD#{id}")
    ready = Key("READY#{shelf}", "{ready_at}#{id}", index=GSI1)


@dataclass(frozen=True)
class HoldById(Get[Hold]):
    """Which hold has this id?"""

    source = "a test"
    key = Hold.key

    shelf: str
    id: str


@dataclass(frozen=True)
class HoldsOfShelf(Query[Hold]):
    """Which books are kept on this shelf?"""

    source = "a test"
    key = Hold.key

    shelf: str


@dataclass(frozen=True)
class ReadyHolds(Query[Hold]):
    """Which books can be fetched by now?"""

    source = "a test"
    key = Hold.ready
    range = SortRange("ready_at", at_most="by")
    moving = "by"

    shelf: str
    by: datetime | None = None


def _hold(shelf: str, number: int = 0, *, ready: datetime, until: datetime | None = None) -> Hold:
    return Hold(shelf=shelf, id=f"h{number:04}", ready_at=ready, expires_at=until)


def test_who_is_shown_expired_items_still_asks_about_the_present(store: Store) -> None:
    shelf = new_id()
    gone = _hold(shelf, 1, ready=NOON - 2 * HOUR, until=NOON - HOUR)
    here = _hold(shelf, 2, ready=NOON - HOUR)
    later = _hold(shelf, 3, ready=NOON + HOUR)
    store.put_all([gone, here, later])

    with_expired = store.with_expired()

    assert store.page(ReadyHolds(shelf), limit=9).items == (here,)
    assert with_expired.page(ReadyHolds(shelf), limit=9).items == (gone, here)
    assert with_expired.count(ReadyHolds(shelf)) == 2
    assert with_expired.page(ReadyHolds(shelf, by=NOON + HOUR), limit=9).items == (
        gone,
        here,
        later,
    )


def test_the_clock_of_who_is_shown_expired_items_goes_on(store: Store, clock: Clock) -> None:
    shelf = new_id()
    later = _hold(shelf, ready=NOON + HOUR, until=NOON + 2 * HOUR)
    store.put_all([later])
    with_expired = store.with_expired()
    assert with_expired.page(ReadyHolds(shelf), limit=9).items == ()

    clock.now = NOON + 3 * HOUR

    assert with_expired.clock() == NOON + 3 * HOUR
    assert with_expired.page(ReadyHolds(shelf), limit=9).items == (later,)
    assert store.page(ReadyHolds(shelf), limit=9).items == ()


def test_an_expired_item_is_shown_by_every_way_of_reading_and_only_on_request(
    store: Store,
) -> None:
    shelf = new_id()
    gone = _hold(shelf, ready=NOON - 2 * HOUR, until=NOON - HOUR)
    store.put_all([gone])

    assert store.get(HoldById(shelf, gone.id)) is None
    assert store.page(HoldsOfShelf(shelf), limit=9).items == ()
    assert store.with_expired().get(HoldById(shelf, gone.id)) == gone
    assert store.with_expired().page(HoldsOfShelf(shelf), limit=9).items == (gone,)


def test_a_transaction_of_who_is_shown_expired_items_is_marked_with_the_present(
    store: Store,
) -> None:
    shelf = new_id()
    gone, here = (_hold(shelf, number, ready=NOON) for number in (1, 2))
    store.put_all([gone, here])
    writes = (
        Delete(Hold, {"shelf": shelf, "id": gone.id}),
        Check(Hold, {"shelf": shelf, "id": here.id}, NOON),
    )

    store.with_expired().transact(Transaction(writes, marked=True))

    (mark,) = (item for item in raw_items(store) if item["EntityType"]["S"] == "TransactionMark")
    assert int(mark["TTL"]["N"]) > NOON.timestamp()


@dataclass
class Reads(WrappedTransport):
    """A transport that counts the items that the engine read, by its answers."""

    transport: Transport
    limits: list[int] = field(default_factory=list)
    items: int = 0

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request, and count."""
        answer = self.transport.exchange(operation, parameters)
        self.limits.append(parameters["Limit"])
        self.items += answer["ScannedCount"]
        return answer


@contextmanager
def _counting(store: Store) -> Iterator[Reads]:
    """Count the items read until the block ends."""
    sound = store.client.active_transport
    reads = Reads(sound)
    store.client.active_transport = reads
    try:
        yield reads
    finally:
        store.client.active_transport = sound


def _stored(store: Store, expired: Sequence[bool]) -> tuple[str, list[Hold]]:
    """Store holds of one shelf, some expired; return the shelf and its live holds in order."""
    shelf = new_id()
    holds = [
        _hold(shelf, number, ready=NOON, until=NOON if gone else None)
        for number, gone in enumerate(expired)
    ]
    store.put_all(holds)
    return shelf, [hold for hold, gone in zip(holds, expired, strict=True) if not gone]


@pytest.mark.parametrize("place", [0, 12, 24, 25])
def test_one_expired_item_costs_a_page_one_item_more(store: Store, place: int) -> None:
    shelf, live = _stored(store, [number == place for number in range(80)])

    with _counting(store) as reads:
        page = store.page(HoldsOfShelf(shelf), limit=25)

    assert page.items == tuple(live[:25])
    assert (reads.limits, reads.items) == ([26, 1], 27)


def test_a_page_without_expired_items_reads_one_item_more_than_it_has(store: Store) -> None:
    shelf, live = _stored(store, [False] * 40)

    with _counting(store) as reads:
        page = store.page(HoldsOfShelf(shelf), limit=25)

    assert page.items == tuple(live[:25])
    assert reads.items == 26


def test_among_mostly_expired_items_each_request_asks_for_twice_as_many(store: Store) -> None:
    shelf, live = _stored(store, [number % 10 != 9 for number in range(200)])

    with _counting(store) as reads:
        page = store.page(HoldsOfShelf(shelf), limit=9)

    assert page.items == tuple(live[:9])
    assert reads.limits == [10, 20, 40, 80]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pages_are_full_and_read_little_wherever_items_have_expired(
    store: Store, data: st.DataObject
) -> None:
    runs = st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=10)
    expired = [gone for gone, times in data.draw(runs, label="runs") for _ in range(times)]
    limit = data.draw(st.integers(1, 30), label="limit")
    order: Literal["asc", "desc"] = data.draw(st.sampled_from(("asc", "desc")), label="order")
    shelf, live = _stored(store, expired)
    if order == "desc":
        expired, live = expired[::-1], live[::-1]

    pages, cursor, begin = [], None, 0
    while True:
        with _counting(store) as reads:
            page = store.page(HoldsOfShelf(shelf, order=order), limit=limit, cursor=cursor)
        needed, following = _needed(expired, begin, limit)
        passed_over = sum(expired[begin : begin + needed])
        assert needed <= reads.items <= min(3 * needed, needed + 4 * passed_over)
        assert len(reads.limits) <= 2 + 2 * needed.bit_length()
        begin = following
        pages.append(page.items)
        cursor = page.cursor
        if cursor is None:
            break

    assert all(len(page) == limit for page in pages[:-1])
    assert [hold for page in pages for hold in page] == live
    assert bool(pages[-1]) == bool(live)


def _needed(expired: Sequence[bool], begin: int, limit: int) -> tuple[int, int]:
    """The fewest items that a page must read, and the position where the next page starts."""
    live = [place for place in range(begin, len(expired)) if not expired[place]]
    if len(live) <= limit:
        return len(expired) - begin, len(expired)
    return live[limit] - begin + 1, live[limit - 1] + 1
