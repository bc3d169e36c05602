"""The reads of a Store: access patterns, and items by their keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar, overload

from autoforge.dynamodb.errors import (
    DeclarationError,
    InvalidValueError,
    ItemNotFoundError,
    UnreadableItemError,
    shortened,
)
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import BATCH_READ, Fetch, fetch_request
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.projection import Answer
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.readers import ItemReader, Reading, readers_of
from autoforge.dynamodb.patterns.request import KeyCondition, Request, get_request
from autoforge.dynamodb.patterns.snapshot import Snapshot
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.key_value import KeyValue, key_of
from autoforge.dynamodb.store import batch
from autoforge.dynamodb.store.connection import TableConnection
from autoforge.dynamodb.store.mistakes import (
    require_key,
    require_key_condition,
    require_parts,
    require_pattern,
    require_place,
)

E = TypeVar("E", bound=Answer)
T = TypeVar("T")
A1 = TypeVar("A1", bound=Answer)
A2 = TypeVar("A2", bound=Answer)
A3 = TypeVar("A3", bound=Answer)
A4 = TypeVar("A4", bound=Answer)
A5 = TypeVar("A5", bound=Answer)
A6 = TypeVar("A6", bound=Answer)

#: The largest ``Limit`` of a request that looks for live items to fill a page.
LOOKAHEAD: Final = 1000

#: A time by which nothing has expired.
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)

_log = logging.getLogger("autoforge.dynamodb")


@dataclass(frozen=True)
class Reads(TableConnection):
    """Runs access patterns, and reads items by their keys."""

    @overload
    def get(self, pattern: Get[E], *, consistent: bool = False) -> E | None: ...

    @overload
    def get(
        self, pattern: Get[Any], *, consistent: bool = False, reading: Reading[T]
    ) -> T | None: ...

    def get(
        self, pattern: Get[Any], *, consistent: bool = False, reading: Reading[Any] | None = None
    ) -> Any:
        """Run a Get and return its item; None if there is none, or it is past its expiry.

        Args:
            pattern: The pattern with its parameters.
            consistent: Whether to read strongly consistently, at twice the read units.
            reading: How to convert the item, such as ``as_json``; None for what the pattern answers
                with.

        Raises:
            DeclarationError: if the pattern is not a Get.
            UnreadableItemError: if the item does not match its entity.

        Examples:
            >>> store.get(BookByIsbn("b1"), consistent=True).title
            'Dynamo'
            >>> store.get(BookByIsbn("b9"))
        """
        try:
            return pattern.read_one(self, _reading_of(pattern, reading), consistent=consistent)
        except (AttributeError, TypeError):
            require_pattern(pattern, Get, reading)
            raise

    @overload
    def require(self, pattern: Get[E], *, consistent: bool = False) -> E: ...

    @overload
    def require(self, pattern: Get[Any], *, consistent: bool = False, reading: Reading[T]) -> T: ...

    def require(
        self, pattern: Get[Any], *, consistent: bool = False, reading: Reading[Any] | None = None
    ) -> Any:
        """Run a Get and return its item.

        Args:
            pattern: The pattern with its parameters.
            consistent: Whether to read strongly consistently, at twice the read units.
            reading: How to convert the item, such as ``as_json``; None for what the pattern answers
                with.

        Raises:
            ItemNotFoundError: if there is no such item, or it is past its expiry.
            UnreadableItemError: if the item does not match its entity.

        Examples:
            >>> store.require(BookByIsbn("b9"))
            Traceback (most recent call last):
            autoforge.dynamodb.errors.ItemNotFoundError: there is no Book with isbn 'b9'
        """
        found: Any = self.get(pattern, consistent=consistent, reading=reading)  # type: ignore[arg-type]  # None is as without it
        if found is None:
            raise ItemNotFoundError(pattern.entity.type_name, pattern.named())
        return found

    @overload
    def page(
        self,
        query: Query[E],
        *,
        limit: int,
        cursor: str | None = None,
        consistent: bool = False,
    ) -> Page[E]: ...

    @overload
    def page(
        self,
        query: Query[Any],
        *,
        limit: int,
        cursor: str | None = None,
        consistent: bool = False,
        reading: Reading[T],
    ) -> Page[T]: ...

    def page(
        self,
        query: Query[Any],
        *,
        limit: int,
        cursor: str | None = None,
        consistent: bool = False,
        reading: Reading[Any] | None = None,
    ) -> Page[Any]:
        """Run a query and return a page of its next items, at most ``limit``.

        Items that are past their expiry, of another type or unreadable are skipped, and others are
        read in their place. If most of a request was skipped, the next one reads more items. So a
        page takes one request, and another for each megabyte or run of skipped items. A page has a
        cursor only if another item follows it; a page of references, only if another reference
        follows, whether or not the item that it names exists.

        Args:
            query: The query with its parameters.
            limit: The largest number of items, from 1.
            cursor: The cursor of the page before; None for the first page.
            consistent: Whether to read strongly consistently, at twice the read units.
            reading: How to convert the items, such as ``as_json``; None for what the query answers
                with.

        Raises:
            DeclarationError: if the pattern is not a Query.
            InvalidCursorError: if the cursor was not issued for this query.
            InvalidValueError: if the limit is below 1, or a global index is to be read strongly
                consistently.

        Examples:
            >>> first = store.page(LoansOfBook("b1"), limit=1)
            >>> first.items
            (<Loan BOOK#b1 / LOAN#l1>,)
            >>> store.page(LoansOfBook("b1"), limit=1, cursor=first.cursor).items
            (<Loan BOOK#b1 / LOAN#l2>,)
        """
        try:
            as_what = _reading_of(query, reading)
            return query.read_page(self, as_what, limit=limit, cursor=cursor, consistent=consistent)
        except (AttributeError, TypeError):
            require_pattern(query, Query, reading)
            require_place(limit, cursor)
            raise

    def count(self, query: Query[Any], *, consistent: bool = False) -> int:
        """Count the items of a query, in one request per megabyte of items.

        It costs as many read units as reading the items. Items past their expiry are counted until
        DynamoDB deletes them, since their attributes are not read.

        Args:
            query: The query with its parameters.
            consistent: Whether to read strongly consistently, at twice the read units.

        Raises:
            DeclarationError: if the pattern is not a Query.
            InvalidValueError: if a global index is to be read strongly consistently.

        Examples:
            >>> store.count(LoansOfBook("b1"))
            2
        """
        try:
            request = query.request(
                self.table_name, limit=None, now=self.clock(), consistent=consistent, count=True
            )
        except (AttributeError, TypeError):
            require_pattern(query, Query)
            raise
        total = 0
        for answer in self._pages(request, query):
            keys = answer.get("Items")
            total += int(answer["Count"]) if keys is None else sum(map(query.recognises, keys))
        return total

    def each(
        self, query: Query[E], *, page_size: int = 100, consistent: bool = False
    ) -> Iterator[E]:
        """Yield every item of a query, reading a page at a time.

        Args:
            query: The query with its parameters.
            page_size: The largest number of items of a page.
            consistent: Whether to read strongly consistently, at twice the read units.

        Raises:
            InvalidValueError: if the page size is below 1, or a global index is to be read strongly
                consistently.

        Examples:
            >>> [loan.member for loan in store.each(LoansOfBook("b1"))]
            ['ann', 'ben']
        """
        cursor = None
        while True:
            page = self.page(query, limit=page_size, cursor=cursor, consistent=consistent)
            yield from page.items
            if page.cursor is None:
                return
            cursor = page.cursor

    @overload
    def fetch(self, pattern: Fetch[E], *, consistent: bool = False) -> tuple[E, ...]: ...

    @overload
    def fetch(
        self, pattern: Fetch[Any], *, consistent: bool = False, reading: Reading[T]
    ) -> tuple[T, ...]: ...

    def fetch(
        self, pattern: Fetch[Any], *, consistent: bool = False, reading: Reading[Any] | None = None
    ) -> tuple[Any, ...]:
        """Run a Fetch and return the items that exist, in the order of its keys.

        Args:
            pattern: The pattern with its parameters.
            consistent: Whether to read strongly consistently, at twice the read units.
            reading: How to convert the items, such as ``as_json``; None for what the pattern
                answers with.

        Raises:
            DeclarationError: if the pattern is not a Fetch.
            InvalidValueError: if there are more than 100 keys.
            IncompleteBatchError: if DynamoDB leaves keys unprocessed after all retries.

        Examples:
            >>> [book.title for book in store.fetch(Books(("b2", "b9", "b1")))]
            ['Emma', 'Dynamo']
        """
        try:
            as_what = _reading_of(pattern, reading)
            return self.read_items(pattern.distinct_keys(), pattern, as_what, consistent=consistent)
        except (AttributeError, TypeError):
            require_pattern(pattern, Fetch, reading)
            raise

    @overload
    def snapshot(self, one: Get[A1], /) -> tuple[A1 | None]: ...

    @overload
    def snapshot(self, one: Get[A1], two: Get[A2], /) -> tuple[A1 | None, A2 | None]: ...

    @overload
    def snapshot(
        self, one: Get[A1], two: Get[A2], three: Get[A3], /
    ) -> tuple[A1 | None, A2 | None, A3 | None]: ...

    @overload
    def snapshot(
        self, one: Get[A1], two: Get[A2], three: Get[A3], four: Get[A4], /
    ) -> tuple[A1 | None, A2 | None, A3 | None, A4 | None]: ...

    @overload
    def snapshot(
        self, one: Get[A1], two: Get[A2], three: Get[A3], four: Get[A4], five: Get[A5], /
    ) -> tuple[A1 | None, A2 | None, A3 | None, A4 | None, A5 | None]: ...

    @overload
    def snapshot(
        self,
        one: Get[A1],
        two: Get[A2],
        three: Get[A3],
        four: Get[A4],
        five: Get[A5],
        six: Get[A6],
        /,
    ) -> tuple[A1 | None, A2 | None, A3 | None, A4 | None, A5 | None, A6 | None]: ...

    @overload
    def snapshot(self, *gets: Get[E]) -> tuple[E | None, ...]: ...

    def snapshot(self, *gets: Get[Any]) -> tuple[Any, ...]:
        """Read the items of several Gets in one transaction, as they are at one time.

        Each answer is None if there is no such item, or it is past its expiry. A transaction that
        conflicts with a write is tried again. It costs twice the read units of strongly consistent
        reads.

        Args:
            gets: 1 to 100 patterns with their parameters.

        Raises:
            InvalidTransactionError: if they read no item or more than 100.
            DeclarationError: if one of them is not a Get, or is a Lookup.
            TransactionConflictError: if writes conflict with every attempt.

        Examples:
            >>> store.snapshot(BookByIsbn("b1"), LoanById("b1", "l2"), LoanById("b1", "l9"))
            (<Book BOOK#b1 / BOOK>, <Loan BOOK#b1 / LOAN#l2>, None)
        """
        snapshot = Snapshot(gets)
        found = self._send(snapshot.request(self.table_name), snapshot)["Responses"]
        return tuple(
            self.live(found[place].get("Item") or None, each.entity, each.reading())
            for each, place in zip(gets, snapshot.places, strict=True)
        )

    def answer(self, pattern: Composite[T], *, consistent: bool = False) -> T:
        """Run the patterns of a Composite and combine their answers.

        Args:
            pattern: The pattern with its parameters.
            consistent: Whether to read strongly consistently where the index offers it.

        Examples:
            >>> @dataclass(frozen=True)
            ... class LoansOfBooks(Composite[int]):
            ...     '''How often were these two books lent?'''
            ...
            ...     first: str
            ...     second: str
            ...
            ...     def parts(self) -> Sequence[Part]:
            ...         both = (self.first, self.second)
            ...         return [Part(LoansOfBook(each), count=True) for each in both]
            ...
            ...     def combine(self, answers: Sequence[Sequence[int]]) -> int:
            ...         return sum(number for (number,) in answers)
            >>> store.answer(LoansOfBooks("b1", "b2"))
            2
        """
        try:
            return pattern.combine(self.answers(pattern, consistent=consistent))
        except (AttributeError, TypeError):
            require_pattern(pattern, Composite)
            raise

    def answers(
        self,
        pattern: Composite[Any],
        *,
        consistent: bool = False,
        reading: Reading[Any] | None = None,
    ) -> list[Sequence[Any]]:
        """Run the patterns of a Composite, for a caller that combines the answers itself.

        Args:
            pattern: The pattern with its parameters.
            consistent: Whether to read strongly consistently where the index offers it.
            reading: How to convert the items, such as ``as_json``; None for what the parts answer
                with.

        Examples:
            >>> @dataclass(frozen=True)
            ... class BookDesk(Composite[tuple]):
            ...     '''Which book is this, and who has borrowed it?'''
            ...
            ...     isbn: str
            ...
            ...     def parts(self) -> Sequence[Part]:
            ...         return [Part(BookByIsbn(self.isbn)), Part(LoansOfBook(self.isbn))]
            ...
            ...     def combine(self, answers: Sequence[Sequence[object]]) -> tuple:
            ...         return tuple(answers)
            >>> (book,), loans = store.answers(BookDesk("b1"), reading=as_json)
            >>> book["title"], len(loans)
            ('Dynamo', 2)
        """
        try:
            return self.run_concurrently(
                [
                    partial(
                        part.pattern.read_part,
                        self,
                        _reading_of(part.pattern, reading),
                        limit=part.limit,
                        count=part.count,
                        consistent=consistent,
                    )
                    for part in pattern.parts()
                ]
            )
        except (AttributeError, TypeError):
            require_pattern(pattern, Composite, reading)
            require_parts(pattern)
            raise

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


def _reading_of(pattern: Pattern[Any], reading: Reading[Any] | None) -> Reading[Any]:
    """Return how the items of a pattern are converted: as a caller says, or to what it answers."""
    return pattern.reading() if reading is None else pattern.reading_as(reading)
