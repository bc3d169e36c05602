"""The attributes that entities declare: PynamoDB's, with checked values and types that admit None.

Each attribute checks a value when it is assigned, has its name in camelCase in the table, and has a
codec for keys. An entity may declare PynamoDB's own attributes, too.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
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
    number_text,
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
    NumberCodec,
    PlainCodec,
    TextCodec,
    TimestampCodec,
    naming,
    require_utf8,
)
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text

__all__ = [
    "Array",
    "Boolean",
    "Choice",
    "Document",
    "EntityAttribute",
    "Expiry",
    "Id",
    "IdSet",
    "Integer",
    "Json",
    "Moment",
    "Text",
    "optional",
]

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_FIRST_LETTERS: Final = re.compile(r"_(.)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: The errors that reading a malformed value raises, also in PynamoDB's own attributes.
_MALFORMED: Final = (
    UnreadableItemError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ArithmeticError,
)


class EntityAttribute(Attribute[T]):
    """An attribute that checks assigned values and can be a component of a key."""

    attr_type = STRING

    def __set_name__(self, owner: type[Any], name: str) -> None:
        """Name the attribute in the table by the Python name in camelCase."""
        super().__set_name__(owner, camel_case(name))
        self._name = name

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, instance: Any, owner: Any) -> T: ...

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Return the value of an entity or None; on the class, the attribute itself."""
        if instance is None or isinstance(instance, MapAttribute):
            return super().__get__(instance, owner)
        return instance.attribute_values.get(self._name)

    def __set__(self, instance: Any, value: T | None) -> None:
        """Check and normalise the value, then store it in the entity."""
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
        """Read a stored value; it is checked like an assigned one."""
        return self.check(value)

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec that writes the attribute in a key.

        Args:
            spec: The part after the colon in ``{name:spec}``; empty without one.
            last: Whether the attribute is the last component of its template.

        Raises:
            DeclarationError: if the attribute cannot be a component of a key with this spec.
        """
        del last
        raise DeclarationError(f"{type(self).__name__} cannot stand in a key as {spec!r}")


class Text(EntityAttribute[str]):
    """Free text, which may be empty."""

    def check(self, value: Any) -> str:
        """Return the text; refuse a value that is not a string or cannot be written in UTF-8."""
        if not isinstance(value, str):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a text")
        with naming(self.attr_name):
            require_utf8(value)
        return value

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of percent-encoded text."""
        return _without_spec(self, spec, TextCodec(last=last))


