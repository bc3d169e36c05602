"""The JSON form of items of any table: attributes by their names in the table.

``autoforge ask --json`` prints it, and the routes of a table answer with it. Besides its attributes
an object has ``entityType``, since a list may hold several, and the expiry as ``expiresAt``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from inspect import getattr_static
from math import isfinite
from typing import Any, Final

from pynamodb.attributes import MapAttribute

from autoforge.dynamodb.patterns.projection import Projection
from autoforge.dynamodb.patterns.readers import ItemReader, PartsReading, Reading
from autoforge.dynamodb.schema.compiled import KINDS, Field, compile_projection
from autoforge.dynamodb.schema.entity import Entity, Item, entity_fields
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.timestamps import timestamp_text

JsonObject = dict[str, Any]

#: The members of an object that are not the names of attributes, unless an attribute has the name.
ENTITY_TYPE: Final = "entityType"
EXPIRES_AT: Final = "expiresAt"

#: Methods whose override disables the compiled form: they may make something else of an item.
_OVERRIDABLE: Final = ("__init__", "__new__", "from_item", "item_reader", "expiry", "is_live")


class _AsJson(PartsReading[JsonObject]):
    """Convert items to JSON objects: ``store.page(query, limit=25, reading=as_json)``.

    The objects are those that ``to_json`` makes of the entities, or of the parts that the pattern
    answers with.

    Args:
        entity: The entity of the items; a Store gives it.

    Examples:
        >>> store.require(LoanById("b1", "l2"), reading=as_json)["dueAt"]
        '2026-02-11T12:00:00.000Z'
    """

    def __call__(self, entity: type[Entity], /) -> ItemReader[JsonObject]:
        """Return the function that converts the items of an entity."""

        def slowly(item: Item, now: datetime) -> JsonObject | None:
            found = entity.from_item(item)
            return to_json(found) if found.is_live(now) else None

        # The values of other attributes may be none of JSON's.
        known = all(type(each.attribute) in KINDS for each in entity_fields(entity))
        if not known or not declares_only(entity):
            return slowly
        shown = members(entity)
        constants = {name: entity.type_name for name, field in shown.items() if field is None}
        hidden = [each for each in entity_fields(entity) if each not in shown.values()]
        projected: ItemReader[JsonObject] = compile_projection(
            entity, shown, constants, hidden, slowly
        )
        return projected

    def of_parts(self, reading: Reading[Any], /) -> Reading[JsonObject]:
        """Return the Reading of a pattern that answers with parts."""
        return _PartsAsJson(reading)


@dataclass(frozen=True)
class _PartsAsJson:
    """Converts items to the JSON of what a pattern answers with."""

    reading: Reading[Any]

    def __call__(self, entity: type[Entity], /) -> ItemReader[JsonObject]:
        """Return the function that converts the items of an entity."""
        read = self.reading(entity)

        def shown(item: Item, now: datetime) -> JsonObject | None:
            found = read(item, now)
            return None if found is None else to_json(found)

        return shown


as_json: Final = _AsJson()


@cache
def members(entity: type[Entity]) -> Mapping[str, Field | None]:
    """Return the members of the JSON object of an item; None for the type of the item.

    The attributes are in the order of their declarations, inherited ones last.
    """
    known = {each.name: each for each in entity_fields(entity)}
    declared = (name for base in entity.__mro__ for name in vars(base) if name in known)
    ordered = [known[name] for name in dict.fromkeys(declared)]
    expiry = next((each for each in ordered if each.stored_name == entity.expiry_name), None)
    shown: dict[str, Field | None] = {
        each.stored_name: each for each in ordered if each is not expiry
    }
    if expiry is not None:
        shown.setdefault(EXPIRES_AT, expiry)
    return shown if ENTITY_TYPE in shown else {ENTITY_TYPE: None, **shown}


@cache
def members_of_part(part: type[Projection[Any]]) -> Mapping[str, str | None]:
    """Return the members of the JSON object of a part, each with its field; None for the type.

    An attribute has the name that it has in the object of the whole item, and what ``nested`` takes
    that of its field in camelCase.
    """
    known = part.entity.get_attributes()
    shown: dict[str, str | None] = {
        str(known[name].attr_name) if taken == (name,) else camel_case(name): name
        for name, taken in ((each.name, part.takes[each.name]) for each in fields(part))  # type: ignore[arg-type]  # a part is a dataclass
    }
    return shown if ENTITY_TYPE in shown else {ENTITY_TYPE: None, **shown}


def to_json(value: Any) -> Any:
    """Return an answer of a pattern as JSON: an item, several, or an object of them.

    Moments are text of fixed width; a Decimal is text, since many readers of JSON would round it;
    sets are sorted, and the fields of a dataclass are members in camelCase.
    """
    if isinstance(value, Enum):
        return to_json(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    form = next((form for kind, form in _FORMS if isinstance(value, kind)), None)
    if form is not None:
        return form(value)
    if is_dataclass(value):
        return {camel_case(each.name): to_json(getattr(value, each.name)) for each in fields(value)}
    return str(value)


def _item(entity: Entity) -> JsonObject:
    shown = members(type(entity)).items()
    return {name: to_json(_member(entity, field)) for name, field in shown}


def _part(part: Projection[Any]) -> JsonObject:
    kind: Any = type(part)  # a protocol of mypy's demands that a class can be hashed
    return {
        name: kind.entity.type_name if field is None else to_json(getattr(part, field))
        for name, field in members_of_part(kind).items()
    }


def _member(entity: Entity, field: Field | None) -> Any:
    if field is None:
        return entity.type_name
    is_expiry = field.stored_name == entity.expiry_name
    return entity.expiry if is_expiry else getattr(entity, field.name)


def declares_only(entity: type[Entity]) -> bool:
    """Whether an entity does no more than declare attributes, so that code can be compiled."""
    return all(
        getattr_static(entity, each) is getattr_static(Entity, each) for each in _OVERRIDABLE
    ) and not any(callable(each.attribute.default) for each in entity_fields(entity))


#: How values of other types are shown; the first type that fits counts.
_FORMS: Final[tuple[tuple[type[Any], Callable[[Any], Any]], ...]] = (
    (Entity, _item),
    (Projection, _part),
    (datetime, timestamp_text),
    (date, date.isoformat),
    (float, lambda value: value if isfinite(value) else None),
    (bytes, lambda value: b64encode(value).decode()),
    (MapAttribute, lambda value: to_json(value.as_dict())),
    (Mapping, lambda value: {str(to_json(key)): to_json(each) for key, each in value.items()}),
    (AbstractSet, lambda value: sorted(map(to_json, value))),
    (Sequence, lambda value: [to_json(each) for each in value]),
)
