"""The types of the JSON of items and answers, from which Litestar makes the schemas.

An item is a ``TypedDict``: its members have their names in the table, which need not be names in
Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    TypedDict,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.json_items import members
from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.compiled import Field
from autoforge.dynamodb.schema.document_attributes import Json
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.set_attributes import IdSet
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment

#: The JSON of attributes of a class, or else of a DynamoDB type.
_OF_CLASS: Final[Mapping[type[Any], Any]] = {
    Expiry: datetime,
    Integer: int,
    Json: Any,
    Moment: datetime,
}
_OF_TYPE: Final[Mapping[str, Any]] = {
    "B": str,
    "BOOL": bool,
    "L": list[Any],
    "M": dict[str, Any],
    "N": float,
    "NS": list[float],
    "S": str,
    "SS": list[str],
}

#: The JSON of values of a type; other types that are no collection are shown as they are.
_OF_VALUE: Final[Mapping[Any, Any]] = {Decimal: float, bytes: str}
_AS_THEY_ARE: Final = {Any, bool, date, datetime, float, int, NoneType, str, UUID}


def object_of(name: str, module: str, types: Mapping[str, Any]) -> Any:
    """Return the type of a JSON object with these members.

    Args:
        name: The name of the schema.
        module: The module that declares what the object shows, which tells equal names apart.
        types: The type of each member.
    """
    created: Any = TypedDict(name, dict(types))  # type: ignore[misc]  # dynamic
    created.__module__ = module
    return created


@cache
def item_of(entity: type[Entity]) -> Any:
    """Return the type of the JSON object of an item."""
    types = {
        name: Literal[entity.type_name] if field is None else _attribute(field)
        for name, field in members(entity).items()
    }
    return object_of(entity.__name__, entity.__module__, types)


def one_of(entities: Iterable[type[Entity]]) -> Any:
    """Return the type of the JSON object of an item of any of the entities."""
    return Union[tuple(map(item_of, entities))]  # noqa: UP007 - of any number


def json_of(answer: Any) -> Any:
    """Return the type of the JSON that an answer of a type is shown as.

    Raises:
        DeclarationError: if the type says nothing about the JSON.
    """
    if answer in _OF_VALUE or answer in _AS_THEY_ARE or is_typeddict(answer):
        return _OF_VALUE.get(answer, answer)
    if get_origin(answer) is not None:
        found = _generic(answer)
    elif isinstance(answer, type):
        found = _class(answer)
    else:
        found = None
    if found is None:
        shown = getattr(answer, "__name__", answer)
        raise DeclarationError(
            f"the JSON of {shown} is not known: answer with entities, with a dataclass of them, or "
            "with lists and mappings of these"
        )
    return found


def _class(answer: type[Any]) -> Any:
    if issubclass(answer, Entity):
        return item_of(answer)
    if issubclass(answer, Enum):
        return answer
    return _dataclass(answer) if is_dataclass(answer) else None


def _generic(answer: Any) -> Any:
    origin: Any = get_origin(answer)
    arguments = tuple(each for each in get_args(answer) if each is not Ellipsis)
    if origin is Literal:
        return answer
    kinds = tuple(map(json_of, arguments))
    if origin is not Union and issubclass(origin, Mapping):
        return dict[str, kinds[1]]  # type: ignore[valid-type]
    each: Any = Union[kinds]  # noqa: UP007 - of any number
    if origin in {Union, UnionType}:
        return each
    return list[each] if issubclass(origin, Iterable) else None


@cache
def _dataclass(answer: Any) -> Any:
    hints = get_type_hints(answer)
    types = {camel_case(each.name): json_of(hints[each.name]) for each in fields(answer)}
    return object_of(answer.__name__, answer.__module__, types)


def _attribute(field: Field) -> Any:
    attribute = field.attribute
    kind: Any
    if isinstance(attribute, Choice):
        kind = attribute.members
    else:
        known = [each for each in type(attribute).__mro__ if each in _OF_CLASS]
        kind = _OF_CLASS[known[0]] if known else _OF_TYPE.get(attribute.attr_type, Any)
    always = not field.optional or isinstance(attribute, IdSet)
    return kind if always or kind is Any else kind | None
