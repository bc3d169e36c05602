"""Several callers of one table whose requests are interleaved as a schedule says, not by luck.

Each caller runs in a thread of its own, and waits before each request until it has the turn. A turn
is given only when every caller waits or has ended, so the same schedule gives the same order of
requests in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, Final

from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport
from autoforge.testing.recording import WrappedTransport

#: The longest wait for a turn in seconds; only a caller that hangs makes others wait so long.
_PATIENCE: Final = 60


@dataclass
class Turns:
    """Decides which of several callers sends the next request.

    Args:
        callers: How many callers there are.
        schedule: The numbers of the callers that send the requests, from 0. One that has ended is
            passed over; after the end of the schedule, the first that has not ended is next.
    """

    callers: int
    schedule: Sequence[int]
    #: Each request that was sent: the number of its caller, and its operation.
    sent: list[tuple[int, str]] = field(default_factory=list)
    #: The caller that sends the next request; None until all wait or have ended.
    _turn: int | None = None
    #: The place in the schedule.
    _place: int = 0
    _waiting: set[int] = field(default_factory=set)
    _ended: set[int] = field(default_factory=set)
    _changed: Condition = field(default_factory=Condition)

    def send(
        self, caller: int, wire: Transport, operation: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Send a request when its caller has the turn."""
        with self._changed:
            self._waiting.add(caller)
            self._give()
            if not self._changed.wait_for(lambda: self._turn == caller, _PATIENCE):
                raise TimeoutError(f"caller {caller + 1} waited for {operation} in vain")
            self._turn = None
            self._waiting.discard(caller)
            self.sent.append((caller, operation))
            return wire.exchange(operation, parameters)

    def end(self, caller: int) -> None:
        """Let only the other callers have turns."""
        with self._changed:
            self._ended.add(caller)
            self._give()

    def _give(self) -> None:
        """Give the turn to a caller if all of them wait or have ended."""
        if (
            self._turn is None
            and self._waiting
            and len(self._waiting | self._ended) == self.callers
        ):
            while self._place < len(self.schedule) and self._next() not in self._waiting:
                self._place += 1
            self._turn = self._next()
            self._place += 1
            self._changed.notify_all()

    def _next(self) -> int:
        in_schedule = self._place < len(self.schedule)
        return self.schedule[self._place] if in_schedule else min(self._waiting)


@dataclass(frozen=True)
class _Turned(WrappedTransport):
    """A transport on which a request waits until its caller has the turn."""

    sound: Transport
    turns: Turns
    caller: int

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request when the caller has the turn."""
        return self.turns.send(self.caller, self.sound, operation, parameters)


def interleaved(
    stores: Sequence[Store],
    operations: Sequence[Callable[[Store], object]],
    schedule: Sequence[int],
) -> tuple[list[object], list[tuple[int, str]]]:
    """Run an operation on each Store, and interleave their requests.

    Args:
        stores: A Store on the same table for each caller, each with a client of its own.
        operations: What the callers do; an error that one raises ends the others' turns with it.
        schedule: Whose request comes next, as ``Turns`` takes it.

    Returns:
        What each operation returned, and the requests in their order.
    """
    turns = Turns(len(operations), schedule)
    wires = [store.client.active_transport for store in stores]

    def run(caller: int) -> object:
        try:
            return operations[caller](stores[caller])
        finally:
            turns.end(caller)

    for caller, (store, wire) in enumerate(zip(stores, wires, strict=True)):
        store.client.active_transport = _Turned(wire, turns, caller)
    try:
        with ThreadPoolExecutor(len(operations)) as pool:
            came = list(pool.map(run, range(len(operations))))
    finally:
        for store, wire in zip(stores, wires, strict=True):
            store.client.active_transport = wire
    return came, turns.sent
