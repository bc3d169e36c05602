"""Polling a feed of events: every acknowledged event is delivered once to every poller.

An event is placed in a feed by its moment and seen when its write commits, so a slow one appears
behind others that were read before. A poll cursor therefore holds a horizon and the events beyond
it that were delivered. What lies behind the horizon is complete, because every acknowledged event
is stored within ``RecordBound.complete`` of its moment, and was delivered. What lies beyond is
read again by each poll, strongly consistently, and delivered unless it was.

A cursor remembers up to ``MEMORY`` events, exactly. Where more are younger than the bound, the
rest is delivered when the horizon has reached it: later, but once.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Generic, Self, TypeAlias, TypeVar

from autoforge.access.events.patterns import EventsOfProject, GlobalEvents
from autoforge.access.events.recording import RecordBound
from autoforge.dynamodb.patterns.readers import ItemReader, Reading, as_entities
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import first_ulid, is_ulid, ulid_number, ulid_text
from autoforge.errors import InvalidValueError

T = TypeVar("T")

#: What can be polled.
Feed: TypeAlias = EventsOfProject | GlobalEvents

#: Events of one poll at most; a page of them can always be remembered.
POLL_LIMIT: Final = 100
#: Events that a cursor of 2 KB can remember: 12 bytes each, beside its horizon and signature.
MEMORY: Final = 121

#: How far apart the events are that a place holds; ``_SINCE`` bytes of milliseconds are more.
_SPAN: Final = timedelta(seconds=60)

#: Bytes of a ULID, of its time, of what follows the time, and of a time since another.
_ULID: Final = 16
_TIME: Final = 6
_REST: Final = 10
_SINCE: Final = 2

_RANDOM: Final = (1 << _REST * 8) - 1


@dataclass(frozen=True)
class Poll(Generic[T]):
    """What a poll delivers, oldest first, and from where the next one goes on."""

    items: tuple[T, ...]
    #: Opaque, signed, under 2 KB, and good for this feed only.
    cursor: str


@dataclass(frozen=True)
class Place:
    """How far a poller has come in a feed, in ULIDs as numbers.

    Attributes:
        horizon: All that is up to here was delivered, and nothing more can appear there.
        delivered: What lies beyond and was delivered.
    """

    horizon: int
    delivered: AbstractSet[int] = frozenset()

    def moved(self, to: int, delivered: AbstractSet[int]) -> Place:
        """The place after the horizon moved, never back, and more was delivered."""
        horizon = max(self.horizon, to)
        return Place(horizon, {each for each in self.delivered | delivered if each > horizon})

    def packed(self) -> bytes:
        """The place in at most 12 bytes for each event it remembers, and 22 more."""
        first = min(self.delivered, default=0) >> _REST * 8
        pieces = [self.horizon.to_bytes(_ULID), first.to_bytes(_TIME)]
        for each in sorted(self.delivered):
            since = (each >> _REST * 8) - first
            pieces += [since.to_bytes(_SINCE), (each & _RANDOM).to_bytes(_REST)]
        return b"".join(pieces)

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """The place that was packed."""
        head, step = _ULID + _TIME, _SINCE + _REST
        first = int.from_bytes(content[_ULID:head])
        pieces = [content[start : start + step] for start in range(head, len(content), step)]
        return cls(
            int.from_bytes(content[:_ULID]),
            frozenset(
                first + int.from_bytes(piece[:_SINCE]) << _REST * 8 | int.from_bytes(piece[_SINCE:])
                for piece in pieces
            ),
        )


@dataclass(frozen=True)
class Window:
    """What of a feed may still change at a moment, in ULIDs as numbers.

    Attributes:
        closed: Up to here nothing more can appear.
        ahead: From here on a place cannot hold an event, which no clock explains; it is delivered
            when its time has come.
    """

    closed: int
    ahead: int

    @classmethod
    def at(cls, now: datetime, bound: RecordBound) -> Self:
        """The window at a moment by the poller's clock."""
        closed = now - bound.complete
        return cls(first_ulid(closed) - 1, first_ulid(closed + _SPAN))

    def begin(self, known: Sequence[int], *, ended: bool) -> Place:
        """The place of a poller to whom the newest events are known.

        Its horizon is an event where it can be, not a moment: the place then stays the same while
        nothing happens, and so does an answer that holds it.
        """
        behind = [each for each in known if each <= self.closed]
        horizon = max(behind, default=0 if ended else self.closed)
        return Place(horizon, {each for each in known if self.closed < each < self.ahead})

    def deliver(
        self, place: Place, found: Sequence[int], *, limit: int, ended: bool
    ) -> tuple[Place, AbstractSet[int]]:
        """Decide what of the events found is delivered, and where the poller is afterwards.

        Args:
            place: Where the poller was.
            found: The events found beyond its horizon, oldest first.
            limit: How many are delivered at most.
            ended: Whether no further event follows those found.
        """
        new: set[int] = set()
        reached = place
        for number in found:
            if number >= self.ahead:
                break
            if number not in place.delivered and len(new) == limit:
                return reached, new
            # Whatever precedes it was delivered; behind ``closed`` nothing more can appear.
            further = reached.moved(min(number, self.closed), {number})
            if number not in place.delivered:
                if len(further.delivered) > MEMORY:
                    return reached, new
                new.add(number)
            reached = further
        else:
            if not ended:
                return reached, new
        return reached.moved(self.closed, frozenset()), new


