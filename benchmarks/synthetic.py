"""Synthetic values to run patterns and writes with: parameters, entities and items.

One id is used for every id and text, so that every reference names an item that exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING
from datetime import date, datetime
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pynamodb.attributes import Attribute

from autoforge.dynamodb import Entity
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.document_attributes import Array, Document
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.set_attributes import IdSet
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment
from autoforge.dynamodb.timestamps import IdMint, as_timestamp

P = TypeVar("P", bound=Pattern[Any])


def pattern_of(pattern: type[P], now: datetime) -> P:
    """A pattern with values for its required parameters."""
    hints = get_type_hints(pattern)
    identity = _identity(now)
    return pattern(
        **{
            each.name: _parameter(hints[each.name], now, identity)
            for each in pattern.parameters()
            if each.default is MISSING
        }
    )


def entities_of(pattern: Pattern[Any]) -> tuple[type[Entity], ...]:
    """The entities that a pattern reads, including references to others."""
    if not isinstance(pattern, Composite):
        return pattern.entities
    parts = (each for part in pattern.parts() for each in part.pattern.entities)
    return tuple(dict.fromkeys(parts))


def items_of(entities: Iterable[type[Entity]], now: datetime) -> list[dict[str, Any]]:
    """An item of each entity, in DynamoDB JSON."""
    return [entity_of(each, now).to_item() for each in entities]


def entity_of(entity: type[Entity], now: datetime) -> Entity:
    """An entity with a value for every attribute but its expiry."""
    identity = _identity(now)
    settable = {
        name: attribute
        for name, attribute in entity.get_attributes().items()
        if name.islower() and not isinstance(attribute, Expiry)
    }
    # With these values the item is also in the sparse indexes.
    wanted = {name: value for key in entity.keys.values() for name, value in key.where.items()}
    values = {name: _value(attribute, now, identity) for name, attribute in settable.items()}
    return entity(**values | wanted)


def _identity(now: datetime) -> str:
    # The random bits are replaced, since the id must always be the same for one time.
    return f"{IdMint()(as_timestamp(now))[:10]}{'0' * 15}1"


def _parameter(hint: Any, now: datetime, identity: str) -> Any:
    if get_origin(hint) in {Union, UnionType}:
        hint = get_args(hint)[0]
    if get_origin(hint) is tuple:
        return (_parameter(get_args(hint)[0], now, identity),)
    if issubclass(hint, StrEnum):
        return next(iter(hint))
    return {str: identity, datetime: now, date: now.date(), int: 1, bool: True}[hint]


def _value(attribute: Attribute[Any], now: datetime, identity: str) -> Any:
    if isinstance(attribute, Choice):
        members: type[StrEnum] = attribute.members
        return next(iter(members))
    values: dict[type[Attribute[Any]], Any] = {
        Moment: now,
        Integer: 1,
        Boolean: True,
        IdSet: {identity},
        Document: {"text": "what it says " * 20, "number": 3, "labels": ["one", "two"]},
        Array: ["one", "two"],
    }
    return values.get(type(attribute), identity)
