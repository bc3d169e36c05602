"""The codecs of ids, numbers and times, each of which writes texts of one form."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from autoforge.dynamodb.errors import InvalidValueError, shortened
from autoforge.dynamodb.schema.codec import Codec
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

#: Matches a UUID or a ULID in the case in which it is stored.
is_canonical: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}"
).fullmatch


class _OfOneForm(Codec):
    """A codec whose texts have one form."""

    above_separator = True

    def overlaps(self, other: Codec) -> bool:
        """Whether the two codecs could write the same text; True if that is not known."""
        return {type(self), type(other)} not in _DISJOINT and super().overlaps(other)


class IdCodec(_OfOneForm):
    """An id: ULID, UUID, or a short name of letters, digits, ``-`` and ``_``.

    UUIDs are written in lower case and ULIDs in upper case, so that an id has one key only.
    """

    def encode(self, value: Any) -> str:
        """Write the id in its canonical case."""
        if isinstance(value, str) and is_canonical(value):
            return str.__str__(value)  # not that of an enum's member
        if isinstance(value, UUID):
            return str(value)
        if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
            raise InvalidValueError(
                f"{shortened(value)} is not an id (a ULID, a UUID, "
                "or up to 64 letters, digits, '-' and '_')"
            )
        # A ULID in lower case cannot be read as a UUID, nor the other way round.
        for cased in (value.lower(), value.upper()):
            if is_canonical(cased):
                return cased
        return str.__str__(value)

    def decode(self, text: str) -> str:
        """Read the id back."""
        return self.encode(text)


#: The codec of ids.
ID: Final = IdCodec()


def canonical_id(value: Any) -> str:
    """Return an id as it is stored.

    Raises:
        InvalidValueError: if the value is not an id.
    """
    return ID.encode(value)


class NumberCodec(_OfOneForm):
    """A whole number from 0, written at a fixed width."""

    fixed_width = True

    def __init__(self, width: int) -> None:
        self.width = width

    def encode(self, value: Any) -> str:
        """Write the number with leading zeros."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 0 <= value < 10**self.width:
            raise InvalidValueError(
                f"{shortened(value)} is not a whole number from 0 to {10**self.width - 1}"
            )
        # A member of an enumeration may be shown by its name.
        return f"{int(value):0{self.width}}"

    def decode(self, text: str) -> int:
        """Read the number back."""
        if not re.fullmatch(rf"[0-9]{{{self.width}}}", text):
            raise InvalidValueError(f"{shortened(text)} is not a number of {self.width} digits")
        return int(text)


class TimestampCodec(_OfOneForm):
    """A time in UTC, written at a fixed width with milliseconds."""

    fixed_width = True

    def encode(self, value: Any) -> str:
        """Write the time."""
        return timestamp_text(as_timestamp(value))

    @property
    def has_prefixes(self) -> bool:
        """True: the times of a UTC day begin with its date."""
        return True

    def prefix(self, value: Any) -> str:
        """Write the beginning of all times of a UTC day, given its date."""
        return f"{require_date(value).isoformat()}T"

    def decode(self, text: str) -> datetime:
        """Read the time back, also at another width, which other programs may have written."""
        if not re.match(r"\d{4}-\d\d-\d\dT", text):
            raise InvalidValueError(f"{shortened(text)} is not a time as written in a key")
        return as_timestamp(text)


class DateCodec(_OfOneForm):
    """The UTC date of a time; the time of day cannot be read back."""

    shows_all = False
    fixed_width = True

    def encode(self, value: Any) -> str:
        """Write the UTC date of a time, or a date."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        return as_timestamp(value).date().isoformat()

    def decode(self, text: str) -> date:
        """Read the date back."""
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise InvalidValueError(f"{shortened(text)} is not a date as written in a key")
        return as_timestamp(text).date()


#: Pairs of codecs that never write the same texts.
_DISJOINT: Final = (
    {TimestampCodec, DateCodec},
    {TimestampCodec, NumberCodec},
    {TimestampCodec, IdCodec},
    {DateCodec, NumberCodec},
)


def require_date(value: Any) -> date:
    """Return a date.

    Raises:
        InvalidValueError: if the value is another, or a time.
    """
    if not isinstance(value, date) or isinstance(value, datetime):
        raise InvalidValueError(f"{shortened(value)} is not a date")
    return value
