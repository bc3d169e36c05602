"""What an access pattern is: a frozen, typed value that says which items answer a question.

* ``Get``        one item by its whole primary key            GetItem
* ``Fetch``      several items by their primary keys          BatchGetItem
* ``Query``      a stretch of one item collection, in order   Query, a page at a time (query.py)
* ``Composite``  several of these, joined in one typed answer (composite.py)

A pattern does no I/O; a Store runs it. Its class can be read without parameters, which is what
the catalogue, the documentation and the proofs are made from.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from inspect import cleandoc, getmembers
from types import UnionType
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from autoforge.access.request import KeyCondition, Request
from autoforge.errors import DeclarationError, InvalidValueError
from autoforge.models.attributes import camel_case
from autoforge.models.indexes import TABLE
from autoforge.models.keys import Component, Key, KeyValue, Label
from autoforge.models.table import Entity

T = TypeVar("T")
E = TypeVar("E", bound=Entity)

#: Items one batch may read (AWS, "Constraints in Amazon DynamoDB").
BATCH_READ: Final = 100

#: A primary key, or the keys of table and index together, as DynamoDB sends and takes it.
WireKey = Mapping[str, Mapping[str, str]]


def _entities(arguments: Sequence[Any]) -> Iterator[type[Entity]]:
    for argument in arguments:
        if get_origin(argument) in {Union, UnionType}:
            yield from _entities(get_args(argument))
        elif isinstance(argument, type) and issubclass(argument, Entity):
            yield argument


class Pattern(ABC, Generic[T]):
    """A question the table answers. The first sentence of the docstring is the question."""

    #: The row of the document the pattern comes from.
    source: ClassVar[str]
    #: The operations of DynamoDB that answer, in order.
    operation: ClassVar[str]
    #: Requests an answer takes; of a Query, a page of up to 1 MB of live items.
    requests: ClassVar[int] = 1
    #: The entities an answer may hold, read from the type argument.
    entities: ClassVar[tuple[type[Entity], ...]] = ()

    def __init_subclass__(cls) -> None:
        """Read the entities from ``Query[Event]`` and the like."""
        super().__init_subclass__()
        for base in getattr(cls, "__orig_bases__", ()):
            cls.entities = tuple(_entities(get_args(base))) or cls.entities

    @classmethod
    def question(cls) -> str:
        """What the pattern answers, in a sentence."""
        return " ".join(cleandoc(cls.__doc__ or "").split("\n\n")[0].split())

    @classmethod
    def notes(cls) -> str:
        """What else there is to know, in paragraphs."""
        paragraphs = cleandoc(cls.__doc__ or "").split("\n\n")[1:]
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    @classmethod
    def parameters(cls) -> tuple[Field[Any], ...]:
        """The parameters the pattern takes."""
        return fields(cls)  # type: ignore[arg-type]  # every pattern is a dataclass

    def arguments(self) -> dict[str, Any]:
        """The values of the parameters, by their names outside Python."""
        return {camel_case(each.name): getattr(self, each.name) for each in self.parameters()}

    def named(self) -> dict[str, Any]:
        """The same, where a parameter is an attribute by the name that this has in an item."""
        known = {
            name: attribute.attr_name
            for entity in self.entities
            for name, attribute in entity.get_attributes().items()
        }
        values = {each.name: getattr(self, each.name) for each in self.parameters()}
        return {known.get(name, camel_case(name)): value for name, value in values.items()}


@dataclass(frozen=True)
class Keyed(Pattern[T]):
    """A pattern over one key of an entity, whose components are the pattern's parameters."""

    #: The key that answers the question.
    key: ClassVar[Key]
    #: Components that the pattern knows by another name.
    renames: ClassVar[Mapping[str, str]] = {}
    #: Components that are the same whatever is asked.
    fixed: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        """Refuse a pattern that cannot fill its partition, naming what is missing."""
        super().__init_subclass__()
        if cls.is_generic():
            return
        if not isinstance(getattr(cls, "key", None), Key):
            raise DeclarationError(f"{cls.__name__} names no key")
        if cls.key.entity not in {entity.__name__ for entity in cls.entities}:
            raise DeclarationError(f"{cls.__name__}: {cls.key} is no key of what it answers with")
        wanted = {part.name for part in cls._partition_components()} | {*cls.renames}
        missing = {cls.renames.get(name, name) for name in wanted} | cls._bounding()
        for name in sorted(missing):
            if not cls._declares(name):
                raise DeclarationError(f"{cls.__name__}: {cls.key}: no parameter {name!r}")
        useless = cls._own_parameters() - cls._used()
        if useless:
            raise DeclarationError(
                f"{cls.__name__}: {cls.key}: nothing uses {', '.join(sorted(useless))}"
            )

    @classmethod
    def is_generic(cls) -> bool:
        """Whether the class leaves open which entities it answers with: nobody's pattern yet."""
        return bool(getattr(cls, "__parameters__", ()))

    @classmethod
    def _bounding(cls) -> set[str]:
        """Parameters that bound the answer without being components of the key."""
        return set()

    @classmethod
    def _own_parameters(cls) -> set[str]:
        declared = vars(cls).get("__annotations__", {})
        return {name for name, hint in declared.items() if "ClassVar" not in str(hint)}

    @classmethod
    def _used(cls) -> set[str]:
        """Parameters that become components, bound the answer, or that a property derives from."""
        getters = [each.fget for _, each in getmembers(cls, lambda m: isinstance(m, property))]
        derived_from = {name for getter in getters for name in getter.__code__.co_names}
        components = {cls.renames.get(name, name) for name in cls.key.components}
        return components | cls._bounding() | derived_from

    @classmethod
    def described(cls, *given: str) -> Self:
        """The pattern with labels for values: all required parameters and the given ones."""
        pattern = object.__new__(cls)
        for each in cls.parameters():
            required = each.default is MISSING and each.default_factory is MISSING
            shown = required or each.name in given
            value: Any = Label(camel_case(each.name)) if shown else None
            object.__setattr__(pattern, each.name, value)
        return pattern

    @classmethod
    def _declares(cls, name: str) -> bool:
        """Whether the class, not yet or already a dataclass, has the parameter or derives it."""
        annotated = any(name in vars(base).get("__annotations__", {}) for base in cls.__mro__)
        return name in cls.fixed or annotated or isinstance(getattr(cls, name, None), property)

    @classmethod
    def _partition_components(cls) -> tuple[Component, ...]:
        names = cls.key.components
        given = {name: True for name in names if cls._declares(cls.renames.get(name, name))}
        template = cls.key.partition_for(given) or cls.key.partitions[0]
        return template.components

    def values(self) -> dict[str, Any]:
        """The components of the key that the parameters give."""
        given = vars(self)
        return {
            component: given[name] if name in given else self._value(component)
            for component, name in self._sources()
        }

    @classmethod
    @cache
    def _sources(cls) -> tuple[tuple[str, str], ...]:
        """The components of the key, and the parameter each is; empty where none is."""
        return tuple(
            (name, "" if name in cls.fixed else cls.renames.get(name, name))
            for name in cls.key.components
        )

    def _value(self, component: str) -> Any:
        if component in self.fixed:
            return self.fixed[component]
        name = self.renames.get(component, component)
        if not isinstance(getattr(type(self), name, None), property):
            return None
        if any(isinstance(value, Label) for value in vars(self).values()):
            return Label(camel_case(component))
        return getattr(self, name)

    def _partition(self, values: Mapping[str, Any]) -> str:
        template = self.key.partition_for(values)
        if template is None:
            raise InvalidValueError(f"{type(self).__name__} needs {', '.join(sorted(values))}")
        return template.render(values)


