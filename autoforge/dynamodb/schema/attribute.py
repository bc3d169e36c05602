"""EntityAttribute, the base class of the attributes that entities declare.

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

from collections.abc import Callable, Mapping
from functools import cached_property
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final, Generic, Never, Self, TypedDict, TypeVar, overload

from pynamodb.attributes import Attribute, ListAttribute, MapAttribute
from pynamodb.constants import STRING
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.errors import (
    AutoforgeError,
    DeclarationError,
    InvalidValueError,
    UnreadableItemError,
    is_name,
    shortened,
    suggestion,
)
from autoforge.dynamodb.schema.changes import (
    Assignment,
    Change,
    Copy,
    Place,
    Removal,
    Step,
    require_steps,
)
from autoforge.dynamodb.schema.codec import RAW, Codec
from autoforge.dynamodb.schema.conditions import (
    Condition,
    Equality,
    compared,
    has_value,
    is_missing,
    is_one_of,
    or_default,
)
from autoforge.dynamodb.schema.documents import document_to_wire, wire_to_document
from autoforge.dynamodb.schema.indexes import DEFAULT_LAYOUT, Layout
from autoforge.dynamodb.schema.inside import Inside
from autoforge.dynamodb.schema.letter_case import IN_CASE
from autoforge.dynamodb.schema.wire_form import require_wire

T = TypeVar("T")

# What an attribute reads as, besides its own type, if an item lacks it: Never or None.
if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    N = TypeVarWithDefault("N", default=Never)
else:
    N = TypeVar("N")

#: The options of an attribute.
_OPTIONS: Final = frozenset({"attr_name", "default", "default_factory", "description", "stored"})

#: Says that an attribute has no default: a new entity must give it.
_REQUIRED: Final = object()


class Options(TypedDict, Generic[T], total=False):
    """The options that every attribute has besides ``default``.

    Attributes:
        default_factory: Returns the value of new entities that do not give one, such as
            ``utc_now``. Stored items are not read with it: each reading would have another value.
        attr_name: The name in the table; unless given, the name in Python as the layout writes
            names, in camelCase by default.
        stored: False if items have the value only as a component of their keys.
        description: What the attribute is, in a sentence, for documents that are made from the
            entity.
    """

    default_factory: Callable[[], T]
    attr_name: str
    stored: bool
    description: str


class EntityAttribute(Attribute[T], Generic[T, N]):
    """The base class of the attributes: checks values, and makes changes and conditions.

    Read from the class, as in ``Book.title``, it is the attribute itself, with the methods below.
    Read from an entity, as in ``book.title``, it is the value. An attribute class of one's own is a
    subclass, usually of ``Text`` or another attribute of the toolkit.

    Args:
        default: The value of new entities that do not give one, and of stored items that lack the
            attribute. None makes the attribute optional: items may lack it, and the entity then has
            None.
        default_factory: Returns the value of new entities that do not give one, such as
            ``utc_now``. Stored items are not read with it: each reading would have another value.
        attr_name: The name in the table; unless given, the name in Python as the layout writes
            names, in camelCase by default.
        stored: False if items have the value only as a component of their keys.
        description: What the attribute is, in a sentence. The page of the patterns, the CLI and
            the OpenAPI document have it, also for the parameters that are compared with it.

    Raises:
        DeclarationError: if an option is unknown or of a wrong type, the default is a function, or
            the factory is not one.

    Examples:
        An attribute of one's own checks its values in ``check``:

        >>> class Email(Text):
        ...     def check(self, value: object) -> str:
        ...         text = super().check(value)
        ...         if "@" not in text:
        ...             raise InvalidValueError(f"{text!r} is not an e-mail address")
        ...         return text.lower()
        >>> class Friend(Entity):
        ...     id: Id = Id()
        ...     email: Email = required(Email())
        ...     key = Key("FRIEND#{id}", "FRIEND")
        >>> Friend(id="f1", email="Ann@Example.com").email
        'ann@example.com'
        >>> Friend(id="f1", email="ann")
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: 'ann' is not an e-mail address
    """

    attr_type = STRING

    def __init__(
        self,
        *,
        default: Any = _REQUIRED,
        default_factory: Callable[[], Any] | None = None,
        attr_name: str | None = None,
        stored: bool = True,
        description: str = "",
        **unknown: Never,
    ) -> None:
        if unknown:
            name = next(iter(unknown))
            raise DeclarationError(
                f"{type(self).__name__} has no option {name!r}{suggestion(name, _OPTIONS)}"
            )
        if not (attr_name is None or is_name(attr_name)):
            raise DeclarationError(
                f"attr_name is {shortened(attr_name)}: it must be a text, and not empty"
            )
        if not isinstance(stored, bool):
            raise DeclarationError(f"stored is {shortened(stored)}: it must be True or False")
        self.stored = stored
        if not isinstance(description, str):
            raise DeclarationError(f"the description is {shortened(description)}, not a text")
        self.description = " ".join(description.split())
        if callable(default):
            raise DeclarationError(
                f"the default is the function {shortened(default)}: give it as default_factory"
            )
        if default_factory is not None and not callable(default_factory):
            raise DeclarationError(
                f"default_factory is {shortened(default_factory)}, not a function: give a value as "
                "default"
            )
        if default_factory is not None and default is not _REQUIRED and default is not None:
            raise DeclarationError(
                f"default is {shortened(default)} and default_factory is given, too: give one of "
                "the two"
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
        # A layout of another type is refused when the class is made.
        naming = layout.naming if isinstance(layout, Layout) else DEFAULT_LAYOUT.naming
        super().__set_name__(owner, IN_CASE[naming](name))
        self._name = name

    @overload  # type: ignore[override]  # PynamoDB's has no None
    def __get__(self, instance: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, instance: Any, owner: Any) -> T | N: ...

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Return the value of an entity or None; on the class, the attribute itself."""
        if instance is None:
            return self
        if isinstance(instance, MapAttribute):
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

    def value_to_wire(self, value: Any) -> dict[str, Any] | None:
        """Write a value in DynamoDB JSON; None if an item with it lacks the attribute.

        Raises:
            InvalidValueError: if the attribute cannot have the value.
        """
        if value is None:
            _require_optional(self)
            return None
        return attribute_to_wire(self, self.check(value))

    def set(self, value: T | N) -> Change:  # type: ignore[override]  # a change of ours
        """Return the change that sets a value; None removes an optional attribute.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.

        Examples:
            >>> moved = Update(Book, {"isbn": "b1"}, NOON, changes=[Book.shelf.set("B 1")])
            >>> store.save(moved).shelf
            'B 1'
        """
        return self._setting(value)

    def remove(self: EntityAttribute[Any, None]) -> Removal:  # type: ignore[override]
        """Return the change that removes the attribute.

        Raises:
            DeclarationError: if the attribute is not optional.

        Examples:
            >>> lost = Update(Book, {"isbn": "b1"}, NOON, changes=[Book.shelf.remove()])
            >>> print(store.save(lost).shelf)
            None
        """
        if not self.null:
            raise DeclarationError(f"every item has {self.attr_name}: it cannot be removed")
        return Removal(self._place)

    def copy(self, source: EntityAttribute[T, Any]) -> Copy:
        """Return the change that sets the value that another attribute has before the update.

        Args:
            source: The other attribute of the same entity, of a type whose every value this one
                can have. If the item lacks it, its default is copied; without a default, DynamoDB
                refuses the update with ``ConditionFailedError``.

        Raises:
            DeclarationError: if the source is not an attribute.

        Examples:
            >>> by_title = Book.shelf.copy(Book.title)
            >>> store.save(Update(Book, {"isbn": "b1"}, NOON, changes=[by_title])).shelf
            'Dynamo'
        """
        if not isinstance(source, Attribute):
            raise DeclarationError(
                f"{self.attr_name} copies an attribute, such as Book.title, not {shortened(source)}"
            )
        return Copy(self._place, source, default_to_wire(source))

    def equals(self, value: T | N) -> Equality:
        """Return the condition that the attribute has a value; None if it is missing.

        It is also a member of ``Update(expected=…)``.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.

        Examples:
            >>> lend = Update(
            ...     Book,
            ...     {"isbn": "b2"},
            ...     NOON,
            ...     changes=[Book.copies.set(1)],
            ...     expected=[Book.copies.equals(2)],
            ... )
            >>> store.save(lend).copies
            1
        """
        wire = self.value_to_wire(value)
        return Equality(self, value, has_value(self, wire, default_to_wire(self)))

    def not_equals(self, value: T | N) -> Condition:
        """Return the condition that the attribute has another value, or is missing.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.

        Examples:
            >>> move = Update(
            ...     Book,
            ...     {"isbn": "b1"},
            ...     NOON,
            ...     changes=[Book.shelf.set("B 1")],
            ...     condition=Book.shelf.not_equals("B 1"),
            ... )
            >>> store.save(move).shelf
            'B 1'
        """
        return ~self.equals(value)

    def one_of(self, *values: T) -> Condition:
        """Return the condition that the attribute has one of 1 to 100 values.

        Raises:
            InvalidValueError: if there are no values or more than 100, or the attribute cannot hold
                one of them (AWS, "Comparison operator and function reference").

        Examples:
            >>> move = Update(
            ...     Book,
            ...     {"isbn": "b1"},
            ...     NOON,
            ...     changes=[Book.shelf.set("B 1")],
            ...     condition=Book.shelf.one_of("A 2", "A 3"),
            ... )
            >>> store.save(move).shelf
            'B 1'
        """
        held = [self.check(value) for value in values]
        condition = is_one_of(self._path, [attribute_to_wire(self, value) for value in held])
        return self._or_default(condition, lambda default: default in held)

    def is_present(self) -> Condition:
        """Return the condition that the item has a value, and one of the attribute's type.

        Examples:
            >>> store.write(Delete(Book, {"isbn": "b1"}, condition=Book.shelf.is_present()))
            >>> store.get(BookByIsbn("b1"))
        """
        return Condition(self._path.is_type(self.attr_type))

    def is_absent(self) -> Condition:
        """Return the condition that the item lacks the attribute; a stored NULL counts as missing.

        Examples:
            >>> store.write(Delete(Book, {"isbn": "b1"}, condition=Book.shelf.is_absent()))
            Traceback (most recent call last):
            autoforge.dynamodb.errors.ConditionFailedError: Book b1 ...
        """
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
        wire = self.value_to_wire(value)
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
        written = f" as {spec!r}" if spec else ""
        raise DeclarationError(f"{type(self).__name__} cannot stand in a key{written}")


