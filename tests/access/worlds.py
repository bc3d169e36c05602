"""Worlds for tests of features: a project on a fresh table, and processes that work on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from typing import Any, Final, TypeVar

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.identity import primary_key
from autoforge.errors import AutoforgeError
from autoforge.forge import Forge, NewFeature
from autoforge.models import PLATFORM_DESIGN, Feature
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Fault, Pass, injected
from tests.dynamodb.indexes import KEY_ATTRIBUTES
from tests.factories import a_project
from tests.stores import forge_of, fresh, put_raw, store_of

T = TypeVar("T")

_TYPES: Final = {entity.type_name: entity for entity in PLATFORM_DESIGN.entities}

#: The id of the project of every world.
PROJECT: Final = "p"


class CrashError(Exception):
    """The process has ended; no code of ours catches it."""


@dataclass
class World:
    """A project on a fresh table; a test controls its clock and its processes."""

    store: Store
    clock: Clock

    @classmethod
    def on(cls, client: Client) -> World:
        """Return a world that holds the project and nothing else."""
        clock = Clock()
        world = cls(fresh(client, clock), clock)
        put_raw(world.store, a_project(id=PROJECT).to_item())
        return world

    @classmethod
    def restored(cls, client: Client, items: Iterable[Item]) -> World:
        """Return a world with the items of another one at an earlier time."""
        clock = Clock()
        store = fresh(client, clock)
        store.put_all(entity_of(item) for item in items)
        return cls(store, clock)

    def process(self, client: Client | None = None) -> Forge:
        """Return a Forge of another process, over the given connection or the world's."""
        own = store_of(client or self.store.client, self.store.table_name, self.clock)
        return forge_of(own)


def create(forge: Forge, *ids: str, **over: Any) -> None:
    """Create features with these ids that are otherwise equal."""
    new = [NewFeature(**{"name": each, "id": each, **over}) for each in ids]
    forge.features.create_many(PROJECT, new)


def taken(agent: Forge, times: int) -> list[str | None]:
    """Claim a number of times; return the ids of the claimed features."""
    claims = [agent.features.claim_next(PROJECT, "ann") for _ in range(times)]
    return [None if each is None else str(each.id) for each in claims]


def set_raw(world: World, id_: str, **values: str | None) -> None:
    """Change attributes of a feature's item as another program or a lagging index would."""
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
    """Call a function right before a request of an operation: the ``at``-th, counted from 1."""
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
    """Make all calls at the same time; return what each returned, or the error it raised."""
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
    """Return an item as its entity; the item must have the keys the entity renders."""
    entity = _TYPES[item["EntityType"]["S"]].from_item(item)
    rendered = entity.to_item()
    assert {n: item.get(n) for n in KEY_ATTRIBUTES} == {n: rendered.get(n) for n in KEY_ATTRIBUTES}
    return entity
