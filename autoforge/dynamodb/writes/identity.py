"""Which item a write is about: its primary key, and its name in an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened, suggestion
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.timestamps import timestamp_text


def primary_key(entity: type[Entity], values: Mapping[str, Any]) -> KeyValue:
    """Return the primary key with the values of its components.

    Args:
        entity: The entity.
        values: The components of the primary key, by their names in Python.

    Raises:
        DeclarationError: if it is not an entity, or the components are not in a mapping.
        InvalidValueError: if a component is missing or cannot stand in a key.

    Examples:
        >>> primary_key(Loan, {"isbn": "b1", "id": "l1"})
        KeyValue(partition='BOOK#b1', sort='LOAN#l1')
        >>> primary_key(Loan, {"isbn": "b1"})
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: Loan.key needs id, isbn
    """
    try:
        value = entity.primary_key.render(values)
    except (AttributeError, TypeError):
        require_entity_class(entity)
        require_mapping(entity, values)
        raise
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
        DeclarationError: with the name; or if it is not an entity, or there are no names.
    """
    try:
        if key.keys() <= entity.primary_key.components:
            return
    except (AttributeError, TypeError):
        require_entity_class(entity)
        require_mapping(entity, key)
        raise
    first, *more = sorted(map(str, key.keys() - entity.primary_key.components))
    near = "" if more else suggestion(first, entity.primary_key.components)
    raise DeclarationError(
        f"{entity.primary_key} has no component {', '.join((first, *more))}{near}"
    )


def require_entity_class(given: object) -> None:
    """Refuse what is not the class of an entity.

    Raises:
        DeclarationError: with what was given.
    """
    if not (isinstance(given, type) and issubclass(given, Entity)):
        raise DeclarationError(
            f"{shortened(given)} is not an entity: name the class itself, such as Book"
        ) from None


def require_mapping(entity: type[Entity], key: object) -> None:
    """Refuse a primary key that is not a mapping from components to their values.

    Raises:
        DeclarationError: with what was given.
    """
    if not isinstance(key, Mapping):
        components = ", ".join(f'"{name}": …' for name in sorted(entity.primary_key.components))
        raise DeclarationError(
            f"the key of {entity.__name__} is {shortened(key)}; expected its components, "
            f"{{{components}}}"
        ) from None


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return timestamp_text(value)
    return str(value) if isinstance(value, StrEnum) else value
