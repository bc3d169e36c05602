"""Codecs: write a value in a key uniquely, reversibly, and in the order of the values."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import unquote
from uuid import UUID

from autoforge.dynamodb.errors import (
    AutoforgeError,
    DeclarationError,
    InvalidValueError,
    shortened,
)
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text

#: The separator between components of a key; no encoded component contains it.
SEPARATOR: Final = "#"

#: The spec of a text that is written in a key as it is, as in ``{name:raw}``.
RAW: Final = "raw"

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


#: The characters of a text that are encoded, by whether the text is the last component.
_ENCODED: Final = {True: re.compile("[#$%]"), False: re.compile("[\0-%]")}

#: Matches a UUID or a ULID in the case in which it is stored.
is_canonical: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}"
).fullmatch


class Codec(ABC):
    """Writes a value as a component of a key and reads it back.

    A codec is injective and preserves the order of values; its text never contains the separator.
    """

    #: Whether the text holds the whole value, and not only a part of it as a date does of a time.
    shows_all: bool = True
    #: Whether all texts have the same length.
    fixed_width: bool = False
    #: Whether every character of the texts sorts after the separator.
    above_separator: bool = False
    #: Whether a text can be longer than a key may be.
    is_unbounded: bool = False
    #: The literal that every text begins with, in front of the value.
    before: str = ""

    @property
    def keeps_order(self) -> bool:
        """Whether keys sort as the values do, at the place for which the codec was made."""
        return True

    @property
    def of_value(self) -> Codec:
        """The codec that writes the value itself, without a literal in front of it."""
        return self

    @property
    def has_prefixes(self) -> bool:
        """Whether ``prefix`` writes the beginning of several values."""
        return False

    @abstractmethod
    def encode(self, value: Any) -> str:
        """Write the value.

        Raises:
            InvalidValueError: if the value cannot stand in a key.
        """

    @abstractmethod
    def decode(self, text: str) -> Any:
        """Read the value back.

        Raises:
            InvalidValueError: if ``encode`` does not write such a text.
        """

    def prefix(self, value: Any) -> str:
        """Write the beginning of values: that of a text, or the date of a time.

        Exactly the texts of the values that begin so begin with the returned text.

        Raises:
            InvalidValueError: if no value begins with this one.
        """
        raise InvalidValueError(f"{shortened(value)} is not the beginning of a value")

    def placed(self, *, last: bool) -> Codec:
        """Return the codec for the same values at a place in a template.

        Args:
            last: Whether the value is the last component.

        Raises:
            DeclarationError: if a value cannot stand there.
        """
        del last
        return self

    def unencoded(self, *, last: bool) -> Codec:
        """Return the codec that writes the same values as they are, at a place in a template.

        Args:
            last: Whether the value is the last component.

        Raises:
            DeclarationError: if the values are not texts, or one cannot stand there as it is.
        """
        del last
        raise DeclarationError(f"only a text can be written as {RAW!r} in a key")

    def writes_like(self, other: Codec) -> bool:
        """Whether the two codecs write equal values as equal texts."""
        return self == other

    def admits(self, text: str) -> bool:
        """Whether the text could be that of some value."""
        try:
            self.decode(text)
        except InvalidValueError:
            return False
        return True

    def overlaps(self, other: Codec) -> bool:
        """Whether the two codecs could write the same text; True if that is not known."""
        if isinstance(other, EnumCodec):
            return any(self.admits(value) for value in other.values)
        return {type(self), type(other)} not in _DISJOINT


@dataclass(frozen=True)
class TextCodec(Codec):
    """Free text; characters that would break uniqueness or order are percent-encoded (ADR 0003).

    Before another component the text ends with the separator, so every character up to ``%`` is
    encoded: ``jira cloud`` must sort after ``jira``. In the last component only ``#``, ``$`` and
    ``%`` are encoded: if only ``#`` and ``%`` were, ``#`` would sort after ``$``.
    """

    is_unbounded = True

    last: bool = True

    def placed(self, *, last: bool) -> Codec:
        """Return the codec that encodes the characters which the place requires."""
        return TextCodec(last=last)

    def unencoded(self, *, last: bool) -> Codec:
        """Return the codec of texts as they are."""
        return RawCodec(last=last)

    def encode(self, value: Any) -> str:
        """Write the text."""
        if not isinstance(value, str) or not value:
            raise InvalidValueError(f"{shortened(value)} is not a text with at least one character")
        require_utf8(value)
        return _ENCODED[self.last].sub(lambda match: f"%{ord(match[0]):02X}", value)

    @property
    def has_prefixes(self) -> bool:
        """True: a text begins with another."""
        return True

    def prefix(self, value: Any) -> str:
        """Write the beginning of a text: each character is encoded by itself."""
        return self.encode(value)

    def decode(self, text: str) -> str:
        """Read the text back."""
        decoded = unquote(text, errors="replace")
        if not text or self.encode(decoded) != text:
            raise InvalidValueError(f"{shortened(text)} is not a text as written in a key")
        return decoded


@dataclass(frozen=True)
class RawCodec(Codec):
    """Free text that is written as it is, as other programs write their keys (ADR 0003).

    A text with the separator is refused. Texts sort by their bytes. In front of another component
    that is not their order in the keys: ``jira cloud#`` sorts before ``jira#``.
    """

    is_unbounded = True

    last: bool = True

    @property
    def keeps_order(self) -> bool:
        """Whether nothing follows the text."""
        return self.last

    @property
    def has_prefixes(self) -> bool:
        """True: a text begins with another."""
        return True

    def encode(self, value: Any) -> str:
        """Return the text."""
        if not isinstance(value, str) or not value:
            raise InvalidValueError(f"{shortened(value)} is not a text with at least one character")
        if SEPARATOR in value:
            raise InvalidValueError(
                f"{shortened(value)} contains {SEPARATOR}, which separates the values of a key: a "
                f"text that is written as {RAW!r} must not contain it"
            )
        require_utf8(value)
        return str.__str__(value)

    def prefix(self, value: Any) -> str:
        """Return the beginning of a text."""
        return self.encode(value)

    def decode(self, text: str) -> str:
        """Return the text."""
        return self.encode(text)


@dataclass(frozen=True)
class PlainCodec(Codec):
    """The value of an attribute that is a key attribute itself: as it is stored, not encoded.

    Attributes:
        kind: The DynamoDB type of the attribute.
        write: Returns the stored text of a value, or the digits of a number.
        read: Returns the value of a stored text.
        values: The texts of all values; None if they are not known.
        begin: Returns the stored beginning of several values; None if there is none.
    """

    is_unbounded = True

    kind: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    values: tuple[str, ...] | None = None
    begin: Callable[[Any], str] | None = None

    @property
    def has_prefixes(self) -> bool:
        """Whether the values are texts or times."""
        return self.begin is not None

    def prefix(self, value: Any) -> str:
        """Write the beginning of values as they are stored."""
        text = super().prefix(value) if self.begin is None else self.begin(value)
        if not text:
            raise InvalidValueError("every value begins with an empty text")
        return text

    def encode(self, value: Any) -> str:
        """Write the value; refuse an empty text, which DynamoDB does not accept as a key."""
        text = self.write(value)
        if not text:
            raise InvalidValueError("a key cannot be an empty text")
        return text

    def decode(self, text: str) -> Any:
        """Read the value back."""
        try:
            value = self.read(text)
        except (AutoforgeError, ValueError, TypeError, ArithmeticError) as error:
            raise InvalidValueError(f"{shortened(text)} is not such a value: {error}") from error
        if not text:
            raise InvalidValueError("a key cannot be an empty text")
        return value

    def writes_like(self, other: Codec) -> bool:
        """Whether the other codec also writes values as they are stored, in the same type."""
        return isinstance(other, PlainCodec) and self.kind == other.kind

    def overlaps(self, other: Codec) -> bool:
        """Whether the two codecs could write the same text; True if that is not known."""
        if self.values is not None:
            return any(map(other.admits, self.values))
        values = other.values if isinstance(other, EnumCodec | PlainCodec) else None
        return values is None or any(map(self.admits, values))


@dataclass(frozen=True)
class IdCodec(Codec):
    """An id: ULID, UUID, or a short name of letters, digits, ``-`` and ``_``.

    UUIDs are written in lower case and ULIDs in upper case, so that an id has one key only.
    """

    above_separator = True

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


@dataclass(frozen=True)
class EnumCodec(Codec):
    """Writes a derived component that is one of a closed set of texts, which are not encoded.

    Attributes:
        values: The texts.

    Raises:
        DeclarationError: if there are no texts; when the entity is declared, if a text has a
            character that would have to be encoded in a key.

    Examples:
        >>> states = EnumCodec(("IN", "OUT"))
        >>> states.encode("IN")
        'IN'
        >>> states.encode("LOST")
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: ...
    """

    above_separator = True

    values: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check that there are texts."""
        values: object = self.values
        if not (isinstance(values, tuple) and values and all(isinstance(v, str) for v in values)):
            raise DeclarationError(
                f"an EnumCodec has {shortened(values)}; expected the texts in a tuple, such as "
                'EnumCodec(("IN", "OUT"))'
            )

    def placed(self, *, last: bool) -> Codec:
        """Return this codec; refuse a text that would have to be encoded."""
        del last
        for text in self.values:
            if not TextCodec(last=False).admits(text):
                raise DeclarationError(
                    f"{shortened(text)} would have to be encoded in a key; in a table of another "
                    f"program, write it as it is with the spec {RAW!r}"
                )
        return self

    def unencoded(self, *, last: bool) -> Codec:
        """Return the codec of the same texts, which may have any character but the separator."""
        for text in self.values:
            if not RawCodec().admits(text):
                raise DeclarationError(f"{shortened(text)} cannot stand in a key as it is")
        return RawEnumCodec(self.values, last=last)

    def encode(self, value: Any) -> str:
        """Write the member."""
        if not isinstance(value, str) or value not in self.values:
            raise InvalidValueError(f"{shortened(value)} is not one of {', '.join(self.values)}")
        return str.__str__(value)

    def decode(self, text: str) -> str:
        """Read the member back."""
        return self.encode(text)

    def overlaps(self, other: Codec) -> bool:
        """Whether the other codec could write one of these texts."""
        return any(other.admits(value) for value in self.values)


