"""Polling of an event feed: every poller receives every acknowledged event once.

The sort key of an event is its creation time, but readers see it only when its write commits. So a
slow write appears before events that were already read. A poll cursor therefore holds a horizon and
the delivered events after it. Up to the horizon the feed is complete and delivered, because every
acknowledged event is stored within ``RecordBound.complete`` of its creation time. After the
horizon each poll reads the feed again, strongly consistently, and delivers the events that the
cursor does not hold.

A cursor holds up to ``MEMORY`` delivered events. If more events are younger than the bound, the
poll delivers the others once the horizon has reached them: later, but once.
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

#: The feeds that can be polled.
Feed: TypeAlias = EventsOfProject | GlobalEvents

#: The most events of one poll; a cursor can hold all of them.
POLL_LIMIT: Final = 100
#: The events that a cursor of 2 KB can hold: 12 bytes each, with its horizon and signature.
MEMORY: Final = 121

#: The longest time between two events in a place; ``_SINCE`` bytes of milliseconds hold more.
_SPAN: Final = timedelta(seconds=60)

#: The bytes of a ULID, of its time, of its random part, and of a time relative to another.
_ULID: Final = 16
_TIME: Final = 6
_REST: Final = 10
_SINCE: Final = 2

_RANDOM: Final = (1 << _REST * 8) - 1


@dataclass(frozen=True)
class Poll(Generic[T]):
    """The events that a poll delivers, oldest first, and the cursor of the next poll."""

    items: tuple[T, ...]
    #: Opaque, signed, under 2 KB, and valid for this feed only.
    cursor: str


@dataclass(frozen=True)
class Place:
    """The position of a poller in a feed, in ULIDs as numbers.

    Attributes:
        horizon: Every event up to here was delivered, and no further one can appear there.
        delivered: The delivered events after the horizon.
    """

    horizon: int
    delivered: AbstractSet[int] = frozenset()

    def moved(self, to: int, delivered: AbstractSet[int]) -> Place:
        """The place after more events were delivered and the horizon moved; it never moves back."""
        horizon = max(self.horizon, to)
        return Place(horizon, {each for each in self.delivered | delivered if each > horizon})

    def packed(self) -> bytes:
        """The place as bytes: 22, and 12 for each delivered event."""
        first = min(self.delivered, default=0) >> _REST * 8
        pieces = [self.horizon.to_bytes(_ULID), first.to_bytes(_TIME)]
        for each in sorted(self.delivered):
            since = (each >> _REST * 8) - first
            pieces += [since.to_bytes(_SINCE), (each & _RANDOM).to_bytes(_REST)]
        return b"".join(pieces)

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """The place that ``packed`` wrote."""
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
    """The part of a feed that may still change, in ULIDs as numbers.

    Attributes:
        closed: Up to here no further event can appear.
        ahead: The start of the events that are too far in the future for a place to hold. They
            are delivered when their time comes.
    """

    closed: int
    ahead: int

    @classmethod
    def at(cls, now: datetime, bound: RecordBound) -> Self:
        """The window at a time of the poller's clock."""
        closed = now - bound.complete
        return cls(first_ulid(closed) - 1, first_ulid(closed + _SPAN))

    def begin(self, known: Sequence[int], *, ended: bool) -> Place:
        """The place of a poller that has just read the newest events.

        The horizon is an event where possible, not a time. The place, and with it the cursor and
        the HTTP answer, then stays the same while no event is recorded.

        Args:
            known: The events that were read.
            ended: Whether no older events exist.
        """
        behind = [each for each in known if each <= self.closed]
        horizon = max(behind, default=0 if ended else self.closed)
        return Place(horizon, {each for each in known if self.closed < each < self.ahead})

    def deliver(
        self, place: Place, found: Sequence[int], *, limit: int, ended: bool
    ) -> tuple[Place, AbstractSet[int]]:
        """Return the poller's new place, and which of the events found to deliver.

        Args:
            place: The place of the poller before this poll.
            found: The events found after its horizon, oldest first.
            limit: The most events to deliver.
            ended: Whether no further event follows those found.
        """
        new: set[int] = set()
        reached = place
        for number in found:
            if number >= self.ahead:
                break
            if number not in place.delivered and len(new) == limit:
                return reached, new
            # All earlier events were delivered, and none can appear up to ``closed``.
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
    """Read the newest events, newest first, and return the cursor to poll for later ones.

    All stored events count as delivered. But if more events are younger than the bound than a
    cursor can hold, polls also deliver those of them that this call does not return.

    Returns:
        The events; the pagination cursor of the older events, or None if there are none; and the
        poll cursor.

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
    """Deliver the events that were not yet delivered, oldest first.

    Sends one request, or more if expired events have to be skipped. Without a new event the cursor
    mostly stays the same.

    Raises:
        InvalidCursorError: if the cursor was issued for another feed or table, or is not signed by
            one of our keys.
        InvalidValueError: if the limit is not 1 to 100.
    """
    _require_limit(limit)
    place = Place.unpacked(store.cursors.accept_place(store.table_name, _whole(feed), after))
    # Computed before the request, so that the request sees every event up to ``closed``.
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
    # An unchanged cursor lets HTTP answer 304 to a dashboard that polls a quiet project.
    if not new and (reached.delivered or not place.delivered):
        reached = place
    items = tuple(each for number, each in found if number in new)
    return Poll(items, _sealed(store, feed, reached))


def _sealed(store: Store, feed: Feed, place: Place) -> str:
    return store.cursors.issue_place(store.table_name, _whole(feed), place.packed())


def _whole(feed: Feed) -> Feed:
    """The whole feed, which a cursor belongs to, without a range or an order."""
    return replace(feed, since=None, until=None, after=None, order=None)


def _require_limit(limit: int) -> None:
    if not 0 < limit <= POLL_LIMIT:
        raise InvalidValueError(f"limit is {limit}; a poll delivers 1 to {POLL_LIMIT} events")


def _relevant(names: Sequence[str], closed: str) -> list[int]:
    """The ULIDs that a place is built from: all after ``closed``, and the last one up to it."""
    behind = max((name for name in names if name <= closed), default="")
    known = [name for name in names if name > closed]
    return [ulid_number(name) for name in (*known, behind) if name]


@cache
def _named(reading: Reading[T]) -> Reading[tuple[str, T]]:
    """A reading of events with their ids; an id that is not a ULID (loaded data) becomes empty."""

    def named(entity: type[Entity], /) -> ItemReader[tuple[str, T]]:
        read = reading(entity)

        def live(item: Item, now: datetime) -> tuple[str, T] | None:
            found = read(item, now)
            return None if found is None else (_name_of(item), found)

        return live

    return named


@cache
def _placed(reading: Reading[T]) -> Reading[tuple[str, T]]:
    """The same reading without events whose id is not a ULID, since a place cannot hold them."""

    def placed(entity: type[Entity], /) -> ItemReader[tuple[str, T]]:
        read = _named(reading)(entity)

        def live(item: Item, now: datetime) -> tuple[str, T] | None:
            return read(item, now) if _name_of(item) else None

        return live

    return placed


def _nothing(entity: type[Entity], /) -> ItemReader[bool]:
    """A reading that only says that an event exists."""
    read = as_entities(entity)
    return lambda item, now: None if read(item, now) is None else True


def _name_of(item: Item) -> str:
    text: str = item.get("id", {}).get("S", "")
    return text if is_ulid(text) else ""
