"""Entity, the base class of the entities of a table.

An entity is a PynamoDB model that declares what is stored: attributes, and the keys that are
rendered from them. It has no table and no connection: a Store, which has both, reads and writes
entities. PynamoDB's own ``save``, ``query`` and the like are refused (ADR 0002).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, Self

from pynamodb.attributes import Attribute
from pynamodb.connection.table import TableConnection
from pynamodb.constants import NULL, STRING

from autoforge.dynamodb.errors import (
    AutoforgeError,
    DeclarationError,
    InvalidValueError,
    UnreadableItemError,
    shortened,
    suggestion,
)
from autoforge.dynamodb.schema.attribute import (
    EntityAttribute,
    attribute_to_wire,
    default_to_wire,
    is_stored,
)
from autoforge.dynamodb.schema.compiled import Field, compile_reader, compile_writer
from autoforge.dynamodb.schema.declaration import Declared, declare
from autoforge.dynamodb.schema.document_attributes import holds_null
from autoforge.dynamodb.schema.documents import wire_to_document
from autoforge.dynamodb.schema.indexes import DEFAULT_LAYOUT
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.stored_values import wire_to_attribute
from autoforge.dynamodb.schema.time_attributes import Expiry
from autoforge.dynamodb.timestamps import as_timestamp

#: An item in DynamoDB JSON: attribute names to typed values.
Item = dict[str, dict[str, Any]]


class Entity(Declared):
    """The base class of item types.

    A subclass declares attributes and keys and inherits those of its bases. One key must be in the
    table itself: the primary key, whose components never change. A class without any key is
    abstract: it only gives attributes to its subclasses, and no item has its type. An entity may
    have several abstract bases.

    The constructor takes the attributes by name. Two entities are equal if they have one type and
    are stored the same; a stored NULL of an optional attribute counts as missing.

    Raises:
        DeclarationError: when the class is declared, if an attribute or a key is declared wrongly;
            the message names it.
        InvalidValueError: from the constructor, if an attribute is unknown or cannot hold its
            value.

    Examples:
        >>> class Changed(Entity):
        ...     updated_at: Moment[None] = Moment(default=None)
        >>> class Branch(Changed):
        ...     lifetime = timedelta(days=365)
        ...     id: Id = Id()
        ...     created_at: Moment = Moment(default_factory=utc_now)
        ...     key = Key("BRANCH#{id}", "BRANCH")
        >>> Branch(id="old-town")
        <Branch BRANCH#old-town / BRANCH>
        >>> Branch(id="old-town", nmae="Old town")
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: ...
    """

    #: The time from which the item is read as missing; DynamoDB deletes it within about two days.
    expires_at: Expiry[None] = Expiry(default=None, attr_name=str(DEFAULT_LAYOUT.expiry))

    def __init_subclass__(cls) -> None:
        """Compile and check the keys, so that a mistake is an error at import.

        Raises:
            DeclarationError: if an attribute or a key is declared wrongly.
        """
        super().__init_subclass__()
        declare(cls, root=Entity)

    def __init__(self, **attributes: Any) -> None:
        self._unknown: Item = {}
        super().__init__(**attributes)

    def _set_attributes(self, **attributes: Any) -> None:
        """Set attributes; faster than PynamoDB's own, which inspects each of them."""
        known = self.get_attributes()
        for name, value in attributes.items():
            if name not in known:
                raise InvalidValueError(_no_such_attribute(type(self), name))
            try:
                known[name].__set__(self, value)
            except (TypeError, ValueError) as error:
                if isinstance(error, AutoforgeError) or isinstance(known[name], EntityAttribute):
                    raise
                raise InvalidValueError(f"{name} is {shortened(value)}: {error}") from error

    @classmethod
    def from_item(cls, item: Mapping[str, Mapping[str, Any]]) -> Self:
        """Read an entity from an item in DynamoDB JSON.

        Components of the key that are not stored as attributes, too, are read from the key.
        Attributes that the entity does not declare are kept and written back, and so is a NULL for
        an attribute without a value.

        Raises:
            UnreadableItemError: if the item has another type, lacks a required attribute, or has a
                malformed one.

        Examples:
            >>> item = Book(isbn="b3", title="Emma").to_item()
            >>> Book.from_item(item).title
            'Emma'
            >>> Loan.from_item(item)
            Traceback (most recent call last):
            autoforge.dynamodb.errors.UnreadableItemError: ...
        """
        return cls.item_reader()(item)

    @classmethod
    def item_reader(cls) -> Callable[[Mapping[str, Mapping[str, Any]]], Self]:
        """Return the function behind ``from_item``, to read many items with."""
        return cls._compiled().read

    @classmethod
    def _read_carefully(cls, item: Mapping[str, Mapping[str, Any]]) -> Self:
        """Read any item, with an error that names the attribute at fault."""
        if cls.layout.entity_type is not None:
            stored_type = item.get(cls.layout.entity_type, {}).get(STRING, cls.type_name)
            if stored_type != cls.type_name:
                raise UnreadableItemError(f"{_describe(cls, item)} is a {stored_type}")
        elif not cls.has_form(item):
            raise UnreadableItemError(f"{_describe(cls, item)} has not the key of the type")
        entity = cls(_user_instantiated=False)
        # Components of the key need not be stored as attributes, too.
        with suppress(KeyError):
            entity.attribute_values |= cls._components_in(item) or {}
        known = _attributes(cls)
        nulls: Item = {}
        for name, attribute in known.items():
            wire = None if name in unstored_attributes(cls) else item.get(attribute.attr_name)
            try:
                value = None if wire is None else wire_to_attribute(attribute, wire)
                if value is not None or (wire is not None and _may_be_none(attribute)):
                    entity.attribute_values[name] = value
                if value is None and wire is not None and not holds_null(attribute):
                    nulls[attribute.attr_name] = {NULL: True}
            except UnreadableItemError as error:
                raise UnreadableItemError(f"{_describe(cls, item)}: {error}") from error
        if missing := entity._missing():
            raise UnreadableItemError(f"{_describe(cls, item)} has no {', '.join(missing)}")
        # A NULL for a missing attribute is kept until the attribute has a value.
        entity._unknown = _unknown(cls, item) | nulls
        return entity

    @classmethod
    def has_form(cls, item: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether the primary key of an item has the form of the entity's."""
        try:
            return cls.primary_key.decode_item(item) is not None
        except (KeyError, UnreadableItemError):
            return False

    @classmethod
    def _components_in(cls, item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
        """Read the attributes that stand in the primary key, or only in other keys, of an item.

        None if the primary key has not the form of the entity's.
        """
        found = cls.primary_key.decode_item(item)
        for key, names in _only_in_indexes(cls):
            try:
                decoded = key.decode_item(item)
            except KeyError:  # the item is not in the index
                continue
            if found is not None and decoded is not None:
                found |= {name: decoded[name] for name in names}
        return found

    @classmethod
    def recognises(cls, item: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether an item has the type of the entity."""
        stored = cls.layout.entity_type
        if stored is None:
            return cls.has_form(item)
        return item.get(stored) == {STRING: cls.type_name}

    @classmethod
    def shown(cls, item: Mapping[str, Mapping[str, Any]]) -> str:
        """Show the type and the primary key of an item in a message."""
        return _describe(cls, item)

    @classmethod
    def from_raw_data(cls, data: Mapping[str, Any]) -> Self:
        """Read an entity; PynamoDB's name of ``from_item``."""
        return cls.from_item(data)

    def to_item(self) -> Item:
        """Write the entity as an item: attributes, unknown attributes and rendered keys.

        Raises:
            InvalidValueError: if a required attribute is missing or cannot be stored.

        Examples:
            >>> Member(id="ann", email="ann@example.com").to_item()["PK"]
            {'S': 'MEMBER#ann'}
            >>> Member(id="ann").to_item()
            Traceback (most recent call last):
            autoforge.dynamodb.errors.InvalidValueError: Member needs email
        """
        item, values = self._wires(), self.attribute_values
        for key in self.keys.values():
            if not key.store_in(item, values) and key is self.primary_key:
                raise _without_components(key)
        return item

    def serialize(self, null_check: bool = True) -> Item:
        """Write the entity; PynamoDB's name of ``to_item``."""
        del null_check
        return self.to_item()

    def rendered(self) -> dict[str, str]:
        """Return the attributes that are rendered from others: the type and the keys.

        Key attributes that are attributes of the entity themselves are not among them.

        Raises:
            InvalidValueError: if a component of the primary key is missing.

        Examples:
            >>> Book(isbn="b3", title="Emma").rendered()
            {'EntityType': 'Book', 'PK': 'BOOK#b3', 'SK': 'BOOK'}
        """
        stored_type = self.layout.entity_type
        rendered = {} if stored_type is None else {stored_type: self.type_name}
        for key in self.keys.values():
            value = key.render(self.attribute_values)
            if value is not None:
                rendered |= {name: value[place] for name, place in key.rendered_attributes}
            elif key is self.primary_key:
                raise _without_components(key)
        return rendered

    @property
    def unknown(self) -> dict[str, Any]:
        """Undeclared attributes of the stored item, by their names in the table.

        They are written back with the entity.

        Examples:
            >>> item = {**Book(isbn="b3", title="Emma").to_item(), "colour": {"S": "red"}}
            >>> Book.from_item(item).unknown
            {'colour': 'red'}
        """
        return {name: wire_to_document(wire) for name, wire in self._undeclared().items()}

    def _undeclared(self) -> Item:
        """Return what is kept of the stored item without the NULLs of declared attributes."""
        declared = {each.attr_name for each in _attributes(type(self)).values() if is_stored(each)}
        return {name: wire for name, wire in self._unknown.items() if name not in declared}

    @property
    def expiry(self) -> datetime | None:
        """The time at which the item expires; None if it does not.

        It is ``expires_at`` if the item stores it, else ``lifetime`` after ``created_at``.

        Examples:
            >>> print(Book(isbn="b3", title="Emma").expiry)
            None
        """
        stored: datetime | None = self.attribute_values.get("expires_at")
        created: datetime | None = self.attribute_values.get("created_at")
        if stored is not None or created is None or self.lifetime is None:
            return stored
        return self.expiry_of(created)

    @classmethod
    def expiry_of(cls, created_at: datetime) -> datetime | None:
        """Return when an item that was created at a time expires, unless it stores an expiry.

        None if items do not expire. The time is in whole seconds.

        Examples:
            >>> TransactionMark.expiry_of(NOON)
            datetime.datetime(2026, 2, 5, 12, 0, tzinfo=datetime.timezone.utc)
        """
        if cls.lifetime is None:
            return None
        return (created_at + min(cls.lifetime, _LAST - created_at)).replace(microsecond=0)

    @classmethod
    def first_live_creation(cls, now: datetime) -> datetime | None:
        """Return the earliest creation time of an item that stores no expiry and is live.

        None if every item is live: items have no lifetime, or it reaches back before the year 1.

        Examples:
            >>> TransactionMark.first_live_creation(NOON)
            datetime.datetime(2026, 2, 3, 12, 0, 1, tzinfo=datetime.timezone.utc)
        """
        if cls.lifetime is None:
            return None
        second = as_timestamp(now).replace(microsecond=0) + timedelta(seconds=1)
        return None if cls.lifetime > second - _FIRST else second - cls.lifetime

    def is_live(self, now: datetime) -> bool:
        """Whether the item is not past its expiry; DynamoDB deletes expired items later.

        Args:
            now: The present time, in UTC if it has no zone.

        Examples:
            >>> book = Book(isbn="b3", title="Emma", expires_at=NOON)
            >>> book.is_live(NOON - timedelta(seconds=1)), book.is_live(NOON)
            (True, False)
        """
        expiry = self.expiry
        try:
            return expiry is None or expiry > now
        except TypeError:  # a time without a zone, which is in UTC
            return expiry is None or expiry > as_timestamp(now)

    if not TYPE_CHECKING:  # otherwise type checkers would accept any name

        def __setattr__(self, name: str, value: Any) -> None:
            """Refuse a misspelt attribute, which would never be stored."""
            own = name.startswith("_") or name == "attribute_values"
            if not own and not hasattr(type(self), name):
                raise AttributeError(_no_such_attribute(type(self), name))
            super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        """Whether the two entities have the same type and are stored the same."""
        if not isinstance(other, Entity):
            return NotImplemented
        return type(self) is type(other) and self._present() == other._present()

    __hash__ = None  # type: ignore[assignment]  # entities are mutable

    def __repr__(self) -> str:
        """Show the key only: other attributes do not belong in logs."""
        try:
            key = self.primary_key.render(self.attribute_values)
        except (DeclarationError, InvalidValueError):
            key = None
        where = "without a key" if key is None else f"{key.partition} / {key.sort}"
        return f"<{self.type_name} {where}>"

    def _wires(self) -> Item:
        """Return the attributes to store, the type among them, without the rendered keys.

        Raises:
            InvalidValueError: if a required attribute is missing or cannot be stored.
        """
        return self._compiled().write(self)

    def _write_carefully(self) -> Item:
        """Write any entity, with an error that names the missing attributes."""
        if missing := self._missing():
            raise InvalidValueError(f"{self.type_name} needs {', '.join(missing)}")
        stored_type = self.layout.entity_type
        typed = {} if stored_type is None else {stored_type: {STRING: self.type_name}}
        known = self.get_attributes()
        unstored = {known[name].attr_name for name in unstored_attributes(type(self))}
        present = self._present().items()
        stored = {name: wire for name, wire in present if name not in unstored}
        return deepcopy(self._unknown) | stored | typed

    def _present(self) -> Item:
        """Return the attributes that have values, even if required ones have none."""
        values = {**self.attribute_values, "expires_at": self.expiry}
        wires = {
            attribute.attr_name: attribute_to_wire(attribute, values[name])
            for name, attribute in _attributes(type(self)).items()
            if values.get(name) is not None or (name in values and holds_null(attribute))
        }
        return deepcopy(self._undeclared()) | wires

    def _missing(self) -> list[str]:
        """Return the required attributes that have no value, by their names in the table."""
        values = self.attribute_values
        return [
            attribute.attr_name
            for name, attribute in _attributes(type(self)).items()
            if not (attribute.null or (name in values and holds_null(attribute)))
            and values.get(name) is None
        ]

    @classmethod
    @cache
    def _compiled(cls) -> _Compiled:
        """Compile at the first use: a process uses few of the entities it imports."""
        fields = entity_fields(cls)
        plain = cls.__init__ is Entity.__init__ and cls.__new__ is Entity.__new__
        if not plain or any(callable(each.attribute.default) for each in fields):
            # Compiled readers skip __init__ and computed defaults, which this entity needs.
            return _Compiled(cls._read_carefully, cls._write_carefully)
        read = compile_reader(
            cls,
            fields,
            slowly=cls._read_carefully,
            decode_key=(
                cls._components_in if _only_in_indexes(cls) else cls.primary_key.decode_item
            ),
            unknown=partial(_unknown, cls),
        )
        write = compile_writer(cls, fields, slowly=cls._write_carefully, copied=deepcopy)
        return _Compiled(read, write)

    @classmethod
    def _hash_key_attribute(cls) -> NoReturn:
        """Refuse PynamoDB's own operations, which begin with the attribute of the key."""
        raise _unbound(cls)

    def _get_hash_range_key_serialized_values(self) -> NoReturn:
        """Refuse PynamoDB's own operations on an item, which begin with its key."""
        raise _unbound(type(self))

    @classmethod
    def describe_table(cls) -> NoReturn:
        """Refuse PynamoDB's own operation."""
        raise _unbound(cls)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        raise _unbound(cls)


def _without_components(key: Key) -> InvalidValueError:
    return InvalidValueError(f"{key} needs {', '.join(sorted(key.components))}")


def _unbound(entity: type[Entity]) -> DeclarationError:
    return DeclarationError(
        f"{entity.__name__} is not bound to a table: run an access pattern or a write on a Store"
    )


class _Compiled(NamedTuple):
    """The functions that read and write the items of an entity."""

    read: Callable[[Mapping[str, Mapping[str, Any]]], Any]
    write: Callable[[Any], Item]


def entity_fields(entity: type[Entity]) -> tuple[Field, ...]:
    """Describe the attributes that a caller sets, for compiled functions."""
    in_key = entity.primary_key.components | unstored_attributes(entity)
    return tuple(
        Field(
            name,
            attribute,
            optional=bool(attribute.null),
            holds_null=holds_null(attribute),
            in_key=name in in_key,
            # If the item lacks a component of the key, it is read from the key.
            default=None if name in in_key else default_to_wire(attribute),
        )
        for name, attribute in _attributes(entity).items()
    )


@cache
def _only_in_indexes(entity: type[Entity]) -> tuple[tuple[Key, frozenset[str]], ...]:
    """Return the index keys in which attributes stand that stand nowhere else, with their names."""
    names = unstored_attributes(entity) - entity.primary_key.components
    keys = ((key, names & key.components) for key in entity.keys.values() if not key.index.is_table)
    return tuple((key, within) for key, within in keys if within)


@cache
def names_stored_by(entity: type[Entity]) -> frozenset[str]:
    """Return what items of an entity store, as the table names it; nothing if it is abstract."""
    if entity.is_abstract():
        return frozenset()
    attributes = entity.get_attributes().values()
    stored = {each.attr_name for each in attributes if is_stored(each)}
    return frozenset({*stored, *entity.rendered_names(), *entity.layout.primary.attributes})


@cache
def unstored_attributes(entity: type[Entity]) -> frozenset[str]:
    """Return the attributes that items have only as components of their keys."""
    attributes = _attributes(entity).items()
    return frozenset(name for name, each in attributes if not is_stored(each))


def _unknown(entity: type[Entity], item: Mapping[str, Mapping[str, Any]]) -> Item:
    """Copy the attributes of an item that the entity does not declare."""
    names = {each.stored_name for each in entity_fields(entity) if each.stored}
    names |= entity.rendered_names()
    return {name: dict(deepcopy(wire)) for name, wire in item.items() if name not in names}


#: The last time that ``datetime`` can hold, in whole seconds; no item expires later.
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)


def _no_such_attribute(entity: type[Entity], name: str) -> str:
    near = suggestion(name, _attributes(entity))
    return f"{entity.__name__} has no attribute {name!r}{near}"


def _attributes(entity: type[Entity]) -> dict[str, Attribute[Any]]:
    """Return the attributes that a caller sets, by Python name."""
    return entity.get_attributes()


def _may_be_none(attribute: Attribute[Any]) -> bool:
    """Whether None is a value of the attribute, and not one that a default stands in for."""
    return attribute.default is None or holds_null(attribute)


def _describe(entity: type[Entity], item: Mapping[str, Mapping[str, Any]]) -> str:
    primary = entity.layout.primary
    texts = [str(next(iter(item.get(name, {"S": ""}).values()))) for name in primary.attributes]
    return f"{entity.type_name} at {' / '.join(texts)}"