@dataclass(frozen=True)
class Get(Keyed[E]):
    """One item by its whole primary key."""

    operation: ClassVar[str] = "GetItem"

    def __init_subclass__(cls) -> None:
        """Refuse a key that stands in an index: GetItem reads the table only."""
        super().__init_subclass__()
        if not cls.is_generic() and cls.key.index != TABLE:
            raise DeclarationError(f"{cls.__name__}: {cls.key} is not a key of the table itself")

    @property
    def entity(self) -> type[E]:
        """The entity the answer is."""
        return self.entities[0]  # type: ignore[return-value]  # the type argument, as E says

    def primary_key(self) -> KeyValue:
        """The key of the item asked for.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key.
        """
        value = self.key.render(self.values())
        if value is None:
            raise InvalidValueError(f"{type(self).__name__} needs every component of {self.key}")
        return value

    def condition(self) -> KeyCondition:
        """The key as a condition, for the documentation."""
        value = self.primary_key()
        return KeyCondition(TABLE, value.partition, "=", (value.sort,))

    def request(self, table_name: str, *, consistent: bool = False) -> Request:
        """The request that answers."""
        return get_request(table_name, self.primary_key(), consistent=consistent)


@dataclass(frozen=True)
class Fetch(Pattern[E]):
    """Several items by their primary keys, at most 100."""

    operation: ClassVar[str] = "BatchGetItem"

    @abstractmethod
    def primary_keys(self) -> Sequence[KeyValue]:
        """The keys of the items asked for.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key.
        """

    def distinct_keys(self) -> tuple[KeyValue, ...]:
        """The keys, each once.

        Raises:
            InvalidValueError: if there are more than one request may ask for.
        """
        keys = tuple(dict.fromkeys(self.primary_keys()))
        if len(keys) > BATCH_READ:
            raise InvalidValueError(f"{type(self).__name__} asks for {len(keys)} items at once")
        return keys

    def request(self, table_name: str, *, consistent: bool = False) -> Request:
        """The request that answers, as long as DynamoDB leaves no key unprocessed."""
        return fetch_request(table_name, self.distinct_keys(), consistent=consistent)


def wire_key(key: KeyValue) -> dict[str, dict[str, str]]:
    """Write a primary key as DynamoDB takes it."""
    return {TABLE.partition_key: {"S": key.partition}, TABLE.sort_key: {"S": key.sort}}


def get_request(table_name: str, key: KeyValue, *, consistent: bool) -> Request:
    """The request for the item at a primary key."""
    return Request(
        "GetItem",
        {"TableName": table_name, "Key": wire_key(key), "ConsistentRead": consistent},
    )


def fetch_request(table_name: str, keys: Sequence[KeyValue], *, consistent: bool) -> Request:
    """The request for the items at up to 100 distinct primary keys."""
    wanted = {"Keys": [wire_key(key) for key in keys], "ConsistentRead": consistent}
    return Request("BatchGetItem", {"RequestItems": {table_name: wanted}})
