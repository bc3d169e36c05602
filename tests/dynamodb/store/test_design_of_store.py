"""A Store with a design writes only the entities of that design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import DeclarationError
from autoforge.testing.recording import watching
from tests.factories import NOON, new_id


class Order(Entity):
    """An order of a shop."""

    id: Id = Id()
    total: Integer = Integer()

    key = Key("ORDER#{id}", "ORDER")


class OrderLine(Entity):
    """A line of an order."""

    order: Id = Id()
    number: Integer = Integer()

    key = Key("ORDER#{order}", "LINE#{number:3}")


class Intruder(Entity):
    """An entity of another program, in the partition of an order."""

    order: Id = Id()
    name: Text = Text()

    key = Key("ORDER#{order}", "LINE#{name}")


SHOP = Design("Shop", (Order, OrderLine))


@pytest.fixture
def shop(store: Store) -> Store:
    """A Store with the design of the shop."""
    return replace(store, design=SHOP)


_KEY: dict[str, Any] = {"order": "o", "name": "001"}
FOREIGN: list[Write[Any]] = [
    Put(Intruder(**_KEY)),
    Update(Intruder, _KEY, NOON, initial={}),
    Delete(Intruder, _KEY),
    Check(Intruder, _KEY, NOON),
]
WAYS: list[Callable[[Store], object]] = [
    *(lambda store, write=write: store.write(write) for write in FOREIGN[:3]),
    *(lambda store, write=write: store.transact(Transaction((write,))) for write in FOREIGN),
    lambda store: store.put_all([Intruder(**_KEY)]),
]


@pytest.mark.parametrize("way", WAYS)
def test_an_entity_of_no_design_is_refused_before_the_call(
    shop: Store, way: Callable[[Store], object]
) -> None:
    with (
        watching(shop.client) as watched,
        pytest.raises(DeclarationError, match=r"^Intruder is not an entity of Shop$"),
    ):
        way(shop)

    assert watched.sent == []


def test_the_entities_of_the_design_are_written_on_every_way(shop: Store) -> None:
    order = Order(id=new_id(), total=0)
    lines = [OrderLine(order=order.id, number=number) for number in range(3)]
    raised = Update(Order, {"id": order.id}, NOON, changes={"total": 3})

    shop.save(Put(order))
    shop.transact(Transaction((raised, Put(lines[0])), marked=True))
    shop.put_all(lines[1:])

    assert len([*shop.keys_in(str(order.rendered()["PK"]))]) == 1 + len(lines)