class Ordered(EntityAttribute[T, N]):
    """An attribute whose values have an order, which DynamoDB compares by."""

    def at_least(self, value: T) -> Condition:
        """Return the condition that the value is this or larger.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.

        Examples:
            >>> store.write(Delete(Book, {"isbn": "b2"}, condition=Book.copies.at_least(2)))
        """
        return self._compared(">=", value, lambda default, other: default >= other)

    def above(self, value: T) -> Condition:
        """Return the condition that the value is larger.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.

        Examples:
            >>> store.write(Delete(Book, {"isbn": "b2"}, condition=Book.price.above(Decimal(10))))
        """
        return self._compared(">", value, lambda default, other: default > other)

    def at_most(self, value: T) -> Condition:
        """Return the condition that the value is this or smaller.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.

        Examples:
            >>> ended = Loan.due_at.at_most(NOON)
            >>> store.write(Delete(Loan, {"isbn": "b1", "id": "l1"}, condition=ended))
        """
        return self._compared("<=", value, lambda default, other: default <= other)

    def below(self, value: T) -> Condition:
        """Return the condition that the value is smaller.

        Raises:
            InvalidValueError: if the attribute cannot hold the value.

        Examples:
            >>> store.write(Delete(Book, {"isbn": "b2"}, condition=Book.copies.below(3)))
        """
        return self._compared("<", value, lambda default, other: default < other)

    def _compared(self, operator: str, value: T, test: Callable[[Any, Any], bool]) -> Condition:
        held = self.check(value)
        condition = compared(self._path, operator, attribute_to_wire(self, held))
        return self._or_default(condition, lambda default: test(default, held))


