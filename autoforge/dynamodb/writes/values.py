"""The values that an update sets or expects, by the names of their attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.expressions.condition import Condition

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.schema.attribute import EntityAttribute, default_to_wire, value_to_wire
from autoforge.dynamodb.schema.changes import Change
from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.conditions import Equality, has_value
from autoforge.dynamodb.schema.document_attributes import Json
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.number_attributes import Number
from autoforge.dynamodb.schema.set_attributes import TextSet
from autoforge.dynamodb.schema.text_attributes import Text
from autoforge.dynamodb.schema.time_attributes import Moment

#: The new value of an attribute in DynamoDB JSON; None to remove the attribute.
Wire = dict[str, Any] | None


def has(entity: type[Entity], values: Mapping[str, Any]) -> list[Condition]:
    """Return the conditions that attributes have these values; None for a missing attribute.

    An item that lacks an attribute has its default.

    Raises:
        InvalidValueError: if an attribute cannot have its value.
    """
    settable = settable_of(entity)
    return [
        has_value(settable[name], wire_of(entity, name, value), default_to_wire(settable[name]))
        for name, value in values.items()
    ]


def sorted_out(
    entity: type[Entity], changes: Mapping[str, Any] | Sequence[Change]
) -> tuple[Mapping[str, Any], Mapping[str, Wire], Mapping[str, Sequence[Change]]]:
    """Return the values that changes set, these as they are stored, and the other changes.

    All are by the names of their attributes.

    Raises:
        DeclarationError: if a change is none, or not one of an attribute of the entity.
        InvalidValueError: if two change the same place, or one inside the other.
    """
    if isinstance(changes, Mapping):
        return changes, {}, {}
    values: dict[str, Any] = {}
    wires: dict[str, Wire] = {}
    relative: dict[str, list[Change]] = {}
    seen: dict[str, list[Change]] = {}
    for change in _members(changes, Change, 'changes, such as Loan.reader.set("Ann")'):
        name = name_of(entity, change.attribute)
        others = seen.setdefault(name, [])
        for other in others:
            if other.place.overlaps(change.place):
                both = str(change) if str(change) == str(other) else f"{other} and {change}"
                raise InvalidValueError(f"an Update of {entity.__name__} changes {both} twice")
        others.append(change)
        if change.absolute and not change.place.steps:
            values[name] = change.new_value
            wires[name] = change.operand
        else:
            relative.setdefault(name, []).append(change)
    return values, wires, relative


def by_name(
    entity: type[Entity], expected: Mapping[str, Any] | Sequence[Equality]
) -> Mapping[str, Any]:
    """Return expected values by the names of their attributes.

    Raises:
        DeclarationError: if one is no equality, or not one of an attribute of the entity.
        InvalidValueError: if two are of the same attribute.
    """
    if isinstance(expected, Mapping):
        return expected
    values: dict[str, Any] = {}
    for each in _members(expected, Equality, "equalities, such as Loan.returned.equals(False)"):
        name = name_of(entity, each.attribute)
        if name in values:
            raise InvalidValueError(f"an Update of {entity.__name__} expects two values of {name}")
        values[name] = each.value
    return values


def _members(given: Any, kind: Any, described_as: str) -> Sequence[Any]:
    members: Sequence[Any] = given if isinstance(given, Sequence) else [given]
    # Checked once for each type: a check against an abstract base class is slow.
    strange = {each for each in {*map(type, members)} if not issubclass(each, kind)}
    if strange:
        first = next(each for each in members if type(each) in strange)
        raise DeclarationError(
            f"an Update takes a sequence of {described_as}, or a mapping, not "
            f"{shortened(repr(first))}"
        )
    if members is not given:
        raise DeclarationError(f"an Update takes a sequence of {described_as}, not one alone")
    return tuple(members)


def name_of(entity: type[Entity], attribute: Attribute[Any]) -> str:
    """Return the name of an attribute of the entity.

    Raises:
        DeclarationError: if it is one of another entity.
    """
    name = _python_names(entity).get(attribute.attr_name, "")
    if settable_of(entity).get(name) is attribute:
        return name
    raise DeclarationError(
        f"{attribute.attr_name} is an attribute of another entity than {entity.__name__}"
    )


def holds_all_of(attribute: Attribute[Any], source: Attribute[Any]) -> bool:
    """Whether an attribute can have every value that another one stores."""
    if isinstance(attribute, Json):
        return True
    if attribute.attr_type != source.attr_type or isinstance(source, Json):
        return False
    if not isinstance(attribute, EntityAttribute) or type(attribute) in {Text, Number}:
        return True
    if isinstance(attribute, Choice) and isinstance(source, Choice):
        return source.texts.keys() <= attribute.texts.keys()
    if isinstance(attribute, Moment) and isinstance(source, Moment):
        return attribute.form == source.form
    return isinstance(source, type(attribute))


def wire_of(entity: type[Entity], name: str, value: Any) -> Wire:
    """Return a value in DynamoDB JSON, or None to remove an optional attribute."""
    attribute = settable_of(entity)[name]
    if value is None and not attribute.null and not isinstance(attribute, Json):
        raise InvalidValueError(f"{entity.type_name} needs {attribute.attr_name}")
    return value_to_wire(attribute, value)


@cache
def settable_of(entity: type[Entity]) -> Mapping[str, Attribute[Any]]:
    """Return the attributes that are not rendered from others."""
    return entity.get_attributes()


@cache
def stores_changes(entity: type[Entity]) -> bool:
    """Whether items store the time of their last change, which tells whose it was."""
    return "updated_at" in settable_of(entity)


def as_held(entity: type[Entity], name: str, value: Any) -> Any:
    """Return a value as an entity holds it."""
    attribute = settable_of(entity)[name]
    if not isinstance(attribute, EntityAttribute):
        return value
    checked = None if value is None else attribute.check(value)
    return None if isinstance(attribute, TextSet) and not checked else checked


def stored_name(entity: type[Entity], name: str) -> str:
    """Return the name of an attribute in the table."""
    return stored_names(entity)[name]


@cache
def stored_names(entity: type[Entity]) -> Mapping[str, str]:
    """Return the names of attributes in the table, by those in Python."""
    return {name: str(each.attr_name) for name, each in entity.get_attributes().items()}


@cache
def _python_names(entity: type[Entity]) -> Mapping[str, str]:
    return {stored: name for name, stored in stored_names(entity).items()}
