"""An interleaver: one operation between any two requests of another, on a real engine.

``meetings`` runs an operation once for each place among its requests, and lets another operation,
of another process on the same table, run there as a whole:

* ``BEFORE``      the first waits before a request while the second runs, and then goes on
* ``UNANSWERED``  the first's write is carried out and its answer lost; the second runs before the
                  first's client tries again
* ``KILLED``      the first's process ends after a write; the second runs, and then the first is
                  called again

The places are enumerated, from before the first request to after the last, so both orders without
an overlap are among them. Places that differ in reads only come to one state, so the second and
third way take writes alone. The table is put back before each meeting. What must hold afterwards is
the caller's to check: ``laws.py`` has what holds of every table.
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
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.store.batch import chunks, key_of
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import IdMint
from autoforge.dynamodb.transport.transport import Transport
from autoforge.errors import AutoforgeError
from autoforge.forge import Forge
from tests.access.worlds import CrashError
from tests.servers import Engine
from tests.stores import Clock, client_of, forge_of, fresh, raw_items, store_of, watching
from tests.transports import WrappedTransport

#: Something that is done with a Forge.
Operation = Callable[[Forge], object]

#: What changes nothing.
_READS: Final = {"BatchGetItem", "GetItem", "Query"}
#: Items that one request puts or deletes.
_BATCH: Final = 25
#: One for all cases: no id is minted twice.
_mint: Final = IdMint()


class Way(Enum):
    """How the second operation comes between the requests of the first."""

    BEFORE = "before"
    UNANSWERED = "unanswered"
    KILLED = "killed"


@dataclass(frozen=True)
class Crossing:
    """How the second operation comes in, and how many requests of the first were sent before."""

    way: Way
    place: int


@dataclass(frozen=True)
class Refused:
    """An operation that was refused, with the error."""

    error: AutoforgeError


@dataclass(frozen=True)
class Meeting:
    """Two operations that met, and what came of them.

    Attributes:
        board: The table they met on, as they left it.
        crossing: How and where the second came in.
        sent: The operations of DynamoDB that the first was asked for, until it ended.
        first: What the first returned, or why it was refused; None if its process ended.
        second: The same of the second.
        again: The same of the first that was called again; None if it was not.
    """

    board: Board
    crossing: Crossing
    sent: tuple[str, ...]
    first: object
    second: object
    again: object = None

    def __str__(self) -> str:
        """Where the second came in, for the message of a test that fails."""
        place = self.crossing.place
        where = self.sent[place] if place < len(self.sent) else "the end"
        return f"{self.crossing.way.value} request {place} ({where}): {self.sent}"


@dataclass
class Board:
    """A table that is put back to a state, and processes that work on it.

    Attributes:
        store: The table, over the connection of whoever checks it.
        clock: What every process reads.
        start: The items it is put back to.
    """

    store: Store
    clock: Clock
    start: dict[KeyValue, Item] = field(default_factory=dict)

    @classmethod
    def on(cls, client: Client, prepare: Operation = lambda _: None) -> Self:
        """A table of its own, put back to what was prepared."""
        clock = Clock()
        board = cls(fresh(client, clock), clock)
        board.prepare(prepare)
        return board

    def prepare(self, prepare: Operation) -> None:
        """Empty the table, prepare it, and take what is there then for the start."""
        self.start = {}
        self.put_back()
        prepare(self.process())
        self.start = self.items()

    def items(self) -> dict[KeyValue, Item]:
        """Everything that is stored, as DynamoDB has it."""
        return {key_of(item): item for item in raw_items(self.store)}

    def put_back(self) -> None:
        """Make the table what it was at the start."""
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
        """A Forge with the memory of a process of its own; over a connection, if one is given."""
        store = store_of(client or self.store.client, self.store.table_name, self.clock)
        return forge_of(store, new_id=_mint)


def meetings(board: Board, first: Operation, second: Operation) -> Iterator[Meeting]:
    """Every meeting of two operations; whoever takes one finds the table as the two left it."""
    for crossing in crossings(board, first):
        yield meet(board, first, second, crossing)


def crossings(board: Board, first: Operation) -> list[Crossing]:
    """Where another operation can come in, by what an operation sends when it is alone."""
    sent = requests(board, first)
    writes = [place for place, each in enumerate(sent) if each not in _READS]
    return [
        *(Crossing(Way.BEFORE, place) for place in range(len(sent) + 1)),
        *(Crossing(Way.UNANSWERED, place) for place in writes),
        *(Crossing(Way.KILLED, place + 1) for place in writes),
    ]


def requests(board: Board, operation: Operation) -> list[str]:
    """The operations of DynamoDB that an operation asks for when it is alone."""
    board.put_back()
    client, _ = connections(board)
    with watching(client) as watched:
        outcome(operation, board.process(client))
    return watched.operations


def connections(board: Board) -> tuple[Client, Client]:
    """The connections of two processes to the engine of a board."""
    return _connections(board.store.client.endpoint_url)


def meet(board: Board, first: Operation, second: Operation, crossing: Crossing) -> Meeting:
    """Put the table back, and let two operations meet on it."""
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
    # Where the first ended before its place, the second comes after it.
    second_came = wire.crossed()
    sent = tuple(wire.sent)
    if crossing.way is not Way.KILLED:
        return Meeting(board, crossing, sent, came, second_came)
    again = outcome(first, board.process(other))
    return Meeting(board, crossing, sent, None, second_came, again)


def outcome(operation: Operation, forge: Forge) -> object:
    """What an operation returns, or that it was refused."""
    try:
        return operation(forge)
    except AutoforgeError as error:
        return Refused(error)


@dataclass
class _Crossed(WrappedTransport):
    """A transport on which another process comes in at a place."""

    sound: Transport
    act: Callable[[], object]
    crossing: Crossing
    sent: list[str] = field(default_factory=list)
    _outcomes: list[object] = field(default_factory=list)
    #: Requests may be under way at once; each still has its place.
    _lock: RLock = field(default_factory=RLock)

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request, unless the process is gone; the other comes in where it is its place."""
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
        """What the other came to; it acts at the first call."""
        if not self._outcomes:
            self._outcomes.append(self.act())
        return self._outcomes[0]


@cache
def _connections(endpoint_url: str) -> tuple[Client, Client]:
    """The connections of two processes to one engine."""
    engine = Engine("the same", endpoint_url)
    return client_of(engine), client_of(engine)


def _wire(key: KeyValue) -> Item:
    return {"PK": {"S": key.partition}, "SK": {"S": key.sort}}