class NativeAttribute(EntityAttribute[T, N]):
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
            steps: Names of members of objects, and positions in lists from 0, from the outside
                inwards.

        Raises:
            InvalidValueError: if a step is neither.

        Examples:
            >>> change = Book.details.at("pages").add(2)
            >>> count = Update(Book, {"isbn": "b1"}, NOON, changes=[change])
            >>> store.save(count).details
            {'pages': 212}
        """
        return Inside(Place(self, require_steps(steps)))


def value_to_wire(attribute: Attribute[Any], value: Any) -> dict[str, Any] | None:
    """Write any value that an attribute may be given; None if the item then lacks the attribute.

    Raises:
        InvalidValueError: if the attribute cannot have the value.
    """
    if isinstance(attribute, EntityAttribute):
        return attribute.value_to_wire(value)
    if value is None:
        _require_optional(attribute)
        return None
    return attribute_to_wire(attribute, value)


def _require_optional(attribute: Attribute[Any]) -> None:
    if not attribute.null:
        raise InvalidValueError(f"{attribute.attr_name} is None, and is not optional")


def attribute_to_wire(attribute: Attribute[Any], value: Any) -> dict[str, Any]:
    """Write an attribute's value in DynamoDB JSON.

    Raises:
        InvalidValueError: if the attribute cannot have the value.
    """
    if isinstance(attribute, NativeAttribute):
        return attribute.to_wire(value)
    if isinstance(attribute, EntityAttribute):
        return {attribute.attr_type: attribute.serialize(value)}
    try:
        value = _with_declared_members(attribute, value)
        wire = {attribute.attr_type: attribute.serialize(value)}
        require_wire(wire, str(attribute.attr_name))
    except AutoforgeError as error:
        if isinstance(error, UnreadableItemError):  # what was written is no number
            raise _unfit(attribute, value, error) from error
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _unfit(attribute, value, error) from error
    return wire


def _with_declared_members(attribute: Attribute[Any], value: Any) -> Any:
    """Return a map as its class has it: PynamoDB refuses other members only when it makes one."""
    if isinstance(attribute, ListAttribute) and attribute.element_type is not None:
        element = attribute.element_type()
        return [_with_declared_members(element, each) for each in value]
    is_map = isinstance(attribute, MapAttribute) and not attribute.is_raw()
    return type(attribute)(**value) if is_map and isinstance(value, Mapping) else value


def _unfit(attribute: Attribute[Any], value: Any, error: Exception) -> InvalidValueError:
    return InvalidValueError(
        f"{attribute.attr_name} is {shortened(value)}, which a {type(attribute).__name__} cannot "
        f"store: {error}"
    )


def default_to_wire(attribute: Attribute[Any]) -> dict[str, Any] | None:
    """Write the default of stored items in DynamoDB JSON; None without one.

    None, too, if PynamoDB's own attribute has a function as its default.
    """
    if isinstance(attribute, EntityAttribute):
        return attribute.default_wire
    if attribute.default is None or callable(attribute.default):
        return None
    return attribute_to_wire(attribute, attribute.default)


def is_stored(attribute: Attribute[Any]) -> bool:
    """Whether items have the attribute itself, and not only a component of their keys."""
    return getattr(attribute, "stored", True)


def description_of(attribute: Attribute[Any]) -> str:
    """Return what an attribute is, in words; empty if its declaration does not say."""
    return str(getattr(attribute, "description", ""))


def without_spec(attribute: Attribute[Any], spec: str, codec: Codec) -> Codec:
    """Return the codec of an attribute whose name in a template has no spec.

    Raises:
        DeclarationError: if it has one.
    """
    if spec:
        raise DeclarationError(f"{type(attribute).__name__} cannot be written as {spec!r} in a key")
    return codec


def textual_codec(attribute: Attribute[Any], spec: str, codec: Codec, *, last: bool) -> Codec:
    """Return the codec of an attribute whose values are texts, by its spec in a template.

    Args:
        attribute: The attribute.
        spec: Empty, or ``raw`` for texts that are written as they are.
        codec: The codec without a spec.
        last: Whether the attribute is the last component of its template.

    Raises:
        DeclarationError: if the spec is another one.
    """
    if spec == RAW:
        return codec.unencoded(last=last)
    return without_spec(attribute, spec, codec.placed(last=last))
