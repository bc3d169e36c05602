"""The types of items and answers in JSON, from which Litestar makes the schemas.

The type of an item is a ``TypedDict``: its members have the names of the table, which may not be
identifiers in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from inspect import cleandoc
from types import NoneType, UnionType
from typing import (
    Annotated,
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

from litestar.params import BodyKwarg

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.json_items import members, members_of_part
from autoforge.dynamodb.patterns.projection import hints_of, is_projection, value_type
from autoforge.dynamodb.schema.attribute import description_of
from autoforge.dynamodb.schema.compiled import Field
from autoforge.dynamodb.schema.entity import Entity, entity_fields
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.schema.set_attributes import TextSet

#: An exact number, as text.
_DECIMAL: Final = Annotated[str, BodyKwarg(pattern=r"^-?[0-9]+([.][0-9]+)?(E[+-]?[0-9]+)?$")]
#: The types of values in JSON that are not the same as in Python.
_OF_VALUE: Final[Mapping[Any, Any]] = {Decimal: _DECIMAL, bytes: str}
_AS_THEY_ARE: Final = {Any, bool, date, datetime, float, int, NoneType, str, UUID}


def object_of(name: str, module: str, types: Mapping[str, Any]) -> Any:
    """Return the type of a JSON object with these members.

    Args:
        name: The name of the schema.
        module: The module of the class that the object shows; it distinguishes equal names.
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
    return _documented(entity, object_of(entity.__name__, entity.__module__, types))


@cache
def part_of(part: Any) -> Any:
    """Return the type of the JSON object of a part of an entity."""
    known = {each.name: each for each in entity_fields(part.entity)}
    hints = hints_of(part)

    def shown(name: str) -> Any:
        attribute, *path = part.takes[name]
        return _nested(hints.get(name, Any)) if path else _attribute(known[attribute])

    types = {
        name: Literal[part.entity.type_name] if field is None else shown(field)
        for name, field in members_of_part(part).items()
    }
    return _documented(part, object_of(part.__name__, part.__module__, types))


def _documented(declared: Any, shown: Any) -> Any:
    """Return the type with the docstring of what it shows as its description."""
    doc = vars(declared).get("__doc__") or ""
    if not doc or doc.startswith(f"{declared.__name__}("):  # the docstring that dataclass generates
        return shown
    return Annotated[shown, BodyKwarg(description=cleandoc(doc))]


def one_of(answers: Iterable[type[Any]]) -> Any:
    """Return the type of the JSON object of any of several entities or parts."""
    return Union[tuple(map(json_of, answers))]  # noqa: UP007 - of any number


def json_of(answer: Any) -> Any:
    """Return the type of the JSON of an answer, by the type of the answer.

    Raises:
        DeclarationError: if the type does not determine the JSON.
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


def _class(answer: Any) -> Any:
    if issubclass(answer, Entity):
        return item_of(answer)
    if issubclass(answer, Enum):
        return answer
    if not is_dataclass(answer):
        return None
    of_object: Any = part_of if is_projection(answer) else _dataclass
    return of_object(answer)


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
    """Return the type of an attribute in JSON; Any if it is not known."""
    kind = value_type(field.attribute)
    shown = Any if kind is None else _nested(kind)
    always = not field.optional or isinstance(field.attribute, TextSet)
    shown = shown if always or shown is Any else shown | None
    return _described(shown, description_of(field.attribute))


def _described(shown: Any, description: str) -> Any:
    """Return a type with a description, beside what is known of its form."""
    if not description:
        return shown
    if get_origin(shown) is Annotated:
        kind, form = get_args(shown)
        return Annotated[kind, replace(form, description=description)]
    return Annotated[shown, BodyKwarg(description=description)]


def _nested(kind: Any) -> Any:
    """Return the type in JSON of a value inside an item; Any if it is not known."""
    try:
        return json_of(kind)
    except DeclarationError:
        return Any
