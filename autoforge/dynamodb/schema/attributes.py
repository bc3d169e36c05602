"""The attributes that entities declare: PynamoDB's, with checked values, defaults and types.

Each attribute checks a value when it is assigned, has its name in camelCase in the table unless it
is declared with ``attr_name``, and has a codec for keys. An entity may declare PynamoDB's own
attributes, too.

An attribute is declared with its class as the annotation, so that type checkers know the arguments
of the entity's constructor (ADR 0042)::

    title: Text = Text()
    reader: Text[None] = Text(default=None)  # optional: reads as ``str | None``
    renewals: Integer = Integer(default=0)  # a new or stored item without it has 0
    lent_at: Moment = Moment(default_factory=utc_now)  # a new item without it has the present time
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import GenericAlias
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    Never,
    Self,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    overload,
)

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
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.errors import (
    DeclarationError,
    InvalidValueError,
    UnreadableItemError,
    shortened,
)
from autoforge.dynamodb.schema.documents import (
    decimal_to_wire,
    document_to_wire,
    number_text,
    number_to_wire,
    wire_to_decimal,
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
from autoforge.dynamodb.schema.indexes import DEFAULT_LAYOUT
from autoforge.dynamodb.schema.time_form import TimeForm
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
    "Number",
    "Text",
    "TextSet",
    "optional",
    "required",
]

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
A = TypeVar("A", bound="Attribute[Any]")

# What an attribute reads as, besides its own type, if an item lacks it: Never or None.
if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    N = TypeVarWithDefault("N", default=Never)
    OwnAttribute = TypeVar("OwnAttribute", bound="EntityAttribute[Any]")
else:
    N = TypeVar("N")

#: Says that an attribute has no default: a new entity must give it.
_REQUIRED: Final = object()

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


class Options(TypedDict, Generic[T], total=False):
    """The options that every attribute has besides ``default``.

    Attributes:
        default_factory: Returns the value of new entities that do not give one, such as
            ``utc_now``. Stored items are not read with it: each reading would have another value.
        attr_name: The name in the table; unless given, the name in Python as the layout writes
            names, in camelCase by default.
        stored: False if items have the value only as a component of their keys.
    """

    default_factory: Callable[[], T]
    attr_name: str
    stored: bool


class EntityAttribute(Attribute[T], Generic[T, N]):
    """An attribute that checks assigned values and can be a component of a key.

    Args:
        default: The value of new entities that do not give one, and of stored items that lack the
            attribute. None makes the attribute optional: items may lack it, and the entity then has
            None.
        default_factory: See ``Options``.
        attr_name: See ``Options``.
        stored: See ``Options``.

    Raises:
        DeclarationError: if the default is a function, or the factory is none.
    """

    attr_type = STRING

    def __init__(
        self,
        *,
        default: Any = _REQUIRED,
        default_factory: Callable[[], Any] | None = None,
        attr_name: str | None = None,
        stored: bool = True,
    ) -> None:
        self.stored = stored
        if callable(default):
            raise DeclarationError(
                f"the default is the function {shortened(default)}: give it as default_factory"
            )
        if default_factory is not None and not callable(default_factory):
            raise DeclarationError(
                f"default_factory is {shortened(default_factory)}, not a function: give a value as "
                "default"
            )
        super().__init__(default_for_new=default_factory, attr_name=attr_name)
        if default is None:
            self.null = True
        elif default is not _REQUIRED:
            self.default = default

    if not TYPE_CHECKING:  # Generic would demand an argument for N, which only type checkers know

        def __class_getitem__(cls, arguments: Any) -> GenericAlias:
            """Return the class with type arguments, for annotations."""
            return GenericAlias(cls, arguments)

    def __set_name__(self, owner: type[Any], name: str) -> None:
        """Name the attribute in the table by the Python name, as the layout writes names."""
        layout = getattr(owner, "layout", DEFAULT_LAYOUT)
        super().__set_name__(owner, _IN_CASE[layout.naming](name))
        self._name = name

    @overload  # type: ignore[override]  # PynamoDB's has no None
    def __get__(self, instance: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, instance: Any, owner: Any) -> T | N: ...

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Return the value of an entity or None; on the class, the attribute itself."""
        if instance is None or isinstance(instance, MapAttribute):
            return super().__get__(instance, owner)
        return instance.attribute_values.get(self._name)

    def __set__(self, instance: Any, value: T | N) -> None:  # type: ignore[override]  # None only if optional
        """Check and normalise the value, then store it in the entity."""
        checked = None if value is None else self.check(value)
        if isinstance(instance, MapAttribute):
            super().__set__(instance, checked)
        else:
            instance.attribute_values[self._name] = checked

    def check(self, value: Any) -> T:
        """Return the value as the entity holds it; a copy if it is mutable.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.
        """
        raise NotImplementedError

    def deserialize(self, value: Any) -> T:
        """Read a stored value; it is checked like an assigned one."""
        return self.check(value)

    def is_present(self) -> Condition:
        """Return the condition that the item has a value, and one of the attribute's type."""
        return Path([self.attr_name]).is_type(self.attr_type)

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


