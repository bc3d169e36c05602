"""Codec: writes a value in a key uniquely, reversibly, and in the order of the values.

The codecs of texts are in ``text_codecs``, and those of ids, numbers and times in ``value_codecs``.
Here are two for values of any type: stored as they are, or with a literal in front.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from autoforge.dynamodb.errors import AutoforgeError, DeclarationError, InvalidValueError, shortened

#: The separator between components of a key; no encoded component contains it.
SEPARATOR: Final = "#"

#: The spec of a text that is written in a key as it is, as in ``{name:raw}``.
RAW: Final = "raw"


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
    #: The texts of all values; None if they are not known.
    values: tuple[str, ...] | None = None

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
        return other.values is None or any(map(self.admits, other.values))

    def __eq__(self, other: object) -> bool:
        """Whether the two codecs are of one class and have the same public attributes."""
        return isinstance(other, Codec) and self._identity() == other._identity()

    def __hash__(self) -> int:
        """Return a hash of the class and the public attributes."""
        return hash(self._identity())

    def _identity(self) -> tuple[Any, ...]:
        attributes = (each for each in vars(self).items() if not each[0].startswith("_"))
        return (type(self), *sorted(attributes))


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

    def __init__(
        self,
        kind: str,
        write: Callable[[Any], str],
        read: Callable[[str], Any],
        values: tuple[str, ...] | None = None,
        begin: Callable[[Any], str] | None = None,
    ) -> None:
        self.kind = kind
        self.write = write
        self.read = read
        self.values = values
        self.begin = begin

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
        return super().overlaps(other)


class PrefixedCodec(Codec):
    """The values of another codec, after a literal in the same segment: ``team_{team}``."""

    def __init__(self, before: str, codec: Codec) -> None:
        self.before = before
        self.codec = codec
        self.shows_all = codec.shows_all
        self.fixed_width = codec.fixed_width
        self.above_separator = codec.above_separator
        self.is_unbounded = codec.is_unbounded

    @property
    def of_value(self) -> Codec:
        """The codec that writes the value itself."""
        return self.codec

    @property
    def keeps_order(self) -> bool:
        """Whether keys sort as the values do."""
        return self.codec.keeps_order

    @property
    def has_prefixes(self) -> bool:
        """Whether ``prefix`` writes the beginning of several values."""
        return self.codec.has_prefixes

    def encode(self, value: Any) -> str:
        """Write the literal and the value."""
        return self.before + self.codec.encode(value)

    def prefix(self, value: Any) -> str:
        """Write the literal and the beginning of values."""
        return self.before + self.codec.prefix(value)

    def decode(self, text: str) -> Any:
        """Read the value back."""
        if not text.startswith(self.before):
            raise InvalidValueError(f"{shortened(text)} does not begin with {self.before}")
        return self.codec.decode(text.removeprefix(self.before))

    def writes_like(self, other: Codec) -> bool:
        """Whether the other codec writes equal values as equal texts."""
        return self.before == other.before and self.codec.writes_like(other.of_value)

    def overlaps(self, other: Codec) -> bool:
        """Whether the two codecs could write the same text; True if that is not known."""
        if self.before == other.before:
            return self.codec.overlaps(other.of_value)
        if other.values is not None:
            return any(map(self.admits, other.values))
        return self.before.startswith(other.before) or other.before.startswith(self.before)
