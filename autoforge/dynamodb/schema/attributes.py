"""The attributes entities are declared with: PynamoDB's, strict on input and honest about None.

Each checks a value when it is assigned, names itself in camelCase in the table, and says how it
stands as a component of a key. PynamoDB's own attributes may stand beside them.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final, Self, TypeVar, cast, overload

from pynamodb.attributes import Attribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.constants import (
    BINARY,
    BINARY_SET,
    BOOLEAN,
    LIST,
    MAP,
    NULL,
    NUMBER,
    STRING,
    STRING_SET,
)

from autoforge.dynamodb.errors import (
    DeclarationError,
    InvalidValueError,
    UnreadableItemError,
    shortened,
)
from autoforge.dynamodb.schema.documents import (
    document_to_wire,
    number_to_wire,
    wire_to_document,
    wire_to_integer,
    wire_to_number,
)
from autoforge.dynamodb.schema.encoding import (
    ID,
    Codec,
    DateCodec,
    EnumCodec,
    MomentCodec,
    NumberCodec,
    TextCodec,
    naming,
    require_utf8,
)
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text

__all__ = [
    "BooleanAttribute",
    "DocumentAttribute",
    "EntityAttribute",
    "EnumAttribute",
    "ExpiryAttribute",
    "IdAttribute",
    "IdSetAttribute",
    "IntegerAttribute",
    "JsonAttribute",
    "ListAttribute",
    "TextAttribute",
    "TimestampAttribute",
    "optional",
]

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_FIRST_LETTERS: Final = re.compile(r"_(.)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: What reading a malformed value may raise, in PynamoDB's own attributes too.
_MALFORMED: Final = (
    UnreadableItemError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ArithmeticError,
)


class EntityAttribute(Attribute[T]):
    """An attribute that checks what is assigned to it and can stand in a key."""

    attr_type = STRING

    def __set_name__(self, owner: type[Any], name: str) -> None:
        """Take the camelCase of the Python name as the name in the table."""
        super().__set_name__(owner, camel_case(name))
        self._name = name

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, instance: Any, owner: Any) -> T: ...

    def __get__(self, instance: Any, owner: Any) -> Any:
        """The value, None where there is none; on the class, PynamoDB's attribute."""
        if instance is None or isinstance(instance, MapAttribute):
            return super().__get__(instance, owner)
        return instance.attribute_values.get(self._name)

    def __set__(self, instance: Any, value: T | None) -> None:
        """Check and normalise the value, then keep it."""
        checked = None if value is None else self.check(value)
        if isinstance(instance, MapAttribute):
            super().__set__(instance, checked)
        else:
            instance.attribute_values[self._name] = checked

    def check(self, value: Any) -> T:
        """Return the value as the entity holds it.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.
        """
        raise NotImplementedError

    def deserialize(self, value: Any) -> T:
        """Read what is stored, which is checked as what a caller assigns."""
        return self.check(value)

    def codec(self, spec: str, *, last: bool) -> Codec:
        """How the attribute is written in a key.

        Args:
            spec: What follows the colon in ``{name:spec}``; empty where nothing does.
            last: Whether it is the last component of its template.

        Raises:
            DeclarationError: if the attribute cannot stand in a key, or not with this spec.
        """
        del last
        raise DeclarationError(f"{type(self).__name__} cannot stand in a key as {spec!r}")


