"""SHOP, a table with several global indexes, whose tenants are its customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from autoforge.dynamodb import (
    GSI,
    Boolean,
    Entity,
    Get,
    Id,
    Integer,
    Key,
    Moment,
    Query,
    Table,
    Text,
)

BY_DAY: Final = GSI("by.day", "day-pk", "day_sk")
BY_EMAIL: Final = GSI("By-Email", "email#pk", None, projection="KEYS_ONLY")
UNPAID: Final = GSI("Unpaid", projection=("total",))


class Customer(Entity):
    """A customer of the shop."""

    customer: Id = Id()
    email: Text = Text()

    key = Key("CUSTOMER#{customer}", "PROFILE")
    by_email = Key("EMAIL#{email}", "", index=BY_EMAIL)


class Order(Entity):
    """An order, which expires after a year."""

    lifetime = timedelta(days=365)

    customer: Id = Id()
    id: Id = Id()
    total: Integer = Integer()
    paid: Boolean = Boolean()
    created_at: Moment = Moment()

    key = Key("CUSTOMER#{customer}", "ORDER#{id}")
    of_day = Key("DAY#{created_at:date}", "{created_at}#{id}", index=BY_DAY)
    unpaid = Key("UNPAID", "{created_at}#{id}", index=UNPAID, where={"paid": False})


class Notice(Entity):
    """What the shop tells all of its customers."""

    id: Id = Id()

    key = Key("NOTICES", "{id}")


@dataclass(frozen=True)
class CustomerById(Get[Customer]):
    """Which customer has this id?"""

    source = "The desk"
    key = Customer.key

    customer: str


@dataclass(frozen=True)
class OrdersOfCustomer(Query[Order]):
    """What has this customer ordered?"""

    source = "The desk"
    key = Order.key

    customer: str


@dataclass(frozen=True)
class OrdersOfDay(Query[Order]):
    """What was ordered on this day?"""

    source = "The report"
    key = Order.of_day

    created_at: datetime


@dataclass(frozen=True)
class Notices(Query[Notice]):
    """What does the shop tell its customers?"""

    source = "The desk"
    key = Notice.key


SHOP: Final = Table(
    "Shop",
    entities=(Customer, Order, Notice),
    indexes=(BY_DAY, BY_EMAIL, UNPAID),
    patterns=(CustomerById, OrdersOfCustomer, OrdersOfDay, Notices),
)
