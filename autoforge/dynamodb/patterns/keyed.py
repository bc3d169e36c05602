"""Keyed, the base class of patterns that read by one key of an entity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from types import NoneType
from typing import Any, ClassVar, Self, TypeVar, get_args, get_type_hints

from autoforge.dynamodb.errors import (
    MISSPELT,
    DeclarationError,
    InvalidValueError,
    is_name,
    shortened,
    suggestion,
)
from autoforge.dynamodb.patterns.declared import (
    admits_none,
    all_parameters_in,
    code_of,
    members_of,
    parameters_in,
    read_by,
)
from autoforge.dynamodb.patterns.parameter_types import unfit
from autoforge.dynamodb.patterns.pattern import Pattern, SinglePattern, named_types, undecorated
from autoforge.dynamodb.patterns.permission import Permission, partition_form, with_wildcards
from autoforge.dynamodb.patterns.projection import hints_of
from autoforge.dynamodb.patterns.request import KeyCondition
from autoforge.dynamodb.schema.annotations import annotations_of
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.schema.template import Component, Label, Template

T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Keyed(SinglePattern[T], kind=True):
    """A pattern that reads by one key of an entity; its parameters are components of the key."""

    #: The key of the entity, of the table or of an index.
    key: ClassVar[Key]
    #: Components of the key, with the names of their parameters where those differ.
    renames: ClassVar[Mapping[str, str]] = {}
    #: Components of the key that have constant values.
    fixed: ClassVar[Mapping[str, Any]] = {}
    #: Required parameters that must not be None: None would read a wider range, without an error.
    _narrowing: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Check that the parameters give the partition key and that each parameter is used.

        Raises:
            DeclarationError: if a parameter is missing, or nothing uses it.
        """
        super().__init_subclass__(kind=kind)
        if cls.is_generic():
            return
        key = getattr(cls, "key", None)
        cls._require_entities(key.entity if isinstance(key, Key) else "Book")
        if not isinstance(key, Key):
            raise DeclarationError(f"{cls.__name__} declares no key: {cls._hint_at_key(key)}")
        cls._require_types()
        if cls.key.entity not in {entity.__name__ for entity in cls.entities}:
            raise DeclarationError(
                f"{cls.__name__}: {cls.key} is not a key of {named_types(cls.entities)}"
            )
        wanted = {part.name for part in cls._partition_components()} | {*cls.renames}
        missing = {cls.renames.get(name, name) for name in wanted} | cls._bounding()
        for name in sorted(missing):
            if not cls._declares(name):
                raise DeclarationError(f"{cls.__name__}: {cls.key}: no parameter {name!r}")
        unknown = sorted({*cls.fixed, *cls.renames} - {*cls.key.components})
        if unknown:
            near = suggestion(unknown[0], cls.key.components)
            raise DeclarationError(f"{cls.__name__}: {cls.key}: no component {unknown[0]!r}{near}")
        cls._narrowing = tuple(sorted(cls._deciding() & cls._required()))
        useless = sorted(cls._useless())
        if useless:
            hint = suggestion(useless[0], cls._unfilled())
            raise DeclarationError(
                f"{cls.__name__}: {cls.key}: nothing uses {', '.join(useless)}{hint}"
            )
        fault = "" if cls.values is not Keyed.values else cls._fault_of_hints()
        if fault:
            raise DeclarationError(f"{cls.__name__}: {cls.key}: {fault}")

    @classmethod
    def _hint_at_key(cls, given: object) -> str:
        """Return what to write instead of something that is no key."""
        named = [name for name, each in vars(cls).items() if isinstance(each, Key)]
        if named:
            return f"{named[0]} is one, and its name must be key"
        example = f"{cls.entities[0].__name__}.key, a Key of the entity"
        said = "" if given is None else f", not {shortened(given)}"
        return f"write key = {example}{said}"

    @classmethod
    def _require_types(cls) -> None:
        """Refuse settings of a wrong type, and constants that cannot stand in the key."""
        for name in ("renames", "fixed"):
            given = getattr(cls, name)
            if not isinstance(given, Mapping):
                raise DeclarationError(
                    f"{cls.__name__}: {name} is {shortened(given)}, not a mapping from components "
                    f"of the key: write {name} = {{component: …}}"
                )
        strange = [each for each in cls.renames.values() if not is_name(each)]
        if strange:
            raise DeclarationError(
                f"{cls.__name__}: renames has {shortened(strange[0])}, which is no name of a "
                "parameter"
            )
        for part in cls._parts():
            if part.name in cls.fixed:
                try:
                    part.encode(cls.fixed[part.name])
                except InvalidValueError as error:
                    raise DeclarationError(f"{cls.__name__}: fixed: {error}") from error

    @classmethod
    def _fault_of_hints(cls) -> str:
        """Return which parameter is of a type whose values cannot stand in the key.

        Nothing is said of types that cannot be evaluated here, or are not those of plain values.
        """
        hints, bounding = hints_of(cls), cls._bounding()
        fixing = cls.key.sort_template.components[: cls._most_fixed()]
        for part in (*fixing, *(each for one in cls.key.partitions for each in one.components)):
            name = cls.renames.get(part.name, part.name)
            given = name in all_parameters_in(cls) and name in hints and name not in bounding
            kind = unfit(hints[name], part) if given and part.name not in cls.fixed else ""
            if kind:
                ranged = f", or bound {part.name} by a range" if part in fixing else ""
                return (
                    f"{name} is of type {kind}, and no such value can be {part.name} in the "
                    f"{'sort' if part in fixing else 'partition'} key: annotate another type"
                    f"{ranged}"
                )
        return ""

    @classmethod
    def _most_fixed(cls) -> int | None:
        """Return the most components of the sort key that parameters fix; None for all."""
        return None

    @classmethod
    def _parts(cls) -> Iterator[Component]:
        """Yield the components of the key."""
        for template in (*cls.key.partitions, cls.key.sort_template):
            yield from template.components

    @classmethod
    def _bounding(cls) -> set[str]:
        """Return the parameters that bound the range without being components of the key."""
        return set()

    @classmethod
    def _deciding(cls) -> set[str]:
        """Return the parameters without which another partition would be read."""
        if len(cls.key.partitions) == 1:
            return set()
        parts = [part for each in cls.key.partitions for part in each.components]
        return {cls.renames.get(part.name, part.name) for part in parts}

    @classmethod
    def _required(cls) -> set[str]:
        """Return the parameters without a default."""
        return {name for name in all_parameters_in(cls) if not hasattr(cls, name)}

    @classmethod
    @cache
    def _may_be_none(cls) -> frozenset[str]:
        """Return the narrowing parameters whose type admits None, or cannot be evaluated."""
        try:
            hints = get_type_hints(cls)
        except (NameError, AttributeError, TypeError, SyntaxError):  # a type local to a function
            return frozenset(cls._narrowing)
        return frozenset(name for name in cls._narrowing if admits_none(hints[name]))

    def _require_narrowing(self) -> None:
        """Refuse None for a parameter that narrows what is read.

        Raises:
            InvalidValueError: with the name of the parameter.
        """
        for name in self._narrowing:
            if getattr(self, name) is None and name not in self._may_be_none():
                raise none_given(self, name)

    def _lacks(self, values: Mapping[str, Any], *templates: Template) -> InvalidValueError:
        """Return the error for components without a value; it names their parameters."""
        parts = [part.name for each in templates for part in each.components]
        absent = [self.renames.get(name, name) for name in parts if values.get(name) is None]
        return none_given(self, *absent)

    @classmethod
    def _useless(cls) -> set[str]:
        """Return the parameters that neither the request nor a property uses.

        If methods of the pattern compute the request, they may read any parameter in some branch.
        Then only the parameters are returned whose names are misspellings of components that no
        parameter gives.
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
        return {name for name in unread if suggestion(name, cls._unfilled(), alike=MISSPELT)}

    @classmethod
    def _unfilled(cls) -> set[str]:
        """Return the components of the key that no parameter gives, by the pattern's names."""
        names = {cls.renames.get(name, name) for name in {*cls.key.components} - {*cls.fixed}}
        return {name for name in names if not cls._declares(name)}

    @classmethod
    def described(cls, *given: str) -> Self:
        """Return the pattern with labels for the values of required and given parameters.

        Args:
            given: Names of optional parameters that have a label, too; the others are None.

        Raises:
            DeclarationError: if the class is not a dataclass.
        """
        if all_parameters_in(cls) - {each.name for each in cls.parameters()}:
            raise undecorated(cls)
        pattern = object.__new__(cls)
        for each in cls.parameters():
            required = each.default is MISSING and each.default_factory is MISSING
            shown = required or each.name in given
            value: Any = Label(camel_case(each.name)) if shown else None
            object.__setattr__(pattern, each.name, value)
        return pattern

    @classmethod
    def _declares(cls, name: str) -> bool:
        """Whether the class declares a parameter, a property or a constant of the name."""
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
        """Return the values of the components of the key."""
        given = vars(self)
        return {
            component: given[name] if name in given else self._value(component)
            for component, name in self._sources()
        }

    @classmethod
    @cache
    def _sources(cls) -> tuple[tuple[str, str], ...]:
        """Return the components of the key and their parameters; ``""`` for a constant."""
        sources = {name: cls.renames.get(name, name) for name in cls.key.components}
        own = members_of(cls._kinds())  # a component named "order" is not the order of a query
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

    @classmethod
    def described_index(cls) -> str:
        """Return the name of the index of the key, or ``table``."""
        return cls.key.index.name or "table"

    @classmethod
    def offers_consistent_reads(cls) -> bool:
        """Whether the index of the key offers strongly consistent reads."""
        return cls.key.index.consistent_reads

    @classmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """Return the operation on each form of partition key that the pattern can read."""
        action = cls.operation.partition(" ")[0]
        for partition in cls._partitions_read():
            yield Permission(action, cls.key.index, partition)

    @classmethod
    def _partitions_read(cls) -> Iterator[str]:
        described = cls.described()
        yield with_wildcards(described.described_condition().partition)
        chosen = cls.key.partition_for(described.values()) or cls.key.partitions[0]
        hints = get_type_hints(cls)
        names = [cls.renames.get(part.name, part.name) for part in chosen.components]
        if any(NoneType in get_args(hints.get(name)) for name in names):
            yield from (partition_form(each) for each in cls.key.partitions if each is not chosen)

    @abstractmethod
    def described_condition(self) -> KeyCondition:
        """The key condition, of a pattern that holds labels for values."""


def none_given(pattern: Pattern[Any], *names: str) -> InvalidValueError:
    """Return the error for parameters that are None and must not be."""
    given = f"{type(pattern).__name__} has None for {', '.join(names)}"
    return InvalidValueError(f"{given}: it needs a value")