class TextAttribute(EntityAttribute[str]):
    """Free text; empty text is a value."""

    def check(self, value: Any) -> str:
        """Refuse what is no text, or no UTF-8."""
        if not isinstance(value, str):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a text")
        with naming(self.attr_name):
            require_utf8(value)
        return value

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Percent-encoded text."""
        return _without_spec(self, spec, TextCodec(last=last))


class IdAttribute(EntityAttribute[str]):
    """An id, held in its canonical case."""

    def check(self, value: Any) -> str:
        """Refuse what is no id."""
        with naming(self.attr_name):
            return ID.encode(value)

    def codec(self, spec: str, *, last: bool) -> Codec:
        """The id itself."""
        del last
        return _without_spec(self, spec, ID)


class IdSetAttribute(EntityAttribute[frozenset[str]]):
    """A set of ids, each in its canonical case; an item without any lacks the attribute."""

    attr_type = STRING_SET
    null = True

    def __init__(self) -> None:
        super().__init__(null=True)

    def __get__(self, instance: Any, owner: Any) -> Any:
        """The set, empty where the item lacks it; on the class, PynamoDB's attribute."""
        return super().__get__(instance, owner) or (self if instance is None else frozenset())

    def __set__(self, instance: Any, value: Iterable[str] | None) -> None:
        """Check the members; DynamoDB knows no empty set, so without any there is none."""
        super().__set__(instance, self.check(value or ()) or None)

    def check(self, value: Any) -> frozenset[str]:
        """Refuse what is no collection of ids."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a set of ids")
        with naming(self.attr_name):
            return frozenset(map(ID.encode, value))

    def serialize(self, value: Any) -> list[str]:
        """Write the members, in order."""
        return sorted(self.check(value))


class EnumAttribute(EntityAttribute[E]):
    """One of a closed set of texts."""

    def __init__(self, members: type[E], *, default_for_new: E | None = None) -> None:
        super().__init__(default_for_new=default_for_new)
        self.members = members
        #: The members and their texts, by text; a member is equal to its text.
        self.by_text = {str(member): member for member in members}
        self.texts = {text: text for text in self.by_text}
        self._codec = EnumCodec(tuple(str(member) for member in members))

    def check(self, value: Any) -> E:
        """Take a member, or the text of one."""
        if type(value) is self.members:
            return value
        with naming(self.attr_name):
            return self.members(self._codec.encode(value))

    def serialize(self, value: Any) -> str:
        """Write the member's text."""
        return str(self.check(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """The member's text; every member must be one that a key shows as it is."""
        return _without_spec(self, spec, self._codec.placed(last=last))


class TimestampAttribute(EntityAttribute[datetime]):
    """A moment in UTC, stored as fixed-width text with milliseconds."""

    def check(self, value: Any) -> datetime:
        """Take a datetime or any ISO-8601 text, at whatever width others stored it."""
        with naming(self.attr_name):
            return as_timestamp(value)

    def serialize(self, value: Any) -> str:
        """Write the moment at its fixed width."""
        return timestamp_text(self.check(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """The moment, or with ``:date`` its UTC date."""
        del last
        return DateCodec() if spec == "date" else _without_spec(self, spec, MomentCodec())


class ExpiryAttribute(EntityAttribute[datetime]):
    """When an item may be deleted by DynamoDB's time-to-live; stored in Unix seconds."""

    attr_type = NUMBER

    def check(self, value: Any) -> datetime:
        """Take a moment, cut to its second."""
        with naming(self.attr_name):
            return as_timestamp(value).replace(microsecond=0)

    def serialize(self, value: Any) -> str:
        """Write whole Unix seconds."""
        return str((self.check(value) - _EPOCH) // timedelta(seconds=1))

    def deserialize(self, value: str) -> datetime:
        """Read Unix seconds, cut to whole ones."""
        return read_expiry(value)


def read_expiry(text: str) -> datetime:
    """Read Unix seconds, cut to whole ones.

    Raises:
        UnreadableItemError: if the text is no number.
        OverflowError: if the moment falls outside years 1-9999.
    """
    return _EPOCH + timedelta(seconds=int(wire_to_number(text)))


class IntegerAttribute(EntityAttribute[int]):
    """A whole number."""

    attr_type = NUMBER

    def check(self, value: Any) -> int:
        """Refuse what is no whole number DynamoDB can hold."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a whole number")
        number_to_wire(value, self.attr_name)
        return value

    def serialize(self, value: Any) -> str:
        """Write the number."""
        return str(value)

    def deserialize(self, value: str) -> int:
        """Read the number."""
        return self.check(wire_to_integer(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """The number, at the width that ``{name:width}`` must give."""
        del last
        return _number_codec(self, spec)


class BooleanAttribute(EntityAttribute[bool]):
    """True or false."""

    attr_type = BOOLEAN

    def check(self, value: Any) -> bool:
        """Refuse what is neither."""
        if not isinstance(value, bool):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not true or false")
        return value


class _NativeAttribute(EntityAttribute[T]):
    """A JSON value stored natively."""

    def check(self, value: Any) -> Any:
        """Refuse what is no JSON value; take a copy, equal to what will be read back."""
        return wire_to_document(self.to_wire(value))

    def to_wire(self, value: Any) -> dict[str, Any]:
        """Write the value in DynamoDB's own form."""
        return document_to_wire(value, self.attr_name)

    def serialize(self, value: Any) -> Any:
        """Write the value without its type, as PynamoDB's expressions want it."""
        return self.to_wire(value)[self.attr_type]

    def deserialize(self, value: Any) -> Any:
        """Read the value."""
        return wire_to_document({self.attr_type: value})


class DocumentAttribute(_NativeAttribute[dict[str, Any]]):
    """A JSON object, stored as a native map."""

    attr_type = MAP

    def check(self, value: Any) -> dict[str, Any]:
        """Refuse what is no object."""
        if not isinstance(value, Mapping):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not an object")
        return cast("dict[str, Any]", super().check(value))


class ListAttribute(_NativeAttribute[list[Any]]):
    """A JSON array, stored as a native list."""

    attr_type = LIST

    def check(self, value: Any) -> list[Any]:
        """Refuse what is no list."""
        if not isinstance(value, list | tuple):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a list")
        return cast("list[Any]", super().check(value))


class JsonAttribute(_NativeAttribute[Any]):
    """Any JSON value, null included, stored natively."""


def optional(attribute: Attribute[T]) -> Attribute[T | None]:
    """Declare that an item may lack the attribute; on the entity it is then None."""
    attribute.null = True
    return cast("Attribute[T | None]", attribute)


@cache
def camel_case(name: str) -> str:
    """Turn a Python name into the table's: ``created_at`` into ``createdAt``."""
    return _FIRST_LETTERS.sub(lambda match: match[1].upper(), name)


def attribute_to_wire(attribute: Attribute[Any], value: Any) -> dict[str, Any]:
    """Write an attribute's value in DynamoDB's own form."""
    if isinstance(attribute, _NativeAttribute):
        return attribute.to_wire(value)
    return {attribute.attr_type: attribute.serialize(value)}


def wire_to_attribute(attribute: Attribute[Any], wire: Mapping[str, Any]) -> Any:
    """Read an attribute's value; NULL reads as None.

    Raises:
        UnreadableItemError: if the value is of another type than the attribute's, or malformed.
    """
    if NULL in wire:
        return None
    stored = f"{attribute.attr_name} is stored as {', '.join(wire) or 'nothing'}"
    try:
        if isinstance(attribute, JsonAttribute):
            return wire_to_document(wire)
        if attribute.attr_type in wire:
            return attribute.deserialize(_bytes(attribute.attr_type, wire[attribute.attr_type]))
    except _MALFORMED as error:
        raise UnreadableItemError(f"{stored}: {error}") from error
    raise UnreadableItemError(stored)


def _bytes(kind: str, value: Any) -> Any:
    """Binary as PynamoDB's attributes take it: DynamoDB's JSON has it in base64."""
    if kind == BINARY and isinstance(value, str):
        return b64decode(value)
    if kind == BINARY_SET:
        return [_bytes(BINARY, member) for member in value]
    return value


def component_codec(attribute: Attribute[Any], spec: str, *, last: bool) -> Codec:
    """How any attribute, PynamoDB's own included, is written in a key.

    Raises:
        DeclarationError: if it cannot stand in one.
    """
    match attribute:
        case EntityAttribute():
            return attribute.codec(spec, last=last)
        case UnicodeAttribute():
            return _without_spec(attribute, spec, TextCodec(last=last))
        case NumberAttribute():
            return _number_codec(attribute, spec)
    raise DeclarationError(f"{type(attribute).__name__} cannot stand in a key")


def _without_spec(attribute: Attribute[Any], spec: str, codec: Codec) -> Codec:
    if spec:
        raise DeclarationError(f"{type(attribute).__name__} has no form {spec!r} in a key")
    return codec


def _number_codec(attribute: Attribute[Any], spec: str) -> Codec:
    if not spec.isdecimal() or not int(spec):
        raise DeclarationError(
            f"{type(attribute).__name__} needs a width in a key, such as {{priority:5}}"
        )
    return NumberCodec(int(spec))
