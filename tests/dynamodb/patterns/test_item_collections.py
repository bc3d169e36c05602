"""Queries that answer with several entities: what they read, and which ones are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import new_class
from typing import Any

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Layout
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.table import Table
from autoforge.errors import DeclarationError, InvalidValueError
from autoforge.testing.recording import watching
from docs.examples.published.online_shop import (
    GSI2,
    Order,
    Shipment,
    ShipmentDetails,
    ShipmentItem,
    ShipmentsOfOrder,
)
from docs.examples.published.online_shop_revised import (
    REVISED_SHOP,
    ActivitiesOfCustomer,
    Invoice,
    InvoicesOfCustomer,
    OrderDetails,
    OrderItem,
)
from tests.dynamodb.shop import ANOTHER, BILLED, ORDER, an_invoice, an_item
from tests.factories import NOON
from tests.servers import Engine
from tests.stores import fresh, put_raw


def conditions(*asked: Query[Any]) -> list[str]:
    """The key conditions of queries."""
    return [str(each.condition(NOON)) for each in asked]


def declare(bases: Any, body: Mapping[str, Any], **parameters: Any) -> Any:
    """Declare a query with parameters of these types."""
    namespace = {**body, "__annotations__": parameters}
    return dataclass(frozen=True)(
        new_class("Asked", (bases,), {}, lambda own: own.update(namespace))
    )


# The range that is read.


def test_entities_whose_sort_keys_begin_differently_are_read_by_their_whole_collection() -> None:
    assert conditions(OrderDetails("12345"), ShipmentDetails("98765"), ShipmentsOfOrder("1")) == [
        "PK = o#12345",
        "GSI1-PK = sh#98765",
        "PK = o#1 AND begins_with(SK, sh#)",
    ]


class Repository(Entity):
    """A repository, which is the first item of its collection."""

    owner: Id = Id()
    name: Text = Text()
    key = Key("R#{owner}", "R#{name}")


class Issue(Entity):
    user: Id = Id()
    repository: Text = Text()
    at: Moment = Moment()
    key = Key("R#{user}", "R#{repository}#I#{at}")


class Star(Entity):
    user: Id = Id()
    repository: Text = Text()
    given: Moment = Moment()
    by: Id = Id()
    key = Key("R#{user}", "R#{repository}#I#{given}#{by}")


class Fork(Entity):
    user: Id = Id()
    fork: Text = Text()
    key = Key("R#{user}", "F#{fork}")


class Note(Entity):
    user: Id = Id()
    repository: Text = Text()
    id: Id = Id()
    key = Key("R#{user}", "R#{repository}#I#{id}")


def test_what_all_sort_keys_begin_with_bounds_the_range() -> None:
    both = declare(Query[Issue | Star], {"key": Issue.key}, user=str, repository=str)
    all_three = declare(Query[Repository | Issue | Star], {"key": Issue.key}, user=str)
    with_forks = declare(Query[Issue | Fork], {"key": Issue.key}, user=str)

    assert conditions(both("u", "a b"), all_three("u"), with_forks("u")) == [
        "PK = R#u AND begins_with(SK, R#a%20b#I#)",
        "PK = R#u AND begins_with(SK, R#)",
        "PK = R#u",
    ]


def test_where_one_sort_key_ends_and_another_goes_on_the_range_holds_both() -> None:
    class Root(Entity):
        id: Id = Id()
        key = Key("T#{id}", "ROOT")

    class Leaf(Entity):
        tree: Id = Id()
        id: Id = Id()
        key = Key("T#{tree}", "ROOT#{id}")

    class Roots(Entity):
        tree: Id = Id()
        id: Id = Id()
        key = Key("T#{tree}", "ROOTS#{id}")

    Tree = declare(Query[Root | Leaf], {"key": Root.key}, id=str)  # noqa: N806 - a class

    assert conditions(Tree("t")) == ["PK = T#t AND SK BETWEEN ROOT AND ROOT$"]
    assert Table("Trees", (Root, Leaf, Roots), patterns=(Tree,)).patterns == (Tree,)


def test_what_the_partition_key_gives_narrows_no_entity_that_has_something_else_there() -> None:
    class Root(Entity):
        id: Id = Id()
        key = Key("T#{id}", "N#{id}")

    class Node(Entity):
        tree: Id = Id()
        id: Id = Id()
        key = Key("T#{tree}", "N#{id}#x")

    class Note(Entity):
        root: Id = Id()
        id: Id = Id()
        key = Key("T#{root}", "N#{root}#{id}")

    nodes = declare(Query[Root | Node], {"key": Root.key}, id=str)
    notes = declare(Query[Root | Note], {"key": Root.key}, id=str)
    of_node = declare(Query[Root | Node], {"key": Node.key}, tree=str, id=str)

    assert conditions(nodes("t"), notes("t"), of_node("t", "n")) == [
        "PK = T#t AND begins_with(SK, N#)",
        "PK = T#t AND SK BETWEEN N#t AND N#t$",
        "PK = T#t AND SK BETWEEN N#n AND N#n$",
    ]


@pytest.mark.parametrize(
    ("bounds", "given", "condition"),
    [
        (
            {"at_least": "since", "at_most": "until"},
            {"since": NOON, "until": NOON},
            "BETWEEN R#r#I#2026-02-04T12:00:00.000Z AND R#r#I#2026-02-04T12:00:00.000Z$",
        ),
        (
            {"at_most": "until"},
            {"until": NOON},
            "BETWEEN R#r#I# AND R#r#I#2026-02-04T12:00:00.000Z$",
        ),
        (
            {"above": ("since",)},
            {"since": NOON},
            "BETWEEN R#r#I#2026-02-04T12:00:00.000Z$ AND R#r#I$",
        ),
    ],
)
def test_a_range_holds_the_keys_that_end_with_its_component_and_those_that_go_on(
    bounds: Mapping[str, Any], given: Mapping[str, Any], condition: str
) -> None:
    asked = declare(
        Query[Issue | Star],
        {"key": Issue.key, "range": SortRange("at", **bounds), **dict.fromkeys(given)},
        user=str,
        repository=str,
        **dict.fromkeys(given, datetime | None),
    )

    assert conditions(asked("u", "r", **given)) == [f"PK = R#u AND SK {condition}"]


def test_an_exclusive_upper_bound_holds_the_keys_below_it_that_go_on() -> None:
    class Page(Entity):
        book: Id = Id()
        number: Integer = Integer()
        key = Key("B#{book}", "P#{number:3}")

    class Remark(Entity):
        book: Id = Id()
        page: Integer = Integer()
        id: Id = Id()
        key = Key("B#{book}", "P#{page:3}#{id}")

    asked = declare(
        Query[Page | Remark],
        {"key": Page.key, "range": SortRange("number", below="end"), "end": None},
        book=str,
        end=int | None,
    )
    page = Page(book="b", number=12).rendered()["SK"]
    remark = Remark(book="b", page=12, id="zz").rendered()["SK"]
    after = Page(book="b", number=13).rendered()["SK"]

    condition = asked("b", end=13).condition(NOON)

    assert condition.operator == "BETWEEN"
    low, high = condition.operands
    assert low < page < remark < high < after


# Refused declarations.


def test_an_entity_without_a_key_in_the_index_is_refused() -> None:
    message = r"^Asked: Order has no key in index GSI2, where Invoice.of_customer is: declare one"
    with pytest.raises(DeclarationError, match=message):
        declare(Query[Invoice | Order], {"key": Invoice.of_customer}, customer=str)


def test_an_entity_that_is_never_in_the_same_collection_is_refused() -> None:
    message = (
        r"^Asked: no item collection has items of both: the partition key of Shipment.of_warehouse "
        r"is 'w#\{warehouse\}', that of Invoice.of_customer is 'c#\{customer\}'$"
    )
    with pytest.raises(DeclarationError, match=message):
        declare(Query[Shipment | Invoice], {"key": Shipment.of_warehouse}, warehouse=str)


def test_a_parameter_that_not_every_sort_key_has_in_its_place_is_refused() -> None:
    message = (
        r"^Asked: Issue.key: at fixes a part of the sort key 'R#\{repository\}#I#\{at\}' that "
        r"Note.key does not share, with 'R#\{repository\}#I#\{id\}': leave it out, or read "
        r"Note by another pattern$"
    )
    with pytest.raises(DeclarationError, match=message):
        declare(Query[Issue | Note], {"key": Issue.key}, user=str, repository=str, at=datetime)


def test_a_bound_that_not_every_sort_key_has_in_its_place_is_refused() -> None:
    message = r"^Asked: Issue.key: at bounds a part of the sort key .* that Note.key does not share"
    with pytest.raises(DeclarationError, match=message):
        declare(
            Query[Issue | Note],
            {"key": Issue.key, "range": SortRange("at", at_least="since"), "since": None},
            user=str,
            repository=str,
            since=datetime | None,
        )


def test_a_text_that_ends_one_sort_key_and_not_another_bounds_no_range() -> None:
    """It is encoded differently: ``a!`` is ``a!`` at the end, and ``a%21`` before a separator."""
    with pytest.raises(
        DeclarationError, match=r"name fixes a part of the sort key 'R#\{name\}' that"
    ):
        declare(Query[Repository | Issue], {"key": Repository.key}, owner=str, name=str)


def test_a_table_refuses_a_collection_that_lacks_one_of_its_entities() -> None:
    pattern = declare(Query[Order | Invoice], {"key": Order.key}, id=str)
    message = (
        r"Asked reads items under OrderItem.key, which it does not answer with: add OrderItem to "
        r"its entities or to leaves_out"
    )
    with pytest.raises(DeclarationError, match=message):
        replace(REVISED_SHOP, patterns=(pattern,))


# Entities that are left out.


def test_what_is_left_out_is_filtered_by_its_type_and_said_with_its_cost() -> None:
    explained = REVISED_SHOP.explain(InvoicesOfCustomer("c1", since=NOON))
    (request,) = explained.requests

    assert request.parameters["FilterExpression"] == "#2 IN (:2)"
    assert request.parameters["ExpressionAttributeNames"]["#2"] == "EntityType"
    assert request.parameters["ExpressionAttributeValues"][":2"] == {"S": "invoice"}
    cost = "Items of orderItem in the range are read and paid for, and left out."
    assert explained.words[0].endswith(cost)
    assert entry(InvoicesOfCustomer).notes == cost
    assert cost in REVISED_SHOP.catalogue_page()


def test_what_is_answered_cannot_be_left_out() -> None:
    with pytest.raises(
        DeclarationError, match=r"^Asked answers with Order: it cannot leave it out$"
    ):
        declare(Query[Order], {"key": Order.key, "leaves_out": (Order,)}, id=str)


def test_a_table_refuses_to_leave_out_what_the_range_does_not_hold() -> None:
    pattern = declare(Query[Order], {"key": Order.key, "leaves_out": (OrderItem,)}, id=str)
    with pytest.raises(DeclarationError, match="leaves out OrderItem, which is not in the range"):
        replace(REVISED_SHOP, patterns=(pattern,))


def test_a_table_refuses_to_leave_out_what_it_does_not_store() -> None:
    entities = tuple(each for each in REVISED_SHOP.entities if each is not OrderItem)
    with pytest.raises(DeclarationError, match="leaves out OrderItem, which is not an entity of"):
        replace(REVISED_SHOP, entities=entities, patterns=(InvoicesOfCustomer,))


def test_what_no_attribute_tells_apart_cannot_be_left_out() -> None:
    class Bare(Entity):
        layout = Layout(entity_type=None)

    class One(Bare):
        id: Id = Id()
        key = Key("A#{id}", "X#{id}", shared="twins")

    class Two(Bare):
        id: Id = Id()
        key = Key("A#{id}", "X#{id}", shared="twins")

    with pytest.raises(DeclarationError, match="only an attribute could tell Two from One"):
        declare(Query[One], {"key": One.key, "leaves_out": (Two,)}, id=str)


# The published shop.


def test_all_items_of_an_order_come_in_the_order_of_their_sort_keys(client: Client) -> None:
    store = fresh(client, design=REVISED_SHOP)
    store.put_all([*ORDER, ANOTHER])
    stranger = {"PK": {"S": "o#12345"}, "SK": {"S": "z#1"}, "EntityType": {"S": "unknown"}}
    put_raw(store, stranger)

    found: list[Entity] = []
    cursor = None
    for _ in range(len(ORDER)):
        page = store.page(OrderDetails("12345"), limit=1, cursor=cursor)
        found += page.items
        cursor = page.cursor
    with watching(client) as watched:
        whole = store.page(OrderDetails("12345"), limit=20)

    assert (tuple(found), cursor) == (ORDER, None)
    assert (whole.items, whole.cursor, watched.operations) == (ORDER, None, ["Query"])
    shipments = store.page(ShipmentsOfOrder("12345"), limit=20).items
    assert [each.id for each in shipments] == ["88899", "98765"]


def test_a_shipment_and_its_items_come_from_the_index(client: Client) -> None:
    store = fresh(client, design=REVISED_SHOP)
    store.put_all(ORDER)

    first, second, third = store.each(ShipmentDetails("98765"))

    assert [getattr(each, "product", None) for each in (first, second, third)] == [
        "12345",
        "99887",
        None,
    ]
    assert isinstance(third, Shipment)
    assert isinstance(first, ShipmentItem)


def test_items_with_equal_sort_keys_are_each_returned_once(client: Client) -> None:
    store = fresh(client, design=REVISED_SHOP)
    store.put_all(ORDER)
    asked = ActivitiesOfCustomer("12345", since=BILLED, until=BILLED)

    found: list[Entity] = []
    cursor = None
    for _ in range(2):
        page = store.page(asked, limit=1, cursor=cursor)
        found += page.items
        cursor = page.cursor

    assert cursor is None
    assert {type(each) for each in found} == {Invoice, OrderItem}
    assert len([*store.each(ActivitiesOfCustomer("12345"))]) == 3


def test_what_is_left_out_shortens_no_page_and_is_not_counted(
    client: Client, engine: Engine
) -> None:
    store = fresh(client, design=REVISED_SHOP)
    many = [an_item(f"p{n}", customer="c") for n in range(40)]
    billed = [an_invoice(f"i{n}", customer="c") for n in range(3)]
    store.put_all([*many, *billed])
    asked = InvoicesOfCustomer("c")

    with watching(client) as watched:
        page = store.page(asked, limit=2)
        rest = store.page(asked, limit=2, cursor=page.cursor)
        counted = store.count(asked)

    assert (len(page.items), len(rest.items), rest.cursor, counted) == (2, 1, None, 3)
    assert len({each.id for each in (*page.items, *rest.items)}) == 3
    assert watched.sent[-1][1]["Select"] == "COUNT"
    assert InvoicesOfCustomer.key.index == GSI2
    if engine.name != "moto":
        # 43 items of some 200 bytes were read: the filter saves no read units.
        assert watched.calls[-1].capacity["CapacityUnits"] > 0.5


def test_requests_grow_while_most_of_what_they_read_is_left_out(client: Client) -> None:
    store = fresh(client, design=REVISED_SHOP)
    times = [NOON + timedelta(minutes=number) for number in range(60)]
    store.put_all(
        an_item(f"p{n}", customer="c", at=at)
        if n % 10
        else an_invoice(f"i{n}", customer="c", date=at)
        for n, at in enumerate(times)
    )

    with watching(client) as watched:
        page = store.page(InvoicesOfCustomer("c"), limit=3)

    assert [each.date for each in page.items] == [times[0], times[10], times[20]]
    assert [sent["Limit"] for _, sent in watched.sent] == [4, 8, 16, 32]


def test_without_a_type_attribute_what_is_left_out_is_told_by_its_key(client: Client) -> None:
    class Bare(Entity):
        layout = Layout(entity_type=None)

    class Pump(Bare):
        plant: Id = Id()
        id: Id = Id()
        key = Key("P#{plant}", "M#{id}#pump")

    class Valve(Bare):
        plant: Id = Id()
        id: Id = Id()
        key = Key("P#{plant}", "M#{id}#valve")

    Pumps = declare(  # noqa: N806 - a class
        Query[Pump], {"key": Pump.key, "leaves_out": (Valve,), "source": "a test"}, plant=str
    )
    plant = Table("Plant", (Pump, Valve), patterns=(Pumps,))
    store = fresh(client, design=plant)
    pumps = [Pump(plant="p", id=f"{n}") for n in range(4)]
    store.put_all([*pumps, *(Valve(plant="p", id=f"{n}") for n in range(9))])

    page = store.page(Pumps("p"), limit=3)

    assert page.items == tuple(pumps[:3])
    assert store.page(Pumps("p"), limit=3, cursor=page.cursor).items == (pumps[3],)
    assert store.count(Pumps("p")) == 4
    with pytest.raises(InvalidValueError):
        store.page(Pumps("p"), limit=0)