class Id(EntityAttribute[str]):
    """An id, stored in its canonical case."""

    def check(self, value: Any) -> str:
        """Return the id in its canonical case; refuse a value that is not an id."""
        with naming(self.attr_name):
            return ID.encode(value)

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of ids."""
        del last
        return _without_spec(self, spec, ID)


class IdSet(EntityAttribute[frozenset[str]]):
    """A set of ids, each in its canonical case; an empty set is stored as no attribute."""

    attr_type = STRING_SET
    null = True

    def __init__(self) -> None:
        super().__init__(null=True)

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Return the set, empty if the item lacks it; on the class, the attribute itself."""
        return super().__get__(instance, owner) or (self if instance is None else frozenset())

    def __set__(self, instance: Any, value: Iterable[str] | None) -> None:
        """Check the members; DynamoDB has no empty set, so an empty one is held as None."""
        super().__set__(instance, self.check(value or ()) or None)

    def check(self, value: Any) -> frozenset[str]:
        """Return the ids as a set; refuse a value that is not a collection of ids."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a set of ids")
        with naming(self.attr_name):
            return frozenset(map(ID.encode, value))

    def serialize(self, value: Any) -> list[str]:
        """Write the members in sorted order."""
        return sorted(self.check(value))


class Choice(EntityAttribute[E]):
    """A member of a ``StrEnum``, stored as its text."""

    def __init__(self, members: type[E], *, default_for_new: E | None = None) -> None:
        super().__init__(default_for_new=default_for_new)
        self.members = members
        #: Each member, and each text, by the text; a member is equal to its text.
        self.by_text = {str(member): member for member in members}
        self.texts = {text: text for text in self.by_text}
        self._codec = EnumCodec(tuple(str(member) for member in members))

    def check(self, value: Any) -> E:
        """Return the member, given it or its text; refuse any other value."""
        if type(value) is self.members:
            return value
        with naming(self.attr_name):
            return self.members(self._codec.encode(value))

    def serialize(self, value: Any) -> str:
        """Write the member's text."""
        return str(self.check(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of the members' texts.

        Raises:
            DeclarationError: if a text would have to be encoded in a key.
        """
        return _without_spec(self, spec, self._codec.placed(last=last))


class Moment(EntityAttribute[datetime]):
    """A time in UTC, stored as ISO 8601 text of fixed width with milliseconds."""

    def check(self, value: Any) -> datetime:
        """Return the time, given a ``datetime`` or ISO 8601 text of any precision."""
        with naming(self.attr_name):
            return as_timestamp(value)

    def serialize(self, value: Any) -> str:
        """Write the time as text of fixed width."""
        return timestamp_text(self.check(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of the time, or with ``:date`` that of its UTC date."""
        del last
        return DateCodec() if spec == "date" else _without_spec(self, spec, TimestampCodec())


class Expiry(EntityAttribute[datetime]):
    """The time from which DynamoDB's time-to-live may delete an item, in Unix seconds."""

    attr_type = NUMBER

    def check(self, value: Any) -> datetime:
        """Return the time, rounded down to a whole second."""
        with naming(self.attr_name):
            return as_timestamp(value).replace(microsecond=0)

    def serialize(self, value: Any) -> str:
        """Write the time in whole Unix seconds."""
        return str((self.check(value) - _EPOCH) // timedelta(seconds=1))

    def deserialize(self, value: str) -> datetime:
        """Read Unix seconds; a fraction is dropped."""
        return read_expiry(value)


def read_expiry(text: str) -> datetime:
    """Read Unix seconds; a fraction is dropped.

    Raises:
        UnreadableItemError: if the text is not a number.
        OverflowError: if the time is outside the years 1 to 9999.
    """
    return _EPOCH + timedelta(seconds=int(wire_to_number(text)))


class Integer(EntityAttribute[int]):
    """A whole number."""

    attr_type = NUMBER

    def check(self, value: Any) -> int:
        """Return the number; refuse a value that is not a whole number DynamoDB can hold."""
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
        """Return the codec of numbers of a fixed width, which ``{name:width}`` must give."""
        del last
        return _number_codec(self, spec)


class Boolean(EntityAttribute[bool]):
    """True or false."""

    attr_type = BOOLEAN

    def check(self, value: Any) -> bool:
        """Return the value; refuse a value that is not a bool."""
        if not isinstance(value, bool):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not true or false")
        return value


class _NativeAttribute(EntityAttribute[T]):
    """A JSON value stored natively."""

    def check(self, value: Any) -> Any:
        """Return a copy, equal to the value as it is read back; refuse what is not JSON."""
        return wire_to_document(self.to_wire(value))

    def to_wire(self, value: Any) -> dict[str, Any]:
        """Write the value in DynamoDB JSON."""
        return document_to_wire(value, self.attr_name)

    def serialize(self, value: Any) -> Any:
        """Write the value without its type, which PynamoDB's expressions add."""
        return self.to_wire(value)[self.attr_type]

    def deserialize(self, value: Any) -> Any:
        """Read the value."""
        return wire_to_document({self.attr_type: value})


class Document(_NativeAttribute[dict[str, Any]]):
    """A JSON object, stored as a native map."""

    attr_type = MAP

    def check(self, value: Any) -> dict[str, Any]:
        """Return a copy; refuse a value that is not a JSON object."""
        if not isinstance(value, Mapping):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not an object")
        return cast("dict[str, Any]", super().check(value))


class Array(_NativeAttribute[list[Any]]):
    """A JSON array, stored as a native list."""

    attr_type = LIST

    def check(self, value: Any) -> list[Any]:
        """Return a copy; refuse a value that is not a JSON array."""
        if not isinstance(value, list | tuple):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a list")
        return cast("list[Any]", super().check(value))


class Json(_NativeAttribute[Any]):
    """Any JSON value, null included, stored natively."""


def optional(attribute: Attribute[T]) -> Attribute[T | None]:
    """Make an attribute optional: an item may lack it, and the entity then has None."""
    attribute.null = True
    return cast("Attribute[T | None]", attribute)


@cache
def camel_case(name: str) -> str:
    """Return a Python name in camelCase: ``created_at`` as ``createdAt``."""
    return _FIRST_LETTERS.sub(lambda match: match[1].upper(), name)


def attribute_to_wire(attribute: Attribute[Any], value: Any) -> dict[str, Any]:
    """Write an attribute's value in DynamoDB JSON."""
    if isinstance(attribute, _NativeAttribute):
        return attribute.to_wire(value)
    return {attribute.attr_type: attribute.serialize(value)}


def wire_to_attribute(attribute: Attribute[Any], wire: Mapping[str, Any]) -> Any:
    """Read an attribute's value from DynamoDB JSON; NULL is read as None.

    Raises:
        UnreadableItemError: if the value does not have the attribute's type, or is malformed.
    """
    if NULL in wire:
        return None
    stored = f"{attribute.attr_name} is stored as {', '.join(wire) or 'nothing'}"
    try:
        if isinstance(attribute, Json):
            return wire_to_document(wire)
        if attribute.attr_type in wire:
            return attribute.deserialize(_bytes(attribute.attr_type, wire[attribute.attr_type]))
    except _MALFORMED as error:
        raise UnreadableItemError(f"{stored}: {error}") from error
    raise UnreadableItemError(f"{stored}, not as {attribute.attr_type}")


def _bytes(kind: str, value: Any) -> Any:
    """Decode binary values for PynamoDB's attributes: DynamoDB JSON has them in base64."""
    if kind == BINARY and isinstance(value, str):
        return b64decode(value)
    if kind == BINARY_SET:
        return [_bytes(BINARY, member) for member in value]
    return value


def component_codec(attribute: Attribute[Any], spec: str, *, last: bool) -> Codec:
    """Return the codec that writes an attribute in a key; the attribute may be PynamoDB's own.

    Raises:
        DeclarationError: if the attribute cannot be a component of a key.
    """
    match attribute:
        case EntityAttribute():
            return attribute.codec(spec, last=last)
        case UnicodeAttribute():
            return _without_spec(attribute, spec, TextCodec(last=last))
        case NumberAttribute():
            return _number_codec(attribute, spec)
    raise DeclarationError(f"{type(attribute).__name__} cannot stand in a key")


def plain_codec(attribute: Attribute[Any]) -> PlainCodec:
    """Return the codec of an attribute that is a key attribute itself."""
    kind = "JSON" if isinstance(attribute, Json) else attribute.attr_type
    check = attribute.check if isinstance(attribute, EntityAttribute) else _as_given

    def write(value: Any) -> str:
        text = str(attribute.serialize(check(value)))
        return number_text(text) if kind == NUMBER else text

    return PlainCodec(kind, write, attribute.deserialize, _beginning(attribute))


def _beginning(attribute: Attribute[Any]) -> Callable[[Any], str] | None:
    """Return the function that writes how several values of an attribute begin, as it is stored."""
    if isinstance(attribute, Text):
        return attribute.check
    if isinstance(attribute, Moment):
        return attribute.codec("", last=True).prefix
    return None


def _as_given(value: Any) -> Any:
    return value


def _without_spec(attribute: Attribute[Any], spec: str, codec: Codec) -> Codec:
    if spec:
        raise DeclarationError(f"{type(attribute).__name__} cannot be written as {spec!r} in a key")
    return codec


def _number_codec(attribute: Attribute[Any], spec: str) -> Codec:
    if not spec.isdecimal() or not int(spec):
        raise DeclarationError(
            f"{type(attribute).__name__} needs a width in a key, such as {{priority:5}}"
        )
    return NumberCodec(int(spec))
