"""A store whose index lags: each row of the index shows a chosen earlier state of its item.

Queries of the index go to a second table on the same engine. It holds each item in one of its
earlier states, or not at all, and the engine evaluates the query as usual. Reads by key and writes
go to the table itself, so only their results and conditions are reliable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport
from autoforge.forge import Forge
from autoforge.testing.recording import WrappedTransport
from tests.adversarial.interleaving import Board, Operation
from tests.servers import Engine
from tests.stores import client_of

#: Chooses what an index shows of an item: one of its states, given oldest first, or None for no
#: row. The last state is the present one, and is None if the item was deleted.
Choose = Callable[[KeyValue, Sequence[Item | None]], Item | None]


@dataclass
class Lagging:
    """A board, the recorded states of its items, and the index that its processes see.

    Attributes:
        board: The table itself.
        index: The table that answers queries of the index.
        states: Every recorded state of each item, oldest first.
    """

    board: Board
    index: Board
    states: dict[KeyValue, list[Item | None]] = field(default_factory=dict)

    @classmethod
    def on(cls, client: Client) -> Self:
        """Create a table with an index that shows nothing yet."""
        return cls(Board.on(client), Board.on(client))

    @property
    def store(self) -> Store:
        """The table itself."""
        return self.board.store

    def record(self) -> None:
        """Record the present state of every item."""
        now = self.board.items()
        for key in {*now, *self.states}:
            states = self.states.setdefault(key, [None])
            if states[-1] != now.get(key):
                states.append(now.get(key))

    def show(self, choose: Choose) -> None:
        """Make the index show the chosen state of each item."""
        self.record()
        shown = {key: choose(key, states) for key, states in self.states.items()}
        self.index.start = {key: item for key, item in shown.items() if item is not None}
        self.index.put_back()

    def after(self, *operations: Operation) -> None:
        """Run operations in a process whose index does not lag; record the states after each."""
        for operation in operations:
            operation(self.board.process())
            self.record()

    def process(self) -> Forge:
        """Return the Forge of another process, which sees the lagging index."""
        url = self.store.client.endpoint_url
        assert url is not None
        client = client_of(Engine("the same", url))
        client.active_transport = _Redirected(client.active_transport, self.index.store.table_name)
        return self.board.process(client)


@dataclass(frozen=True)
class _Redirected(WrappedTransport):
    """A transport that sends queries of an index to another table."""

    sound: Transport
    index_table: str

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request to the table or, for a query of an index, to the index table."""
        if operation == "Query" and "IndexName" in parameters:
            parameters = {**parameters, "TableName": self.index_table}
        return self.sound.exchange(operation, parameters)


def nothing(_: KeyValue, __: Sequence[Item | None]) -> None:
    """Show no rows."""


def as_it_was(steps: int) -> Choose:
    """Show the state of each item a number of changes ago."""
    return lambda _, states: states[max(0, len(states) - 1 - steps)]


def drawn(places: Mapping[KeyValue, int]) -> Choose:
    """Show each named item in the state with the given number, from 0; others as they are."""
    return lambda key, states: states[places.get(key, len(states) - 1) % len(states)]
