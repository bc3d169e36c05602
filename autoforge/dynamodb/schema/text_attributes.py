"""Text and Id, the attributes whose values are texts."""

from __future__ import annotations

from typing import Any, Unpack, overload

from pynamodb.constants import STRING

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, naming, shortened
from autoforge.dynamodb.schema.attribute import N, Options, Ordered, textual_codec, without_spec
from autoforge.dynamodb.schema.codec import RAW, Codec
from autoforge.dynamodb.schema.conditions import Condition, begins_with, contains, require_text
from autoforge.dynamodb.schema.text_codecs import TextCodec, require_utf8
from autoforge.dynamodb.schema.value_codecs import ID


class _Textual(Ordered[str, N]):
    """An attribute whose values are texts."""

    def begins_with(self, text: str) -> Condition:
        """Return the condition that the text begins with another one.

        Raises:
            InvalidValueError: if the other is not a text.

        Examples:
            >>> store.write(Delete(Book, {"isbn": "b1"}, condition=Book.title.begins_with("Dyn")))
        """
        condition = begins_with(self._path, text)
        return self._or_default(condition, lambda default: bool(default.startswith(text)))

    def contains(self, item: str) -> Condition:  # type: ignore[override]  # one of ours
        """Return the condition that the text has another one in it.

        Raises:
            InvalidValueError: if the other is not a text.

        Examples:
            >>> store.write(Delete(Book, {"isbn": "b1"}, condition=Book.title.contains("amo")))
        """
        require_text(self._path, item)
        condition = contains(self._path, {STRING: item})
        return self._or_default(condition, lambda default: item in default)


class Text(_Textual[N]):
    """Free text in UTF-8, which may be empty.

    It may be a component of a key, where ``#``, ``$`` and ``%`` are percent-encoded, and so are
    some other characters before a further component (ADR 0003). As ``{name:raw}`` it is written as
    it is, for tables of other programs; then a value with ``#`` is refused.

    Examples:
        >>> Book(isbn="b3", title="Persuasion").title
        'Persuasion'
        >>> Book(isbn="b3", title=3)
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: ...
    """

    @overload
    def __init__(self: Text[None], *, default: None, **options: Unpack[Options[str]]) -> None: ...

    @overload
    def __init__(self: Text, *, default: str = ..., **options: Unpack[Options[str]]) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def check(self, value: Any) -> str:
        """Return the text; refuse a value that is not a string or cannot be written in UTF-8."""
        if not isinstance(value, str):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a text")
        with naming(self.attr_name):
            require_utf8(value)
        return value if type(value) is str else str.__str__(value)

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of percent-encoded text, or with ``:raw`` that of text as it is."""
        return textual_codec(self, spec, TextCodec(), last=last)


class Id(_Textual[N]):
    """An id: a ULID, a UUID, or up to 64 letters, digits, ``-`` and ``_``.

    ULIDs are stored in upper case and UUIDs in lower case, so that an id has one key.

    Examples:
        >>> Book(isbn="01kgkr2t40r6bax8a0b1rtcdkn", title="Emma").isbn
        '01KGKR2T40R6BAX8A0B1RTCDKN'
        >>> Book(isbn="no id", title="Emma")
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: ...
    """

    @overload
    def __init__(self: Id[None], *, default: None, **options: Unpack[Options[str]]) -> None: ...

    @overload
    def __init__(self: Id, *, default: str = ..., **options: Unpack[Options[str]]) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def check(self, value: Any) -> str:
        """Return the id in its canonical case; refuse a value that is not an id."""
        with naming(self.attr_name):
            return ID.encode(value)

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of ids."""
        del last
        if spec == RAW:
            raise DeclarationError(f"an Id is not encoded in a key: leave out {RAW!r}")
        return without_spec(self, spec, ID)
