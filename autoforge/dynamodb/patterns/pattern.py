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
from inspect import cleandoc
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
    get_type_hints,
)

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, suggestion
from autoforge.dynamodb.patterns.declared import (
    admits_none,
    all_parameters_in,
    annotations_of,
    code_of,
    members_of,
    parameters_in,
    read_by,
)
from autoforge.dynamodb.patterns.request import KeyCondition, Request
from autoforge.dynamodb.schema.attributes import camel_case
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.keys import Component, Key, KeyValue, Label, Template

T = TypeVar("T")
E = TypeVar("E", bound=Entity)

#: Items one batch may read (AWS, "Constraints in Amazon DynamoDB").
BATCH_READ: Final = 100

#: How alike names are of which one is surely a misspelling of the other.
_MISSPELT: Final = 0.81

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
    #: Whether the class is a kind of pattern, and nobody's question yet.
    _is_kind: ClassVar[bool] = True

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Read the entities from ``Query[Event]`` and the like; refuse those never stored."""
        super().__init_subclass__()
        cls._is_kind = kind
        for base in getattr(cls, "__orig_bases__", ()):
            cls.entities = tuple(_entities(get_args(base))) or cls.entities
        for entity in cls.entities:
            if entity.is_abstract():
                raise DeclarationError(
                    f"{cls.__name__}: {entity.__name__} is abstract, and nothing is stored as it"
                )
        taken = set() if kind else parameters_in(cls) & members_of(cls._kinds())
        if taken:
            raise DeclarationError(
                f"{cls.__name__}: every {cls._kinds()[0].__name__} has a {min(taken)!r} of its "
                "own: name the parameter otherwise"
            )

    def __init__(self, *_: Any, **__: Any) -> None:
        """Refuse a class that is no dataclass: each of those has an ``__init__`` of its own."""
        raise _undecorated(type(self))

    @classmethod
    def is_generic(cls) -> bool:
        """Whether the class leaves open which entities it answers with: nobody's pattern yet."""
        return bool(getattr(cls, "__parameters__", ()))

    @classmethod
    def _kinds(cls) -> list[type[Any]]:
        """The kinds of pattern that this is, from the nearest on."""
        return [base for base in cls.__mro__ if vars(base).get("_is_kind")]

    @classmethod
    def _require_entities(cls, example: str) -> None:
        """Refuse a pattern that does not say which entities it answers with."""
        if not cls.entities:
            raise DeclarationError(
                f"{cls.__name__} does not say what it answers with: "
                f"write {cls._kinds()[0].__name__}[{example}], with the entity itself in brackets"
            )

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


