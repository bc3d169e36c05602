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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache, cached_property
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
from pynamodb.expressions.operand import Path, Value

from autoforge.dynamodb.errors import (
    DeclarationError,
    InvalidValueError,
    UnreadableItemError,
    shortened,
)
from autoforge.dynamodb.schema.changes import (
    Addition,
    Assignment,
    Change,
    Copy,
    Exclusion,
    Extension,
    Inclusion,
    Place,
    Removal,
    Step,
    require_steps,
)
from autoforge.dynamodb.schema.conditions import (
    Condition,
    Equality,
    begins_with,
    compared,
    contains,
    has_value,
    is_missing,
    is_one_of,
    or_default,
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

    def set(self, value: T | N) -> Change:  # type: ignore[override]  # a change of ours
        """Return the change that sets a value; None removes an optional attribute.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.
        """
        return self._setting(value)

    def remove(self: EntityAttribute[Any, None]) -> Removal:  # type: ignore[override]
        """Return the change that removes the attribute.

        Raises:
            DeclarationError: if the attribute is not optional.
        """
        if not self.null:
            raise DeclarationError(f"every item has {self.attr_name}: it cannot be removed")
        return Removal(self._place)

    def copy(self, source: EntityAttribute[T, Any]) -> Copy:
        """Return the change that sets the value that another attribute has before the update."""
        return Copy(self._place, source, default_to_wire(source))

    def equals(self, value: T | N) -> Equality:
        """Return the condition that the attribute has a value; None if it is missing.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.
        """
        wire = value_to_wire(self, value)
        return Equality(self, value, has_value(self, wire, default_to_wire(self)))

    def not_equals(self, value: T | N) -> Condition:
        """Return the condition that the attribute has another value, or is missing."""
        return ~self.equals(value)

    def one_of(self, *values: T) -> Condition:
        """Return the condition that the attribute has one of up to 100 values."""
        held = [self.check(value) for value in values]
        condition = is_one_of(self._path, [attribute_to_wire(self, value) for value in held])
        return self._or_default(condition, lambda default: default in held)

    def is_present(self) -> Condition:
        """Return the condition that the item has a value, and one of the attribute's type."""
        return Condition(self._path.is_type(self.attr_type))

    def is_absent(self) -> Condition:
        """Return the condition that the item lacks the attribute."""
        return is_missing(self._path)

    @cached_property
    def default_wire(self) -> dict[str, Any] | None:
        """The default of stored items in DynamoDB JSON; None without one."""
        return None if self.default is None else attribute_to_wire(self, self.default)

    @cached_property
    def _path(self) -> Path:
        return Path([self.attr_name])

    @cached_property
    def _place(self) -> Place:
        return Place(self)

    def _setting(self, value: Any) -> Change:
        wire = value_to_wire(self, value)
        return Removal(self._place) if wire is None else Assignment(self._place, value, wire)

    def _or_default(self, condition: Condition, test: Callable[[Any], bool]) -> Condition:
        met = self.default is not None and test(self.default)
        return Condition(or_default(condition, self._path, met=met))

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


class _Ordered(EntityAttribute[T, N]):
    """An attribute whose values have an order, which DynamoDB compares by."""

    def at_least(self, value: T) -> Condition:
        """Return the condition that the value is this or larger."""
        return self._compared(">=", value, lambda default, other: default >= other)

    def above(self, value: T) -> Condition:
        """Return the condition that the value is larger."""
        return self._compared(">", value, lambda default, other: default > other)

    def at_most(self, value: T) -> Condition:
        """Return the condition that the value is this or smaller."""
        return self._compared("<=", value, lambda default, other: default <= other)

    def below(self, value: T) -> Condition:
        """Return the condition that the value is smaller."""
        return self._compared("<", value, lambda default, other: default < other)

    def _compared(self, operator: str, value: T, test: Callable[[Any, Any], bool]) -> Condition:
        held = self.check(value)
        condition = compared(self._path, operator, attribute_to_wire(self, held))
        return self._or_default(condition, lambda default: test(default, held))


class _Textual(_Ordered[str, N]):
    """An attribute whose values are texts."""

    def begins_with(self, text: str) -> Condition:
        """Return the condition that the text begins with another one."""
        condition = begins_with(self._path, text)
        return self._or_default(condition, lambda default: bool(default.startswith(text)))

    def contains(self, item: str) -> Condition:  # type: ignore[override]  # one of ours
        """Return the condition that the text has another one in it."""
        condition = contains(self._path, {STRING: item})
        return self._or_default(condition, lambda default: item in default)


class Text(_Textual[N]):
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


class Id(_Textual[N]):
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

    def set(self, value: Iterable[str]) -> Change:  # type: ignore[override]
        """Return the change that sets the members; no members remove the attribute."""
        return self._setting(value)

    def remove(self) -> Removal:  # type: ignore[override]  # every set may be empty
        """Return the change that removes all members."""
        return Removal(self._place)

    def include(self, *members: str) -> Inclusion:
        """Return the change that adds members.

        Raises:
            InvalidValueError: if there are none, or the set cannot hold one.
        """
        return Inclusion(self._place, self._some(members))

    def exclude(self, *members: str) -> Exclusion:
        """Return the change that removes members.

        Raises:
            InvalidValueError: if there are none, or the set cannot hold one.
        """
        return Exclusion(self._place, self._some(members))

    def contains(self, item: str) -> Condition:  # type: ignore[override]  # one of ours
        """Return the condition that the set has a member."""
        (member,) = self.check([item])
        return contains(self._path, {STRING: member})

    def equals(self, value: Iterable[str]) -> Equality:
        """Return the condition that the set has exactly these members."""
        return super().equals(self.check(value))

    def _some(self, members: tuple[str, ...]) -> frozenset[str]:
        if not members:
            raise InvalidValueError(f"{self.attr_name}: no members are given")
        return self.check(members)

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


class Moment(_Ordered[datetime, N]):
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


class Expiry(_Ordered[datetime, N]):
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


class Integer(_Ordered[int, N]):
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

    def add(self, amount: int) -> Addition:  # type: ignore[override]  # a change of ours
        """Return the change that adds a number, negative to subtract.

        A missing number counts as its default, or 0.
        """
        start: Any = 0 if self.default is None else self.default
        added = self.check(amount)
        return Addition(self._place, added, attribute_to_wire(self, added), start)

    def copy(self, source: EntityAttribute[int, Any], *, plus: int = 0) -> Copy:
        """Return the change that sets the sum of another attribute's value before and a number."""
        more = attribute_to_wire(self, self.check(plus)) if plus else None
        return Copy(self._place, source, default_to_wire(source), more)

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


class Number(_Ordered[Decimal, N]):
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

    def add(self, amount: Decimal) -> Addition:  # type: ignore[override]  # a change of ours
        """Return the change that adds a number, negative to subtract.

        A missing number counts as its default, or 0.
        """
        start: Any = 0 if self.default is None else self.default
        added = self.check(amount)
        return Addition(self._place, added, attribute_to_wire(self, added), start)

    def copy(self, source: EntityAttribute[Decimal, Any], *, plus: Decimal = Decimal(0)) -> Copy:
        """Return the change that sets the sum of another attribute's value before and a number."""
        more = attribute_to_wire(self, self.check(plus)) if plus else None
        return Copy(self._place, source, default_to_wire(source), more)

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

    def at(self, *steps: Step) -> Inside:
        """Return a place inside the value, to change it or to demand something of it.

        Args:
            steps: Names of members of objects, and positions in lists, from the outside inwards.

        Raises:
            InvalidValueError: if a step is neither.
        """
        return Inside(Place(self, require_steps(steps)))


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

    def set(self, value: Mapping[str, Any] | N) -> Change:  # type: ignore[override]
        """Return the change that sets the whole object; None removes an optional one."""
        return self._setting(value)

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

    def set(self, value: Sequence[Any] | N) -> Change:  # type: ignore[override]
        """Return the change that sets the whole list; None removes an optional one."""
        return self._setting(value)

    def append(self, *members: Any) -> Extension:  # type: ignore[override]  # a change of ours
        """Return the change that adds members at the end; a missing list counts as its default."""
        return self._extension(members, first=False)

    def prepend(self, *members: Any) -> Extension:  # type: ignore[override]
        """Return the change that adds members at the beginning."""
        return self._extension(members, first=True)

    def contains(self, item: Any) -> Condition:  # type: ignore[override]  # one of ours
        """Return the condition that the list has a member."""
        condition = contains(self._path, document_to_wire(item, self.attr_name))
        return self._or_default(condition, lambda default: item in default)

    def _extension(self, members: tuple[Any, ...], *, first: bool) -> Extension:
        held = self.check(members)
        start = default_to_wire(self) or {LIST: []}
        return Extension(self._place, held, self.to_wire(held), start, first)

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


@dataclass(frozen=True)
class Inside:
    """A place inside a ``Document``, an ``Array`` or a ``Json``: ``Book.config.at("lines", 0)``.

    Its changes need the object or list that the place is in; if the item lacks it, the update
    raises ``ConditionFailedError``. A default of the attribute does not stand in for it.
    """

    place: Place

    def set(self, value: Any) -> Assignment:
        """Return the change that sets a JSON value; a position after the last appends it."""
        return Assignment(self.place, value, self._wire(value))

    def remove(self) -> Removal:
        """Return the change that removes the member."""
        return Removal(self.place)

    def add(self, amount: float) -> Addition:
        """Return the change that adds a number; a missing one counts as 0."""
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise InvalidValueError(f"{self.place}: {shortened(amount)} is not a number")
        wire = self._wire(amount)
        return Addition(self.place, Decimal(wire[NUMBER]), wire)

    def append(self, *members: Any) -> Extension:
        """Return the change that adds members at the end of a list; a missing one is empty."""
        return self._extension(members, first=False)

    def prepend(self, *members: Any) -> Extension:
        """Return the change that adds members at the beginning of a list."""
        return self._extension(members, first=True)

    def equals(self, value: Any) -> Condition:
        """Return the condition that the place has a JSON value; None for null."""
        return Condition(self.place.path == Value(self._wire(value)))

    def not_equals(self, value: Any) -> Condition:
        """Return the condition that the place has another value, or none."""
        return ~self.equals(value)

    def one_of(self, *values: Any) -> Condition:
        """Return the condition that the place has one of up to 100 JSON values."""
        return is_one_of(self.place.path, [self._wire(value) for value in values])

    def at_least(self, value: float | str) -> Condition:
        """Return the condition that the number or text there is this or larger."""
        return compared(self.place.path, ">=", self._wire(value))

    def above(self, value: float | str) -> Condition:
        """Return the condition that the number or text there is larger."""
        return compared(self.place.path, ">", self._wire(value))

    def at_most(self, value: float | str) -> Condition:
        """Return the condition that the number or text there is this or smaller."""
        return compared(self.place.path, "<=", self._wire(value))

    def below(self, value: float | str) -> Condition:
        """Return the condition that the number or text there is smaller."""
        return compared(self.place.path, "<", self._wire(value))

    def contains(self, item: Any) -> Condition:
        """Return the condition that the list there has a member, or the text a part."""
        return contains(self.place.path, self._wire(item))

    def begins_with(self, text: str) -> Condition:
        """Return the condition that the text there begins with another one."""
        return begins_with(self.place.path, text)

    def is_present(self) -> Condition:
        """Return the condition that the place exists; null counts as there."""
        return Condition(self.place.path.exists())

    def is_absent(self) -> Condition:
        """Return the condition that the place does not exist."""
        return Condition(self.place.path.does_not_exist())

    def _extension(self, members: tuple[Any, ...], *, first: bool) -> Extension:
        wire = self._wire(members)
        return Extension(self.place, list(members), wire, {LIST: []}, first)

    def _wire(self, value: Any) -> dict[str, Any]:
        return document_to_wire(value, str(self.place), depth=len(self.place.steps) + 1)


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


def value_to_wire(attribute: Attribute[Any], value: Any) -> dict[str, Any] | None:
    """Write any value that an attribute may be given; None if the item then lacks the attribute.

    Raises:
        InvalidValueError: if the attribute cannot have the value.
    """
    if isinstance(attribute, TextSet):
        value = value or None
    if value is None and attribute.null:
        return None
    if value is None and not isinstance(attribute, Json):
        raise InvalidValueError(f"{attribute.attr_name} is None, and is not optional")
    if isinstance(attribute, EntityAttribute):
        value = attribute.check(value)
    return attribute_to_wire(attribute, value)


def attribute_to_wire(attribute: Attribute[Any], value: Any) -> dict[str, Any]:
    """Write an attribute's value in DynamoDB JSON."""
    if isinstance(attribute, _NativeAttribute):
        return attribute.to_wire(value)
    return {attribute.attr_type: attribute.serialize(value)}


def default_to_wire(attribute: Attribute[Any]) -> dict[str, Any] | None:
    """Write the default of stored items in DynamoDB JSON; None without one.

    None, too, if PynamoDB's own attribute has a function as its default.
    """
    if isinstance(attribute, EntityAttribute):
        return attribute.default_wire
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


def is_stored(attribute: Attribute[Any]) -> bool:
    """Whether items have the attribute itself, and not only a component of their keys."""
    return getattr(attribute, "stored", True)


def plain_codec(attribute: Attribute[Any]) -> PlainCodec:
    """Return the codec of an attribute that is a key attribute itself."""
    kind = "JSON" if isinstance(attribute, Json) else attribute.attr_type
    check = attribute.check if isinstance(attribute, EntityAttribute) else _as_given

    def write(value: Any) -> str:
        text = str(attribute.serialize(check(value)))
        return number_text(text) if kind == NUMBER else text

    values = tuple(attribute.texts) if isinstance(attribute, Choice) else None
    return PlainCodec(kind, write, attribute.deserialize, values, _beginning(attribute))


def _beginning(attribute: Attribute[Any]) -> Callable[[Any], str] | None:
    """Return the function that writes how several values of an attribute begin, as it is stored."""
    if isinstance(attribute, Text):
        return attribute.check
    if isinstance(attribute, Moment):
        codec = attribute.codec("", last=True)
        return codec.prefix if codec.has_prefixes else None
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
