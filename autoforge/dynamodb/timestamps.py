"""Moments and the ids minted from them: how time is read, written and put into a ULID."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Final

from autoforge.dynamodb.errors import InvalidValueError, shortened

#: The smallest step between two stored moments.
MILLISECOND: Final = timedelta(milliseconds=1)

#: How many milliseconds a mint remembers, and how many moments are kept as text, since an item has
#: the same one in several places; bounded, so that a long-lived process does not grow.
_REMEMBERED: Final = 4096

#: Bits of a ULID after its time, and characters of the time.
_RANDOM_BITS: Final = 80
_RANDOM: Final = (1 << _RANDOM_BITS) - 1
_TIME: Final = 10

#: A ULID's digits, and how Python counts to the base of 32.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS: Final = str.maketrans(_ALPHABET[10:], "abcdefghijklmnopqrstuv")

#: Characters of a moment's text up to its zone.
_WIDTH: Final = len("2026-02-04T10:30:00.000")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def utc_now() -> datetime:
    """Read the clock: the one place where the library does."""
    return datetime.now(UTC)  # noqa: TID251 - the default of every clock


def as_timestamp(value: datetime | str) -> datetime:
    """Read a moment from a datetime or any ISO-8601 text, in UTC, cut to milliseconds.

    A moment without a zone is taken as UTC. A date alone is its midnight.

    Raises:
        InvalidValueError: if the text is no moment, or the moment falls outside years 1-9999.
    """
    if type(value) is datetime and value.tzinfo is UTC and not value.microsecond % 1000:
        return value  # as every moment here is, once it was read
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value.upper())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, AttributeError, TypeError) as error:
        raise InvalidValueError(f"{shortened(value)} is not an ISO-8601 moment") from error
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def timestamp_text(moment: datetime) -> str:
    """Write a moment at a fixed width, so that text sorts as time does.

    >>> timestamp_text(as_timestamp("2026-02-04T11:30+01:00"))
    '2026-02-04T10:30:00.000Z'
    """
    return _moment_text(moment)


@lru_cache(maxsize=_REMEMBERED)
def _moment_text(moment: datetime) -> str:
    return f"{as_timestamp(moment).isoformat(timespec='milliseconds')[:_WIDTH]}Z"


class IdMint:
    """Mints ULIDs: unique everywhere, and in the order they were made within a process.

    Two ids minted for one millisecond keep their order even when other milliseconds were asked
    for in between, as happens when a history is replayed out of order.
    """

    def __init__(self) -> None:
        self._latest: dict[int, int] = {}
        self._lock = Lock()

    def __call__(self, moment: datetime) -> str:
        """Mint an id whose time is the moment.

        Raises:
            InvalidValueError: if the moment is before 1970, which a ULID cannot express.
        """
        # Who only reads mints nothing, and need not wait for it.
        from ulid import ULID  # noqa: PLC0415

        milliseconds = _unix_milliseconds(moment)
        with self._lock:
            previous = self._latest.pop(milliseconds, None)
            # The highest bit starts clear, so that counting on never reaches the time.
            randomness = secrets.randbits(_RANDOM_BITS - 1) if previous is None else previous + 1
            self._latest[milliseconds] = randomness
            if len(self._latest) > _REMEMBERED:
                self._latest.pop(next(iter(self._latest)))
        return str(ULID.from_int(milliseconds << _RANDOM_BITS | randomness))


class FollowingMint:
    """Mints ids that follow from a first one, so that what is done again mints the same.

    Args:
        first: A ULID that no other mint goes on from.
    """

    def __init__(self, first: str) -> None:
        from ulid import ULID  # noqa: PLC0415 - see IdMint

        self._next = int(ULID.from_str(first)) & _RANDOM

    def __call__(self, moment: datetime) -> str:
        """Mint the next id, whose time is the moment."""
        from ulid import ULID  # noqa: PLC0415 - see IdMint

        randomness, self._next = self._next, self._next + 1
        return str(ULID.from_int(_unix_milliseconds(moment) << _RANDOM_BITS | randomness))


def is_ulid(text: str) -> bool:
    """Whether the text is a ULID as this package writes it: 26 characters, upper case."""
    return _ULID.fullmatch(text) is not None


def moment_of(ulid: str) -> datetime:
    """Read the moment a ULID was minted from.

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
    """The 128 bits of a ULID: its milliseconds since 1970, then 80 others.

    Raises:
        InvalidValueError: if the text is not a ULID.
    """
    if not is_ulid(ulid):
        raise InvalidValueError(f"{shortened(ulid)} is not a ULID")
    return int(ulid.translate(_DIGITS), 32)


def ulid_text(number: int) -> str:
    """The ULID of 128 bits.

    >>> ulid_text(ulid_number("01KGKR2T40R6BAX8A0B1RTCDKN"))
    '01KGKR2T40R6BAX8A0B1RTCDKN'
    """
    digits = [_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5)]
    return "".join(digits)


def first_ulid(moment: datetime) -> int:
    """The smallest 128 bits of a ULID of a moment, which is not before 1970.

    Raises:
        InvalidValueError: if the moment is before 1970.
    """
    return _unix_milliseconds(moment) << _RANDOM_BITS


def _unix_milliseconds(moment: datetime) -> int:
    milliseconds = (as_timestamp(moment) - _EPOCH) // MILLISECOND
    if milliseconds < 0:
        raise InvalidValueError(f"{timestamp_text(moment)} is before 1970, so no ULID can hold it")
    return milliseconds
