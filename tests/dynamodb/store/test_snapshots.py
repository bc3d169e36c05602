"""Snapshots: several items as they are at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from autoforge.dynamodb import Snapshot
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.projection import Projection
from autoforge.dynamodb.patterns.references import Lookup
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.table import Table
from autoforge.errors import (
    DeclarationError,
    InvalidTransactionError,
    InvalidValueError,
    TransactionConflictError,
)
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Pass, Refuse, injected
from autoforge.testing.recording import watching
from tests.factories import NOON
from tests.servers import Engine
from tests.stores import fresh


class Account(Entity):
    """An account."""

    id: Id = Id()
    owner: Text = Text()
    note: Text = Text()

    key = Key("ACCOUNT#{id}", "ACCOUNT")


class Voucher(Entity):
    """A voucher, which is void after an hour."""

    lifetime = timedelta(hours=1)
    id: Id = Id()
    account: Id = Id()
    created_at: Moment = Moment()

    key = Key("VOUCHER#{id}", "VOUCHER")


@dataclass(frozen=True)
class Owner(Projection[Account]):
    """Who owns an account."""

    owner: str


@dataclass(frozen=True)
class AccountById(Get[Account]):
    """Which account is this?"""

    source = "a test"
    key = Account.key
    id: str


@dataclass(frozen=True)
class OwnerOfAccount(Get[Owner]):
    """Who owns this account?"""

    source = "a test"
    key = Account.key
    id: str


@dataclass(frozen=True)
class VoucherById(Get[Voucher]):
    """Which voucher is this?"""

    source = "a test"
    key = Voucher.key
    id: str


@dataclass(frozen=True)
class AccountOfVoucher(Lookup[Account, Voucher]):
    """Which account has this voucher?"""

    source = "a test"
    key = Voucher.key
    id: str

    def target(self, found: Voucher) -> KeyValue:
        return KeyValue(f"ACCOUNT#{found.account}", "ACCOUNT")


BANK = Table(
    "Bank",
    (Account, Voucher),
    patterns=(AccountById, OwnerOfAccount, VoucherById, AccountOfVoucher),
)
ANN = Account(id="a", owner="Ann", note="x")
BEN = Account(id="b", owner="Ben", note="y")


def voucher(created_at: datetime = NOON) -> Voucher:
    """A voucher of Ann."""
    return Voucher(id="v", account="a", created_at=created_at)


@pytest.fixture
def bank(client: Client, clock: Clock) -> Store:
    """A bank with two accounts and a voucher."""
    store = fresh(client, clock, BANK)
    store.put_all([ANN, BEN, voucher()])
    return store


def test_several_items_are_read_in_one_transaction(bank: Store, engine: Engine) -> None:
    with watching(bank.client) as watched:
        found = bank.snapshot(AccountById("a"), VoucherById("v"), AccountById("zz"))

    assert found == (ANN, voucher(), None)
    assert watched.operations == ["TransactGetItems"]
    if engine.name != "moto":
        (capacity,) = watched.calls[0].capacity
        # Two units for each item, also for one that does not exist.
        assert capacity["CapacityUnits"] == 6.0


def test_an_item_that_two_patterns_read_is_read_once(bank: Store) -> None:
    with watching(bank.client) as watched:
        found = bank.snapshot(OwnerOfAccount("a"), AccountById("a"), OwnerOfAccount("b"))

    assert found == (Owner("Ann"), ANN, Owner("Ben"))
    whole, part = (each["Get"] for each in watched.sent[0][1]["TransactItems"])
    assert "ProjectionExpression" not in whole
    assert "note" not in part["ExpressionAttributeNames"].values()


def test_what_is_expired_is_none(bank: Store, clock: Clock) -> None:
    clock.now = NOON + timedelta(hours=2)

    assert bank.snapshot(VoucherById("v"), AccountById("a")) == (None, ANN)


def test_a_conflict_is_tried_again(bank: Store) -> None:
    reasons = [{"Code": "None"}, {"Code": "TransactionConflict", "Message": "x"}]
    conflict = Refuse("TransactionCanceledException", more={"CancellationReasons": reasons})

    with injected(bank.client, lambda number, _: conflict if number < 3 else Pass()):
        assert bank.snapshot(AccountById("a"), AccountById("b")) == (ANN, BEN)
    with (
        injected(bank.client, lambda *_: conflict),
        pytest.raises(TransactionConflictError, match="TransactGetItems"),
    ):
        bank.snapshot(AccountById("a"), AccountById("b"))


def test_what_dynamodb_would_refuse_is_refused_before_it_is_sent(bank: Store) -> None:
    many = [AccountById(f"a{number}") for number in range(101)]

    with watching(bank.client) as watched:
        with pytest.raises(InvalidTransactionError, match=r"^a snapshot reads 101 items"):
            bank.snapshot(*many)
        with pytest.raises(InvalidTransactionError, match=r"^a snapshot reads 0 items"):
            bank.snapshot()
        with pytest.raises(DeclarationError, match=r"^AccountOfVoucher reads one item after"):
            bank.snapshot(AccountOfVoucher("v"))
        with pytest.raises(InvalidValueError, match="is not an id"):
            bank.snapshot(AccountById("a b"))

    assert watched.sent == []
    assert len(Snapshot((*many[:99], many[0])).keys) == 99


def test_a_snapshot_is_explained() -> None:
    explained = BANK.explain(Snapshot((AccountById("a"), VoucherById("v"))))

    assert explained.requests[0] == (
        "TransactGetItems",
        {
            "TransactItems": [
                {
                    "Get": {
                        "TableName": "Bank",
                        "Key": {"PK": {"S": f"{name}#{of}"}, "SK": {"S": name}},
                    }
                }
                for name, of in (("ACCOUNT", "a"), ("VOUCHER", "v"))
            ]
        },
    )
    (words,) = explained.words
    assert words == (
        "Get the Account at ACCOUNT#a / ACCOUNT, the Voucher at VOUCHER#v / VOUCHER, as they are "
        "at one moment, in one transaction."
    )
    assert explained.arguments == {"AccountById": {"id": "a"}, "VoucherById": {"id": "v"}}
