"""Query, the pattern that reads a range of one item collection, a page at a time.

A query of several entities, such as ``Query[Order | Invoice]``, reads the range that holds all of
them: its partition key is one that each of them can have, and only what all their sort keys have in
common bounds the range. The parameters have the names of the components of ``key``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar

from pynamodb.expressions.condition import And, Condition
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.patterns.bounds import Bounded
from autoforge.dynamodb.patterns.filters import fault_of, shown
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.patterns.parts import paths_of, reading_of
from autoforge.dynamodb.patterns.pattern import consistency, named_types
from autoforge.dynamodb.patterns.permission import Permission, permissions_on_items
from autoforge.dynamodb.patterns.projection import Answer
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading, as_entries
from autoforge.dynamodb.patterns.request import (
    AttributePath,
    KeyCondition,
    Request,
    WireKey,
    with_expressions,
)
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import key_of
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.schema.template import Label

E = TypeVar("E", bound=Answer)
T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Query(Bounded[E], kind=True):
    """Reads a range of one item collection, in the order of the sort key (Query).

    Declared as ``Query[Loan]``, or ``Query[Book | Loan]`` for items of several types; ``key`` is a
    key of the table or of an index. Parameters give the partition key and the first components of
    the sort key; ``range`` may bound the next one. Every query has the parameter ``order``, too:
    ``asc``, ``desc``, or None for the order of the pattern. DynamoDB reads up to 1 MB of items for
    each request; an eventually consistent read costs half a read unit for each 4 KB of them, a
    strongly consistent one a whole unit (AWS, "Read and write operations").

    A query of several entities reads the range that holds the items of all of them. Each entity has
    a key in the same index whose partition key can be that of ``key``; the parameters are named
    after the components of ``key``. What all sort keys begin with bounds the range; if they share
    nothing, it is the whole item collection. A ``Table`` refuses the query if other entities of the
    table are in the range, unless they are in ``leaves_out``.

    A query of an index that does not hold all attributes answers with a ``Projection`` of what the
    index holds, or declares ``fetches_rest``: then the whole items are read by their keys, in one
    BatchGetItem for a page of up to 100. An item that has moved in the index in between is left
    out.

    Raises:
        DeclarationError: when a query is declared, if its parameters do not give one range of sort
            keys, or the index does not hold what it answers with.

    Examples:
        >>> @dataclass(frozen=True)
        ... class BookAndLoans(Query[Book | Loan]):
        ...     '''Which book is this, and who has borrowed it?'''
        ...
        ...     key = Book.key
        ...
        ...     isbn: str
        >>> store.page(BookAndLoans("b1"), limit=25).items
        (<Book BOOK#b1 / BOOK>, <Loan BOOK#b1 / LOAN#l1>, <Loan BOOK#b1 / LOAN#l2>)
    """

    operation: ClassVar[str] = "Query"
    #: Whether the largest sort key comes first if the caller does not choose the order.
    newest_first: ClassVar[bool] = False

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Count the requests, if the whole items are read, too."""
        super().__init_subclass__(kind=kind)
        if cls.fetches_rest and not cls.is_generic():
            cls.operation, cls.requests = "Query + BatchGetItem", 2

    @classmethod
    def _instead_of(cls, name: str) -> str:
        if name in {"order", "descending"}:
            return "newest_first = True reads the largest sort key first"
        return super()._instead_of(name)

    #: The order that the caller chose: smallest (``asc``) or largest (``desc``) sort key first.
    order: Literal["asc", "desc"] | None = field(default=None, kw_only=True)

    @property
    def descending(self) -> bool:
        """Whether the largest sort key comes first.

        Raises:
            InvalidValueError: if the order is neither ``asc`` nor ``desc``.
        """
        if self.order not in (None, "asc", "desc"):
            raise InvalidValueError(f"order is {shortened(self.order)}, not asc or desc")
        return self.newest_first if self.order is None else self.order == "desc"

    @classmethod
    def described_conditions(cls) -> Mapping[str, str]:
        """Return the key condition with required parameters, and with each optional one, too."""
        now = Label("now")
        conditions = {"": str(cls.described().condition(now))}
        for each in cls.parameters():
            if each.default is MISSING or each.name == "order":
                continue
            conditions[camel_case(each.name)] = str(cls.described(each.name).condition(now))
        return conditions

    @classmethod
    def described_order(cls) -> str:
        """Return the sort key and its direction, in words."""
        name = cls.key.index.sort_key
        return "" if name is None else f"{name} {'descending' if cls.newest_first else 'ascending'}"

    def request(
        self,
        table_name: str,
        *,
        limit: int | None,
        now: datetime,
        start: WireKey | None = None,
        consistent: bool = False,
        count: bool = False,
    ) -> Request:
        """Return the Query request for a page.

        Args:
            table_name: The table to read.
            limit: The ``Limit`` of the request; None for none.
            now: The present time.
            start: The key after which the page starts; None for the first page.
            consistent: Whether to read strongly consistently.
            count: Whether to count the items instead.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key, or a strongly consistent read
                of an index is requested.
        """
        if consistent and not self.index.consistent_reads:
            raise InvalidValueError(f"{self.index.name} offers no strongly consistent reads")
        selected = self.condition(now).parameters()
        kept = self._kept()
        by_key = count and self._is_counted_by_key()
        projected = self._key_paths() if by_key else () if count else self.range_paths()
        if kept is not None or projected:
            selected = with_expressions(selected, kept=kept, projected=projected)
        return Request(
            "Query",
            {
                "TableName": table_name,
                **selected,
                "ScanIndexForward": not self.descending,
                "ConsistentRead": consistent,
                **({} if limit is None else {"Limit": limit}),
                **({"Select": "COUNT"} if count and not by_key else {}),
                **({} if start is None else {"ExclusiveStartKey": start}),
            },
        )

    @classmethod
    def reads_twice(cls) -> bool:
        """Whether the items in the range only lead to those that are answered."""
        return cls.fetches_rest

    @classmethod
    @cache
    def reading(cls) -> Reading[Any]:
        """Return how the items that are answered are converted unless a caller says otherwise."""
        return reading_of(cls.answers, TABLE if cls.reads_twice() else cls.key.index)

    @classmethod
    @cache
    def range_reading(cls) -> Reading[Any]:
        """Return how the items in the range are converted if they only lead to others."""
        return as_entries if cls.fetches_rest else reading_of(cls.read_answers(), cls.key.index)

    @classmethod
    @cache
    def range_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes that are asked for of the items in the range; empty for all."""
        return () if cls.fetches_rest else paths_of(cls.read_answers(), cls.key.index)

    @classmethod
    @cache
    def item_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes that are asked for of the items that are answered."""
        answered = cls.answers[: len(cls.answered_entities())]
        return paths_of(answered, cls.key.index if cls.fetches_rest else TABLE)

    @classmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """Return Query on the partitions, and BatchGetItem on items that are read after it."""
        yield from super().iam_permissions()
        if cls.fetches_rest:
            yield from permissions_on_items("BatchGetItem", *cls.entities)

    @classmethod
    def recognises(cls, item: Item) -> bool:
        """Whether an item, or only its primary key, is one of an entity that the query returns."""
        return any(each.has_form(item) for each in cls.read_entities())

    @classmethod
    def _is_counted_by_key(cls) -> bool:
        """Whether DynamoDB cannot tell what to count, so that the keys are read and counted."""
        return bool(cls.leaves_out) and cls.tells_types_by_key()

    @classmethod
    def _key_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes of the primary key, as they are asked for."""
        return tuple((name,) for name in cls.entities[0].layout.primary.attributes)

    @classmethod
    @cache
    def _type_condition(cls) -> Condition | None:
        """Return the condition that an item is of an entity that is read; None without need."""
        if not cls.leaves_out or cls.tells_types_by_key():
            return None
        read = cls.read_entities()
        stored = Path([str(read[0].layout.entity_type)])
        condition: Condition = stored.is_in(*(each.type_name for each in read))
        return condition

    def filter(self) -> Condition | None:
        """Return the condition on which an item of the range is returned; None for all.

        It never selects: DynamoDB reads the whole range, and charges for it. Pages are full
        nevertheless, and ``count`` counts what matches. The key attributes of the index, and
        attributes that it does not hold, cannot be filtered.

        Raises:
            DeclarationError: when a ``Table`` has the query, if it cannot be filtered so.

        Examples:
            >>> @dataclass(frozen=True)
            ... class RenewedLoansOfBook(Query[Loan]):
            ...     '''Which loans of this book were renewed?'''
            ...
            ...     key = Loan.key
            ...
            ...     isbn: str
            ...
            ...     def filter(self) -> Condition:
            ...         return Loan.renewals.above(0)
            >>> list(store.each(RenewedLoansOfBook("b1")))
            []
        """
        return None

    def _kept(self) -> Condition | None:
        """Return the condition of the filter and on the types; None if there is neither.

        Raises:
            DeclarationError: if the filter has a key attribute of the index, or an attribute that
                the index does not hold.
        """
        kind = self._type_condition()
        own = self.filter()
        if own is None:
            return kind
        fault = fault_of(own, self.index, self.read_entities())
        if fault:
            raise DeclarationError(f"{type(self).__name__}: {fault}")
        return own if kind is None else And(kind, own)

    @classmethod
    def fault_of_filter(cls) -> str:
        """Return what is wrong with the filter, as far as that shows without parameters."""
        given: object = cls.filter
        if not callable(given):
            return "filter is no method: write def filter(self), which returns a condition"
        with suppress(Exception):  # a filter may raise any error on a label
            condition = cls.described().filter()
            if condition is not None:
                return fault_of(condition, cls.key.index, cls.read_entities())
        return ""

    @classmethod
    def remarks(cls) -> Iterator[str]:
        """Say what is read and not answered."""
        if cls.reads_twice() or cls.key.index.holds_all:
            yield from super().remarks()
        if cls.leaves_out:
            yield (
                f"Items of {named_types(cls.leaves_out)} in the range are read and paid for, and "
                "left out."
            )
        if cls.filter is not Query.filter:
            yield "Items that its filter does not match are read and paid for, and left out."

    def described_condition(self) -> KeyCondition:
        """The key condition, with a label for the present time."""
        return self.condition(Label("now"))

    def first_request(
        self, table_name: str, *, limit: int | None, now: datetime, consistent: bool, count: bool
    ) -> Request:
        """Return the Query request for the first page."""
        limit = None if count else limit
        return self.request(table_name, limit=limit, now=now, consistent=consistent, count=count)

    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Say in a sentence which range is read."""
        where = self.index.shown
        names = named_types(self.read_entities())
        if count:
            said = f"Count the items of {where} for {self.condition(now)} ({names})."
        else:
            first = "largest" if self.descending else "smallest"
            said = (
                f"Query {where} for {self.condition(now)}, {first} sort key first, "
                f"up to {limit} items ({names}), {consistency(consistent=consistent)}."
            )
            if self.fetches_rest:
                said = f"{said} Then get the {named_types(self.entities)} of each in one batch."
        condition = self.filter()
        if condition is not None:
            said = f"{said} Return only those with {shown(condition)}."
        return " ".join((said, *self.remarks()))

    def read_page(
        self,
        reader: Reader,
        reading: Reading[T],
        *,
        limit: int,
        cursor: str | None,
        consistent: bool,
    ) -> Page[T]:
        """Read the page after a cursor, or the first page.

        If the items in the range only lead to others, the next ones are read until the page is
        full.
        """
        if not self.reads_twice():
            return reader.read_range(
                self, reading, limit=limit, cursor=cursor, consistent=consistent
            )
        found: list[T] = []
        while True:
            page = reader.read_range(
                self,
                self.range_reading(),
                limit=limit - len(found),
                cursor=cursor,
                consistent=consistent,
            )
            found.extend(self.read_targets(reader, page.items, reading, consistent=consistent))
            cursor = page.cursor
            if cursor is None or len(found) == limit:
                return Page(tuple(found), cursor)

    def read_targets(
        self, reader: Reader, found: Sequence[Any], reading: Reading[T], *, consistent: bool
    ) -> Sequence[T]:
        """Read the whole items of entries of an index, in their order.

        An item that has moved in the index since is left out: it is no longer where it was found.
        """
        primary, names = self.entities[0].layout.primary, self.index.attributes
        entries = {key_of(entry, primary): entry for entry in found}

        def is_there(item: Item) -> bool:
            entry = entries[key_of(item, primary)]
            return all(item.get(name) == entry[name] for name in names)

        return reader.read_items([*entries], self, reading, consistent=consistent, accepts=is_there)

    def read_first(
        self, reader: Reader, reading: Reading[T], *, limit: int, consistent: bool
    ) -> Sequence[T]:
        """Read the first items, without looking for more."""
        if self.reads_twice():
            return self.read_page(
                reader, reading, limit=limit, cursor=None, consistent=consistent
            ).items
        page = reader.read_range(
            self, reading, limit=limit, cursor=None, consistent=consistent, ahead=False
        )
        return page.items

    def read_part(
        self, reader: Reader, reading: Reading[Any], *, limit: int, count: bool, consistent: bool
    ) -> Sequence[Any]:
        """Read or count the first items; strongly consistently only if the index offers it."""
        strongly = consistent and self.index.consistent_reads
        if count:
            return (reader.count(self, consistent=strongly),)
        return self.read_first(reader, reading, limit=limit, consistent=strongly)
