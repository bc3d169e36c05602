"""Items past their expiry that DynamoDB has not deleted yet, in the tables of a library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from autoforge.access.pattern import Get
from autoforge.access.query import Query, SortRange
from autoforge.access.store import Store
from autoforge.access.writing import Check, Delete, Transaction
from autoforge.models.attributes import IdAttribute, MomentAttribute
from autoforge.models.indexes import GSI1
from autoforge.models.keys import Key
from autoforge.models.table import Entity
from tests.factories import NOON, new_id
from tests.stores import Clock, raw_items

HOUR = timedelta(hours=1)


class Hold(Entity):
    """A book that is kept for a reader until the hold expires."""

    shelf = IdAttribute()
    id = IdAttribute()
    ready_at = MomentAttribute()

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
