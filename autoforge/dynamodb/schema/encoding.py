"""How one value is written inside a key: uniquely, reversibly, and in the order of the values."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Final
from urllib.parse import unquote
from uuid import UUID

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text

#: What separates the components of a key; no encoded component contains it.
SEPARATOR: Final = "#"

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


#: Characters of a text that are encoded: in the last component, and before another.
_BREAKING: Final = {True: re.compile("[#$%]"), False: re.compile("[\0-%]")}

#: A match where a text is a UUID or a ULID as they are stored.
is_canonical: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}"
).fullmatch


class Codec(ABC):
    """Writes a value into a key and reads it back.

    A codec is injective and order-preserving; what it writes never contains the separator.
    """

    #: Whether the value of an attribute can be read back; else only a part of it.
    shows_all: ClassVar[bool] = True
    #: Whether all values are written with as many characters.
    fixed_width: ClassVar[bool] = False
    #: Whether every character that a value is written with sorts after the separator.
    above_separator: ClassVar[bool] = False

    @abstractmethod
    def encode(self, value: Any) -> str:
        """Write the value, or raise InvalidValueError if it cannot stand in a key."""

    @abstractmethod
    def decode(self, text: str) -> Any:
        """Read the value back, or raise InvalidValueError if the text is none of this kind."""

    def placed(self, *, last: bool) -> Codec:
        """The codec that writes the same values as the last component of a template, or another.

        Raises:
            DeclarationError: if a value cannot stand there.
        """
        del last
        return self

    def admits(self, text: str) -> bool:
        """Whether some value could be written as this text."""
        try:
            self.decode(text)
        except InvalidValueError:
            return False
        return True

    def overlaps(self, other: Codec) -> bool:
        """Whether a value of each could be written alike. Errs on the side of yes."""
        if isinstance(other, EnumCodec):
            return any(self.admits(value) for value in other.values)
        return {type(self), type(other)} not in _DISJOINT


@dataclass(frozen=True)
class TextCodec(Codec):
    """Free text, percent-encoded where it would break uniqueness or order.

    Before another component the separator ends the text, so every character up to ``%`` is
    encoded: ``jira cloud`` must sort after ``jira``. In the last component only ``#``, ``$`` and
    ``%`` are: encoding ``#`` and ``%`` alone would put ``#`` after ``$``. See ADR 0003.
    """

    last: bool = True

    def placed(self, *, last: bool) -> Codec:
        """The codec that encodes what the place demands."""
        return TextCodec(last=last)

    def encode(self, value: Any) -> str:
        """Write the text."""
        if not isinstance(value, str) or not value:
            raise InvalidValueError(f"{shortened(value)} is not a text with at least one character")
        require_utf8(value)
        return _BREAKING[self.last].sub(lambda match: f"%{ord(match[0]):02X}", value)

    def decode(self, text: str) -> str:
        """Read the text back."""
        decoded = unquote(text, errors="replace")
        if not text or self.encode(decoded) != text:
            raise InvalidValueError(f"{shortened(text)} is no text written in a key")
        return decoded


@dataclass(frozen=True)
class IdCodec(Codec):
    """An id: ULID, UUID, or a short name of letters, digits, ``-`` and ``_``.

    UUIDs are written in lower case and ULIDs in upper case, so that one id is one key.
    """

    above_separator = True

    def encode(self, value: Any) -> str:
        """Write the id in its canonical case."""
        if isinstance(value, str) and is_canonical(value):
            return value
        if isinstance(value, UUID):
            return str(value)
        if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
            raise InvalidValueError(
                f"{shortened(value)} is not an id (a ULID, a UUID, "
                "or up to 64 letters, digits, '-' and '_')"
            )
        # No ULID in lower case reads as a UUID, nor the other way round.
        for cased in (value.lower(), value.upper()):
            if is_canonical(cased):
                return cased
        return str(value)

    def decode(self, text: str) -> str:
        """Read the id back."""
        return self.encode(text)


#: The codec of ids.
ID: Final = IdCodec()


def canonical_id(value: Any) -> str:
    """Write an id as it is stored.

    Raises:
        InvalidValueError: if it is none.
    """
    return ID.encode(value)


@dataclass(frozen=True)
class EnumCodec(Codec):
    """One of a closed set of values, all of which stand in a key as they are."""

    above_separator = True

    values: tuple[str, ...]

    def placed(self, *, last: bool) -> Codec:
        """Refuse a value that a key does not show as it is."""
        del last
        for text in self.values:
            if not TextCodec(last=False).admits(text):
                raise DeclarationError(f"{shortened(text)} cannot stand in a key as it is")
        return self

    def encode(self, value: Any) -> str:
        """Write the member."""
        if not isinstance(value, str) or value not in self.values:
            raise InvalidValueError(f"{shortened(value)} is none of {', '.join(self.values)}")
        return str(value)

    def decode(self, text: str) -> str:
        """Read the member back."""
        return self.encode(text)

    def overlaps(self, other: Codec) -> bool:
        """Whether the other could write one of these values."""
        return any(other.admits(value) for value in self.values)


@dataclass(frozen=True)
class NumberCodec(Codec):
    """A whole number from 0, at a fixed width."""

    fixed_width = True
    above_separator = True

    width: int

    def encode(self, value: Any) -> str:
        """Write the number with leading zeros."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 0 <= value < 10**self.width:
            raise InvalidValueError(
                f"{shortened(value)} is not a whole number from 0 to {10**self.width - 1}"
            )
        return f"{value:0{self.width}}"

    def decode(self, text: str) -> int:
        """Read the number back."""
        if not re.fullmatch(rf"[0-9]{{{self.width}}}", text):
            raise InvalidValueError(f"{shortened(text)} is not a number of {self.width} digits")
        return int(text)


