"""The codecs of texts: any text, encoded or as it is, and one of a closed set."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.schema.codec import RAW, SEPARATOR, Codec

#: The characters of a text that are encoded, by whether the text is the last component.
_ENCODED: Final = {True: re.compile("[#$%]"), False: re.compile("[\0-%]")}


class TextCodec(Codec):
    """Free text; characters that would break uniqueness or order are percent-encoded (ADR 0003).

    Before another component the text ends with the separator, so every character up to ``%`` is
    encoded: ``jira cloud`` must sort after ``jira``. In the last component only ``#``, ``$`` and
    ``%`` are encoded: if only ``#`` and ``%`` were, ``#`` would sort after ``$``.
    """

    is_unbounded = True

    def __init__(self, *, last: bool = True) -> None:
        self.last = last

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


class RawCodec(Codec):
    """Free text that is written as it is, as other programs write their keys (ADR 0003).

    A text with the separator is refused. Texts sort by their bytes. In front of another component
    that is not their order in the keys: ``jira cloud#`` sorts before ``jira#``.
    """

    is_unbounded = True

    def __init__(self, *, last: bool = True) -> None:
        self.last = last

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

    def __init__(self, values: tuple[str, ...]) -> None:
        given: object = values
        if not (isinstance(given, tuple) and given and all(isinstance(v, str) for v in given)):
            raise DeclarationError(
                f"an EnumCodec has {shortened(given)}; expected the texts in a tuple, such as "
                'EnumCodec(("IN", "OUT"))'
            )
        self.values = values

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


class RawEnumCodec(EnumCodec):
    """One of a closed set of texts, which may have characters that would have to be encoded."""

    above_separator = False

    def __init__(self, values: tuple[str, ...], *, last: bool = True) -> None:
        super().__init__(values)
        self.last = last

    @property
    def keeps_order(self) -> bool:
        """Whether nothing follows the text."""
        return self.last


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
