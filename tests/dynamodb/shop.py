"""An order of the published online shop, with all that belongs to it in one item collection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from docs.examples.published.online_shop import Order, Shipment, ShipmentItem
from docs.examples.published.online_shop_revised import Invoice, OrderItem
from tests.factories import NOON

BILLED: Final = NOON - timedelta(minutes=2)


def an_item(product: str, **given: Any) -> OrderItem:
    """Return a product of an order, about which the test says only what matters to it."""
    values: dict[str, Any] = {
        "order_id": "12345",
        "customer": "12345",
        "at": BILLED,
        "quantity": "1",
        "price": "4",
    }
    return OrderItem(**{"product": product, **values, **given})


def an_invoice(id_: str, **given: Any) -> Invoice:
    """Return the invoice of an order, about which the test says only what matters to it."""
    values: dict[str, Any] = {
        "order_id": "12345",
        "customer": "12345",
        "date": BILLED,
        "amount": "1",
        "detail": {},
    }
    return Invoice(**{"id": id_, **values, **given})


def _shipment(id_: str, warehouse: str) -> Shipment:
    values: dict[str, Any] = {"order_id": "12345", "address": {}, "kind": "Express", "date": NOON}
    return Shipment(id=id_, warehouse=warehouse, **values)


def _shipped(id_: str, shipment: str, product: str) -> ShipmentItem:
    return ShipmentItem(order_id="12345", id=id_, shipment=shipment, product=product, quantity="1")


#: The items of one order, in the order of their sort keys.
ORDER: Final = (
    Order(id="12345", customer="12345", date=NOON),
    an_invoice(
        "55443",
        amount="400",
        detail={"Payments": [{"Type": "GiftCard", "Amount": 100}], "note": "x"},
    ),
    an_item("12345"),
    an_item("99887", at=NOON),
    _shipment("88899", "12376"),
    _shipment("98765", "12345"),
    _shipped("12345", "98765", "99887"),
    _shipped("54321", "88899", "12345"),
    _shipped("55555", "98765", "12345"),
)
#: Another order, whose id begins like that one.
ANOTHER: Final = Order(id="123456", customer="12345", date=NOON)
