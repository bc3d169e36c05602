"""Local indexes are read strongly consistently, alone and in a Composite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.pattern import Part
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI, LSI, Layout
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Text
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.table import Table
from autoforge.dynamodb.writes.delete import Delete
from autoforge.errors import InvalidValueError
from autoforge.testing.recording import watching
from tests.servers import Engine
from tests.stores import fresh

BY_DATE: Final = LSI("ByDate", sort_key="date", sort_type="N")
BY_STATE: Final = GSI("ByState", "state", "id", sort_type="N")


class Order(Entity):
    """An order of a customer, by number and by date."""

    layout = Layout("customer", "id", entity_type=None, expiry=None, sort_type="N")
    customer: Text = Text()
    id: Integer = Integer()
    date: Integer = Integer()
    state: Text = Text()

    key = Key("{customer}", "{id}")
    by_date = Key("{customer}", "{date}", index=BY_DATE)
    by_state = Key("{state}", "{id}", index=BY_STATE)


@dataclass(frozen=True)
class OrdersSince(Query[Order]):
    """Which orders has this customer had since?"""

    source = "a test"
    key = Order.by_date
    range = SortRange("date", at_least="since")

    customer: str
    since: int | None = None


@dataclass(frozen=True)
class OrdersInState(Query[Order]):
    """Which orders are in this state?"""

    source = "a test"
    key = Order.by_state

    state: str


@dataclass(frozen=True)
class Overview(Composite[list[int]]):
    """How many orders has this customer, and how many are open in all?"""

    source = "a test"
    operation = "Query, 3 times"
    requests = 3

    customer: str

    def parts(self) -> Sequence[Part]:
        own = OrdersSince(self.customer)
        return (Part(own, limit=10), Part(own, count=True), Part(OrdersInState("open"), limit=10))

    def combine(self, answers: Sequence[Sequence[Any]]) -> list[int]:
        return [len(answers[0]), answers[1][0], len(answers[2])]


SHOP: Final = Table(
    "Orders", (Order,), indexes=(BY_DATE, BY_STATE), patterns=(OrdersSince, OrdersInState, Overview)
)
#: Numbers whose texts would sort otherwise.
DATES: Final = {9: 100, 10: 9, 100: 10}


@pytest.fixture
def shop(client: Client) -> Store:
    """A shop with three orders of a customer."""
    store = fresh(client, design=SHOP)
    store.put_all(
        Order(customer="ann@x#1", id=number, date=date, state="open")
        for number, date in DATES.items()
    )
    return store


def test_a_local_index_is_paged_strongly_consistently(shop: Store, engine: Engine) -> None:
    asked = OrdersSince("ann@x#1", since=9)

    with watching(shop.client) as watched:
        first = shop.page(asked, limit=2, consistent=True)
        second = shop.page(asked, limit=2, cursor=first.cursor, consistent=True)
        counted = shop.count(asked, consistent=True)
        later = shop.page(asked, limit=9)

    assert [each.id for each in (*first.items, *second.items)] == [10, 100, 9]
    assert (second.cursor, counted) == (None, 3)
    consistent = [sent["ConsistentRead"] for _, sent in watched.sent]
    assert consistent == [True, True, True, False]
    assert {sent["IndexName"] for _, sent in watched.sent} == {"ByDate"}
    if engine.name != "moto":
        units = [call.capacity["CapacityUnits"] for call in watched.calls]
        assert units == [1.0, 1.0, 1.0, 0.5]
    assert len(later.items) == 3


def test_a_local_index_shows_a_write_at_once(shop: Store) -> None:
    shop.write(Delete(Order, {"customer": "ann@x#1", "id": 10}))

    found = shop.page(OrdersSince("ann@x#1"), limit=9, consistent=True).items

    assert [each.id for each in found] == [100, 9]


def test_a_composite_reads_consistently_what_can_be(shop: Store) -> None:
    with watching(shop.client) as watched:
        assert shop.answer(Overview("ann@x#1"), consistent=True) == [3, 3, 3]

    found = {(sent["IndexName"], sent["ConsistentRead"]) for _, sent in watched.sent}
    assert found == {("ByDate", True), ("ByState", False)}
    explained = SHOP.explain(Overview("ann@x#1"), consistent=True).requests
    assert [each.parameters["ConsistentRead"] for each in explained] == [True, True, False]


def test_the_catalogue_says_which_index_is_read_consistently() -> None:
    assert (entry(OrdersSince).consistent, entry(OrdersInState).consistent) == (True, False)
    with pytest.raises(InvalidValueError, match="ByState offers no strongly consistent reads"):
        SHOP.explain(OrdersInState("open"), consistent=True)
