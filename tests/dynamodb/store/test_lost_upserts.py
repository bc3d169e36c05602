"""An update that creates its item is applied once, though the answer to its request was lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import pytest
from botocore.exceptions import ReadTimeoutError

from autoforge.dynamodb import (
    Condition,
    Entity,
    Id,
    Integer,
    Key,
    Moment,
    Put,
    Store,
    Table,
    Update,
)
from autoforge.dynamodb.client.client import Client
from autoforge.errors import ItemNotFoundError
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Break, Fault, Lose, Pass, injected
from tests.factories import NOON
from tests.stores import fresh

pytestmark = pytest.mark.every_engine

#: The request was carried out, or was not.
FAULTS: Final[Mapping[str, Fault]] = {
    "carried-out": Lose(),
    "not": Break(ReadTimeoutError(endpoint_url="made up")),
}
LATER: Final = NOON + timedelta(hours=2)


class Counter(Entity):
    """A number that several programs add to."""

    name: Id = Id()
    total: Integer = Integer(default=0)
    updated_at: Moment = Moment()

    key = Key("COUNTER#{name}", "COUNTER")


@pytest.fixture
def store(client: Client) -> Store:
    """An empty table of counters."""
    return fresh(client, Clock(), Table("Counters", (Counter,)))


def adding(condition: Condition | None = None) -> Update[Counter]:
    """An update that adds 1 to a counter, which it creates."""
    changes = [Counter.total.add(1)]
    return Update(Counter, {"name": "c"}, LATER, changes=changes, initial={}, condition=condition)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize(
    ("before", "after"), [(None, 1), ("live", 8), ("expired", 1)], ids=["none", "live", "expired"]
)
def test_an_update_that_creates_is_applied_once(
    store: Store, fault: Fault, before: str | None, after: int
) -> None:
    if before is not None:
        until = NOON + timedelta(hours=9 if before == "live" else 1)
        store.save(Put(Counter(name="c", total=7, updated_at=NOON, expires_at=until)))

    with injected(store, [fault]):
        stored = store.save(adding())

    assert stored.total == after


def test_an_item_that_another_caller_creates_meanwhile_is_changed(store: Store) -> None:
    other = Counter(name="c", total=7, updated_at=NOON)

    def plan(number: int, _: str) -> Fault:
        if number == 2:  # after the item was looked up
            with injected(store.client, []):
                store.save(Put(other))
        return FAULTS["not"] if number == 0 else Pass()

    with injected(store, plan):
        stored = store.save(adding())

    assert stored.total == 8


def test_a_condition_of_the_caller_is_not_tried_again(store: Store) -> None:
    with (
        injected(store, [FAULTS["not"]]) as attempts,
        pytest.raises(ItemNotFoundError),
    ):
        store.save(adding(Counter.total.above(5)))

    assert attempts.operations == ["UpdateItem", "GetItem", "UpdateItem", "GetItem"]