@dataclass(frozen=True)
class MomentCodec(Codec):
    """A moment in UTC, at the fixed width of milliseconds."""

    fixed_width = True
    above_separator = True

    def encode(self, value: Any) -> str:
        """Write the moment."""
        return timestamp_text(as_timestamp(value))

    def decode(self, text: str) -> datetime:
        """Read the moment back, also one that others wrote at another width."""
        if not re.match(r"\d{4}-\d\d-\d\dT", text):
            raise InvalidValueError(f"{shortened(text)} is no moment written in a key")
        return as_timestamp(text)


@dataclass(frozen=True)
class DateCodec(Codec):
    """The UTC date of a moment; as a component it tells the day only."""

    shows_all = False
    fixed_width = True
    above_separator = True

    def encode(self, value: Any) -> str:
        """Write the UTC date of a moment, or a date."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        return as_timestamp(value).date().isoformat()

    def decode(self, text: str) -> date:
        """Read the date back."""
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise InvalidValueError(f"{shortened(text)} is no date written in a key")
        return as_timestamp(text).date()


#: Pairs of codecs that never write the same text.
_DISJOINT: Final = (
    {MomentCodec, DateCodec},
    {MomentCodec, NumberCodec},
    {MomentCodec, IdCodec},
    {DateCodec, NumberCodec},
)


def require_utf8(text: str) -> None:
    """Refuse a text with lone surrogates, which no item can hold.

    Raises:
        InvalidValueError: if the text cannot be written in UTF-8.
    """
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError(f"{shortened(text)} cannot be written in UTF-8") from error


class naming:  # noqa: N801 - reads as the function contextlib would make of it, at a third of the cost
    """Say in the message of an InvalidValueError where the value stands.

    Raises:
        InvalidValueError: as raised inside, its message after the place.
    """

    __slots__ = ("_place",)

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        """Watch what is raised."""

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        """Name the place."""
        if isinstance(error, InvalidValueError):
            raise InvalidValueError(f"{self._place}: {error}") from error
