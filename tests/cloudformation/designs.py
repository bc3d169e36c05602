"""Tables other than the platform's, the roles that use them, and what each role does.

* ``SHOP``     several global indexes with names of their own, and roles of one tenant
* ``DEVICES``  a local index, numeric sort keys, INCLUDE, and a plain attribute as a partition key
* ``LEGACY``   other names of the primary key, and neither a type nor an expiry attribute
* ``TICKETS``  a number as the only key

Besides, there are those of ``tests.designs``, each with a role that asks all of its patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from autoforge.cloudformation import Role
from autoforge.dynamodb import (
    GSI,
    LSI,
    Boolean,
    Check,
    Delete,
    Entity,
    Fetch,
    Get,
    Id,
    Integer,
    Key,
    Layout,
    Moment,
    Operation,
    Put,
    Query,
    Store,
    Table,
    Text,
    Transaction,
    Update,
)
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.identity import primary_key
from tests.designs.asked import ASKED, ODD_TABLES, answered

_numbers: Final = count(1)

NOON: Final = datetime(2026, 2, 4, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A table, its roles, and what each of them does to it.

    Attributes:
        table: The table.
        roles: The roles, each with the requests that it sends.
        populate: Stores what the roles find.
    """

    table: Table
    roles: Mapping[Role, Callable[[Store], None]]
    populate: Callable[[Store], None]

    def __str__(self) -> str:
        return self.table.name


# A shop: several indexes, tenants.

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


PLACING: Final = Operation("orders.place", puts=(Order,), checks=(Customer,))
PAYING: Final = Operation("orders.pay", updates=(Order,))

SHOP: Final = Table(
    "Shop",
    entities=(Customer, Order, Notice),
    indexes=(BY_DAY, BY_EMAIL, UNPAID),
    patterns=(CustomerById, OrdersOfCustomer, OrdersOfDay, Notices),
)


def _place(store: Store, id_: str) -> None:
    order = Order(customer="ann", id=id_, total=7, paid=False, created_at=NOON)
    store.transact(Transaction((Put(order), Check(Customer, {"customer": "ann"}, NOON))))


def _shop(store: Store) -> None:
    store.save(Put(Customer(customer="ann", email="ann@x.org")))
    _place(store, "first")


def _at_the_desk(store: Store) -> None:
    store.require(CustomerById("ann"))
    assert [*store.each(OrdersOfCustomer("ann"))]
    assert not [*store.each(Notices())]
    _place(store, f"at-the-desk-{next(_numbers)}")
    store.save(Update(Order, {"customer": "ann", "id": "first"}, NOON, changes={"paid": True}))


def _as_ann(store: Store) -> None:
    store.require(CustomerById("ann"))
    assert [*store.each(OrdersOfCustomer("ann"))]
    assert not [*store.each(Notices())]
    _place(store, f"by-ann-{next(_numbers)}")


def _report(store: Store) -> None:
    assert [*store.each(OrdersOfDay(NOON))]


def _check(store: Store) -> None:
    assert store.is_ready()
    store.drifts()


DESK: Final = Role(
    "Desk",
    patterns=(CustomerById, OrdersOfCustomer, Notices),
    operations=(PLACING, PAYING),
    description="The people at the desk",
)
SHOPPER: Final = Role(
    "Shopper",
    patterns=(CustomerById, OrdersOfCustomer, Notices),
    operations=(PLACING,),
    tenant="CUSTOMER#{Customer}",
)
REPORT: Final = Role("Report", patterns=(OrdersOfDay,))
ADMIN: Final = Role(
    "Admin",
    patterns=SHOP.patterns,
    operations=(PLACING, PAYING),
    describes=("DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"),
    confined=False,
)


# Devices: a local index, numbers, INCLUDE.

_MEASURED: Final = Layout("Device", "At", "Kind", "ExpiresAt", sort_type="N")
BY_LEVEL: Final = LSI("ByLevel", "level", projection=("note", "Operator"), sort_type="N")
BY_OPERATOR: Final = GSI("ByOperator", "Operator", "At", sort_type="N")


class Reading(Entity):
    """A measurement of a device."""

    layout = _MEASURED

    device: Id = Id()
    at: Integer = Integer(attr_name="At")
    level: Integer = Integer()
    note: Text = Text()
    operator: Text = Text(attr_name="Operator")

    key = Key("DEVICE#{device}", "{at}")
    by_level = Key("DEVICE#{device}", "{level}", index=BY_LEVEL)
    by_operator = Key("{operator}", "{at}", index=BY_OPERATOR)


@dataclass(frozen=True)
class ReadingsOfDevice(Query[Reading]):
    """What has this device measured?"""

    source = "The plant"
    key = Reading.key

    device: str


@dataclass(frozen=True)
class ReadingsOfOperator(Query[Reading]):
    """What is this operator to look after?"""

    source = "The plant"
    key = Reading.by_operator

    operator: str


@dataclass(frozen=True)
class LevelsOfDevice(Query[Reading]):
    """Which levels has this device had, lowest first?"""

    source = "The plant"
    key = Reading.by_level
    fetches_rest = True

    device: str


