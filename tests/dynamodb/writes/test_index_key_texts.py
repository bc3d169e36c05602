"""An update writes no text that DynamoDB does not take as an index key, and sends none."""

from __future__ import annotations

from typing import Any

import pytest

from autoforge.dynamodb import GSI, Entity, Id, Key, Put, Store, Table, Text, Update
from autoforge.dynamodb.client.client import Client
from autoforge.errors import InvalidValueError
from autoforge.testing.recording import watching
from tests.factories import NOON
from tests.stores import fresh

pytestmark = pytest.mark.every_engine

by_status = GSI("status-index", "status", "title")
by_city = GSI("ByCity")


class Order(Entity):
    """An order, in an index whose key attributes are its own, and in one with rendered keys."""

    id: Id = Id()
    status: Text = Text(default="new")
    title: Text = Text(default="book")
    city: Text = Text(default="Bern")
    street: Text = Text(default="Marktgasse")

    key = Key("ORDER#{id}", "ORDER")
    in_status = Key("{status}", "{title}", index=by_status)
    in_city = Key("CITY#{city}", "{street}#{id}", index=by_city)


orders = Table("Orders", entities=(Order,), indexes=(by_status, by_city))


@pytest.fixture(name="store")
def store_fixture(client: Client) -> Store:
    store = fresh(client, design=orders)
    store.save(Put(Order(id="o")))
    return store


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"status": ""}, r"cannot be an empty text"),
        ({"title": ""}, r"cannot be an empty text"),
        ({"city": ""}, r"not a text with at least one character"),
        ({"status": "é" * 1025}, r"Order.in_status of 2050 bytes is over the limit of 2048"),
        ({"title": "x" * 1025}, r"Order.in_status of 1025 bytes is over the limit of 1024"),
        ({"city": "x" * 2048}, r"Order.in_city of 2053 bytes is over the limit of 2048"),
        ({"street": "x" * 1023}, r"Order.in_city of 1025 bytes is over the limit of 1024"),
    ],
)
@pytest.mark.parametrize("creates", [False, True])
def test_a_text_that_cannot_be_an_index_key_is_refused(
    store: Store, values: dict[str, Any], error: str, *, creates: bool
) -> None:
    every = {"status": "s", "title": "t", "city": "c", "street": "d"}
    update = Update(Order, {"id": "o"}, NOON, every | values, initial={} if creates else None)

    with watching(store) as watched, pytest.raises(InvalidValueError, match=error):
        store.save(update)

    assert watched.operations == []


def test_an_initial_value_that_cannot_be_an_index_key_is_refused(store: Store) -> None:
    known = {"title": "t", "city": "c", "street": "d"}
    update = Update(Order, {"id": "new"}, NOON, known, initial={"status": ""})

    with pytest.raises(InvalidValueError, match="cannot be an empty text"):
        store.save(update)


def test_a_text_that_is_as_long_as_a_key_may_be_is_stored(store: Store) -> None:
    longest = {"status": "x" * 2048, "title": "x" * 1024, "city": "x" * 2043, "street": "x" * 1022}

    order = store.save(Update(Order, {"id": "o"}, NOON, longest))

    assert len(order.rendered()["ByCityPK"]) == 2048
