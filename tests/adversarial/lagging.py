"""A store whose index lags: what the index says is chosen, row by row, from what was true before.

Queries of an index go to a second table on the same engine, which holds each item as it was at some
moment, or not at all. So the engine evaluates them as it does any query. Reads by key and writes
go to the table itself, and only conditions on it may decide anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport
from autoforge.forge import Forge
from tests.adversarial.interleaving import Board, Operation
from tests.servers import Engine
from tests.stores import client_of
from tests.transports import WrappedTransport

#: What an index shows of an item: one of its states, oldest first, or None for no row. The last
#: state is the present one, and is None where the item was deleted.
Choose = Callable[[KeyValue, Sequence[Item | None]], Item | None]


@dataclass
class Lagging:
    """A board, what was on it, and the index that its processes see.

    Attributes:
        board: The table itself.
        index: The table that answers for the index.
        states: Every state that was recorded of each item, oldest first.
    """

    board: Board
    index: Board
    states: dict[KeyValue, list[Item | None]] = field(default_factory=dict)

    @classmethod
    def on(cls, client: Client) -> Self:
        """A table with an index that shows nothing yet."""
        return cls(Board.on(client), Board.on(client))

    @property
    def store(self) -> Store:
        """The table itself."""
        return self.board.store

    def record(self) -> None:
        """Note what every item is now."""
        now = self.board.items()
        for key in {*now, *self.states}:
            states = self.states.setdefault(key, [None])
            if states[-1] != now.get(key):
                states.append(now.get(key))

    def show(self, choose: Choose) -> None:
        """Have the index show what is chosen of each item."""
        self.record()
        shown = {key: choose(key, states) for key, states in self.states.items()}
        self.index.start = {key: item for key, item in shown.items() if item is not None}
        self.index.put_back()

    def after(self, *operations: Operation) -> None:
        """Do something in a process that sees the index as it is, and note each state."""
        for operation in operations:
            operation(self.board.process())
            self.record()

    def process(self) -> Forge:
        """A process of its own, which sees the index lag."""
        url = self.store.client.endpoint_url
        assert url is not None
        client = client_of(Engine("the same", url))
        client.active_transport = _Redirected(client.active_transport, self.index.store.table_name)
        return self.board.process(client)


@dataclass(frozen=True)
class _Redirected(WrappedTransport):
    """A transport on which queries of an index go to another table."""

    sound: Transport
    index_table: str

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request where it is to go."""
        if operation == "Query" and "IndexName" in parameters:
            parameters = {**parameters, "TableName": self.index_table}
        return self.sound.exchange(operation, parameters)


def nothing(_: KeyValue, __: Sequence[Item | None]) -> None:
    """The index has no rows."""


def as_it_was(steps: int) -> Choose:
    """Every row is so many states old."""
    return lambda _, states: states[max(0, len(states) - 1 - steps)]


def drawn(places: Mapping[KeyValue, int]) -> Choose:
    """Each row shows the state at a place, counted from the first; those not named, the present."""
    return lambda key, states: states[places.get(key, len(states) - 1) % len(states)]
