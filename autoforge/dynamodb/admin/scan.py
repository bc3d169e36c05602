"""Scan: reads all items of a table, for operators: migrations, exports, audits.

A scan is not an access pattern: it reads every item, and is charged for it. It is divided into
segments, which are read concurrently, and can be limited to a rate of read units. Each page has a
position, a text with which a scan continues after that page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeAlias

import orjson

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.client.pace import Pace
from autoforge.dynamodb.errors import InvalidValueError, UnreadableItemError, shortened
from autoforge.dynamodb.patterns.readers import as_entities, readers_of
from autoforge.dynamodb.patterns.request import Request, WireKey
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item

#: The most segments of a scan (AWS, "Scan": ``TotalSegments``).
SEGMENTS: Final = 1_000_000
#: The assumed read units of an item, until the first pages show the average.
_UNITS_OF_AN_ITEM: Final = 1.0
#: A time by which nothing has expired.
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)

#: Sends a request of a scan, which throttling slows down.
Send: TypeAlias = Callable[[Request, Pace], dict[str, Any]]

#: The key after which a segment continues; None before its first page, True after its last.
_Place: TypeAlias = WireKey | bool | None


@dataclass(frozen=True)
class ScannedItem:
    """A stored item, whether or not it is past its expiry.

    Attributes:
        item: The item as it is stored, in DynamoDB JSON.
        entity: The entity as which it is read; None if it cannot be read.
        fault: Why it cannot be read; empty if it can be read.

    Examples:
        >>> page = next(store.admin.scan())
        >>> [each.entity for each in page.items if each.item["EntityType"] == {"S": "Book"}]
        [<Book BOOK#b1 / BOOK>, <Book BOOK#b2 / BOOK>]
    """

    item: Item
    entity: Entity | None
    fault: str = ""


@dataclass(frozen=True)
class ScannedPage:
    """The items of one request of a scan.

    Attributes:
        items: The items; may be empty.
        position: A text with which a scan of the table continues after this page.
        units: The read units that the request consumed.
        segment: The number of the segment, from 0.

    Examples:
        >>> page = next(store.admin.scan())
        >>> len(page.items), page.segment
        (12, 0)
    """

    items: tuple[ScannedItem, ...]
    position: str
    units: float
    segment: int


class Scan:
    """A scan of a table: an iterator of its pages, which are read as they are taken.

    ``store.admin.scan`` makes it.

    Attributes:
        items: The number of items read so far.
        units: The read units consumed so far.

    Examples:
        >>> scan = store.admin.scan(page_size=5)
        >>> page = next(scan)
        >>> scan.items
        5
        >>> sum(len(page.items) for page in store.admin.scan(position=page.position))
        7
    """

    def __init__(self, pages: Iterator[ScannedPage]) -> None:
        self.items = 0
        self.units = 0.0
        self._pages = pages

    def __iter__(self) -> Iterator[ScannedPage]:
        """Return the scan itself."""
        return self

    def __next__(self) -> ScannedPage:
        """Return the next page; wait before it is read if the rate requires that."""
        page = next(self._pages)
        self.items += len(page.items)
        self.units += page.units
        return page


@dataclass(frozen=True)
class Admin:
    """What operators do to a table, apart from access patterns: ``store.admin``.

    Examples:
        >>> store.admin.scan(segments=4)
        <autoforge.dynamodb.admin.scan.Scan object at ...>
    """

    table_name: str
    client: Client
    design: Design
    send: Send

    def scan(
        self,
        *,
        segments: int | None = None,
        units_per_second: float | None = None,
        page_size: int | None = None,
        consistent: bool = False,
        position: str | None = None,
    ) -> Scan:
        """Scan the table, and yield all its items in pages.

        The scan may contain an item that is written meanwhile as it was before the write, as it is
        after it, or not at all. With the position of the last page that was taken, an interrupted
        scan continues: it misses no item, and repeats no page.

        Args:
            segments: The number of segments; 1 unless given. One page of each is read concurrently,
                of as many as the client's worker pool has threads.
            units_per_second: The most read units that the scan consumes, on average; None for no
                limit. The pages that are read together then cost about what one second allows.
            page_size: The most items of a page; None for as many as DynamoDB returns, up to 1 MB.
            consistent: Whether to read strongly consistently, at twice the units.
            position: The position of a page, to continue after it.

        Raises:
            InvalidValueError: if a number is out of range, or the position is not one of a scan of
                this table with as many segments.

        Examples:
            >>> scan = store.admin.scan(segments=2, units_per_second=50)
            >>> unreadable = [each for page in scan for each in page.items if each.entity is None]
            >>> scan.items, unreadable
            (12, [])
        """
        if units_per_second is not None and not units_per_second > 0:
            raise InvalidValueError(f"units_per_second is {units_per_second}; it must be above 0")
        if page_size is not None and page_size < 1:
            raise InvalidValueError(f"the size of a page is {page_size}; it must be at least 1")
        wanted = 1 if segments is None else segments
        if not 1 <= wanted <= SEGMENTS:
            raise InvalidValueError(f"a scan has 1 to {SEGMENTS} segments, not {wanted}")
        start = _Progress(self.table_name, (None,) * wanted)
        if position is not None:
            start = _Progress.read(position, self.table_name)
            if segments not in {None, len(start.places)}:
                raise InvalidValueError(
                    f"the position is of a scan in {len(start.places)} segments, not {segments}"
                )
        run = _Run(self, start, units_per_second, page_size, consistent=consistent)
        return Scan(run.pages())


@dataclass(frozen=True)
class _Progress:
    """The position of each segment of a scan."""

    table: str
    places: tuple[_Place, ...]

    @property
    def open(self) -> list[int]:
        """The segments that are not read to their end."""
        return [number for number, place in enumerate(self.places) if place is not True]

    def moved(self, segment: int, place: _Place) -> _Progress:
        """Return the progress after a page of a segment."""
        places = (*self.places[:segment], place, *self.places[segment + 1 :])
        return _Progress(self.table, places)

    def written(self) -> str:
        """Return the progress as a text."""
        return orjson.dumps({"table": self.table, "after": self.places}).decode()

    @classmethod
    def read(cls, text: str, table: str) -> _Progress:
        """Read the progress of a scan of a table.

        Raises:
            InvalidValueError: if it is not one.
        """
        try:
            content = orjson.loads(text)
            found = cls(str(content["table"]), tuple(content["after"]))
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidValueError(f"{shortened(text)} is not the position of a scan") from error
        if not found.places or not all(
            place is None or place is True or isinstance(place, dict) for place in found.places
        ):
            raise InvalidValueError(f"{shortened(text)} is not the position of a scan")
        if found.table != table:
            raise InvalidValueError(f"the position is of a scan of {found.table}, not of {table}")
        return found


class _Run:
    """One run of a scan, from a start to the end of the table."""

    def __init__(
        self,
        admin: Admin,
        start: _Progress,
        rate: float | None,
        page_size: int | None,
        *,
        consistent: bool,
    ) -> None:
        self._admin = admin
        self._progress = start
        self._rate = rate
        self._page_size = page_size
        self._consistent = consistent
        self._reader_of = readers_of(admin.design.stored, as_entities)
        self._items = 0
        self._units = 0.0

    def pages(self) -> Iterator[ScannedPage]:
        """Read a page of several segments at the same time, again and again."""
        client = self._admin.client
        begun = client.timer()
        while segments := self._progress.open[: client.worker_pool.width]:
            if self._rate is not None:
                early = self._units / self._rate - (client.timer() - begun)
                if early > 0:
                    client.sleep(early)
            # A new pace, since a pace gives up after a time without progress, and the rate made
            # this scan wait.
            pace = client.pace()
            limit = self._limit(len(segments))
            tasks = [
                partial(self._admin.send, self._request(each, limit), pace) for each in segments
            ]
            answers = client.worker_pool.run(tasks)
            for segment, answer in zip(segments, answers, strict=True):
                yield self._page(segment, answer)

    def _limit(self, segments: int) -> int | None:
        """Return the most items of a page, so that a page of each segment fits into a second."""
        if self._rate is None:
            return self._page_size
        cost = self._units / self._items if self._items else _UNITS_OF_AN_ITEM
        affordable = max(1, int(self._rate / segments / cost))
        return affordable if self._page_size is None else min(affordable, self._page_size)

    def _request(self, segment: int, limit: int | None) -> Request:
        place = self._progress.places[segment]
        return Request(
            "Scan",
            {
                "TableName": self._admin.table_name,
                "Segment": segment,
                "TotalSegments": len(self._progress.places),
                "ConsistentRead": self._consistent,
                **({} if limit is None else {"Limit": limit}),
                **({} if place is None else {"ExclusiveStartKey": place}),
            },
        )

    def _page(self, segment: int, answer: dict[str, Any]) -> ScannedPage:
        self._progress = self._progress.moved(segment, answer.get("LastEvaluatedKey") or True)
        items = tuple(map(self._read, answer["Items"]))
        units = float((answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0))
        self._items += len(items)
        self._units += units
        return ScannedPage(items, self._progress.written(), units, segment)

    def _read(self, item: Item) -> ScannedItem:
        """Read an item; one that cannot be read is reported, and not left out."""
        read = self._reader_of(item)
        if read is None:
            return ScannedItem(item, None, f"no entity of {self._admin.design.name} has its type")
        try:
            return ScannedItem(item, read(item, _BEGINNING))
        except UnreadableItemError as error:
            return ScannedItem(item, None, str(error))
