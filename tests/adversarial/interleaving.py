"""An interleaver: one operation between any two requests of another, on a real engine.

``meetings`` runs an operation once for each place among its requests. At that place it runs another
operation completely, as another process on the same table:

* ``BEFORE``      the first waits before a request while the second runs, and then continues
* ``UNANSWERED``  the first's write is executed and its answer lost; the second runs before the
                  first's client retries
* ``KILLED``      the first's process ends after a write; the second runs, and then the first is
                  called again

The places are enumerated, from before the first request to after the last, so both orders without
an overlap are among them. Reads change no state, so ``UNANSWERED`` and ``KILLED`` are tried at
writes only. The table is reset before each meeting. The caller checks what must hold afterwards;
``laws.py`` has the checks for every table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from threading import RLock
from typing import Any, Final, Self

from botocore.exceptions import ReadTimeoutError

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import KeyValue, key_of
from autoforge.dynamodb.store.batch import chunks
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import IdMint
from autoforge.dynamodb.transport.transport import Transport
from autoforge.errors import AutoforgeError
from autoforge.forge import Forge
from autoforge.testing.clock import Clock
from autoforge.testing.recording import WrappedTransport, watching
from tests.access.worlds import CrashError
from tests.servers import Engine
from tests.stores import client_of, forge_of, fresh, raw_items, store_of

#: A call, or several, of a Forge.
Operation = Callable[[Forge], object]

#: The DynamoDB operations that change nothing.
_READS: Final = {"BatchGetItem", "GetItem", "Query"}
#: The most items that one request puts or deletes.
_BATCH: Final = 25
#: One mint for all cases, so that no id is minted twice.
_mint: Final = IdMint()


class Way(Enum):
    """How the second operation comes between the requests of the first."""

    BEFORE = "before"
    UNANSWERED = "unanswered"
    KILLED = "killed"


@dataclass(frozen=True)
class Crossing:
    """How the second operation comes in, and how many requests of the first precede it."""

    way: Way
    place: int


@dataclass(frozen=True)
class Refused:
    """An operation that was refused, with the error."""

    error: AutoforgeError


@dataclass(frozen=True)
class Meeting:
    """Two operations that met, and the outcome of each.

    Attributes:
        board: The table they met on, in the state they left.
        crossing: How and where the second came in.
        sent: The DynamoDB operations that the first sent before it ended.
        first: What the first returned, or its refusal; None if its process ended.
        second: What the second returned, or its refusal.
        again: What the repeated call of the first returned, or its refusal; None if there was none.
    """

    board: Board
    crossing: Crossing
    sent: tuple[str, ...]
    first: object
    second: object
    again: object = None

    def __str__(self) -> str:
        """Return where the second came in, for the message of a failing test."""
        place = self.crossing.place
        where = self.sent[place] if place < len(self.sent) else "the end"
        return f"{self.crossing.way.value} request {place} ({where}): {self.sent}"


@dataclass
class Board:
    """A table that can be reset to a state, and processes that work on it.

    Attributes:
        store: The table, over the connection that the checks use.
        clock: The clock of every process.
        start: The items the table is reset to.
    """

    store: Store
    clock: Clock
    start: dict[KeyValue, Item] = field(default_factory=dict)

    @classmethod
    def on(cls, client: Client, prepare: Operation = lambda _: None) -> Self:
        """Create a table and prepare it; it is reset to the prepared state."""
        clock = Clock()
        board = cls(fresh(client, clock), clock)
        board.prepare(prepare)
        return board

    def prepare(self, prepare: Operation) -> None:
        """Empty the table and prepare it; the result becomes the state it is reset to."""
        self.start = {}
        self.put_back()
        prepare(self.process())
        self.start = self.items()

    def items(self) -> dict[KeyValue, Item]:
        """Read every stored item, as DynamoDB returns it."""
        return {key_of(item, TABLE): item for item in raw_items(self.store)}

    def put_back(self) -> None:
        """Reset the table to its start."""
        there = self.items()
        gone = [key for key in there if key not in self.start]
        lost = [item for key, item in self.start.items() if there.get(key) != item]
        requests = [
            *({"DeleteRequest": {"Key": _wire(key)}} for key in gone),
            *({"PutRequest": {"Item": item}} for item in lost),
        ]
        for some in chunks(requests, _BATCH):
            self.store.client.botocore.batch_write_item(
                RequestItems={self.store.table_name: list(some)}
            )

    def process(self, client: Client | None = None) -> Forge:
        """Return a Forge with its own caches, over the given connection or the board's."""
        store = store_of(client or self.store.client, self.store.table_name, self.clock)
        return forge_of(store, new_id=_mint)


