"""AWS's *AnOnlineShop*: nine types of items, two overloaded indexes, and item collections.

A design of AWS's amazon-dynamodb-design-patterns. Most ids are only in keys, and so is the time of
an ordered product. Times are stored without a zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from autoforge.dynamodb import (
    GSI,
    Document,
    Entity,
    Get,
    Id,
    Key,
    Layout,
    Moment,
    Projection,
    Query,
    SortRange,
    Table,
    Text,
    nested,
)

GSI1 = GSI("GSI1", "GSI1-PK", "GSI1-SK")
GSI2 = GSI("GSI2", "GSI2-PK", "GSI2-SK")

#: How the shop writes times.
SECONDS: Final = "%Y-%m-%dT%H:%M:%S"


class Stored(Entity):
    """What all items of the shop have in common: the names of their attributes."""

    layout = Layout(expiry=None, naming="PascalCase")


class Customer(Stored):
    """A customer."""

    type_name = "customer"

    id: Id = Id(stored=False)
    email: Text = Text()
    name: Text = Text()

    key = Key("c#{id}", "c#{id}")


class Product(Stored):
    """A product that is sold."""

    type_name = "product"

    id: Id = Id(stored=False)
    price: Text = Text()
    detail: Document = Document()

    key = Key("p#{id}", "p#{id}")


class Warehouse(Stored):
    """A warehouse."""

    type_name = "warehouse"

    id: Id = Id(stored=False)
    address: Document = Document()

    key = Key("w#{id}", "w#{id}")


class WarehouseItem(Stored):
    """How much of a product a warehouse has."""

    type_name = "warehouseItem"

    product: Id = Id(stored=False)
    warehouse: Id = Id(stored=False)
    quantity: Text = Text()

    key = Key("p#{product}", "w#{warehouse}")
    of_warehouse = Key("w#{warehouse}", "p#{product}", index=GSI2)


class Order(Stored):
    """An order of a customer."""

    type_name = "order"

    id: Id = Id(stored=False)
    customer: Id = Id(stored=False)
    date: Moment = Moment(form=SECONDS)

    key = Key("o#{id}", "c#{customer}")


class OrderItem(Stored):
    """A product of an order."""

    type_name = "orderItem"

    order_id: Id = Id(stored=False)
    product: Id = Id(stored=False)
    customer: Id = Id(stored=False)
    at: Moment = Moment(form=SECONDS, stored=False)
    quantity: Text = Text()
    price: Text = Text()

    key = Key("o#{order_id}", "p#{product}")
    of_product = Key("p#{product}", "{at}", index=GSI1)
    of_customer = Key("c#{customer}", "p#{at}", index=GSI2)


class Invoice(Stored):
    """The invoice of an order."""

    type_name = "invoice"

    order_id: Id = Id(stored=False)
    id: Id = Id(stored=False)
    customer: Id = Id(stored=False)
    amount: Text = Text()
    date: Moment = Moment(form=SECONDS)
    detail: Document = Document()

    key = Key("o#{order_id}", "i#{id}")
    by_id = Key("i#{id}", "i#{id}", index=GSI1)
    of_customer = Key("c#{customer}", "i#{date}", index=GSI2)


class Shipment(Stored):
    """A shipment of an order, from one warehouse."""

    type_name = "shipment"

    order_id: Id = Id(stored=False)
    id: Id = Id(stored=False)
    warehouse: Id = Id(stored=False)
    address: Document = Document()
    kind: Text = Text(attr_name="Type")
    date: Moment = Moment(form=SECONDS)

    key = Key("o#{order_id}", "sh#{id}")
    by_id = Key("sh#{id}", "sh#{id}", index=GSI1)
    of_warehouse = Key("w#{warehouse}", "sh#{id}", index=GSI2)


class ShipmentItem(Stored):
    """A product in a shipment."""

    type_name = "shipmentItem"

    order_id: Id = Id(stored=False)
    id: Id = Id(stored=False)
    shipment: Id = Id(stored=False)
    product: Id = Id(stored=False)
    quantity: Text = Text()

    key = Key("o#{order_id}", "shp#{id}")
    of_shipment = Key("sh#{shipment}", "p#{product}", index=GSI1)


@dataclass(frozen=True)
class CustomerById(Get[Customer]):
    """Who is this customer?"""

    key = Customer.key
    id: str


@dataclass(frozen=True)
class ProductById(Get[Product]):
    """Which product is this?"""

    key = Product.key
    id: str


@dataclass(frozen=True)
class WarehouseById(Get[Warehouse]):
    """Which warehouse is this?"""

    key = Warehouse.key
    id: str


@dataclass(frozen=True)
class InventoryOfProduct(Query[WarehouseItem]):
    """Which warehouses have this product?"""

    key = WarehouseItem.key
    product: str


@dataclass(frozen=True)
class OrderDetails(Query[Order | Invoice | OrderItem | Shipment | ShipmentItem]):
    """What belongs to this order?"""

    key = Order.key
    id: str


@dataclass(frozen=True)
class ProductsOfOrder(Query[OrderItem]):
    """Which products were ordered?"""

    key = OrderItem.key
    order_id: str


@dataclass(frozen=True)
class InvoiceOfOrder(Query[Invoice]):
    """What was invoiced for this order?"""

    key = Invoice.key
    order_id: str


@dataclass(frozen=True)
class ShipmentsOfOrder(Query[Shipment]):
    """How was this order shipped?"""

    key = Shipment.key
    order_id: str


@dataclass(frozen=True)
class OrdersOfProduct(Query[OrderItem]):
    """Who ordered this product in a range of time?"""

    key = OrderItem.of_product
    range = SortRange("at", at_least="since", at_most="until")
    product: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class InvoiceById(Query[Invoice]):
    """Which invoice is this?"""

    key = Invoice.by_id
    id: str


@dataclass(frozen=True)
class Payments(Projection[Invoice]):
    """How an invoice was paid."""

    payments: list[Any] = nested("detail", "Payments")  # noqa: RUF009 - a declaration, not a default


@dataclass(frozen=True)
class PaymentsOfInvoice(Query[Payments]):
    """How was this invoice paid?"""

    key = Invoice.by_id
    id: str


@dataclass(frozen=True)
class ShipmentDetails(Query[Shipment | ShipmentItem]):
    """What is in this shipment?"""

    key = Shipment.by_id
    id: str


@dataclass(frozen=True)
class ShipmentsOfWarehouse(Query[Shipment]):
    """What has this warehouse shipped?"""

    key = Shipment.of_warehouse
    warehouse: str


@dataclass(frozen=True)
class InventoryOfWarehouse(Query[WarehouseItem]):
    """Which products does this warehouse have?"""

    key = WarehouseItem.of_warehouse
    warehouse: str


@dataclass(frozen=True)
class InvoicesOfCustomer(Query[Invoice]):
    """What was this customer invoiced in a range of time?"""

    key = Invoice.of_customer
    range = SortRange("date", at_least="since", at_most="until")
    customer: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class ProductsOfCustomer(Query[OrderItem]):
    """Which products did this customer order in a range of time?"""

    key = OrderItem.of_customer
    range = SortRange("at", at_least="since", at_most="until")
    customer: str
    since: datetime | None = None
    until: datetime | None = None


ONLINE_SHOP = Table(
    "OnlineShop",
    entities=(
        Customer,
        Product,
        Warehouse,
        WarehouseItem,
        Order,
        OrderItem,
        Invoice,
        Shipment,
        ShipmentItem,
    ),
    indexes=(GSI1, GSI2),
    patterns=(
        CustomerById,
        ProductById,
        WarehouseById,
        InventoryOfProduct,
        OrderDetails,
        ProductsOfOrder,
        InvoiceOfOrder,
        ShipmentsOfOrder,
        OrdersOfProduct,
        InvoiceById,
        PaymentsOfInvoice,
        ShipmentDetails,
        ShipmentsOfWarehouse,
        InventoryOfWarehouse,
        InvoicesOfCustomer,
        ProductsOfCustomer,
    ),
)
