"""The parameters of a pattern, as the query parameters of its route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from inspect import Parameter
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Self,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from litestar.params import QueryParameter

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.descriptions import description_of_parameter
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.timestamps import timestamp_text
from autoforge.http.api.parameters import Cursor, Limit, Order, time_of
from autoforge.http.api.request_checks import Known

#: The values of the parameters of a request, by their names in a handler.
Given: TypeAlias = Mapping[str, Any]

#: The parameters of paging that the route of every query has, with their defaults.
_PAGING: Final[Mapping[str, tuple[Any, Any]]] = {"limit": (Limit, 25), "cursor": (Cursor, None)}

#: The types of parameters that a query string can give.
_GIVEN: Final = (bool, date, datetime, Decimal, float, int, str, StrEnum, UUID)

#: The types that take free text, where "null" is an ordinary text.
_TEXTS: Final = (str, tuple[str, ...])


@dataclass(frozen=True)
class PatternParameters:
    """The parameters of the route of a pattern.

    Attributes:
        pattern: The pattern.
        declared: The parameters as a handler declares them.
        known: What is known of them, by their names in requests.
        types: The types of the pattern's parameters, without None.
    """

    pattern: type[Pattern[Any]]
    declared: Sequence[Parameter]
    known: Mapping[str, Known]
    types: Mapping[str, Any]

    @classmethod
    def of(cls, pattern: type[Pattern[Any]]) -> Self:
        """Describe the parameters of a pattern.

        Raises:
            DeclarationError: if a query string cannot give the type of a parameter, or a parameter
                has the name of a parameter of paging.
        """
        types = _types(pattern)
        declared = {
            camel_case(each.name): _declared(pattern, each, types[camel_case(each.name)])
            for each in pattern.parameters()
        }
        if issubclass(pattern, Query):
            for name in _PAGING.keys() & declared.keys():
                raise DeclarationError(
                    f"{pattern.__name__} has a parameter {name!r}, as every list has over HTTP: "
                    "choose another name"
                )
            declared |= {"order": (Order, None), **_PAGING}
        return cls(
            pattern,
            [
                Parameter(
                    _variable(name), Parameter.KEYWORD_ONLY, annotation=annotation, default=default
                )
                for name, (annotation, default) in declared.items()
            ],
            {
                name: Known(
                    is_text=types.get(name) in _TEXTS or name == "cursor",
                    is_list=get_origin(types.get(name)) is tuple,
                )
                for name in declared
            },
            types,
        )

    def pattern_from(self, given: Given) -> Any:
        """Return the pattern with the parameters of a request.

        Raises:
            InvalidValueError: if a text is not a time.
        """
        sent = {name: given[_variable(name)] for name in self.types}
        names = {camel_case(each.name): each.name for each in self.pattern.parameters()}
        return self.pattern(
            **{
                names[name]: _value(name, self.types[name], value)
                for name, value in sent.items()
                if value is not None
            }
        )

    def paging_from(self, given: Given) -> dict[str, Any]:
        """Return the parameters of paging of a request."""
        return {name: given[_variable(name)] for name in _PAGING}


def _variable(name: str) -> str:
    """Return the name of a parameter in a handler; Litestar reserves names such as ``state``."""
    return f"given_{name}"


def _types(pattern: type[Pattern[Any]]) -> dict[str, Any]:
    """Return the types of the parameters without None, by their names in requests.

    Raises:
        DeclarationError: if a query string cannot give one.
    """
    hints = get_type_hints(pattern)
    types: dict[str, Any] = {}
    for each in pattern.parameters():
        kinds = _without_none(hints[each.name])
        if not all(map(_can_be_given, kinds)) or (len(kinds) > 1 and datetime in kinds):
            shown = getattr(hints[each.name], "__name__", hints[each.name])
            raise DeclarationError(
                f"{pattern.__name__}.{each.name}: a query string cannot give a value of type "
                f"{shown}: leave {pattern.__name__} out of patterns"
            )
        types[camel_case(each.name)] = Union[kinds]  # noqa: UP007 - of any number
    return types


def _without_none(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) not in {Union, UnionType}:
        return (hint,)
    return tuple(each for each in get_args(hint) if each is not NoneType)


def _can_be_given(kind: Any) -> bool:
    if get_origin(kind) is tuple:
        member, *rest = get_args(kind)
        return rest == [Ellipsis] and member is not datetime and _can_be_given(member)
    return get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, _GIVEN))


def _declared(pattern: type[Pattern[Any]], field: Field[Any], kind: Any) -> tuple[Any, Any]:
    """Return the annotation of a parameter and its default, as a handler declares them."""
    default: Any = Parameter.empty
    if field.default is not MISSING:
        default = field.default
    elif field.default_factory is not MISSING:
        default = None  # the pattern calls the function at each request
    extra: dict[str, Any] = {}
    if kind is datetime:
        kind, extra = str, {"format": "date-time", "examples": ["2026-02-04T10:30:00Z"]}
        default = timestamp_text(default) if isinstance(default, datetime) else default
    elif get_origin(kind) is tuple:
        kind = list[get_args(kind)[0]]  # type: ignore[misc]  # known at run time
        # Litestar needs a default that can be hashed; the pattern has its own.
        default = default if default is Parameter.empty else None
    given = QueryParameter(
        name=camel_case(field.name),
        description=_description(pattern, field.name),
        schema_extra=extra or None,
    )
    return Annotated[kind if default is not None else kind | None, given], default


def _description(pattern: type[Pattern[Any]], name: str) -> str | None:
    """Say what a parameter is, and what it selects."""
    said = (description_of_parameter(pattern, name), _selected(pattern, name))
    return " ".join(filter(None, said)) or None


def _selected(pattern: type[Pattern[Any]], name: str) -> str | None:
    """Say what a parameter selects, from the key that the pattern reads."""
    if not issubclass(pattern, Keyed):
        return None
    for component in pattern.key.components:
        if pattern.renames.get(component, component) == name:
            return f"Selects by {_stored_name(pattern, component)}."
    bounds = pattern.range if issubclass(pattern, Query) else None
    if bounds is None:
        return None
    bounded = _stored_name(pattern, bounds.component)
    said: dict[str | None, str] = {
        bounds.at_least: f"Selects by {bounded}: this, or after it.",
        bounds.below: f"Selects by {bounded}: before this.",
        bounds.at_most: f"Selects by {bounded}: this, or before it.",
        bounds.begins_with: f"Selects by {bounded}: what begins with this.",
        **dict.fromkeys(bounds.above, f"Selects by {bounded}: after this."),
    }
    return said.get(name)


def _stored_name(pattern: type[Keyed[Any]], component: str) -> str:
    """Return the name that a component of the key has in the items of the answer."""
    named = {
        name: str(attribute.attr_name)
        for entity in pattern.entities
        for name, attribute in entity.get_attributes().items()
    }
    return named.get(component, camel_case(component))


def _value(name: str, kind: Any, given: Any) -> Any:
    """Return the value that a pattern takes.

    Raises:
        InvalidValueError: if a text is not a time.
    """
    if kind is datetime:
        return time_of(name, given)
    return tuple(given) if get_origin(kind) is tuple else given
