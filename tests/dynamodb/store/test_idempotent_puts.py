"""An item that exists as a Put would store it counts as stored, in a transaction, too."""

from __future__ import annotations

import pytest

from autoforge.dynamodb import (
    Entity,
    Id,
    Key,
    Moment,
    Put,
    Store,
    Table,
    Text,
    Transaction,
    TransactionMark,
    Unique,
)
from autoforge.dynamodb.client.client import Client
from autoforge.errors import ItemExistsError, NotUniqueError
from tests.factories import NOON
from tests.stores import fresh, raw_items

pytestmark = pytest.mark.every_engine


class Booking(Entity):
    """A booking on a flight, perhaps with a seat; nothing in it tells when it was made."""

    flight: Id = Id()
    code: Id = Id()
    seat: Text[None] = Text(default=None)

    key = Key("FLIGHT#{flight}", "BOOKING#{code}")
    seated = Unique("SEAT#{flight}#{seat}")


class Bag(Entity):
    """A bag on a flight; it stores no time, either."""

    flight: Id = Id()
    number: Id = Id()
    owner: Text = Text()

    key = Key("FLIGHT#{flight}", "BAG#{number}")


class Scan(Entity):
    """A bag as it was seen at a time, by which its Put is recognised."""

    bag: Id = Id()
    created_at: Moment = Moment()

    key = Key("BAG#{bag}", "SCAN")


AIRLINE = Table("Airline", entities=(Booking, Bag, Scan))


@pytest.fixture(name="store")
def store_fixture(client: Client) -> Store:
    return fresh(client, design=AIRLINE)


@pytest.mark.parametrize("seat", ["7A", None])
def test_an_item_with_a_unique_value_is_stored_once(store: Store, seat: str | None) -> None:
    booking = Booking(flight="f", code="b", seat=seat)
    store.save(Put(booking))

    assert store.save(Put(booking, idempotent=True)) == booking
    store.transact(Transaction([Put(booking, idempotent=True)]))

    with pytest.raises(ItemExistsError):
        store.save(Put(Booking(flight="f", code="b", seat="8A"), idempotent=True))
    with pytest.raises(ItemExistsError):
        store.save(Put(booking))


def test_another_item_does_not_get_the_unique_value(store: Store) -> None:
    store.save(Put(Booking(flight="f", code="b", seat="7A")))

    with pytest.raises(NotUniqueError):
        store.save(Put(Booking(flight="f", code="c", seat="7A"), idempotent=True))


@pytest.mark.parametrize("marked", [False, True])
def test_what_a_transaction_finds_stored_does_not_keep_the_rest_from_it(
    store: Store, *, marked: bool
) -> None:
    bags = [Bag(flight="f", number=number, owner="Ann") for number in ("1", "2")]
    store.save(Put(bags[0]))

    for _ in range(2):
        store.transact(Transaction([Put(bag, idempotent=True) for bag in bags], marked=marked))

    assert all(store.is_stored(Put(bag)) for bag in bags)


def test_the_rest_of_a_transaction_is_marked_as_its_caller_wants_it(store: Store) -> None:
    scans = [Scan(bag=bag, created_at=NOON) for bag in ("1", "2")]
    store.save(Put(scans[0]))

    store.transact(Transaction([Put(scan, idempotent=True) for scan in scans], marked=True))

    assert sum(map(TransactionMark.recognises, raw_items(store))) == 1
