"""Projection: from DynamoDB JSON to the API's JSON, without an entity or a view in between.

A view declares which attributes of an entity it shows, and as which types. If it only declares, one
compiled function makes the JSON of an item (ADR 0022). If it does more, such as showing a property
or an attribute of a class that this module does not know, each item is read as its entity and shown
by the view; the result is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from autoforge.dynamodb.patterns.json_items import declares_only
from autoforge.dynamodb.patterns.readers import ItemReader, Reading
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.compiled import Field, compile_projection
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.entity import Entity, Item, entity_fields
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.schema.set_attributes import IdSet, TextSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment
from autoforge.http.api.schemas import Ids, Timestamp, View

#: An item as its view shows it: the members of a JSON object.
JsonObject = dict[str, Any]

#: The type, in a view, of a list whose members must all be texts.
_TEXTS: Final = list[str]

#: The types of fields that can show an attribute of each class; an enumeration has its own.
_FIELD_TYPES: Final[Mapping[type[Any], tuple[Any, ...]]] = {
    Boolean: (bool,),
    Document: (dict[str, Any],),
    Expiry: (Timestamp,),
    Id: (str,),
    IdSet: (Ids,),
    Integer: (int,),
    Json: (Any,),
    Array: (list[Any], _TEXTS),
    Moment: (Timestamp,),
    Number: (Decimal,),
    Text: (str,),
    TextSet: (Ids,),
}


@cache
def read_as_view(view: type[View]) -> Reading[JsonObject]:
    """Return how to read items as the JSON of a view of their entity; None for expired items."""

    def read_as(entity: type[Entity], /) -> ItemReader[JsonObject]:
        return _project(view, entity)

    return read_as


def slow_projection(view: type[View], entity: type[Entity]) -> ItemReader[JsonObject]:
    """Return a reader that builds entity and view; every projection gives the same result."""

    def slowly(item: Item, now: datetime) -> JsonObject | None:
        found = entity.from_item(item)
        return view.of(found).model_dump(mode="json", by_alias=True) if found.is_live(now) else None

    return slowly


def is_compiled(view: type[View], entity: type[Entity]) -> bool:
    """Whether a view of an entity is projected by a compiled function."""
    try:
        _plan(view, entity)
    except _NotProjectableError:
        return False
    return True


@dataclass(frozen=True)
class _Plan:
    """How a view of an entity is projected.

    Attributes:
        sources: The attribute behind each name in JSON; None for a constant.
        constants: The value of each constant: the default of a field without an attribute.
        texts: The names of lists whose members must all be texts.
        hidden: The attributes that the view omits; they are validated nevertheless.
    """

    sources: Mapping[str, Field | None]
    constants: Mapping[str, Any]
    texts: tuple[str, ...]
    hidden: tuple[Field, ...]


class _NotProjectableError(Exception):
    """A view or its entity does more than declare attributes."""


@cache
def _project(view: type[View], entity: type[Entity]) -> ItemReader[JsonObject]:
    """Return the reader, compiled at its first use: a process needs few of them."""
    slowly = slow_projection(view, entity)
    try:
        plan = _plan(view, entity)
    except _NotProjectableError:
        return slowly
    project: ItemReader[JsonObject] = compile_projection(
        entity, plan.sources, plan.constants, plan.hidden, slowly
    )
    return _with_texts(project, plan.texts, slowly) if plan.texts else project


def _with_texts(
    project: ItemReader[JsonObject], names: tuple[str, ...], slowly: ItemReader[JsonObject]
) -> ItemReader[JsonObject]:
    """Pass items whose text lists contain something else to the view, which refuses them."""

    def careful(item: Item, now: datetime) -> JsonObject | None:
        found = project(item, now)
        if found is None or all(type(each) is str for name in names for each in found[name] or ()):
            return found
        return slowly(item, now)

    return careful


def _plan(view: type[View], entity: type[Entity]) -> _Plan:
    """Return how a view of an entity is projected.

    Raises:
        _NotProjectableError: if the view or the entity does more than declare attributes.
    """
    attributes = {each.name: each for each in entity_fields(entity)}
    _require_plain(view, entity)
    hints = get_type_hints(view, include_extras=True)
    sources: dict[str, Field | None] = {}
    constants: dict[str, Any] = {}
    texts: list[str] = []
    for name, field in view.model_fields.items():
        alias = field.serialization_alias or name
        source = sources[alias] = _source(name, field, entity, attributes)
        if source is None:
            constants[alias] = to_jsonable_python(field.get_default(call_default_factory=True))
        elif _type_of(source, field, hints[name]) == _TEXTS:
            texts.append(alias)
    behind = {each.name for each in sources.values() if each is not None}
    hidden = tuple(each for name, each in attributes.items() if name not in behind)
    return _Plan(sources, constants, tuple(texts), hidden)


def _require_plain(view: type[View], entity: type[Entity]) -> None:
    """Refuse views and entities that do more than declare attributes.

    Raises:
        _NotProjectableError: if one does.
    """
    if (
        view.of.__func__ is not View.of.__func__  # type: ignore[attr-defined]  # a class method
        or view.__pydantic_decorators__ != View.__pydantic_decorators__
        or not declares_only(entity)
    ):
        raise _NotProjectableError


def _source(
    name: str, field: FieldInfo, entity: type[Entity], attributes: Mapping[str, Field]
) -> Field | None:
    """Return the attribute that a field of a view shows; None if the field shows its default.

    Raises:
        _NotProjectableError: if the field shows something else.
    """
    names = (field.validation_alias, name)
    found = next((each for each in names if isinstance(each, str) and hasattr(entity, each)), None)
    if found is None and not field.is_required():
        return None
    # ``expiry`` is the stored attribute, or is computed from a lifetime, which is not projected.
    source = attributes.get("expires_at" if found == "expiry" else found or "")
    if source is None:
        raise _NotProjectableError
    return source


def _type_of(source: Field, field: FieldInfo, hint: Any) -> Any:
    """Return the type as which a field shows an attribute, without None.

    Raises:
        _NotProjectableError: if the field does more than show the attribute as this type.
    """
    kind, may_be_none = _without_none(hint)
    attribute = source.attribute
    known = (
        (attribute.members,) if type(attribute) is Choice else _FIELD_TYPES.get(type(attribute), ())
    )
    declared = list(get_args(hint)[1:]) if get_origin(hint) is Annotated else []
    absent = source.optional and source.kind.absent == "None"
    if (
        kind not in known
        or (absent and not may_be_none)
        or field.metadata != declared
        or field.exclude
        or field.exclude_if is not None
    ):
        raise _NotProjectableError
    return kind


def _without_none(hint: Any) -> tuple[Any, bool]:
    """Return a type without None, and whether it allows None."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint, hint is Any
    kinds = [each for each in get_args(hint) if each is not NoneType]
    return (kinds[0] if len(kinds) == 1 else hint), len(kinds) < len(get_args(hint))
