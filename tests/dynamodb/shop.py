"""An online shop: orders with all that belongs to them in one item collection, and shipments.

After the design AnOnlineShop of AWS (aws-samples/amazon-dynamodb-design-patterns).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.document_attributes import Document
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.table import Table
from tests.factories import NOON

BY_THING: Final = GSI("GSI1", "GSI1-PK", "GSI1-SK")
BY_PARTNER: Final = GSI("GSI2", "GSI2-PK", "GSI2-SK")


class Order(Entity):
    type_name = "order"
    id: Id = Id()
    customer: Id = Id()
    date: Moment = Moment()

    key = Key("o#{id}", "c#{customer}")


class Invoice(Entity):
    type_name = "invoice"
    order: Id = Id()
    id: Id = Id()
    customer: Id = Id()
    date: Moment = Moment()
    amount: Text = Text()
    detail: Document = Document()

    key = Key("o#{order}", "i#{id}")
    by_id = Key("i#{id}", "i#{id}", index=BY_THING)
    of_customer = Key("c#{customer}", "{date}", index=BY_PARTNER)


class OrderItem(Entity):
    type_name = "orderItem"
    order: Id = Id()
    product: Id = Id()
    customer: Id = Id()
    at: Moment = Moment()
    quantity: Text = Text()

    key = Key("o#{order}", "p#{product}")
    of_product = Key("p#{product}", "{at}", index=BY_THING)
    of_customer = Key("c#{customer}", "{at}", index=BY_PARTNER)


class Shipment(Entity):
    type_name = "shipment"
    order: Id = Id()
    id: Id = Id()
    warehouse: Id = Id()

    key = Key("o#{order}", "sh#{id}")
    by_id = Key("sh#{id}", "sh#{id}", index=BY_THING)
    of_warehouse = Key("w#{warehouse}", "sh#{id}", index=BY_PARTNER)


class ShipmentItem(Entity):
    type_name = "shipmentItem"
    order: Id = Id()
    id: Id = Id()
    shipment: Id = Id()
    product: Id = Id()

    key = Key("o#{order}", "shp#{id}")
    of_shipment = Key("sh#{shipment}", "p#{product}", index=BY_THING)


@dataclass(frozen=True)
class OrderDetails(Query[Order | Invoice | OrderItem | Shipment | ShipmentItem]):
    """What is there of this order?"""

    source = "AnOnlineShop"
    key = Order.key
    renames: ClassVar = {"id": "order_id"}

    order_id: str


@dataclass(frozen=True)
class ShipmentsOfOrder(Query[Shipment]):
    """Which shipments has this order?"""

    source = "AnOnlineShop"
    key = Shipment.key
    renames: ClassVar = {"order": "order_id"}

    order_id: str


@dataclass(frozen=True)
class ShipmentDetails(Query[Shipment | ShipmentItem]):
    """What is in this shipment?"""

    source = "AnOnlineShop"
    key = Shipment.by_id

    id: str


@dataclass(frozen=True)
class ActivitiesOfCustomer(Query[Invoice | OrderItem]):
    """What did this customer buy, and what was billed, in this time?"""

    source = "AnOnlineShop, step 16"
    key = Invoice.of_customer
    range = SortRange("date", at_least="since", at_most="until")

    customer: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class InvoicesOfCustomer(Query[Invoice]):
    """What was billed to this customer in this time?"""

    source = "AnOnlineShop, step 16"
    key = Invoice.of_customer
    range = SortRange("date", at_least="since", at_most="until")
    leaves_out = (OrderItem,)

    customer: str
    since: datetime | None = None
    until: datetime | None = None


SHOP: Final = Table(
    "OnlineShop",
    entities=(Order, Invoice, OrderItem, Shipment, ShipmentItem),
    indexes=(BY_THING, BY_PARTNER),
    patterns=(
        OrderDetails,
        ShipmentsOfOrder,
        ShipmentDetails,
        ActivitiesOfCustomer,
        InvoicesOfCustomer,
    ),
)

BILLED: Final = NOON - timedelta(minutes=2)

#: The items of one order, in the order of their sort keys.
ORDER: Final = (
    Order(id="12345", customer="12345", date=NOON),
    Invoice(
        order="12345",
        id="55443",
        customer="12345",
        date=BILLED,
        amount="400",
        detail={"Payments": [{"Type": "GiftCard", "Amount": 100}], "note": "x"},
    ),
    OrderItem(order="12345", product="12345", customer="12345", at=BILLED, quantity="2"),
    OrderItem(order="12345", product="99887", customer="12345", at=NOON, quantity="1"),
    Shipment(order="12345", id="88899", warehouse="12376"),
    Shipment(order="12345", id="98765", warehouse="12345"),
    ShipmentItem(order="12345", id="12345", shipment="98765", product="99887"),
    ShipmentItem(order="12345", id="54321", shipment="88899", product="12345"),
    ShipmentItem(order="12345", id="55555", shipment="98765", product="12345"),
)
#: Another order, whose id begins like that one.
ANOTHER: Final = Order(id="123456", customer="12345", date=NOON)
