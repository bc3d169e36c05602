"""The index keys that an update changes, because they are made of changed attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any, Final

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import PARTITION_KEY_LIMIT, SORT_KEY_LIMIT, within
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.template import Template
from autoforge.dynamodb.writes.values import Wire, settable_of

#: The most bytes of a partition key and of a sort key.
_LIMITS: Final = (PARTITION_KEY_LIMIT, SORT_KEY_LIMIT)


def rendered(
    entity: type[Entity],
    key: Key,
    written: AbstractSet[str],
    values: Callable[[Key], Mapping[str, Any]],
    *,
    creates: bool,
) -> dict[str, Wire]:
    """Render the partition key and the sort key of an index that the written attributes change.

    Args:
        entity: The entity of the item.
        key: The key in the index.
        written: The attributes that the update changes.
        values: Returns the values that attributes have once the update is applied, as far as known.
        creates: Whether the update may create the item.

    Raises:
        DeclarationError: if a key needs the value of an attribute that the write does not know.
    """
    changed = key.rendered_sources & written
    primary = entity.rendered_in_primary()
    own = [(name, place) for name, place in key.rendered_attributes if name not in primary]
    if not own or not (changed or creates):
        return {}
    known = values(key)
    # These decide whether the item is in the index, and which partition key it has.
    deciding = _deciding(entity, key)
    if deciding:
        if _is_out(key, known):
            return dict.fromkeys(key.own | _unrenderable(key, _absent(key, known)))
        _require_known(key, deciding, known)
    templates = (_partition(key, known), key.sort_template)
    wires: dict[str, Wire] = {}
    for name, place in own:
        template = templates[place]
        sources = key.sources_of(template)
        if deciding & changed or sources & changed or creates:
            _require_known(key, sources, known)
            wires[name] = {"S": within(template.render(known), _LIMITS[place], key)}
    return wires


def _partition(key: Key, known: Mapping[str, Any]) -> Template:
    """Return the template of the partition key that no known value rules out.

    The values that decide are known, so an item has all components of it, known or not.
    """
    first, *others = key.partitions
    if not others:
        return first
    absent = _absent(key, known)
    return next((each for each in key.partitions if not _lacks(each, absent)), first)


def require_plain_keys(entity: type[Entity], values: Mapping[str, Any]) -> None:
    """Refuse a value that DynamoDB does not take for an attribute that is itself an index key.

    Args:
        entity: The entity of the item.
        values: The values that the update stores, by the names of their attributes.

    Raises:
        InvalidValueError: if a value is an empty text, or longer than a key may be.
    """
    for name, key, template, limit in plain_keys(entity):
        if values.get(name) is not None:
            within(template.render(values), limit, key)


@cache
def plain_keys(entity: type[Entity]) -> tuple[tuple[str, Key, Template, int], ...]:
    """Return the attributes that are index keys themselves, with the template and its limit."""
    return tuple(
        (template.components[0].name, key, template, limit)
        for key in entity.keys.values()
        if key is not entity.primary_key
        for template, limit in zip((key.partitions[0], key.sort_template), _LIMITS, strict=True)
        if template.is_plain
    )


@cache
def fed_keys(entity: type[Entity]) -> Mapping[str, Key]:
    """Return the attributes that index keys are made of, each with one of the keys."""
    keys = [key for key in entity.keys.values() if key is not entity.primary_key]
    return {name: key for key in keys for name in key.rendered_sources}


@cache
def _deciding(entity: type[Entity], key: Key) -> frozenset[str]:
    """Return the attributes that decide whether an item is in an index, and by which template.

    They are the optional components and the attributes of ``where``; and the sources of a derived
    component that may have no value.
    """
    attributes = settable_of(entity)
    names = {n for n in key.components - {*key.derived} if attributes[n].null}
    names = names.union(*(key.derived[name].sources for name in key.lacking))
    return frozenset(names | {*key.where})


def _is_out(key: Key, known: Mapping[str, Any]) -> bool:
    """Whether the known values keep the item out of a sparse index, whatever the others are."""
    if any(n in known and known[n] != wanted for n, wanted in key.where.items()):
        return True
    absent = _absent(key, known)
    return _lacks(key.sort_template, absent) or all(
        _lacks(template, absent) for template in key.partitions
    )


def _absent(key: Key, known: Mapping[str, Any]) -> set[str]:
    """Return the components that are known to have no value."""
    return {n for n in key.components if n in known and known[n] is None}


def _unrenderable(key: Key, absent: set[str]) -> set[str]:
    """Return the key attributes that no key can render, since a component has no value.

    Keys in other indexes may share them, with the same template: none of them is in its index.
    """
    places = (key.partitions, (key.sort_template,))
    return {
        name
        for name, place in key.rendered_attributes
        if all(_lacks(template, absent) for template in places[place])
    }


def _lacks(template: Template, absent: set[str]) -> bool:
    return any(part.name in absent for part in template.components)


def _require_known(key: Key, names: AbstractSet[str], known: Mapping[str, Any]) -> None:
    unknown = sorted(name for name in names if name not in known)
    if unknown:
        raise DeclarationError(f"an update that feeds {key} must give {', '.join(unknown)}")
