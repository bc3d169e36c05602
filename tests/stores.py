"""Stores for tests: a clock that tests set, fresh tables, requests that tests record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Any, Final

from autoforge.dynamodb.admin.create import table_definition
from autoforge.dynamodb.client.client import Call, Client, RetryPolicy
from autoforge.dynamodb.encryption import Cipher, LocalCipher
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import IdMint
from autoforge.dynamodb.transport.transport import Transport
from autoforge.forge import Forge
from autoforge.models import PLATFORM_DESIGN
from tests.factories import NOON
from tests.servers import Engine
from tests.transports import WrappedTransport

_numbers: Final = count(1)
_mint: Final = IdMint()
_CIPHER: Final = LocalCipher(["an encryption key"])


class _Anything(Design):
    """The platform's table, into which items of every entity may be written."""

    def admits(self, entity: type[Entity]) -> bool:
        """Admit every entity, such as those that a test declares."""
        del entity
        return True


ANYTHING: Final = _Anything("AgenticPM", PLATFORM_DESIGN.entities, PLATFORM_DESIGN.indexes)


@dataclass
class Clock:
    """A clock that shows the same time until a test sets another."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Waits:
    """A sleep and a timer that take no real time: sleeping advances the timer. Thread-safe."""

    seconds: float = 0.0
    _passing: Lock = field(default_factory=Lock, repr=False)

    def sleep(self, seconds: float) -> None:
        """Advance the timer by some seconds."""
        with self._passing:
            self.seconds += seconds

    def timer(self) -> float:
        """Return the seconds slept so far."""
        return self.seconds


def client_of(engine: Engine, **given: Any) -> Client:
    """A client of an engine that never really waits between attempts."""
    waits = Waits()
    return Client(
        region="eu-west-1",
        endpoint_url=engine.endpoint_url,
        **{"sleep": waits.sleep, "timer": waits.timer, "retries": RetryPolicy(), **given},
    )


def store_of(
    client: Client,
    table_name: str,
    clock: Callable[[], datetime],
    design: Design | None = None,
) -> Store:
    """A Store on a table that need not exist yet; without a design it accepts every entity."""
    return Store(
        table_name=table_name,
        client=client,
        cursors=Cursors(["a signing key"]),
        clock=clock,
        new_token=lambda: _mint(NOON),
        design=design or ANYTHING,
    )


def forge_of(
    store: Store,
    *,
    new_id: Callable[[datetime], str] | None = None,
    cipher: Cipher | None = _CIPHER,
) -> Forge:
    """A Forge with the Store's clock and caches that it shares with no other Forge."""
    return Forge(store, clock=store.clock, new_id=new_id or IdMint(), cipher=cipher)


def fresh(client: Client, clock: Clock | None = None, design: Design | None = None) -> Store:
    """A Store on a new, empty table: that of a design, else the platform's."""
    store = store_of(client, f"fresh-table-{next(_numbers)}", clock or Clock(), design)
    client.send(table_definition(design or ANYTHING, store.table_name))
    # dynoxide reports CREATING once before it reports ACTIVE.
    assert any(store.is_ready() for _ in range(3))
    return store


def raw_items(store: Store) -> list[Item]:
    """Read every item of a table as DynamoDB returns it; the Store has no operation for that."""
    items: list[Item] = []
    start: dict[str, Any] = {}
    while True:
        answer = store.client.botocore.scan(TableName=store.table_name, **start)
        items += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return items
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def put_raw(store: Store, *items: Item) -> None:
    """Put items past the Store, as another program would."""
    for item in items:
        store.client.botocore.put_item(TableName=store.table_name, Item=item)


@dataclass(frozen=True)
class Overheard(WrappedTransport):
    """A transport that calls a function before it sends each request."""

    transport: Transport
    before: Callable[[str, dict[str, Any]], object]

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Call the function, then send the request."""
        self.before(operation, dict(parameters))
        return self.transport.exchange(operation, parameters)


@dataclass
class Watched:
    """What a client sent while a test watched it."""

    #: Each operation with its parameters.
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def operations(self) -> list[str]:
        """The operations, in the order the client sent them."""
        return [operation for operation, _ in self.sent]


@contextmanager
def watching(client: Client) -> Iterator[Watched]:
    """Record what a client sends, whether or not it gets an answer."""
    watched = Watched()
    sound = client.active_transport
    client.observers.append(watched.calls.append)
    client.active_transport = Overheard(sound, lambda *sent: watched.sent.append(sent))
    try:
        yield watched
    finally:
        client.active_transport = sound
        client.observers.remove(watched.calls.append)
