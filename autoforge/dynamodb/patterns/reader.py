"""Reader: the methods of a Store that patterns use to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.key_value import KeyValue

if TYPE_CHECKING:
    from autoforge.dynamodb.patterns.page import Page
    from autoforge.dynamodb.patterns.pattern import Pattern
    from autoforge.dynamodb.patterns.query import Query

T = TypeVar("T")


class Reader(Protocol):
    """Sends the requests of patterns and converts the items in the responses."""

    @property
    def table_name(self) -> str:
        """The name of the table."""

    def read_item(self, request: Request, pattern: Pattern[Any]) -> Item | None:
        """Send a GetItem and return the item in DynamoDB JSON; None if it does not exist."""

    def live(self, item: Item | None, entity: type[Entity], reading: Reading[T]) -> T | None:
        """Convert an item; None if it is missing, of another entity, or expired."""

    def read_items(
        self,
        keys: Sequence[KeyValue],
        pattern: Pattern[Any],
        reading: Reading[T],
        *,
        consistent: bool,
        accepts: Callable[[Item], bool] | None = None,
    ) -> tuple[T, ...]:
        """Read the items with these keys that exist and are live, in the order of the keys.

        Args:
            keys: The primary keys.
            pattern: The pattern that asks for them.
            reading: Converts each item.
            consistent: Whether to read strongly consistently.
            accepts: Whether an item, as it is stored, is one of the answer; None for all.

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
        """Read a page of the live items of a query.

        Args:
            query: The query with its parameters.
            reading: Converts each item.
            limit: The number of items in the page.
            cursor: The cursor of the page before; None for the first page.
            consistent: Whether to read strongly consistently.
            ahead: Whether to read on until it is known whether more live items follow, so that the
                last page has no cursor.

        Raises:
            InvalidCursorError: if the cursor was not issued for this query.
            InvalidValueError: if the limit is under 1, or a strongly consistent read of an index is
                requested.
        """

    def count(self, query: Query[Any], *, consistent: bool = False) -> int:
        """Count the items of a query, including expired ones.

        Raises:
            InvalidValueError: if a strongly consistent read of an index is requested.
        """