def meetings(board: Board, first: Operation, second: Operation) -> Iterator[Meeting]:
    """Yield every meeting of two operations; the table is then in the state the two left."""
    for crossing in crossings(board, first):
        yield meet(board, first, second, crossing)


def crossings(board: Board, first: Operation) -> list[Crossing]:
    """Return where another operation can come in, from the requests sent without one."""
    sent = requests(board, first)
    writes = [place for place, each in enumerate(sent) if each not in _READS]
    return [
        *(Crossing(Way.BEFORE, place) for place in range(len(sent) + 1)),
        *(Crossing(Way.UNANSWERED, place) for place in writes),
        *(Crossing(Way.KILLED, place + 1) for place in writes),
    ]


def requests(board: Board, operation: Operation) -> list[str]:
    """Return the DynamoDB operations that an operation sends when it runs alone."""
    board.put_back()
    client, _ = connections(board)
    with watching(client) as watched:
        outcome(operation, board.process(client))
    return watched.operations


def connections(board: Board) -> tuple[Client, Client]:
    """Return the connections of two processes to the engine of a board."""
    return _connections(board.store.client.endpoint_url)


def meet(board: Board, first: Operation, second: Operation, crossing: Crossing) -> Meeting:
    """Reset the table, and let two operations meet on it."""
    board.put_back()
    client, other = connections(board)
    sound = client.active_transport
    wire = _Crossed(sound, lambda: outcome(second, board.process(other)), crossing)
    client.active_transport = wire
    try:
        came = outcome(first, board.process(client))
    except CrashError:
        came = None
    finally:
        client.active_transport = sound
    # If the first ended before its place, the second runs after it.
    second_came = wire.crossed()
    sent = tuple(wire.sent)
    if crossing.way is not Way.KILLED:
        return Meeting(board, crossing, sent, came, second_came)
    again = outcome(first, board.process(other))
    return Meeting(board, crossing, sent, None, second_came, again)


def outcome(operation: Operation, forge: Forge) -> object:
    """Return what an operation returns, or its refusal."""
    try:
        return operation(forge)
    except AutoforgeError as error:
        return Refused(error)


@dataclass
class _Crossed(WrappedTransport):
    """A transport on which another process comes in at a given request."""

    sound: Transport
    act: Callable[[], object]
    crossing: Crossing
    sent: list[str] = field(default_factory=list)
    _outcomes: list[object] = field(default_factory=list)
    #: Concurrent requests are sent one by one, so that each has its place.
    _lock: RLock = field(default_factory=RLock)

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request unless the process was killed; run the other operation at its place."""
        with self._lock:
            number = len(self.sent)
            self.sent.append(operation)
            way, place = self.crossing.way, self.crossing.place
            if way is Way.KILLED and number >= place:
                raise CrashError
            if way is Way.BEFORE and number == place:
                self.crossed()
            answer = self.sound.exchange(operation, parameters)
            if way is Way.UNANSWERED and number == place:
                self.crossed()
                raise ReadTimeoutError(endpoint_url="made up")
            return answer

    def crossed(self) -> object:
        """Return the other operation's outcome; the first call runs it."""
        if not self._outcomes:
            self._outcomes.append(self.act())
        return self._outcomes[0]


@cache
def _connections(endpoint_url: str) -> tuple[Client, Client]:
    """Return the connections of two processes to one engine."""
    engine = Engine("the same", endpoint_url)
    return client_of(engine), client_of(engine)


def _wire(key: KeyValue) -> Item:
    return {"PK": {"S": key.partition}, "SK": {"S": key.sort}}