class Text(EntityAttribute[str, N]):
    """Free text, which may be empty."""

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
        return value

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of percent-encoded text."""
        return _without_spec(self, spec, TextCodec(last=last))


class Id(EntityAttribute[str, N]):
    """An id, stored in its canonical case."""

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
        return _without_spec(self, spec, ID)


def _text(value: Any) -> str:
    """Return a member of a set of texts.

    Raises:
        InvalidValueError: if it is not a text, or cannot be written in UTF-8.
    """
    if not isinstance(value, str):
        raise InvalidValueError(f"{shortened(value)} is not a text")
    require_utf8(value)
    return value


class TextSet(EntityAttribute[frozenset[str]]):
    """A set of texts; an empty set is stored as no attribute."""

    attr_type = STRING_SET
    #: Checks a member.
    _member: ClassVar[staticmethod[[Any], str]] = staticmethod(_text)

    def __init__(self, *, attr_name: str | None = None) -> None:
        super().__init__(default=None, attr_name=attr_name)

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, instance: Any, owner: Any) -> frozenset[str]: ...

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Return the set, empty if the item lacks it; on the class, the attribute itself."""
        return super().__get__(instance, owner) or (self if instance is None else frozenset())

    def __set__(self, instance: Any, value: Iterable[str] | None) -> None:
        """Check the members; DynamoDB has no empty set, so an empty one is held as None."""
        EntityAttribute.__set__(self, instance, self.check(value or ()) or None)  # type: ignore[arg-type]  # held as None

    def check(self, value: Any) -> frozenset[str]:
        """Return the members as a set; refuse a value that is not a collection of members."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a set of texts")
        with naming(self.attr_name):
            return frozenset(map(self._member, value))

    def serialize(self, value: Any) -> list[str]:
        """Write the members in sorted order."""
        return sorted(self.check(value))


class IdSet(TextSet):
    """A set of ids, each in its canonical case; an empty set is stored as no attribute."""

    _member = staticmethod(ID.encode)


class Choice(EntityAttribute[E, N]):
    """A member of a ``StrEnum``, stored as its text."""

    @overload
    def __init__(
        self: Choice[E, None], members: type[E], *, default: None, **options: Unpack[Options[E]]
    ) -> None: ...

    @overload
    def __init__(
        self: Choice[E], members: type[E], *, default: E = ..., **options: Unpack[Options[E]]
    ) -> None: ...

    def __init__(self, members: type[E], **options: Any) -> None:
        super().__init__(**options)
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


class Moment(EntityAttribute[datetime, N]):
    """A time in UTC, stored as ISO 8601 text of fixed width with milliseconds.

    Args:
        form: Another form, for a table that exists already: ``%Y-%m-%dT%H:%M:%S``. Units that it
            does not show are dropped. See ``TimeForm``.
        options: See ``Options``; and ``default``.

    Raises:
        DeclarationError: if texts in the form would not sort as the times do.
    """

    @overload
    def __init__(
        self: Moment[None],
        *,
        default: None,
        form: str | None = None,
        **options: Unpack[Options[datetime]],
    ) -> None: ...

    @overload
    def __init__(
        self: Moment,
        *,
        default: datetime = ...,
        form: str | None = None,
        **options: Unpack[Options[datetime]],
    ) -> None: ...

    def __init__(self, *, form: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.form = None if form is None else TimeForm(form)

    def check(self, value: Any) -> datetime:
        """Return the time, given a ``datetime`` or ISO 8601 text of any precision."""
        with naming(self.attr_name):
            return as_timestamp(value) if self.form is None else self.form.shown(value)

    def serialize(self, value: Any) -> str:
        """Write the time as text of fixed width."""
        time = self.check(value)
        return timestamp_text(time) if self.form is None else self.form.text(time)

    def deserialize(self, value: Any) -> datetime:
        """Read a time; one with a form of its own is read in that form only."""
        return self.check(value) if self.form is None else self.form.decode(value)

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of the time, or with ``:date`` that of its UTC date."""
        del last
        own = self.form or TimestampCodec()
        return DateCodec() if spec == "date" else _without_spec(self, spec, own)


