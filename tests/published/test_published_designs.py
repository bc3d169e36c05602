"""Published designs, with their sample data: each question has the answer that it should have.

The items are those that AWS published, loaded as they are. The answers were computed from them
without the toolkit.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from autoforge.dynamodb import Entity, Get, Index, Query, Store, Table
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.key_value import key_of
from autoforge.dynamodb.timestamps import as_timestamp
from docs.examples.published import customer_orders as orders
from docs.examples.published import device_log as log
from docs.examples.published import online_shop as shop
from tests.stores import fresh, put_raw, raw_items

_BOB: Final = "bob@example.com"
_ALICE: Final = "alice@example.com"


def _during(since: str, until: str) -> tuple[datetime, datetime]:
    return as_timestamp(f"2020-{since}"), as_timestamp(f"2020-{until}")


#: The pattern of each answer, by the design that it is of.
ASKED: Final[dict[str, tuple[Table, dict[str, Query[Any]]]]] = {
    "customer_orders": (
        orders.CUSTOMER_ORDERS,
        {
            "orders_of_customer": orders.OrdersOfCustomer(_BOB),
            "orders_range": orders.OrdersOfCustomer(_BOB, first=2, last=4),
            "open_orders": orders.OpenOrders(_BOB),
        },
    ),
    "device_log": (
        log.DEVICE_STATE_LOG,
        {
            "logs_of_device_state": log.LogsOfDeviceState("12345", log.State.WARNING1),
            "logs_of_device": log.LogsOfDevice("54321"),
            "logs_of_operator": log.LogsOfOperator(
                "Liz", as_timestamp("2020-04-20"), as_timestamp("2020-04-25")
            ),
            "logs_of_operator_all": log.LogsOfOperator("Liz"),
            "logs_of_operator_day_end": log.LogsOfOperator(
                "Liz", as_timestamp("2020-04-20"), as_timestamp("2020-04-24")
            ),
            "logs_of_operator_inclusive": log.LogsOfOperator(
                "Liz", as_timestamp("2020-04-24T14:45:00Z"), as_timestamp("2020-04-24T14:50:00Z")
            ),
            "escalated": log.Escalated("Sara"),
            "escalated_state": log.Escalated("Sara", log.State.WARNING4),
            "escalated_other_state": log.Escalated("Sara", log.State.WARNING1),
        },
    ),
    "online_shop": (
        shop.ONLINE_SHOP,
        {
            "inventory_of_product": shop.InventoryOfProduct("12345"),
            "inventory_of_product_99887": shop.InventoryOfProduct("99887"),
            "order_details": shop.OrderDetails("12345"),
            "products_of_order": shop.ProductsOfOrder("12345"),
            "invoice_of_order": shop.InvoiceOfOrder("12345"),
            "shipments_of_order": shop.ShipmentsOfOrder("12345"),
            "orders_of_product": shop.OrdersOfProduct("99887", *_during("06-21", "06-22")),
            "orders_of_product_other_day": shop.OrdersOfProduct(
                "99887", *_during("06-22", "06-23")
            ),
            "invoice": shop.InvoiceById("55443"),
            "shipment_details": shop.ShipmentDetails("98765"),
            "shipment_details_88899": shop.ShipmentDetails("88899"),
            "shipments_of_warehouse": shop.ShipmentsOfWarehouse("12345"),
            "inventory_of_warehouse": shop.InventoryOfWarehouse("12345"),
            "inventory_of_warehouse_12376": shop.InventoryOfWarehouse("12376"),
            "invoices_of_customer": shop.InvoicesOfCustomer("12345", *_during("06-01", "06-15")),
            "invoices_of_customer_june": shop.InvoicesOfCustomer(
                "12345", *_during("06-01", "06-30")
            ),
            "products_of_customer": shop.ProductsOfCustomer("12345", *_during("06-01", "06-15")),
            "products_of_customer_june": shop.ProductsOfCustomer(
                "12345", *_during("06-01", "06-30")
            ),
            "products_of_customer_minutes": shop.ProductsOfCustomer(
                "12345", *_during("06-21T19:19:00Z", "06-21T19:20:00Z")
            ),
        },
    ),
}
#: The keys that one published item lacks, though its attributes give them: a save adds them.
LACKED: Final = {
    ("online_shop", "p#99887", "w#12376"): {
        "GSI2-PK": {"S": "w#12376"},
        "GSI2-SK": {"S": "p#99887"},
    }
}
CASES: Final = [(design, name) for design, (_, asked) in ASKED.items() for name in asked]


def _sample(design: str) -> dict[str, Any]:
    text = Path(__file__).with_name(f"{design}.json").read_text()
    sample: dict[str, Any] = json.loads(text)
    return sample


@pytest.fixture(scope="module")
def loaded(client: Client) -> dict[str, Store]:
    """Each table with its sample data, as it was published."""
    stores = {name: fresh(client, design=table) for name, (table, _) in ASKED.items()}
    for name, store in stores.items():
        put_raw(store, *_sample(name)["items"])
    return stores


def _in_order(store: Store) -> list[Item]:
    return sorted(raw_items(store), key=lambda item: key_of(item, store.layout.primary))


def _keys(items: tuple[Entity, ...], primary: Index) -> list[list[str]]:
    return [[*key_of(each.to_item(), primary)] for each in items]


@pytest.mark.parametrize(("design", "name"), CASES)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_question_has_its_answer_whatever_the_size_of_a_page(
    loaded: dict[str, Store], design: str, name: str, limit: int
) -> None:
    store, query = loaded[design], ASKED[design][1][name]

    found: list[Entity] = []
    cursor = None
    while True:
        page = store.page(query, limit=limit, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break

    assert _keys(tuple(found), store.layout.primary) == _sample(design)["answers"][name]


@pytest.mark.parametrize(
    ("design", "name"),
    [(design, name) for design, name in CASES if ASKED[design][1][name].index.consistent_reads],
)
def test_a_local_index_and_the_table_answer_the_same_strongly_consistently(
    loaded: dict[str, Store], design: str, name: str
) -> None:
    store, query = loaded[design], ASKED[design][1][name]
    page = store.page(query, limit=100, consistent=True)

    assert _keys(page.items, store.layout.primary) == _sample(design)["answers"][name]


@pytest.mark.parametrize("design", ASKED)
def test_an_item_that_is_read_and_written_back_is_as_it_was(client: Client, design: str) -> None:
    store = fresh(client, design=ASKED[design][0])
    put_raw(store, *_sample(design)["items"])
    table = ASKED[design][0]
    before = _in_order(store)

    read = [
        next(each.from_item(item) for each in table.entities if each.recognises(item))
        for item in before
    ]
    store.put_all(read)

    primary = store.layout.primary
    expected = [item | LACKED.get((design, *key_of(item, primary)), {}) for item in before]
    assert [each.to_item() for each in read] == expected
    assert _in_order(store) == expected


@pytest.mark.parametrize("design", ASKED)
def test_the_table_of_a_published_design_has_no_drift(client: Client, design: str) -> None:
    store = fresh(client, design=ASKED[design][0])

    store = replace(store, table_name=f"{store.table_name}-created")
    store.create_table()

    assert store.drifts() == ()
    store.require_table()


def test_one_order_is_found_by_its_number(loaded: dict[str, Store]) -> None:
    found: Get[orders.Order] = orders.OrderById(_BOB, 7)

    assert loaded["customer_orders"].require(found, consistent=True).product_name
