"""Refuses updates that DynamoDB would refuse, or that would leave a key stale."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from pynamodb.constants import NUMBER

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened, suggestion
from autoforge.dynamodb.schema.attribute import is_stored
from autoforge.dynamodb.schema.changes import Change, Copy
from autoforge.dynamodb.schema.entity import Entity, unstored_attributes
from autoforge.dynamodb.writes.conditions import CREATION
from autoforge.dynamodb.writes.index_keys import fed_keys
from autoforge.dynamodb.writes.values import holds_all_of, name_of, settable_of

#: The attribute that every update sets to its time.
UPDATED: Final = "updated_at"
#: The attribute that counts the updates which increment it.
VERSION: Final = "version"
#: The time from which an item is read as missing.
EXPIRES: Final = "expires_at"


def require_attributes(
    entity: type[Entity],
    given: Sequence[str],
    others: Collection[str],
    initial: Mapping[str, Any] | None,
) -> None:
    """Refuse attributes that an entity does not have, or has only in its keys.

    An update does not know as a whole what stands only in keys.

    Args:
        entity: The entity.
        given: Attributes that are set or expected by their names.
        others: Attributes that are changed otherwise, which the entity has.
        initial: The values of a new item by the names of their attributes.
    """
    settable = settable_of(entity)
    try:
        names = (*given, *(initial or ()))
        unknown = [name for name in names if name not in settable]
    except TypeError:
        _require_mapping(initial)
        raise
    if unknown:
        _require_mapping(initial)
        near = suggestion(unknown[0], settable)
        raise DeclarationError(f"{entity.__name__} has no attribute {unknown[0]!r}{near}")
    in_keys = unstored_attributes(entity) - entity.primary_key.components
    for name in sorted({*names, *others} & in_keys):
        raise DeclarationError(
            f"{entity.__name__}.{name} is not stored but in keys: an update cannot change or "
            "expect it; delete the item, and put it anew"
        )


def require_mark(mark: str, values: Mapping[str, Any]) -> None:
    """Refuse a mark that an update does not set."""
    if mark not in values:
        raise DeclarationError(
            f"mark is {shortened(mark)}, which the update does not set: name one of its changes"
        )


def require_countable(entity: type[Entity], changed: AbstractSet[str], *, known: bool) -> None:
    """Refuse to increment a version that is no number, is changed, or feeds a key unknown.

    Args:
        entity: The entity.
        changed: The attributes that the update changes.
        known: Whether the update expects a version.
    """
    version = settable_of(entity).get(VERSION)
    if version is None or version.attr_type != NUMBER:
        raise DeclarationError(
            f"{entity.__name__} has no number attribute {VERSION!r} to increment"
        )
    if VERSION in changed:
        raise DeclarationError(f"the update increments {VERSION}: it cannot be a value, too")
    if known:
        return
    for key in entity.keys.values():
        if VERSION in key.sources and key is not entity.primary_key:
            raise DeclarationError(
                f"{key} is made of {VERSION}: an update that increments it must give "
                "expected_version"
            )


def require_fixed_key(entity: type[Entity], changed: AbstractSet[str]) -> None:
    """Refuse to change components of the primary key."""
    fixed = entity.primary_key.components & changed
    if fixed:
        raise InvalidValueError(
            f"an Update of {entity.__name__} changes {', '.join(sorted(fixed))}: components of "
            "the primary key cannot change"
        )


def require_copies(entity: type[Entity], relative: Mapping[str, Sequence[Change]]) -> None:
    """Refuse to copy what the attribute could not hold."""
    for name, changes in relative.items():
        for change in changes:
            if not isinstance(change, Copy):
                continue
            source = name_of(entity, change.source)
            if not is_stored(change.source):
                raise DeclarationError(
                    f"{entity.__name__}.{source} is not stored but in keys: it cannot be copied"
                )
            if not holds_all_of(change.attribute, change.source):
                raise DeclarationError(
                    f"{name} is {_kind(change.attribute)} and cannot hold every value of "
                    f"{source}, which is {_kind(change.source)}: it cannot be copied"
                )


def require_known_results(
    entity: type[Entity], changed: Collection[str], results: Mapping[str, Any]
) -> None:
    """Refuse relative changes of what every update sets, or of what feeds a key.

    Args:
        entity: The entity.
        changed: The attributes whose new values depend on their old ones.
        results: The new values that follow from the expected ones.
    """
    if UPDATED in changed:
        raise DeclarationError(f"every update sets {UPDATED}: it cannot change otherwise")
    fed = fed_keys(entity)
    for name in changed:
        if name in fed and name not in results:
            raise DeclarationError(
                f"{fed[name]} is made of {name}: it must be set, or its old value be expected"
            )


def require_creation(
    entity: type[Entity], initial: Mapping[str, Any], set_anyway: AbstractSet[str]
) -> None:
    """Refuse values of a new item that feed a key or are set twice, and an item without expiry.

    Args:
        entity: The entity.
        initial: The values of a new item.
        set_anyway: What the update sets, whether or not the item is new.
    """
    for name in {n for key in entity.keys.values() for n in key.rendered_sources}:
        if name in initial:
            raise DeclarationError(f"{name} feeds a key: an update must give its value")
    if twice := sorted(set_anyway & initial.keys()):
        raise DeclarationError(f"{', '.join(twice)} cannot be initial: the update sets it")
    if entity.lifetime is not None and not {CREATION, EXPIRES} & {*set_anyway, *initial}:
        raise DeclarationError(
            f"{entity.__name__} has a lifetime: an update that may create it must give {CREATION}"
        )


def _require_mapping(initial: object) -> None:
    """Refuse initial attributes that are not values by their names."""
    if not (initial is None or isinstance(initial, Mapping)):
        raise DeclarationError(
            f"initial is {shortened(initial)}; expected values by the names of their attributes"
        ) from None


def _kind(attribute: Any) -> str:
    return f"of type {type(attribute).__name__}"
