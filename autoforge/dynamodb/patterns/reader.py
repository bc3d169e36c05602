"""Reader: what a kind of pattern asks of the Store that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.keys import KeyValue

if TYPE_CHECKING:
    from autoforge.dynamodb.patterns.pattern import Pattern
    from autoforge.dynamodb.patterns.query import Page, Query

T = TypeVar("T")


class Reader(Protocol):
    """Sends the requests of patterns and reads the items that answer."""

    @property
    def table_name(self) -> str:
        """The table."""

    def read_item(self, request: Request, pattern: Pattern[Any]) -> Item | None:
        """Send a GetItem and return the item as it is stored; None if there is none."""

    def live(self, item: Item | None, entity: type[Entity], reading: Reading[T]) -> T | None:
        """Read a stored item; None if there is none, or it is of another type or expired."""

    def read_items(
        self,
        keys: Sequence[KeyValue],
        pattern: Pattern[Any],
        reading: Reading[T],
        *,
        consistent: bool,
    ) -> tuple[T, ...]:
        """Read the items with these keys that are there and live, in the order of the keys.

        Raises:
            IncompleteBatchError: if DynamoDB leaves keys unprocessed after all retries.
        """

    def read_range(
        self,
        query: Query[Any],
        reading: Reading[T],
        *,
        limit: int,
        cursor: str | None,
        consistent: bool,
        ahead: bool = True,
    ) -> Page[T]:
        """Read the next live items of a query; with ``ahead``, also whether any follow them.

        Raises:
            InvalidCursorError: if the cursor is not one of this query.
            InvalidValueError: if the limit is under 1, or an index is to be read consistently.
        """

    def count(self, query: Query[Any], *, consistent: bool = False) -> int:
        """Count the items of a query."""
