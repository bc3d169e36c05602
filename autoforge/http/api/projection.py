"""Projection: from DynamoDB's JSON to the API's, without an entity or a view between them.

A view says which attributes of an entity are shown, and as what. Where it says so plainly, one
straight-line function makes the JSON of an item (ADR 0022). Where it does not, as with a property
or an attribute of a class nobody told this module of, each item is read as its entity and shown by
the view, and the answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from inspect import getattr_static
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from autoforge.dynamodb.patterns.readers import ItemReader, Reading
from autoforge.dynamodb.schema.attributes import (
    BooleanAttribute,
    DocumentAttribute,
    EnumAttribute,
    ExpiryAttribute,
    IdAttribute,
    IdSetAttribute,
    IntegerAttribute,
    JsonAttribute,
    ListAttribute,
    TextAttribute,
    TimestampAttribute,
)
from autoforge.dynamodb.schema.compiled import Field, compile_projection
from autoforge.dynamodb.schema.entity import Entity, Item, entity_fields
from autoforge.http.api.schemas import Ids, Moment, View

#: What an item is shown as: the members of a JSON object.
Json = dict[str, Any]

#: A list of which the view wants every member to be a text.
_TEXTS: Final = list[str]

#: As what attributes of each class are shown at once; of an enumeration, its own members.
_SHOWN_AS: Final[Mapping[type[Any], tuple[Any, ...]]] = {
    BooleanAttribute: (bool,),
    DocumentAttribute: (dict[str, Any],),
    ExpiryAttribute: (Moment,),
    IdAttribute: (str,),
    IdSetAttribute: (Ids,),
    IntegerAttribute: (int,),
    JsonAttribute: (Any,),
    ListAttribute: (list[Any], _TEXTS),
    TimestampAttribute: (Moment,),
    TextAttribute: (str,),
}

#: What an entity may do its own way; if one does, what it holds is not what its item says.
_OWN_WAYS: Final = ("__init__", "__new__", "from_item", "item_reader", "expiry", "is_live")


@cache
def read_as_view(view: type[View]) -> Reading[Json]:
    """Read items as the JSON that a view of their entity would be, or as None past their expiry."""

    def read_as(entity: type[Entity], /) -> ItemReader[Json]:
        return _project(view, entity)

    return read_as


def slow_projection(view: type[View], entity: type[Entity]) -> ItemReader[Json]:
    """Read items as their entity, and show it by the view: what every projection is equal to."""

    def slowly(item: Item, now: datetime) -> Json | None:
        found = entity.from_item(item)
        return view.of(found).model_dump(mode="json", by_alias=True) if found.is_live(now) else None

    return slowly


def is_compiled(view: type[View], entity: type[Entity]) -> bool:
    """Whether items are shown at once, rather than each by its entity and the view."""
    try:
        _plan(view, entity)
    except _NotPlainError:
        return False
    return True


@dataclass(frozen=True)
class _Plan:
    """What of an entity a view shows, where it can be shown at once.

    Attributes:
        shown: The attribute behind each name in JSON; None for a constant.
        constants: What that is: the default of a field the entity has nothing for.
        texts: Names of lists whose members must be texts.
        hidden: The attributes behind no name.
    """

    shown: Mapping[str, Field | None]
    constants: Mapping[str, Any]
    texts: tuple[str, ...]
    hidden: tuple[Field, ...]


class _NotPlainError(Exception):
    """A view does not say plainly what of an entity it shows."""


@cache
def _project(view: type[View], entity: type[Entity]) -> ItemReader[Json]:
    """Compile at the first use: a process shows few of the entities it could."""
    slowly = slow_projection(view, entity)
    try:
        plan = _plan(view, entity)
    except _NotPlainError:
        return slowly
    project: ItemReader[Json] = compile_projection(
        entity, plan.shown, plan.constants, plan.hidden, slowly
    )
    return _with_texts(project, plan.texts, slowly) if plan.texts else project


def _with_texts(
    project: ItemReader[Json], names: tuple[str, ...], slowly: ItemReader[Json]
) -> ItemReader[Json]:
    """Leave an item in whose lists there is more than texts to the view, which refuses it."""

    def careful(item: Item, now: datetime) -> Json | None:
        found = project(item, now)
        if found is None or all(type(each) is str for name in names for each in found[name] or ()):
            return found
        return slowly(item, now)

    return careful


def _plan(view: type[View], entity: type[Entity]) -> _Plan:
    """Find what of an entity a view shows.

    Raises:
        _NotPlainError: if it cannot be shown without the entity and the view.
    """
    attributes = {each.name: each for each in entity_fields(entity)}
    _require_plain(view, entity, attributes.values())
    hints = get_type_hints(view, include_extras=True)
    shown: dict[str, Field | None] = {}
    constants: dict[str, Any] = {}
    texts: list[str] = []
    for name, field in view.model_fields.items():
        alias = field.serialization_alias or name
        source = shown[alias] = _source(name, field, entity, attributes)
        if source is None:
            constants[alias] = to_jsonable_python(field.get_default(call_default_factory=True))
        elif _kind_of(source, field, hints[name]) == _TEXTS:
            texts.append(alias)
    behind = {each.name for each in shown.values() if each is not None}
    hidden = tuple(each for name, each in attributes.items() if name not in behind)
    return _Plan(shown, constants, tuple(texts), hidden)


def _require_plain(view: type[View], entity: type[Entity], attributes: Iterable[Field]) -> None:
    """Refuse views and entities that do more than declare.

    Raises:
        _NotPlainError: if one does.
    """
    if (
        view.of.__func__ is not View.of.__func__  # type: ignore[attr-defined]  # a class method
        or view.__pydantic_decorators__ != View.__pydantic_decorators__
        or any(getattr_static(entity, way) is not getattr_static(Entity, way) for way in _OWN_WAYS)
        or any(each.attribute.default is not None for each in attributes)
    ):
        raise _NotPlainError


def _source(
    name: str, field: FieldInfo, entity: type[Entity], attributes: Mapping[str, Field]
) -> Field | None:
    """The attribute a field of a view shows; None if the entity has nothing for it.

    Raises:
        _NotPlainError: if it shows something else.
    """
    names = (field.validation_alias, name)
    found = next((each for each in names if isinstance(each, str) and hasattr(entity, each)), None)
    if found is None and not field.is_required():
        return None
    # An entity's expiry is the stored one, or follows from its lifetime, which is not projected.
    source = attributes.get("expires_at" if found == "expiry" else found or "")
    if source is None:
        raise _NotPlainError
    return source


def _kind_of(source: Field, field: FieldInfo, hint: Any) -> Any:
    """As what a field shows an attribute, None aside.

    Raises:
        _NotPlainError: if that takes more than reading the attribute.
    """
    kind, may_be_none = _without_none(hint)
    attribute = source.attribute
    known = (
        (attribute.members,)
        if type(attribute) is EnumAttribute
        else _SHOWN_AS.get(type(attribute), ())
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
        raise _NotPlainError
    return kind


def _without_none(hint: Any) -> tuple[Any, bool]:
    """What a type is besides None, and whether it may be that."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint, hint is Any
    kinds = [each for each in get_args(hint) if each is not NoneType]
    return (kinds[0] if len(kinds) == 1 else hint), len(kinds) < len(get_args(hint))
