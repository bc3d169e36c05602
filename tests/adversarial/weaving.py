"""Two operations that interrupt each other, on a real engine.

The interleaver (``interleaving.py``) runs a whole operation between two requests of another. Some
faults occur only if both are in progress: each has read something that the other is about to
change. Here the first operation sends some requests, then the second sends some, then the first
sends all its others, and the second the rest. Every number of requests in the first two parts is
tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from threading import Condition
from typing import Any

from autoforge.dynamodb.transport.transport import Transport
from autoforge.testing.recording import WrappedTransport
from tests.adversarial.interleaving import Board, Operation, connections, outcome, requests


@dataclass(frozen=True)
class Weave:
    """How many requests each operation sends before the other continues."""

    first: int
    second: int


@dataclass(frozen=True)
class Woven:
    """Two operations that interrupted each other, and the outcome of each.

    Attributes:
        board: The table they met on, in the state they left.
        weave: Where each was interrupted.
        sent: The DynamoDB operations in the order they were sent, each with its sender.
        first: What the first returned, or its refusal.
        second: What the second returned, or its refusal.
    """

    board: Board
    weave: Weave
    sent: tuple[str, ...]
    first: object
    second: object

    def __str__(self) -> str:
        """Return the order of the requests, for the message of a failing test."""
        return f"{self.weave}: {self.sent}"


def weaves(board: Board, first: Operation, second: Operation) -> list[Weave]:
    """Return where two operations can interrupt each other, from what each sends alone."""
    one, other = len(requests(board, first)), len(requests(board, second))
    return [Weave(*each) for each in product(range(1, one), range(1, other))]


def weave(board: Board, first: Operation, second: Operation, where: Weave) -> Woven:
    """Reset the table, and let two operations interrupt each other on it."""
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
    """Decides which operation sends the next request."""

    where: Weave
    sent: list[str] = field(default_factory=list)
    _turn: int = 0
    _left: list[int] = field(init=False)
    _ended: set[int] = field(default_factory=set)
    _changed: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        """Begin with the first operation."""
        self._left = [self.where.first, self.where.second]

    def send(
        self, number: int, wire: Transport, operation: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Send a request of an operation when it has its turn."""
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
        """Let the other operation send all its remaining requests."""
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
        """Send a request when its operation has its turn."""
        return self.turns.send(self.number, self.sound, operation, parameters)


def woven(board: Board, first: Operation, second: Operation) -> Iterator[Woven]:
    """Yield the outcome of two operations for every pair of places to interrupt them."""
    for where in weaves(board, first, second):
        yield weave(board, first, second, where)