DEVICES: Final = Table(
    "Devices",
    entities=(Reading,),
    indexes=(BY_LEVEL, BY_OPERATOR),
    patterns=(ReadingsOfDevice, ReadingsOfOperator, LevelsOfDevice),
)


def _read_at(at: int) -> Reading:
    return Reading(device="d", at=at, level=3, note="", operator="Liz")


def _devices(store: Store) -> None:
    store.save(Put(_read_at(1)))


def _sense(store: Store) -> None:
    store.save(Put(_read_at(2), idempotent=True))


def _watch(store: Store) -> None:
    assert [*store.each(ReadingsOfDevice("d"))]
    assert [*store.each(LevelsOfDevice("d"))]


def _operate(store: Store) -> None:
    assert [*store.each(ReadingsOfOperator("Liz"))]


SENSOR: Final = Role("Sensor", operations=(Operation("readings.record", puts=(Reading,)),))
WATCHER: Final = Role("Watcher", patterns=(ReadingsOfDevice, LevelsOfDevice))
OPERATOR: Final = Role("Operator", patterns=(ReadingsOfOperator,))


# A table that exists already: plain keys, no type, no expiry.


class Purchase(Entity):
    """A purchase, as another program stores it."""

    layout = Layout("customer_id", "order_id", entity_type=None, expiry=None)

    customer_id: Text = Text(attr_name="customer_id")
    order_id: Text = Text(attr_name="order_id")
    state: Text = Text()

    key = Key("{customer_id}", "{order_id}")
    by_state = Key("{state}", "{customer_id}", index=GSI("state-index", "state", "customer_id"))


@dataclass(frozen=True)
class PurchasesOfCustomer(Query[Purchase]):
    """What has this customer bought?"""

    source = "The books"
    key = Purchase.key

    customer_id: str


@dataclass(frozen=True)
class PurchasesInState(Query[Purchase]):
    """Which purchases are in this state?"""

    source = "The books"
    key = Purchase.by_state

    state: str


LEGACY: Final = Table(
    "customer.orders_v1-eu",
    entities=(Purchase,),
    indexes=(GSI("state-index", "state", "customer_id"),),
    patterns=(PurchasesOfCustomer, PurchasesInState),
)


def _legacy(store: Store) -> None:
    store.save(Put(Purchase(customer_id="ann", order_id="o", state="open")))


def _own(store: Store) -> None:
    assert [*store.each(PurchasesOfCustomer("ann"))]


def _load(store: Store) -> None:
    store.put_all([Purchase(customer_id="ann", order_id=f"o{each}", state="new") for each in "ab"])


def _clean_up(store: Store) -> None:
    assert [*store.each(PurchasesInState("open"))]
    store.write(Delete(Purchase, {"customer_id": "ann", "order_id": "none"}, missing_ok=True))


BUYER: Final = Role("Buyer", patterns=(PurchasesOfCustomer,), tenant="{Customer}")
LOADER: Final = Role("Loader", operations=(Operation("load", batches=(Purchase,)),))
CLEANER: Final = Role(
    "Cleaner", patterns=(PurchasesInState,), operations=(Operation("clean", deletes=(Purchase,)),)
)


# A number as the only key.


class Ticket(Entity):
    """A numbered ticket."""

    layout = Layout("Number", None, "Type", None, partition_type="N")

    number: Integer = Integer(attr_name="Number")

    key = Key("{number}", "")


@dataclass(frozen=True)
class Tickets(Fetch[Ticket]):
    """Which of these tickets are there?"""

    source = "The door"

    numbers: tuple[int, ...]

    def primary_keys(self) -> list[KeyValue]:
        """Return a key for each number."""
        return [primary_key(Ticket, {"number": each}) for each in self.numbers]


TICKETS: Final = Table("Tickets", entities=(Ticket,), patterns=(Tickets,))


def _number(store: Store) -> None:
    store.save(Put(Ticket(number=7)))


def _let_in(store: Store) -> None:
    assert store.fetch(Tickets((7, 8)))


DOOR: Final = Role("Door", patterns=(Tickets,))


# Tables with what is rarely together.


def _odd(name: str) -> Case:
    """A table, one role that asks all of its patterns, and how it is filled."""
    table, fill = ODD_TABLES[name]

    def ask(store: Store) -> None:
        for pattern, query, _ in ASKED[name]:
            answered(store, table, pattern, query)

    return Case(table, {Role(f"{name.title()}Reader", patterns=table.patterns): ask}, fill)


CASES: Final = (
    Case(SHOP, {DESK: _at_the_desk, SHOPPER: _as_ann, REPORT: _report, ADMIN: _check}, _shop),
    Case(DEVICES, {SENSOR: _sense, WATCHER: _watch, OPERATOR: _operate}, _devices),
    Case(LEGACY, {BUYER: _own, LOADER: _load, CLEANER: _clean_up}, _legacy),
    Case(TICKETS, {DOOR: _let_in}, _number),
    *(_odd(name) for name in ODD_TABLES),
)
