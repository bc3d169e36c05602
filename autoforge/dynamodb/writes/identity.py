"""Which item a write is about: its primary key, and its name in an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.timestamps import timestamp_text


def primary_key(entity: type[Entity], values: Mapping[str, Any]) -> KeyValue:
    """Return the primary key with the values of its components.

    Args:
        entity: The entity.
        values: The components of the primary key, by their names in Python.

    Raises:
        InvalidValueError: if a component is missing or cannot stand in a key.

    Examples:
        >>> primary_key(Loan, {"isbn": "b1", "id": "l1"})
        KeyValue(partition='BOOK#b1', sort='LOAN#l1')
        >>> primary_key(Loan, {"isbn": "b1"})
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: Loan.key needs id, isbn
    """
    value = entity.primary_key.render(values)
    if value is None:
        needed = ", ".join(sorted(entity.primary_key.components))
        raise InvalidValueError(f"{entity.primary_key} needs {needed}")
    return value


def identity(entity: type[Entity], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the components of the primary key, by their names in the table, in key order."""
    attributes = entity.get_attributes()
    key = entity.primary_key
    parts = [part for each in (*key.partitions, key.sort_template) for part in each.components]
    return {
        attributes[part.name].attr_name: _shown(values[part.name])
        for part in parts
        if values.get(part.name) is not None
    }


def described(entity: type[Entity], values: Mapping[str, Any]) -> str:
    """Name an item in an error message, such as ``Room 7 of hotel h``.

    An item is named by its sort key, by its id alone if the sort key has one, and then by its
    partition key. Where the sort key has no components, the partition key names it.
    """
    key = entity.primary_key
    partition = dict.fromkeys(part.name for each in key.partitions for part in each.components)
    sort = [part.name for part in key.sort_template.components]
    names = ["id"] if "id" in sort else sort or [*partition]
    given = {each for each in (*partition, *sort) if values.get(each) is not None}
    shown = {each: _shown(values[each]) for each in given}
    name = " / ".join(str(shown[each]) for each in names if each in shown)
    owners = [each for each in partition if each in shown and each not in names]
    of = [f" of {each.removesuffix('_id').replace('_', ' ')} {shown[each]}" for each in owners]
    return f"{entity.type_name} {name}{''.join(of)}"


def require_entity(item: object) -> None:
    """Refuse to store an object that is not an entity, such as the class of one.

    Raises:
        DeclarationError: if the object is not an entity.
    """
    if not isinstance(item, Entity):
        raise DeclarationError(
            f"expected an entity to store, such as Book(...), got {shortened(item)}"
        )


def require_components(entity: type[Entity], key: Mapping[str, Any]) -> None:
    """Refuse a name that is not a component of the primary key.

    Raises:
        DeclarationError: with the name.
    """
    if not key.keys() <= entity.primary_key.components:
        names = ", ".join(sorted(key.keys() - entity.primary_key.components))
        raise DeclarationError(f"{entity.primary_key} has no component {names}")


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return timestamp_text(value)
    return str(value) if isinstance(value, StrEnum) else value
