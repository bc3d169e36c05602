"""Two operations of which each is interrupted by the other, on a real engine.

The interleaver (``interleaving.py``) lets a whole operation run between two requests of another.
Some faults need both to be under way: each has read something that the other is about to change.
So here the first sends some requests, then the second some, then the first all its others, and the
second the rest. Every number of requests before each of the two turns is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from threading import Condition
from typing import Any

from autoforge.dynamodb.transport.transport import Transport
from tests.adversarial.interleaving import Board, Operation, connections, outcome, requests
from tests.transports import WrappedTransport


@dataclass(frozen=True)
class Weave:
    """How many requests the first sends before the second comes in, and the second before it."""

    first: int
    second: int


@dataclass(frozen=True)
class Woven:
    """Two operations that interrupted each other, and what came of each.

    Attributes:
        board: The table they met on, as they left it.
        weave: Where each was interrupted.
        sent: The operations of DynamoDB in the order they were sent, with who sent them.
        first: What the first returned, or why it was refused.
        second: The same of the second.
    """

    board: Board
    weave: Weave
    sent: tuple[str, ...]
    first: object
    second: object

    def __str__(self) -> str:
        """In what order they were sent, for the message of a test that fails."""
        return f"{self.weave}: {self.sent}"


def weaves(board: Board, first: Operation, second: Operation) -> list[Weave]:
    """Where two operations can interrupt each other, by what each sends when it is alone."""
    one, other = len(requests(board, first)), len(requests(board, second))
    return [Weave(*each) for each in product(range(1, one), range(1, other))]


def weave(board: Board, first: Operation, second: Operation, where: Weave) -> Woven:
    """Put the table back, and let two operations interrupt each other on it."""
    board.put_back()
    turns = _Turns(where)
    clients = connections(board)
    wires = [client.active_transport for client in clients]
    operations = (first, second)

    def run(number: int) -> object:
        try:
            return outcome(operations[number], board.process(clients[number]))
        finally:
            turns.end(number)

    for number, client in enumerate(clients):
        client.active_transport = _Turned(wires[number], turns, number)
    try:
        with ThreadPoolExecutor(2) as pool:
            came = list(pool.map(run, range(2)))
    finally:
        for client, wire in zip(clients, wires, strict=True):
            client.active_transport = wire
    return Woven(board, where, tuple(turns.sent), *came)


@dataclass
class _Turns:
    """Whose request is sent next."""

    where: Weave
    sent: list[str] = field(default_factory=list)
    _turn: int = 0
    _left: list[int] = field(init=False)
    _ended: set[int] = field(default_factory=set)
    _changed: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        """Begin with the first."""
        self._left = [self.where.first, self.where.second]

    def send(
        self, number: int, wire: Transport, operation: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Send a request of one of them when it is its turn."""
        with self._changed:
            self._changed.wait_for(lambda: self._turn == number)
            self.sent.append(f"{'first' if number == 0 else 'second'} {operation}")
            try:
                return wire.exchange(operation, parameters)
            finally:
                self._left[number] -= 1
                if self._left[number] == 0:
                    self._pass_on(number)

    def end(self, number: int) -> None:
        """Let the other send all it has left."""
        with self._changed:
            self._ended.add(number)
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if 1 - number not in self._ended and self._turn == number:
            self._turn = 1 - number
            self._changed.notify_all()


@dataclass(frozen=True)
class _Turned(WrappedTransport):
    """A transport on which a request waits for its turn."""

    sound: Transport
    turns: _Turns
    number: int

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request when it is its turn."""
        return self.turns.send(self.number, self.sound, operation, parameters)


def woven(board: Board, first: Operation, second: Operation) -> Iterator[Woven]:
    """Two operations interrupting each other at every two places."""
    for where in weaves(board, first, second):
        yield weave(board, first, second, where)
