"""Timestamps and ULIDs: how time is parsed, stored and encoded in an id."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Final

from autoforge.dynamodb.errors import InvalidValueError, shortened

#: The smallest difference between two stored timestamps.
MILLISECOND: Final = timedelta(milliseconds=1)

#: How many milliseconds a mint remembers, and how many timestamps are cached as text, since an item
#: holds the same one in several places. Bounded, so that a long-lived process does not grow.
_REMEMBERED: Final = 4096

#: Random bits of a ULID, which follow its time, and characters of its time.
_RANDOM_BITS: Final = 80
_RANDOM: Final = (1 << _RANDOM_BITS) - 1
_TIME: Final = 10

#: The digits of a ULID, and their translation to Python's digits of base 32.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS: Final = str.maketrans(_ALPHABET[10:], "abcdefghijklmnopqrstuv")

#: Characters of a timestamp's text up to its zone.
_WIDTH: Final = len("2026-02-04T10:30:00.000")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def utc_now() -> datetime:
    """Return the present time in UTC: the one place where the library reads the clock.

    Examples:
        >>> utc_now().tzinfo
        datetime.timezone.utc
    """
    return datetime.now(UTC)  # noqa: TID251 - the default of every clock


def as_timestamp(value: datetime | str) -> datetime:
    """Parse a datetime or ISO 8601 text to a timestamp in UTC, truncated to milliseconds.

    A time without a zone is taken as UTC. A date alone is its midnight.

    Args:
        value: The time.

    Raises:
        InvalidValueError: if the text is not ISO 8601, or the time is outside years 1-9999.

    Examples:
        >>> as_timestamp("2026-02-04T11:30+01:00")
        datetime.datetime(2026, 2, 4, 10, 30, tzinfo=datetime.timezone.utc)
        >>> as_timestamp("today")
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: 'today' is not an ISO 8601 timestamp
    """
    if type(value) is datetime and value.tzinfo is UTC and not value.microsecond % 1000:
        return value  # a timestamp already, as most values are
    time = as_utc(value)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def as_utc(value: datetime | str) -> datetime:
    """Parse a datetime or ISO 8601 text to a time in UTC, to the microsecond.

    A time without a zone is taken as UTC. A date alone is its midnight.

    Raises:
        InvalidValueError: if the text is not ISO 8601, or the time is outside years 1-9999.
    """
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(value.upper())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError, AttributeError, TypeError) as error:
        raise InvalidValueError(f"{shortened(value)} is not an ISO 8601 timestamp") from error


def timestamp_text(moment: datetime) -> str:
    """Format a timestamp at a fixed width, so that text sorts as time does.

    Args:
        moment: The time, in UTC if it has no zone.

    Examples:
        >>> timestamp_text(as_timestamp("2026-02-04T11:30+01:00"))
        '2026-02-04T10:30:00.000Z'
    """
    return _timestamp_text(moment)


@lru_cache(maxsize=_REMEMBERED)
def _timestamp_text(time: datetime) -> str:
    return f"{as_timestamp(time).isoformat(timespec='milliseconds')[:_WIDTH]}Z"


class IdMint:
    """Mints ULIDs: globally unique, and ascending for each millisecond within a process.

    Calling it with a time returns an id. Ids of one millisecond ascend even if ids of other
    milliseconds are minted in between, as happens when a history is replayed out of order.

    Raises:
        InvalidValueError: from a call, if the time is before 1970, which a ULID cannot express.

    Examples:
        >>> new_id = IdMint()
        >>> first, second = new_id(NOON), new_id(NOON)
        >>> len(first), first < second
        (26, True)
    """

    def __init__(self) -> None:
        self._latest: dict[int, int] = {}
        self._lock = Lock()

    def __call__(self, moment: datetime) -> str:
        """Mint an id with a time.

        Raises:
            InvalidValueError: if the time is before 1970, which a ULID cannot express.
        """
        # Imported here, since a process that only reads mints no ids.
        from ulid import ULID  # noqa: PLC0415

        milliseconds = _unix_milliseconds(moment)
        with self._lock:
            previous = self._latest.pop(milliseconds, None)
            # The highest bit starts as 0, so that increments never overflow into the time.
            randomness = secrets.randbits(_RANDOM_BITS - 1) if previous is None else previous + 1
            self._latest[milliseconds] = randomness
            if len(self._latest) > _REMEMBERED:
                self._latest.pop(next(iter(self._latest)))
        return str(ULID.from_int(milliseconds << _RANDOM_BITS | randomness))


class FollowingMint:
    """Mints ids that follow from a first one, so that a repeated operation mints the same ids.

    Args:
        first: A ULID that no other mint continues from.
    """

    def __init__(self, first: str) -> None:
        from ulid import ULID  # noqa: PLC0415 - see IdMint

        self._next = int(ULID.from_str(first)) & _RANDOM

    def __call__(self, moment: datetime) -> str:
        """Mint the next id with a time.

        Raises:
            InvalidValueError: if the time is before 1970, which a ULID cannot express.
        """
        from ulid import ULID  # noqa: PLC0415 - see IdMint

        randomness, self._next = self._next, self._next + 1
        return str(ULID.from_int(_unix_milliseconds(moment) << _RANDOM_BITS | randomness))


def is_ulid(text: str) -> bool:
    """Whether the text is a ULID as this package writes it: 26 characters, upper case."""
    return _ULID.fullmatch(text) is not None


def timestamp_of(ulid: str) -> datetime:
    """Return the timestamp that a ULID was minted with.

    Raises:
        InvalidValueError: if the text is not a ULID, or its time is past the year 9999.
    """
    if not is_ulid(ulid):
        raise InvalidValueError(f"{shortened(ulid)} is not a ULID")
    try:
        return _EPOCH + MILLISECOND * int(ulid[:_TIME].translate(_DIGITS), 32)
    except OverflowError as error:
        raise InvalidValueError(f"the time of {ulid!r} is past the year 9999") from error


def ulid_number(ulid: str) -> int:
    """The 128 bits of a ULID as a number: milliseconds since 1970, then 80 random bits.

    Raises:
        InvalidValueError: if the text is not a ULID.
    """
    if not is_ulid(ulid):
        raise InvalidValueError(f"{shortened(ulid)} is not a ULID")
    return int(ulid.translate(_DIGITS), 32)


def ulid_text(number: int) -> str:
    """The ULID of a number of 128 bits.

    >>> ulid_text(ulid_number("01KGKR2T40R6BAX8A0B1RTCDKN"))
    '01KGKR2T40R6BAX8A0B1RTCDKN'
    """
    digits = [_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5)]
    return "".join(digits)


def first_ulid(moment: datetime) -> int:
    """The number of the smallest ULID with a time.

    Raises:
        InvalidValueError: if the time is before 1970, which a ULID cannot express.
    """
    return _unix_milliseconds(moment) << _RANDOM_BITS


def _unix_milliseconds(time: datetime) -> int:
    milliseconds = (as_timestamp(time) - _EPOCH) // MILLISECOND
    if milliseconds < 0:
        raise InvalidValueError(f"{timestamp_text(time)} is before 1970, so no ULID can hold it")
    return milliseconds
