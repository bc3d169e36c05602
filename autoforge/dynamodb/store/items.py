"""The reads of items: by their keys, of an item collection, and as patterns ask (``Reader``)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

from autoforge.dynamodb.errors import (
    DeclarationError,
    InvalidValueError,
    UnreadableItemError,
    shortened,
)
from autoforge.dynamodb.patterns.fetch import BATCH_READ, fetch_request
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.readers import ItemReader, Reading, readers_of
from autoforge.dynamodb.patterns.request import KeyCondition, Request, get_request
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.key_value import KeyValue, key_of
from autoforge.dynamodb.store import batch
from autoforge.dynamodb.store.connection import TableConnection
from autoforge.dynamodb.store.mistakes import (
    require_key,
    require_key_condition,
    require_place,
)

T = TypeVar("T")

#: The largest ``Limit`` of a request that looks for live items to fill a page.
LOOKAHEAD: Final = 1000

#: A time by which nothing has expired.
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)

_log = logging.getLogger("autoforge.dynamodb")


class ItemReads(TableConnection):
    """Reads items as they are stored, and sends the requests of patterns."""

    def item_at(self, key: KeyValue) -> Item | None:
        """Return the stored item with a primary key; None if there is none.

        It is read strongly consistently, and returned in DynamoDB JSON even if it is past its
        expiry.

        Args:
            key: The primary key.

        Raises:
            DeclarationError: if it is not a primary key.

        Examples:
            >>> store.item_at(primary_key(Book, {"isbn": "b1"}))["title"]
            {'S': 'Dynamo'}
            >>> store.item_at(KeyValue("BOOK#b9", "BOOK"))
        """
        try:
            request = get_request(self.table_name, key, self.layout.primary, consistent=True)
        except AttributeError:
            require_key(key)
            raise
        item: Item | None = self._send(request, self).get("Item")
        return item

    def keys_in(self, partition: str) -> Iterator[KeyValue]:
        """Yield the primary keys of a whole item collection, whatever the types of its items.

        They are read strongly consistently.

        Args:
            partition: The partition key.

        Raises:
            DeclarationError: if it is not a text.

        Examples:
            >>> [key.sort for key in store.keys_in("BOOK#b1")]
            ['BOOK', 'LOAN#l1', 'LOAN#l2']
        """
        given: object = partition
        if not isinstance(given, str):
            raise DeclarationError(
                f"{shortened(given)} is not a partition key: write the text, such as "
                'primary_key(Book, {"isbn": "b1"}).partition'
            )
        primary = self.layout.primary
        return (key_of(each, primary) for each in self.items_in(KeyCondition(primary, partition)))

    def items_in(
        self, condition: KeyCondition, *attributes: str, page_size: int | None = None
    ) -> Iterator[Item]:
        """Yield the stored items that a key condition selects, whatever their types.

        Only their primary keys and ``attributes`` are returned, in DynamoDB JSON. Pages are read as
        the items are taken, strongly consistently if the index supports it.

        Args:
            condition: Selects the items, such as the ``condition`` of a pattern.
            attributes: Names in the table of further attributes to return.
            page_size: Items per request; None for as many as DynamoDB returns.

        Raises:
            DeclarationError: if it is not a key condition, or a name is no text.

        Examples:
            >>> loans = LoansOfBook("b1").condition(NOON)
            >>> [item["member"] for item in store.items_in(loans, "member")]
            [{'S': 'ann'}, {'S': 'ben'}]
        """
        try:
            names = dict.fromkeys((*self.layout.primary.attributes, *attributes))
            projected = {f"#p{place}": name for place, name in enumerate(names)}
            parameters = condition.parameters()
            parameters["ExpressionAttributeNames"] |= projected
        except (AttributeError, TypeError):
            require_key_condition(condition, attributes)
            raise
        request = Request(
            "Query",
            {
                "TableName": self.table_name,
                **parameters,
                "ProjectionExpression": ", ".join(projected),
                "ConsistentRead": condition.index.consistent_reads,
                **({} if page_size is None else {"Limit": page_size}),
            },
        )
        for answer in self._pages(request, self):
            yield from answer["Items"]

    def read_item(self, request: Request, pattern: Pattern[Any]) -> Item | None:
        """Send a GetItem and return the stored item; None if there is none."""
        item: Item | None = self._send(request, pattern).get("Item")
        return item

    def live(
        self,
        item: Item | None,
        entity: type[Entity],
        reading: Reading[T],
    ) -> T | None:
        """Convert a stored item; None if there is none, or it is of another type or expired."""
        read = None if item is None else readers_of((entity,), reading)(item)
        if item is None or read is None:
            return None
        return read(item, _BEGINNING if self.expired else self.clock())

    def read_items(
        self,
        keys: Sequence[KeyValue],
        pattern: Pattern[Any],
        reading: Reading[T],
        *,
        consistent: bool,
        accepts: Callable[[Item], bool] | None = None,
    ) -> tuple[T, ...]:
        """Return the live items with these keys, in the order of the keys."""
        expired_by = _BEGINNING if self.expired else self.clock()
        readers = readers_of(pattern.entities, reading)
        distinct = tuple(dict.fromkeys(keys))
        chunks = batch.chunks(distinct, BATCH_READ)
        primary = pattern.entities[0].layout.primary
        requests = [
            fetch_request(
                self.table_name,
                each,
                primary,
                consistent=consistent,
                projected=pattern.item_paths(),
            )
            for each in chunks
        ]

        def answer(request: Request) -> list[Item]:
            return list(
                batch.read(
                    self.client,
                    lambda again: self._send(again, pattern),
                    request,
                    primary,
                    self.pace,
                )
            )

        found: dict[KeyValue, T] = {}
        for items in self.run_concurrently([partial(answer, request) for request in requests]):
            for item in items if accepts is None else filter(accepts, items):
                read = self._readable(item, readers, expired_by)
                if read is not None:
                    found[key_of(item, primary)] = read
        return tuple(found[key] for key in keys if key in found)

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
        """Read the next live items of a query; with ``ahead``, also look whether others follow.

        Raises:
            InvalidCursorError: if the cursor was not issued for this query.
            InvalidValueError: if the limit is below 1.
        """
        if not isinstance(limit, int) or limit < 1:  # type: ignore[redundant-expr]  # of a caller
            require_place(limit, cursor)
            raise InvalidValueError(f"the limit of a page is {limit}; it must be at least 1")
        accept = self.cursors.accept
        start = accept(self.table_name, query, cursor) if cursor is not None else None
        now = self.clock()
        expired_by = _BEGINNING if self.expired else now
        by_key = query.index.projection == "KEYS_ONLY"
        readers = readers_of(query.read_entities(), reading, by_key=by_key)
        found: list[T] = []
        last: Item = {}
        # One item more than the page holds shows whether another page follows.
        ask_for = limit + ahead
        while True:
            request = query.request(
                self.table_name, limit=ask_for, now=now, start=start, consistent=consistent
            )
            answer = self._send(request, query)
            start = answer.get("LastEvaluatedKey")
            before = len(found)
            for item in answer["Items"]:
                read = self._readable(item, readers, expired_by)
                if read is None:
                    continue
                if len(found) == limit:
                    return Page(tuple(found), self.cursors.issue(self.table_name, query, last))
                found.append(read)
                last = item
            if start is None or (len(found) == limit and not ahead):
                return Page(tuple(found), None)
            # Items that a filter leaves out are counted here, but not returned.
            examined = answer.get("ScannedCount", len(answer["Items"]))
            mostly_read = 2 * (len(found) - before) >= max(examined, 1)
            ask_for = min(limit + ahead - len(found) if mostly_read else 2 * ask_for, LOOKAHEAD)

    def _pages(self, request: Request, subject: object) -> Iterator[dict[str, Any]]:
        """Send a query until it has no more pages, and yield every answer."""
        start: dict[str, Any] = {}
        while True:
            answer = self._send(
                Request(request.operation, {**request.parameters, **start}), subject
            )
            yield answer
            if answer.get("LastEvaluatedKey") is None:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _readable(
        self,
        item: Item,
        reader_of: Callable[[Item], ItemReader[T] | None],
        expired_by: datetime,
    ) -> T | None:
        """Convert an item; None if it is of another type, past its expiry, or unreadable.

        An unreadable item must not fail the whole list: it is skipped, and the log names it.
        """
        read = reader_of(item)
        if read is None:
            return None
        try:
            return read(item, expired_by)
        except UnreadableItemError as error:
            details = {"table": self.table_name, "reason": str(error)}
            _log.error("dynamodb.item_unreadable", extra=details)
            return None
