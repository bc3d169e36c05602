"""Records the requests of a Store while a test watches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from autoforge.dynamodb.client.client import Call, Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport


class WrappedTransport(Transport):
    """A transport that sends through another, and so has no connections to open or close."""

    def warm(self) -> None:
        """Open nothing: the other transport opens its connections itself."""

    def close(self) -> None:
        """Close nothing: the other transport closes its connections itself."""


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
    """What a client sent while a test watched it, as ``watching`` yields it.

    Attributes:
        sent: Each operation with its parameters.
        calls: Each request that was answered, with the capacity that it consumed.

    Examples:
        >>> from autoforge.testing import watching
        >>> with watching(store) as watched:
        ...     book = store.require(BookByIsbn("b1"))
        >>> watched.operations
        ['GetItem']
    """

    #: Each operation with its parameters.
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    #: Each request that was answered, with the capacity that it consumed.
    calls: list[Call] = field(default_factory=list)

    @property
    def operations(self) -> list[str]:
        """The operations, in the order the client sent them.

        Examples:
            >>> from autoforge.testing import watching
            >>> with watching(store) as watched:
            ...     loans = store.page(LoansOfMember("ben"), limit=25)
            >>> watched.operations
            ['Query', 'BatchGetItem']
        """
        return [operation for operation, _ in self.sent]

    @property
    def units(self) -> float:
        """The capacity units of all calls, as the engine counts them; moto counts none truly.

        Examples:
            >>> from autoforge.testing import Watched
            >>> Watched().units
            0.0
        """
        tables = [
            table
            for call in self.calls
            for table in (call.capacity if isinstance(call.capacity, list) else [call.capacity])
            if table is not None
        ]
        return float(sum(table["CapacityUnits"] for table in tables))


@contextmanager
def watching(watched: Store | Client) -> Iterator[Watched]:
    """Record what a Store, or its client, sends in the block, whether or not it gets an answer.

    Args:
        watched: The Store or the client.

    Examples:
        >>> from autoforge.testing import watching
        >>> with watching(store) as watched:
        ...     count = store.count(LoansOfBook("b1"))
        >>> len(watched.sent)
        1
    """
    client = watched.client if isinstance(watched, Store) else watched
    record = Watched()
    sound = client.active_transport
    client.observers.append(record.calls.append)
    client.active_transport = Overheard(sound, lambda *sent: record.sent.append(sent))
    try:
        yield record
    finally:
        client.active_transport = sound
        client.observers.remove(record.calls.append)
