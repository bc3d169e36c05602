"""The same rule of expiry applies to reads, to conditions, and to every kind of write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.testing.clock import Clock
from autoforge.testing.recording import watching
from tests.dynamodb.written import stored_item
from tests.factories import NOON, new_id
from tests.stores import put_raw

DAY = timedelta(days=1)
TOMORROW = NOON + DAY
JUST_BEFORE = TOMORROW - timedelta(milliseconds=1)


class Session(Entity):
    """A visit to a shop, stored for a day."""

    lifetime = DAY

    id: Id = Id()
    basket: Text[None] = Text(default=None)
    coupon: Text[None] = Text(default=None)
    created_at: Moment = Moment()
    updated_at: Moment[None] = Moment(default=None)

    key = Key("SESSION#{id}", "SESSION")


class Visit(Entity):
    """A visit whose key contains its creation time."""

    lifetime = DAY

    id: Id = Id()
    basket: Text[None] = Text(default=None)
    created_at: Moment = Moment()

    key = Key("VISITOR#{id}", "VISIT#{created_at}")


@dataclass(frozen=True)
class SessionById(Get[Session]):
    """Which session is this?"""

    source = "a test"
    key = Session.key

    id: str


def put(store: Store, session: Session) -> None:
    store.save(Put(session))


def put_over(store: Store, session: Session) -> None:
    store.save(Put(session, expired_by=NOON))


def put_in_a_batch(store: Store, session: Session) -> None:
    store.put_all([session])


def put_in_a_transaction(store: Store, session: Session) -> None:
    store.transact(Transaction((Put(session),)))


def upsert_of(session: Session, at: datetime = NOON, **over: Any) -> Update[Session]:
    given = {"changes": {"basket": session.basket}, "initial": {"created_at": session.created_at}}
    return Update(Session, {"id": session.id}, at, **{**given, **over})


def upsert(store: Store, session: Session) -> None:
    store.save(upsert_of(session))


def upsert_in_a_transaction(store: Store, session: Session) -> None:
    store.transact(Transaction((upsert_of(session),)))


WAYS: list[Callable[[Store, Session], None]] = [
    put, put_over, put_in_a_batch, put_in_a_transaction, upsert, upsert_in_a_transaction,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_an_item_expires_alike_whichever_way_it_was_written(
    store: Store, clock: Clock, way: Callable[[Store, Session], None]
) -> None:
    session = Session(id=new_id(), basket="a book", created_at=NOON)

    way(store, session)

    assert stored_item(store, session)["TTL"] == {"N": str(int(TOMORROW.timestamp()))}
    change = Update(Session, {"id": session.id}, JUST_BEFORE, changes={"coupon": "x"})
    clock.now = JUST_BEFORE
    assert store.save(change) == store.get(SessionById(session.id))
    clock.now = TOMORROW
    assert store.get(SessionById(session.id)) is None
    late = replace(change, at=TOMORROW)
    with pytest.raises(ItemNotFoundError):
        store.save(late)
    with pytest.raises(ItemNotFoundError):
        store.transact(Transaction((Check(Session, {"id": session.id}, TOMORROW),)))


def test_an_upsert_leaves_the_expiry_of_a_live_item_as_it_is(store: Store) -> None:
    session = Session(id=new_id(), created_at=NOON)
    store.save(Put(session))

    store.save(upsert_of(session, JUST_BEFORE, initial={"created_at": JUST_BEFORE}))

    assert stored_item(store, session)["TTL"] == {"N": str(int(TOMORROW.timestamp()))}


@pytest.mark.parametrize("together", [False, True], ids=["alone", "in a transaction"])
def test_an_upsert_of_an_expired_item_makes_it_anew(
    store: Store, clock: Clock, *, together: bool
) -> None:
    old = Session(id=new_id(), basket="old", coupon="old", created_at=NOON - DAY)
    other = Session(id=new_id(), created_at=NOON)
    store.save(Put(old))
    write = upsert_of(Session(id=old.id, basket="new", created_at=NOON))

    if together:
        store.transact(Transaction((Put(other), write)))
    else:
        store.save(write)

    expected = Session(id=old.id, basket="new", created_at=NOON, updated_at=NOON)
    assert stored_item(store, old) == expected.to_item()
    assert store.get(SessionById(old.id)) == expected
    assert (store.get(SessionById(other.id)) == other) is together


def test_an_upsert_on_a_condition_holds_it_against_no_expired_item(store: Store) -> None:
    old = Session(id=new_id(), coupon="old", created_at=NOON - DAY)
    store.save(Put(old))
    absent = upsert_of(old, expected={"coupon": None}, initial={"created_at": NOON})

    with pytest.raises(ItemNotFoundError):
        store.save(replace(absent, expected={"coupon": "old"}))
    assert store.save(absent).coupon is None


def test_an_upsert_that_sets_the_expiry_itself_changes_an_expired_item(store: Store) -> None:
    old = Session(id=new_id(), coupon="old", created_at=NOON - DAY)
    store.save(Put(old))

    renewed = store.save(
        upsert_of(old, changes={"expires_at": TOMORROW}, initial={"created_at": NOON})
    )

    assert (renewed.coupon, renewed.expiry) == ("old", TOMORROW)


def test_whoever_makes_the_item_anew_at_once_is_met_by_the_upsert(store: Store) -> None:
    old = Session(id=new_id(), created_at=NOON - DAY)
    store.save(Put(old))
    winner = Session(id=old.id, coupon="of the winner", created_at=NOON)
    write = upsert_of(Session(id=old.id, basket="b", created_at=NOON))
    clearing = write.clearing(stored_item(store, old))
    assert clearing is not None

    store.put_all([winner])

    with pytest.raises(ConditionFailedError):
        store.write(clearing)
    assert store.save(write).coupon == "of the winner"


@pytest.mark.parametrize("entity", [Session, Visit])
def test_an_item_without_a_stored_expiry_lives_by_its_creation_for_writes_too(
    store: Store, entity: type[Any]
) -> None:
    made = entity(id=new_id(), created_at=NOON)
    item = made.to_item()
    del item["TTL"]
    put_raw(store, item)
    key = {name: getattr(made, name) for name in entity.primary_key.components}

    assert store.save(Update(entity, key, JUST_BEFORE, changes={"basket": "x"})).basket == "x"
    with pytest.raises(ItemNotFoundError):
        store.save(Update(entity, key, TOMORROW, changes={"basket": "y"}))


def test_a_put_replaces_an_item_that_is_expired_by_its_creation_alone(store: Store) -> None:
    old = Session(id=new_id(), created_at=NOON - DAY)
    item = old.to_item()
    del item["TTL"]
    put_raw(store, item)
    new = Session(id=old.id, created_at=NOON)

    with pytest.raises(ItemExistsError):
        store.save(Put(new, expired_by=NOON - timedelta(seconds=1)))
    store.save(Put(new, expired_by=NOON))

    assert stored_item(store, new) == new.to_item()


def test_an_upsert_that_does_not_say_when_the_item_was_created_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"Session has a lifetime: .* must give created_at"):
        Update(Session, {"id": "s"}, NOON, initial={})


def test_a_lifetime_from_what_is_no_moment_is_refused() -> None:
    with pytest.raises(DeclarationError, match="Box has a lifetime: created_at must be a Moment"):

        class Box(Entity):
            lifetime = DAY
            id: Id = Id()
            created_at: Text = Text()
            key = Key("BOX#{id}", "BOX")


# A naive timestamp is in UTC; the tests run in a time zone that is far from it.


def test_a_moment_without_a_zone_is_of_utc_for_every_write_and_read(
    store: Store, clock: Clock
) -> None:
    naive, after = JUST_BEFORE.replace(tzinfo=None), TOMORROW.replace(tzinfo=None)
    session = Session(id=new_id(), created_at=NOON.replace(tzinfo=None))
    store.save(Put(session))
    key = {"id": session.id}
    check = Check(Session, key, naive)

    changed = store.save(Update(Session, key, naive, changes={"basket": "x"}))
    store.transact(Transaction((check,)))

    assert changed.updated_at == JUST_BEFORE
    with pytest.raises(ItemNotFoundError):
        store.save(Update(Session, key, after, changes={"basket": "y"}))
    with pytest.raises(ItemNotFoundError):
        store.transact(Transaction((replace(check, at=after),)))
    with pytest.raises(ItemExistsError):
        store.save(Put(session, expired_by=naive))
    clock.now = naive
    assert store.get(SessionById(session.id)) == changed
    clock.now = after
    assert store.get(SessionById(session.id)) is None
    store.save(Put(Session(id=session.id, created_at=after), expired_by=after))
    assert stored_item(store, session)["createdAt"] == {"S": "2026-02-05T12:00:00.000Z"}


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC), "-1"),
        (datetime(2026, 2, 4, 12, 0, 0, 999_000, UTC), "1770206400"),
    ],
)
def test_a_condition_and_a_read_agree_on_the_second(now: datetime, seconds: str) -> None:
    parameters = Check(Session, {"id": "s"}, at=now).parameters()

    assert {"N": seconds} in parameters["ExpressionAttributeValues"].values()


def test_a_plain_upsert_takes_one_request(store: Store) -> None:
    session = Session(id=new_id(), created_at=NOON)

    with watching(store.client) as watched:
        upsert(store, session)
        upsert(store, session)
        store.write(Delete(Session, {"id": session.id}, condition=Path(["TTL"]).exists()))

    assert watched.operations == ["UpdateItem", "UpdateItem", "DeleteItem"]
