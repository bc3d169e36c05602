"""The table of ``with_electrodb.mjs``, declared so that both programs use it at the same time.

    python docs/examples/other_libraries/beside_electrodb.py ENDPOINT write|read

Keys, type and version of an item are those of ElectroDB: it finds only items that have them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from autoforge.dynamodb import (
    GSI,
    Choice,
    Entity,
    Get,
    Id,
    Integer,
    Key,
    Layout,
    Moment,
    Number,
    Put,
    Query,
    SortRange,
    Store,
    Table,
    Text,
    Transaction,
    Update,
    as_timestamp,
)
from autoforge.dynamodb.errors import ConditionFailedError, ItemExistsError

gsi1 = GSI("gsi1", "gsi1pk", "gsi1sk")


class Status(StrEnum):
    """The states of an order."""

    OPEN = "open"
    PAID = "paid"


class OfElectroDB(Entity):
    """What every item of ElectroDB has."""

    layout = Layout("pk", "sk", entity_type="__edb_e__", expiry=None)

    edb_version: Text = Text(attr_name="__edb_v__", default="1")


class Account(OfElectroDB):
    """The account of a customer."""

    type_name = "account"

    customer: Id = Id()
    orders: Integer = Integer(default=0)

    key = Key("$shop#customer_{customer}", "$account_1")


class Order(OfElectroDB):
    """An order of a customer."""

    type_name = "order"

    customer: Id = Id()
    number: Integer = Integer()
    status: Choice[Status] = Choice(Status, default=Status.OPEN)
    total: Number = Number()
    placed_at: Moment = Moment()

    key = Key("$shop#customer_{customer}", "$order_1#number_{number:5}")
    in_status = Key("$shop#status_{status}", "$order_1#placedAt_{placed_at}", index=gsi1)


@dataclass(frozen=True)
class AccountOf(Get[Account]):
    """Which account has this customer?"""

    key = Account.key
    customer: str


@dataclass(frozen=True)
class OrdersOf(Query[Order]):
    """What has this customer ordered?"""

    key = Order.key
    customer: str


@dataclass(frozen=True)
class OrdersIn(Query[Order]):
    """Which orders in this state were placed in a time?"""

    key = Order.in_status
    range = SortRange("placed_at", at_least="since", below="until")
    status: Status
    since: datetime | None = None
    until: datetime | None = None


shop = Table(
    "ShopOfElectroDB",
    entities=(Account, Order),
    indexes=(gsi1,),
    patterns=(AccountOf, OrdersOf, OrdersIn),
)


def place(store: Store, order: Order) -> None:
    """Place an order and count it, both or neither."""
    counted = Update(
        Account,
        {"customer": order.customer},
        order.placed_at,
        changes=[Account.orders.add(1)],
    )
    store.transact(Transaction((Put(order), counted)))


def pay(store: Store, customer: str, number: int, now: datetime) -> None:
    """Pay an open order; the key in the index follows."""
    paid = Update(
        Order,
        {"customer": customer, "number": number},
        now,
        changes=[Order.status.set(Status.PAID)],
        expected=[Order.status.equals(Status.OPEN)],
        requires="only an open order can be paid",
    )
    store.save(paid)


def write(store: Store) -> None:
    """Open an account, place three orders, and pay one."""
    store.save(Put(Account(customer="ann")))
    for number in (1, 2, 3):
        at = datetime(2026, 2, number, 12, tzinfo=UTC)
        order = Order(customer="ann", number=number, total=Decimal("9.5"), placed_at=at)
        place(store, order)
        try:
            place(store, order)
        except ItemExistsError:
            print("there already:", number)
    now = datetime(2026, 2, 4, 12, tzinfo=UTC)
    pay(store, "ann", 2, now)
    try:
        pay(store, "ann", 2, now)
    except ConditionFailedError:
        print("not open:", 2)


def read(store: Store) -> None:
    """Print what is open, the pages of a customer's orders, and how many they are."""
    february = OrdersIn(Status.OPEN, as_timestamp("2026-02-01"), as_timestamp("2026-02-03"))
    print("open:", *(order.number for order in store.each(february)))
    page = store.page(OrdersOf("ann"), limit=2)
    print("page:", *(f"{order.number}-{order.status}" for order in page.items))
    page = store.page(OrdersOf("ann"), limit=2, cursor=page.cursor)
    print("page:", *(f"{order.number}-{order.status}" for order in page.items))
    print("orders:", store.require(AccountOf("ann")).orders)


if __name__ == "__main__":
    store = shop.connect(region="eu-west-1", endpoint_url=sys.argv[1])
    {"write": write, "read": read}[sys.argv[2]](store)
