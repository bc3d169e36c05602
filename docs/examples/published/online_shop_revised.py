"""AWS's *AnOnlineShop* as its last step revises it: one range with everything that a customer did.

The sort key of the second index is only the time of an invoice or of an ordered product, so both
are in one range. A pattern that answers with one of them has the other in ``leaves_out``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from autoforge.dynamodb import Entity, Key, Query, SortRange, Table
from docs.examples.published import online_shop as shop


class OrderItem(shop.OrderItem):
    """A product of an order."""

    type_name = "orderItem"

    of_customer = Key("c#{customer}", "{at}", index=shop.GSI2)


class Invoice(shop.Invoice):
    """The invoice of an order."""

    type_name = "invoice"

    of_customer = Key("c#{customer}", "{date}", index=shop.GSI2)


@dataclass(frozen=True)
class OrderDetails(Query[shop.Order | Invoice | OrderItem | shop.Shipment | shop.ShipmentItem]):
    """What belongs to this order?"""

    key = shop.Order.key
    id: str


@dataclass(frozen=True)
class ActivitiesOfCustomer(Query[Invoice | OrderItem]):
    """What did this customer order, and what was invoiced, in a range of time?"""

    key = Invoice.of_customer
    range = SortRange("date", at_least="since", at_most="until")
    customer: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class InvoicesOfCustomer(Query[Invoice]):
    """What was this customer invoiced in a range of time?"""

    key = Invoice.of_customer
    range = SortRange("date", at_least="since", at_most="until")
    leaves_out = (OrderItem,)
    customer: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class ProductsOfCustomer(Query[OrderItem]):
    """Which products did this customer order in a range of time?"""

    key = OrderItem.of_customer
    range = SortRange("at", at_least="since", at_most="until")
    leaves_out = (Invoice,)
    customer: str
    since: datetime | None = None
    until: datetime | None = None


#: The entities of the shop, with the revised ones in place of those that they replace.
REVISED: Mapping[type[Entity], type[Entity]] = {shop.OrderItem: OrderItem, shop.Invoice: Invoice}

REVISED_SHOP = Table(
    "OnlineShop",
    entities=tuple(REVISED.get(each, each) for each in shop.ONLINE_SHOP.entities),
    indexes=shop.ONLINE_SHOP.indexes,
    patterns=(
        OrderDetails,
        shop.ShipmentsOfOrder,
        shop.ShipmentDetails,
        ActivitiesOfCustomer,
        InvoicesOfCustomer,
        ProductsOfCustomer,
    ),
)