def begin(
    store: Store,
    feed: Feed,
    *,
    limit: int,
    bound: RecordBound,
    reading: Reading[Any] = as_entities,
) -> tuple[Sequence[Any], str | None, str]:
    """Read the newest events, newest first, and begin to poll for those that follow.

    All that is there counts as delivered. Where more events are younger than the bound than a
    cursor remembers, polls also deliver those of them that this does not return.

    Returns:
        The events; the cursor of the page of older ones, None if there is none; and the poll
        cursor.

    Raises:
        InvalidValueError: if the limit is not 1 to 100.
    """
    _require_limit(limit)
    window = Window.at(store.clock(), bound)
    page = store.page(feed, limit=limit, consistent=True, reading=_named(reading))
    names = [name for name, _ in page.items]
    more = page.cursor
    closed = ulid_text(window.closed)
    if more is not None and names[-1] > closed:
        room = MEMORY - len(names)
        reading = _named(_nothing)
        rest = store.page(feed, limit=room + 1, cursor=more, consistent=True, reading=reading)
        if len(rest.items) <= room or rest.items[-1][0] <= closed:
            names += [name for name, _ in rest.items]
            more = rest.cursor
    cursor = _sealed(store, feed, window.begin(_relevant(names, closed), ended=more is None))
    return [each for _, each in page.items], page.cursor, cursor


def poll(
    store: Store,
    feed: Feed,
    *,
    after: str,
    limit: int,
    bound: RecordBound,
    reading: Reading[Any] = as_entities,
) -> Poll[Any]:
    """Deliver what was not delivered yet, oldest first; one request, while nothing has expired.

    Where nothing is new, the cursor mostly stays the same.

    Raises:
        InvalidCursorError: if the cursor was made for another feed or table, or not by us.
        InvalidValueError: if the limit is not 1 to 100.
    """
    _require_limit(limit)
    place = Place.unpacked(store.cursors.accept_place(store.table_name, _whole(feed), after))
    # Taken before the request: what is closed now is visible to it.
    window = Window.at(store.clock(), bound)
    beyond = replace(feed, after=ulid_text(place.horizon), order="asc")
    page = store.page(
        beyond,
        limit=limit + len(place.delivered),
        consistent=True,
        reading=_placed(reading),
    )
    found = [(ulid_number(name), each) for name, each in page.items]
    numbers = [number for number, _ in found]
    reached, new = window.deliver(place, numbers, limit=limit, ended=page.cursor is None)
    # A dashboard that polls a quiet project gets the same answer, and so a 304.
    if not new and (reached.delivered or not place.delivered):
        reached = place
    items = tuple(each for number, each in found if number in new)
    return Poll(items, _sealed(store, feed, reached))


def _sealed(store: Store, feed: Feed, place: Place) -> str:
    return store.cursors.issue_place(store.table_name, _whole(feed), place.packed())


def _whole(feed: Feed) -> Feed:
    """The feed, however some of it is read."""
    return replace(feed, since=None, until=None, after=None, order=None)


def _require_limit(limit: int) -> None:
    if not 0 < limit <= POLL_LIMIT:
        raise InvalidValueError(f"a poll delivers 1 to {POLL_LIMIT} events, not {limit}")


def _relevant(names: Sequence[str], closed: str) -> list[int]:
    """What a place is made of: all ULIDs past the closed one, and the last up to it."""
    behind = max((name for name in names if name <= closed), default="")
    known = [name for name in names if name > closed]
    return [ulid_number(name) for name in (*known, behind) if name]


@cache
def _named(reading: Reading[T]) -> Reading[tuple[str, T]]:
    """Read events with their ids; one that is no ULID, of loaded data, is empty."""

    def named(entity: type[Entity], /) -> ItemReader[tuple[str, T]]:
        read = reading(entity)

        def live(item: Item, now: datetime) -> tuple[str, T] | None:
            found = read(item, now)
            return None if found is None else (_name_of(item), found)

        return live

    return named


@cache
def _placed(reading: Reading[T]) -> Reading[tuple[str, T]]:
    """Read the same, but pass over events whose ids are no ULIDs: a place cannot hold them."""

    def placed(entity: type[Entity], /) -> ItemReader[tuple[str, T]]:
        read = _named(reading)(entity)

        def live(item: Item, now: datetime) -> tuple[str, T] | None:
            return read(item, now) if _name_of(item) else None

        return live

    return placed


def _nothing(entity: type[Entity], /) -> ItemReader[bool]:
    """Read nothing of events but that they are there."""
    read = as_entities(entity)
    return lambda item, now: None if read(item, now) is None else True


def _name_of(item: Item) -> str:
    text: str = item.get("id", {}).get("S", "")
    return text if is_ulid(text) else ""
