"""Worlds for tests of features: a project on a table of its own, and processes that work on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from typing import Any, Final, TypeVar

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import KEY_ATTRIBUTES
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.write import primary_key
from autoforge.errors import AutoforgeError
from autoforge.forge import Forge, NewFeature
from autoforge.models import PLATFORM_TABLE, Feature
from tests.dynamodb.faults import Fault, Pass, injected
from tests.factories import a_project
from tests.stores import Clock, forge_of, fresh, put_raw, store_of

T = TypeVar("T")

_TYPES: Final = {entity.type_name: entity for entity in PLATFORM_TABLE.entities}

#: The project of every world.
PROJECT: Final = "p"


class CrashError(Exception):
    """The process is gone; nothing of ours catches it."""


@dataclass
class World:
    """One project on a table of its own, whose clock and whose processes a test has in hand."""

    store: Store
    clock: Clock

    @classmethod
    def on(cls, client: Client) -> World:
        """A world in which there is the project, and nothing else."""
        clock = Clock()
        world = cls(fresh(client, clock), clock)
        put_raw(world.store, a_project(id=PROJECT).to_item())
        return world

    @classmethod
    def restored(cls, client: Client, items: Iterable[Item]) -> World:
        """A world as another was at some moment."""
        clock = Clock()
        store = fresh(client, clock)
        store.put_all(entity_of(item) for item in items)
        return cls(store, clock)

    def process(self, client: Client | None = None) -> Forge:
        """A Forge of its own, as another process has it; over a connection, if one is given."""
        own = store_of(client or self.store.client, self.store.table_name, self.clock)
        return forge_of(own)


def create(forge: Forge, *ids: str, **over: Any) -> None:
    """Create features with these ids, otherwise alike."""
    new = [NewFeature(**{"name": each, "id": each, **over}) for each in ids]
    forge.features.create_many(PROJECT, new)


def taken(agent: Forge, times: int) -> list[str | None]:
    """The ids of what an agent is given in turn."""
    claims = [agent.features.claim_next(PROJECT, "ann") for _ in range(times)]
    return [None if each is None else str(each.id) for each in claims]


def set_raw(world: World, id_: str, **values: str | None) -> None:
    """Change attributes of a feature's item as another program would, or as an index that lags."""
    key = primary_key(Feature, {"project_id": PROJECT, "id": id_})
    for name, value in values.items():
        given = {} if value is None else {"ExpressionAttributeValues": {":v": {"S": value}}}
        world.store.client.botocore.update_item(
            TableName=world.store.table_name,
            Key={"PK": {"S": key.partition}, "SK": {"S": key.sort}},
            UpdateExpression="REMOVE #n" if value is None else "SET #n = :v",
            ExpressionAttributeNames={"#n": name},
            **given,
        )


@contextmanager
def interrupted(
    client: Client, operation: str, act: Callable[[], object], *, at: int = 1
) -> Iterator[None]:
    """Let something happen right before a request of an operation, the first unless it is said."""
    seen: list[str] = []

    def meet(_: int, sent: str) -> Fault:
        if sent == operation:
            seen.append(sent)
            if len(seen) == at:
                act()
        return Pass()

    with injected(client, meet):
        yield
    assert len(seen) >= at, f"there were {len(seen)} requests of {operation}"


def at_once(calls: Sequence[Callable[[], T]]) -> list[T | AutoforgeError]:
    """Make all calls at once; what each came to."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | AutoforgeError:
        barrier.wait()
        try:
            return call()
        except AutoforgeError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def entity_of(item: Item) -> Any:
    """An item as its entity; its keys must be those it renders."""
    entity = _TYPES[item["EntityType"]["S"]].from_item(item)
    rendered = entity.to_item()
    assert {n: item.get(n) for n in KEY_ATTRIBUTES} == {n: rendered.get(n) for n in KEY_ATTRIBUTES}
    return entity
