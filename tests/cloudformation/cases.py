"""The roles that use tables other than the platform's, and what each role does.

Each of METERS, DIARY and MARKET has a role that asks all of its patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Final

from autoforge.cloudformation import Role
from autoforge.dynamodb import Check, Delete, Operation, Put, Store, Table, Transaction, Update
from tests.designs.asked import ASKED, ODD_TABLES, answered
from tests.designs.devices import (
    DEVICES,
    State,
    StatesByLevel,
    StatesOfDevice,
    StatesOfOperator,
    fill_devices,
)
from tests.designs.shop import (
    SHOP,
    Customer,
    CustomerById,
    Notices,
    Order,
    OrdersOfCustomer,
    OrdersOfDay,
)
from tests.factories import NOON

_numbers: Final = count(1)


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


PLACING: Final = Operation("orders.place", puts=(Order,), checks=(Customer,))
PAYING: Final = Operation("orders.pay", updates=(Order,))


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


def _state(number: int) -> State:
    return State(device="ann", state="ON", date=NOON + timedelta(minutes=number), operator="Liz")


def _record(store: Store) -> None:
    store.save(Put(_state(2), idempotent=True))


def _load(store: Store) -> None:
    store.put_all([_state(number) for number in (3, 4)])


def _own(store: Store) -> None:
    assert [*store.each(StatesOfDevice("ann"))]


def _watch(store: Store) -> None:
    assert [*store.each(StatesOfDevice("d1"))]
    assert [*store.each(StatesByLevel("d1"))]


def _operate(store: Store) -> None:
    assert [*store.each(StatesOfOperator("Liz"))]
    missing = {"device": "d1", "state": "OFF", "date": NOON}
    store.write(Delete(State, missing, missing_ok=True))


def _devices(store: Store) -> None:
    fill_devices(store)
    store.save(Put(_state(1)))


SENSOR: Final = Role("Sensor", operations=(Operation("states.record", puts=(State,)),))
LOADER: Final = Role("Loader", operations=(Operation("load", batches=(State,)),))
OWNER: Final = Role("Owner", patterns=(StatesOfDevice,), tenant="{Customer}")
WATCHER: Final = Role("Watcher", patterns=(StatesOfDevice, StatesByLevel))
OPERATOR: Final = Role(
    "Operator", patterns=(StatesOfOperator,), operations=(Operation("clean", deletes=(State,)),)
)


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
    Case(
        DEVICES,
        {SENSOR: _record, LOADER: _load, OWNER: _own, WATCHER: _watch, OPERATOR: _operate},
        _devices,
    ),
    *(_odd(name) for name in ODD_TABLES),
)