@dataclass(frozen=True, init=False)
class Keyed(Pattern[T], kind=True):
    """A pattern over one key of an entity, whose components are the pattern's parameters."""

    #: The key that answers the question.
    key: ClassVar[Key]
    #: Components that the pattern knows by another name.
    renames: ClassVar[Mapping[str, str]] = {}
    #: Components that are the same whatever is asked.
    fixed: ClassVar[Mapping[str, Any]] = {}
    #: Required parameters without which another question would be asked, and no error be raised.
    _narrowing: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Refuse a pattern that cannot fill its partition, naming what is missing."""
        super().__init_subclass__(kind=kind)
        if cls.is_generic():
            return
        key = getattr(cls, "key", None)
        cls._require_entities(key.entity if isinstance(key, Key) else "Book")
        if not isinstance(key, Key):
            raise DeclarationError(f"{cls.__name__} names no key")
        if cls.key.entity not in {entity.__name__ for entity in cls.entities}:
            raise DeclarationError(f"{cls.__name__}: {cls.key} is no key of what it answers with")
        wanted = {part.name for part in cls._partition_components()} | {*cls.renames}
        missing = {cls.renames.get(name, name) for name in wanted} | cls._bounding()
        for name in sorted(missing):
            if not cls._declares(name):
                raise DeclarationError(f"{cls.__name__}: {cls.key}: no parameter {name!r}")
        cls._narrowing = tuple(sorted(cls._deciding() & cls._required()))
        useless = sorted(cls._useless())
        if useless:
            hint = suggestion(useless[0], cls._unfilled())
            raise DeclarationError(
                f"{cls.__name__}: {cls.key}: nothing uses {', '.join(useless)}{hint}"
            )

    @classmethod
    def _bounding(cls) -> set[str]:
        """Parameters that bound the answer without being components of the key."""
        return set()

    @classmethod
    def _deciding(cls) -> set[str]:
        """Parameters whose absence chooses another partition."""
        if len(cls.key.partitions) == 1:
            return set()
        parts = [part for each in cls.key.partitions for part in each.components]
        return {cls.renames.get(part.name, part.name) for part in parts}

    @classmethod
    def _required(cls) -> set[str]:
        """Parameters without a default."""
        return {name for name in all_parameters_in(cls) if not hasattr(cls, name)}

    @classmethod
    @cache
    def _may_be_none(cls) -> frozenset[str]:
        """Parameters whose type admits None, or is not known here."""
        try:
            hints = get_type_hints(cls)
        except (NameError, AttributeError, TypeError, SyntaxError):  # of a function's own, say
            return frozenset(cls._narrowing)
        return frozenset(name for name in cls._narrowing if admits_none(hints[name]))

    def _require_narrowing(self) -> None:
        """Refuse None for a parameter without which the question would be another.

        Raises:
            InvalidValueError: naming the parameter.
        """
        for name in self._narrowing:
            if getattr(self, name) is None and name not in self._may_be_none():
                raise _none_given(self, name)

    def _lacks(self, values: Mapping[str, Any], *templates: Template) -> InvalidValueError:
        """The error for components that have no value, naming the parameters."""
        parts = [part.name for each in templates for part in each.components]
        absent = [self.renames.get(name, name) for name in parts if values.get(name) is None]
        return _none_given(self, *absent)

    @classmethod
    def _useless(cls) -> set[str]:
        """Parameters that the request does not depend on, and no property is seen to read.

        Where code decides over the request, it may read any, in branches that are not seen. Then
        only those are told that have nearly the name of a component nobody fills.
        """
        inputs = {cls.renames.get(name, name) for name in cls.key.components} | cls._bounding()
        unused = {*parameters_in(cls)} - inputs
        if not unused:
            return unused
        kinds = cls._kinds()
        code = code_of(cls, kinds)
        unread = unused - read_by(cls, code)
        if not any(name in inputs or hasattr(kinds[0], name) for name in code):
            return unread
        return {name for name in unread if suggestion(name, cls._unfilled(), alike=_MISSPELT)}

    @classmethod
    def _unfilled(cls) -> set[str]:
        """Components of the key, by the pattern's names, that no parameter gives."""
        names = {cls.renames.get(name, name) for name in {*cls.key.components} - {*cls.fixed}}
        return {name for name in names if not cls._declares(name)}

    @classmethod
    def described(cls, *given: str) -> Self:
        """The pattern with labels for values: all required parameters and the given ones."""
        if all_parameters_in(cls) - {each.name for each in cls.parameters()}:
            raise _undecorated(cls)
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
        if name in members_of(cls._kinds()):
            return name in cls.fixed
        annotated = any(name in annotations_of(base) for base in cls.__mro__)
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
        sources = {name: cls.renames.get(name, name) for name in cls.key.components}
        own = members_of(cls._kinds())  # the order of a query is not that of a customer
        return tuple(
            (component, "" if component in cls.fixed else name)
            for component, name in sources.items()
            if component in cls.fixed or name not in own
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
            raise self._lacks(values, self.key.partitions[0])
        return template.render(values)


def _undecorated(cls: type[Any]) -> DeclarationError:
    return DeclarationError(
        f"{cls.__name__} is no dataclass: write @dataclass(frozen=True) above the class"
    )


def _none_given(pattern: Pattern[Any], *names: str) -> InvalidValueError:
    given = f"{type(pattern).__name__} is asked with None"
    return InvalidValueError(f"{given} for {', '.join(names)}: give a value")


@dataclass(frozen=True, init=False)
class Get(Keyed[E], kind=True):
    """One item by its whole primary key."""

    operation: ClassVar[str] = "GetItem"

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Refuse a key that stands in an index, or that the parameters do not fill."""
        super().__init_subclass__(kind=kind)
        if cls.is_generic():
            return
        if cls.key.index != TABLE:
            raise DeclarationError(f"{cls.__name__}: {cls.key} is not a key of the table itself")
        parts = {part.name for part in cls.key.sort_template.components}
        unfilled = cls._unfilled() & {cls.renames.get(name, name) for name in parts}
        makes_its_own = cls.primary_key is not Get.primary_key or cls.values is not Keyed.values
        if unfilled and not makes_its_own:
            raise DeclarationError(
                f"{cls.__name__}: {cls.key}: no parameter {min(unfilled)!r}; a Get gives the "
                "whole key"
            )

    @property
    def entity(self) -> type[E]:
        """The entity the answer is."""
        return self.entities[0]  # type: ignore[return-value]  # the type argument, as E says

    def primary_key(self) -> KeyValue:
        """The key of the item asked for.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key.
        """
        values = self.values()
        value = self.key.render(values)
        if self._narrowing:
            self._require_narrowing()
        if value is None:
            raise self._lacks(values, self.key.partitions[0], self.key.sort_template)
        return value

    def condition(self) -> KeyCondition:
        """The key as a condition, for the documentation."""
        value = self.primary_key()
        return KeyCondition(TABLE, value.partition, "=", (value.sort,))

    def request(self, table_name: str, *, consistent: bool = False) -> Request:
        """The request that answers."""
        return get_request(table_name, self.primary_key(), consistent=consistent)


@dataclass(frozen=True, init=False)
class Fetch(Pattern[E], kind=True):
    """Several items by their primary keys, at most 100."""

    operation: ClassVar[str] = "BatchGetItem"

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Refuse a pattern without its entities: it would find nothing."""
        super().__init_subclass__(kind=kind)
        if not cls.is_generic():
            cls._require_entities("Book")

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