class Expiry(EntityAttribute[datetime, N]):
    """The time from which DynamoDB's time-to-live may delete an item, in Unix seconds."""

    attr_type = NUMBER

    @overload
    def __init__(
        self: Expiry[None], *, default: None, **options: Unpack[Options[datetime]]
    ) -> None: ...

    @overload
    def __init__(
        self: Expiry, *, default: datetime = ..., **options: Unpack[Options[datetime]]
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

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


class Integer(EntityAttribute[int, N]):
    """A whole number."""

    attr_type = NUMBER

    @overload
    def __init__(
        self: Integer[None], *, default: None, **options: Unpack[Options[int]]
    ) -> None: ...

    @overload
    def __init__(self: Integer, *, default: int = ..., **options: Unpack[Options[int]]) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

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


class Number(EntityAttribute[Decimal, N]):
    """An exact number of up to 38 significant digits, such as an amount of money."""

    attr_type = NUMBER

    @overload
    def __init__(
        self: Number[None], *, default: None, **options: Unpack[Options[Decimal]]
    ) -> None: ...

    @overload
    def __init__(
        self: Number, *, default: Decimal = ..., **options: Unpack[Options[Decimal]]
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def check(self, value: Any) -> Decimal:
        """Return the number, given it or a whole number; refuse one that DynamoDB rounds."""
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise InvalidValueError(
                f"{self.attr_name} is {shortened(value)}, not a Decimal or whole number"
            )
        number = Decimal(value)
        decimal_to_wire(number, self.attr_name)
        return number

    def serialize(self, value: Any) -> str:
        """Write the number without an exponent or trailing zeros."""
        return decimal_to_wire(self.check(value), self.attr_name)

    def deserialize(self, value: str) -> Decimal:
        """Read the number."""
        return wire_to_decimal(value)


class Boolean(EntityAttribute[bool, N]):
    """True or false."""

    attr_type = BOOLEAN

    @overload
    def __init__(
        self: Boolean[None], *, default: None, **options: Unpack[Options[bool]]
    ) -> None: ...

    @overload
    def __init__(
        self: Boolean, *, default: bool = ..., **options: Unpack[Options[bool]]
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def check(self, value: Any) -> bool:
        """Return the value; refuse a value that is not a bool."""
        if not isinstance(value, bool):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not true or false")
        return value


class _NativeAttribute(EntityAttribute[T, N]):
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


class Document(_NativeAttribute[dict[str, Any], N]):
    """A JSON object, stored as a native map."""

    attr_type = MAP

    @overload
    def __init__(
        self: Document[None], *, default: None, **options: Unpack[Options[dict[str, Any]]]
    ) -> None: ...

    @overload
    def __init__(
        self: Document,
        *,
        default: Mapping[str, Any] = ...,
        **options: Unpack[Options[dict[str, Any]]],
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    if TYPE_CHECKING:

        def __set__(self, instance: Any, value: Mapping[str, Any] | N) -> None: ...  # type: ignore[override]

    def check(self, value: Any) -> dict[str, Any]:
        """Return a copy; refuse a value that is not a JSON object."""
        if not isinstance(value, Mapping):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not an object")
        return cast("dict[str, Any]", super().check(value))


class Array(_NativeAttribute[list[Any], N]):
    """A JSON array, stored as a native list."""

    attr_type = LIST

    @overload
    def __init__(
        self: Array[None], *, default: None, **options: Unpack[Options[list[Any]]]
    ) -> None: ...

    @overload
    def __init__(
        self: Array, *, default: list[Any] = ..., **options: Unpack[Options[list[Any]]]
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    if TYPE_CHECKING:

        def __set__(self, instance: Any, value: Sequence[Any] | N) -> None: ...  # type: ignore[override]

    def check(self, value: Any) -> list[Any]:
        """Return a copy; refuse a value that is not a JSON array."""
        if not isinstance(value, list | tuple):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a list")
        return cast("list[Any]", super().check(value))


class Json(_NativeAttribute[Any, N]):
    """Any JSON value, null included, stored natively; an optional one has None for both."""

    @overload
    def __init__(self: Json[None], *, default: None, **options: Unpack[Options[Any]]) -> None: ...

    @overload
    def __init__(self: Json, *, default: Any = ..., **options: Unpack[Options[Any]]) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)


def required(attribute: A) -> A:
    """Declare an attribute of one's own class that every new entity must give.

    It changes nothing at run time. Type checkers know the attributes of this module; any other
    value in the body of a class is a default to them. With it, they demand the e-mail address in
    ``email: Email = required(Email())``.
    """
    return attribute


@overload  # the first fits the annotation ``Text | None``, the second PynamoDB's attributes
def optional(  # type: ignore[overload-overlap]
    attribute: OwnAttribute, *, default: None
) -> OwnAttribute | None: ...


@overload
def optional(attribute: Attribute[T], *, default: None = None) -> Attribute[T | None]: ...


def optional(attribute: Attribute[Any], *, default: None = None) -> Any:
    """Make an attribute optional: an item may lack it, and the entity then has None.

    It is for PynamoDB's own attributes, and for attributes without an annotation. With an
    annotation, ``reader: Text[None] = Text(default=None)`` says more to type checkers.

    Args:
        attribute: The attribute.
        default: None; type checkers learn from it that new entities need not give the attribute.

    Raises:
        DeclarationError: if the attribute has a default, so that it is never None.
    """
    del default
    if attribute.default is not None:
        raise DeclarationError(
            f"an optional attribute has the default {shortened(attribute.default)}; it must be None"
        )
    attribute.null = True
    return attribute


@cache
def camel_case(name: str) -> str:
    """Return a Python name in camelCase: ``created_at`` as ``createdAt``."""
    return _FIRST_LETTERS.sub(lambda match: match[1].upper(), name)


@cache
def pascal_case(name: str) -> str:
    """Return a Python name in PascalCase: ``created_at`` as ``CreatedAt``."""
    return camel_case(f"_{name}")


#: How the names of attributes are written in the table.
_IN_CASE: Final[Mapping[str, Callable[[str], str]]] = {
    "camelCase": camel_case,
    "PascalCase": pascal_case,
    "snake_case": str,
}


def attribute_to_wire(attribute: Attribute[Any], value: Any) -> dict[str, Any]:
    """Write an attribute's value in DynamoDB JSON."""
    if isinstance(attribute, _NativeAttribute):
        return attribute.to_wire(value)
    return {attribute.attr_type: attribute.serialize(value)}


def default_to_wire(attribute: Attribute[Any]) -> dict[str, Any] | None:
    """Write the default of stored items in DynamoDB JSON; None without one.

    None, too, if PynamoDB's own attribute has a function as its default.
    """
    if attribute.default is None or callable(attribute.default):
        return None
    return attribute_to_wire(attribute, attribute.default)


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

    values = tuple(attribute.texts) if isinstance(attribute, Choice) else None
    return PlainCodec(kind, write, attribute.deserialize, values)


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
