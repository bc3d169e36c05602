"""The table of ``with_autoforge.py`` with PynamoDB.

python docs/examples/other_libraries/with_pynamodb.py ENDPOINT write|read
"""

from __future__ import annotations

import sys
from typing import Any

from pynamodb.attributes import (
    DiscriminatorAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite


class ByStatus(GlobalSecondaryIndex[Any]):
    """The orders by their state."""

    class Meta:
        index_name = "ByStatus"
        projection = AllProjection()

    by_status_pk = UnicodeAttribute(hash_key=True, attr_name="ByStatusPK")
    by_status_sk = UnicodeAttribute(range_key=True, attr_name="ByStatusSK")


class Item(Model):
    """An item of the table."""

    class Meta:
        table_name = "Shop"
        region = "eu-west-1"
        host: str | None = None

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    entity_type = DiscriminatorAttribute(attr_name="EntityType")
    by_status = ByStatus()


class Account(Item, discriminator="Account"):
    """The account of a customer."""

    customer = UnicodeAttribute()
    orders = NumberAttribute(default=0)


class Order(Item, discriminator="Order"):
    """An order of a customer."""

    by_status_pk = UnicodeAttribute(attr_name="ByStatusPK")
    by_status_sk = UnicodeAttribute(attr_name="ByStatusSK")
    customer = UnicodeAttribute()
    number = NumberAttribute()
    status = UnicodeAttribute(default="open")
    total = NumberAttribute()
    placed_at = UnicodeAttribute(attr_name="placedAt")


def place(customer: str, number: int, total: float, placed_at: str) -> None:
    """Place an order and count it, both or neither."""
    order = Order(
        f"CUSTOMER#{customer}",
        f"ORDER#{number:05}",
        by_status_pk="STATUS#open",
        by_status_sk=placed_at,
        customer=customer,
        number=number,
        total=total,
        placed_at=placed_at,
    )
    account = Account(f"CUSTOMER#{customer}", "ACCOUNT")
    connection = Connection(region=Item.Meta.region, host=Item.Meta.host)
    with TransactWrite(connection=connection) as transaction:
        transaction.save(order, condition=Item.pk.does_not_exist())
        transaction.update(account, actions=[Account.orders.add(1)], condition=Item.pk.exists())


def pay(customer: str, number: int) -> None:
    """Pay an open order; the key in the index must be changed with it."""
    order = Order(f"CUSTOMER#{customer}", f"ORDER#{number:05}")
    order.update(
        actions=[Order.status.set("paid"), Order.by_status_pk.set("STATUS#paid")],
        condition=Order.status == "open",
    )


def write() -> None:
    """Open an account, place three orders, and pay one."""
    account = Account("CUSTOMER#ann", "ACCOUNT", customer="ann")
    account.save(condition=Item.pk.does_not_exist())
    for number in (1, 2, 3):
        order = ("ann", number, 9.5, f"2026-02-0{number}T12:00:00.000Z")
        place(*order)
        try:
            place(*order)
        except TransactWriteError as error:
            if error.cause_response_code != "TransactionCanceledException":
                raise
            print("there already:", number)
    pay("ann", 2)
    try:
        pay("ann", 2)
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        print("not open:", 2)


def read() -> None:
    """Print what is open, the pages of a customer's orders, and how many they are."""
    february = Order.by_status.query(
        "STATUS#open",
        ByStatus.by_status_sk.between("2026-02-01T00:00:00.000Z", "2026-02-02T23:59:59.999Z"),
    )
    print("open:", *(order.number for order in february))
    condition = Item.sk.startswith("ORDER#")
    page = Order.query("CUSTOMER#ann", condition, limit=2)
    print("page:", *(f"{order.number}-{order.status}" for order in page))
    page = Order.query(
        "CUSTOMER#ann", condition, limit=2, last_evaluated_key=page.last_evaluated_key
    )
    print("page:", *(f"{order.number}-{order.status}" for order in page))
    print("orders:", Account.get("CUSTOMER#ann", "ACCOUNT").orders)


if __name__ == "__main__":
    Item.Meta.host = sys.argv[1]
    {"write": write, "read": read}[sys.argv[2]]()
