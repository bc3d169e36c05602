"""The reads of a Store: each kind of access pattern, and what it answers with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeVar, overload

from autoforge.dynamodb.errors import ItemNotFoundError
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.projection import Answer
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.snapshot import Snapshot
from autoforge.dynamodb.store.items import ItemReads
from autoforge.dynamodb.store.mistakes import require_parts, require_pattern, require_place

E = TypeVar("E", bound=Answer)
T = TypeVar("T")
A1 = TypeVar("A1", bound=Answer)
A2 = TypeVar("A2", bound=Answer)
A3 = TypeVar("A3", bound=Answer)
A4 = TypeVar("A4", bound=Answer)
A5 = TypeVar("A5", bound=Answer)
A6 = TypeVar("A6", bound=Answer)


class Reads(ItemReads):
    """Runs access patterns."""

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


def _reading_of(pattern: Pattern[Any], reading: Reading[Any] | None) -> Reading[Any]:
    """Return how the items of a pattern are converted: as a caller says, or to what it answers."""
    return pattern.reading() if reading is None else pattern.reading_as(reading)