@dataclass(frozen=True)
class RawEnumCodec(EnumCodec):
    """One of a closed set of texts, which may have characters that would have to be encoded."""

    above_separator = False

    last: bool = True

    @property
    def keeps_order(self) -> bool:
        """Whether nothing follows the text."""
        return self.last


@dataclass(frozen=True)
class NumberCodec(Codec):
    """A whole number from 0, written at a fixed width."""

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
        # A member of an enumeration may be shown by its name.
        return f"{int(value):0{self.width}}"

    def decode(self, text: str) -> int:
        """Read the number back."""
        if not re.fullmatch(rf"[0-9]{{{self.width}}}", text):
            raise InvalidValueError(f"{shortened(text)} is not a number of {self.width} digits")
        return int(text)


@dataclass(frozen=True)
class TimestampCodec(Codec):
    """A time in UTC, written at a fixed width with milliseconds."""

    fixed_width = True
    above_separator = True

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


@dataclass(frozen=True)
class DateCodec(Codec):
    """The UTC date of a time; the time of day cannot be read back."""

    shows_all = False
    fixed_width = True
    above_separator = True

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


class PrefixedCodec(Codec):
    """The values of another codec, after a literal in the same segment: ``team_{team}``."""

    def __init__(self, before: str, codec: Codec) -> None:
        self.before = before
        self._codec = codec
        self.shows_all = codec.shows_all
        self.fixed_width = codec.fixed_width
        self.above_separator = codec.above_separator
        self.is_unbounded = codec.is_unbounded

    @property
    def of_value(self) -> Codec:
        """The codec that writes the value itself."""
        return self._codec

    @property
    def keeps_order(self) -> bool:
        """Whether keys sort as the values do."""
        return self._codec.keeps_order

    @property
    def has_prefixes(self) -> bool:
        """Whether ``prefix`` writes the beginning of several values."""
        return self._codec.has_prefixes

    def encode(self, value: Any) -> str:
        """Write the literal and the value."""
        return self.before + self._codec.encode(value)

    def prefix(self, value: Any) -> str:
        """Write the literal and the beginning of values."""
        return self.before + self._codec.prefix(value)

    def decode(self, text: str) -> Any:
        """Read the value back."""
        if not text.startswith(self.before):
            raise InvalidValueError(f"{shortened(text)} does not begin with {self.before}")
        return self._codec.decode(text.removeprefix(self.before))

    def writes_like(self, other: Codec) -> bool:
        """Whether the other codec writes equal values as equal texts."""
        return self.before == other.before and self._codec.writes_like(other.of_value)

    def overlaps(self, other: Codec) -> bool:
        """Whether the two codecs could write the same text; True if that is not known."""
        if self.before == other.before:
            return self._codec.overlaps(other.of_value)
        if isinstance(other, EnumCodec):
            return any(map(self.admits, other.values))
        return self.before.startswith(other.before) or other.before.startswith(self.before)


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


def require_utf8(text: str) -> None:
    """Refuse a text with lone surrogates, which DynamoDB cannot store.

    Raises:
        InvalidValueError: if the text cannot be written in UTF-8.
    """
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError(f"{shortened(text)} cannot be written in UTF-8") from error


class naming:  # noqa: N801 - used as a function; one of contextlib takes three times as long
    """Prefix the message of an InvalidValueError with the name of the value.

    Raises:
        InvalidValueError: the one raised inside, with the prefix.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Start watching."""

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        """Prefix the message."""
        if isinstance(error, InvalidValueError):
            raise InvalidValueError(f"{self._name}: {error}") from error
