"""Published designs, with their sample data: each question has the answer that it should have.

The items are those that AWS published, loaded as they are. The answers were computed from them
without the toolkit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, cast

import pytest

from autoforge.dynamodb import Entity, Get, Index, Query, Store, Table
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.key_value import key_of
from autoforge.dynamodb.timestamps import as_timestamp
from docs.examples.published import customer_orders as orders
from docs.examples.published import device_log as log
from docs.examples.published import online_shop as shop
from docs.examples.published import online_shop_revised as revised
from tests.stores import fresh, put_raw, raw_items

_BOB: Final = "bob@example.com"
_ALICE: Final = "alice@example.com"


def _during(since: str, until: str) -> tuple[datetime, datetime]:
    return as_timestamp(f"2020-{since}"), as_timestamp(f"2020-{until}")


#: The pattern of each answer, by the design that it is of.
ASKED: Final[dict[str, tuple[Table, dict[str, Query[Any] | Get[Any]]]]] = {
    "customer_orders": (
        orders.CUSTOMER_ORDERS,
        {
            "orders_of_customer": orders.OrdersOfCustomer(_BOB),
            "orders_range": orders.OrdersOfCustomer(_BOB, first=2, last=4),
            "carol_by_number": orders.OrdersOfCustomer("carol@example.com"),
            "order": orders.OrderById(_BOB, 7),
            "open_orders": orders.OpenOrders(_BOB),
            "open_orders_alice": orders.OpenOrders(_ALICE),
            "orders_since": orders.OrdersByDate(_BOB, since=20150131),
            "orders_since_whole": orders.WholeOrdersByDate(_BOB, since=20150131),
            "orders_latest_first": orders.WholeOrdersByDate(_BOB, order="desc"),
            "orders_february": orders.WholeOrdersByDate(_BOB, since=20150201, until=20150228),
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
            "escalated_state_day": log.EscalatedOnDay(
                "Sara", log.State.WARNING4, date(2020, 4, 27)
            ),
            "escalated_other_state": log.Escalated("Sara", log.State.WARNING1),
        },
    ),
    "device_log_first": (
        log.FIRST,
        {
            "logs_of_device_state_by_filter": log.FirstLogsOfDevice("12345", log.State.WARNING1),
            "logs_of_device_latest": log.FirstLogsOfDevice("12345"),
        },
    ),
    "online_shop": (
        shop.ONLINE_SHOP,
        {
            "customer": shop.CustomerById("12345"),
            "product": shop.ProductById("12345"),
            "warehouse": shop.WarehouseById("12345"),
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
            "payments": shop.PaymentsOfInvoice("55443"),
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
    "online_shop_revised": (
        revised.REVISED_SHOP,
        {
            "order_details": revised.OrderDetails("12345"),
            "shipments_of_order": shop.ShipmentsOfOrder("12345"),
            "shipment_details": shop.ShipmentDetails("98765"),
            "invoices_of_customer": revised.InvoicesOfCustomer("12345", *_during("06-01", "06-15")),
            "invoices_of_customer_june": revised.InvoicesOfCustomer(
                "12345", *_during("06-01", "06-30")
            ),
            "products_of_customer": revised.ProductsOfCustomer("12345", *_during("06-01", "06-15")),
            "products_of_customer_june": revised.ProductsOfCustomer(
                "12345", *_during("06-01", "06-30")
            ),
            "activities_of_customer": revised.ActivitiesOfCustomer(
                "12345", *_during("06-01", "06-15")
            ),
            "activities_of_customer_june": revised.ActivitiesOfCustomer(
                "12345", *_during("06-01", "06-30")
            ),
        },
    ),
}
#: The keys that one published item lacks, though its attributes give them: a save adds them.
LACKED: Final = {
    (design, "p#99887", "w#12376"): {"GSI2-PK": {"S": "w#12376"}, "GSI2-SK": {"S": "p#99887"}}
    for design in ("online_shop", "online_shop_revised")
}
#: Answers with items whose sort keys are equal: DynamoDB returns those in any order.
TIED: Final = {"open_orders_alice", "activities_of_customer_june"}

CASES: Final = [(design, name) for design, (_, asked) in ASKED.items() for name in asked]
QUERIES: Final = [each for each in CASES if isinstance(ASKED[each[0]][1][each[1]], Query)]
GETS: Final = [each for each in CASES if each not in QUERIES]


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


def _shown(answers: Iterable[Any], primary: Index) -> list[Any]:
    """The key of each item, or the values of each part of an item."""
    return [
        [*key_of(each.to_item(), primary)] if isinstance(each, Entity) else [*astuple(each)]
        for each in answers
    ]


def _in_any_order(name: str, found: list[Any]) -> list[Any]:
    return sorted(found) if name in TIED else found


@pytest.mark.parametrize("design", ASKED)
def test_every_question_is_asked_by_a_pattern_of_the_design_and_every_pattern_is_used(
    design: str,
) -> None:
    table, asked = ASKED[design]

    assert {*asked} == {*_sample(design)["answers"]}
    assert {type(each) for each in asked.values()} == {*table.patterns}


@pytest.mark.parametrize(("design", "name"), QUERIES)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_question_has_its_answer_whatever_the_size_of_a_page(
    loaded: dict[str, Store], design: str, name: str, limit: int
) -> None:
    store, query = loaded[design], cast("Query[Any]", ASKED[design][1][name])

    found: list[Any] = []
    cursor = None
    while True:
        page = store.page(query, limit=limit, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.items) == limit

    shown = _in_any_order(name, _shown(found, store.layout.primary))
    assert shown == _sample(design)["answers"][name]


@pytest.mark.parametrize(
    ("design", "name"),
    [
        (design, name)
        for design, name in QUERIES
        if cast("Query[Any]", ASKED[design][1][name]).index.consistent_reads
    ],
)
def test_a_local_index_and_the_table_answer_the_same_strongly_consistently(
    loaded: dict[str, Store], design: str, name: str
) -> None:
    store, query = loaded[design], cast("Query[Any]", ASKED[design][1][name])
    page = store.page(query, limit=100, consistent=True)

    shown = _in_any_order(name, _shown(page.items, store.layout.primary))
    assert shown == _sample(design)["answers"][name]


@pytest.mark.parametrize(("design", "name"), GETS)
def test_one_item_is_found_by_its_key(loaded: dict[str, Store], design: str, name: str) -> None:
    store, get = loaded[design], cast("Get[Any]", ASKED[design][1][name])

    found = store.require(get, consistent=True)

    assert _shown([found], store.layout.primary) == _sample(design)["answers"][name]


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
