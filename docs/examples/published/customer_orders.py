"""AWS's *CustomerOrders*: numeric sort keys and two local secondary indexes.

The table of "Local secondary indexes" in the Amazon DynamoDB Developer Guide. Its key attributes
are attributes of the orders themselves, and its items store no type: the table has one entity.
"""

from __future__ import annotations

from dataclasses import dataclass

from autoforge.dynamodb import (
    LSI,
    Entity,
    Get,
    Integer,
    Key,
    Layout,
    Projection,
    Query,
    SortRange,
    Table,
    Text,
)

BY_DATE = LSI(
    "OrderCreationDateIndex",
    "OrderCreationDate",
    sort_type="N",
    projection=("ProductCategory", "ProductName"),
)
OPEN = LSI("IsOpenIndex", "IsOpen", sort_type="N")


class Order(Entity):
    """An order of a customer."""

    layout = Layout(
        "CustomerId", "OrderId", sort_type="N", entity_type=None, expiry=None, naming="PascalCase"
    )

    customer_id: Text = Text()
    order_id: Integer = Integer()
    #: A date, such as 20150131.
    order_creation_date: Integer = Integer()
    #: 1 while the order is open.
    is_open: Integer[None] = Integer(default=None)
    product_category: Text = Text()
    product_name: Text = Text()
    order_status: Text = Text()
    shipment_tracking_id: Text[None] = Text(default=None)

    key = Key("{customer_id}", "{order_id}")
    by_date = Key("{customer_id}", "{order_creation_date}", index=BY_DATE)
    #: Sparse: a closed order lacks ``is_open``.
    open = Key("{customer_id}", "{is_open}", index=OPEN)


@dataclass(frozen=True)
class OrderById(Get[Order]):
    """What did this customer order under this number?"""

    source = "Developer Guide, Local secondary indexes"
    key = Order.key

    customer_id: str
    order_id: int


@dataclass(frozen=True)
class OrdersOfCustomer(Query[Order]):
    """What did this customer order, by number?"""

    source = "Developer Guide, Local secondary indexes"
    key = Order.key
    range = SortRange("order_id", at_least="first", at_most="last")

    customer_id: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class OpenOrder(Projection[Order]):
    """What is to be known of an order that is open."""

    order_creation_date: int
    product_category: str
    product_name: str
    order_status: str


@dataclass(frozen=True)
class OpenOrders(Query[OpenOrder]):
    """Which orders of this customer are open?"""

    source = "Developer Guide, Local secondary indexes"
    key = Order.open
    fixed = {"is_open": 1}

    customer_id: str


@dataclass(frozen=True)
class DatedOrder(Projection[Order]):
    """What the index by date holds of an order."""

    customer_id: str
    order_id: int
    order_creation_date: int
    product_category: str
    product_name: str


@dataclass(frozen=True)
class OrdersByDate(Query[DatedOrder]):
    """What did this customer order in a range of dates?"""

    source = "Developer Guide, Local secondary indexes"
    key = Order.by_date
    range = SortRange("order_creation_date", at_least="since", at_most="until")

    customer_id: str
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True)
class WholeOrdersByDate(Query[Order]):
    """What did this customer order in a range of dates, with the state of each order?"""

    source = "Developer Guide, Local secondary indexes"
    key = Order.by_date
    range = SortRange("order_creation_date", at_least="since", at_most="until")
    fetches_rest = True

    customer_id: str
    since: int | None = None
    until: int | None = None


CUSTOMER_ORDERS = Table(
    "CustomerOrders",
    entities=(Order,),
    indexes=(BY_DATE, OPEN),
    patterns=(OrderById, OrdersOfCustomer, OpenOrders, OrdersByDate, WholeOrdersByDate),
)
