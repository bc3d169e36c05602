"""Writes that keep unique values: each together with its look-up items, for one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from pynamodb.expressions.condition import And

from autoforge.dynamodb.errors import AutoforgeError, DeclarationError, NotUniqueError
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import shown_key
from autoforge.dynamodb.schema.unique import Unique
from autoforge.dynamodb.schema.unique_item import UniqueItem, item_of, unique_item
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.identity import identity
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.values import has
from autoforge.dynamodb.writes.write import Write


def needs_look_up_items(write: Write[Any]) -> bool:
    """Whether a write may change a unique value, so that look-up items change with it."""
    # A Put of what is no entity is refused when it is written.
    uniques = getattr(write.entity, "uniques", ())
    if not uniques or isinstance(write, Check):
        return False
    return not isinstance(write, Update) or bool(_moved(write))


def needs_item(write: Write[Any]) -> bool:
    """Whether the look-up items of the item as it is must be known, which only a read can tell."""
    return not isinstance(write, Put) or write.replace or write.condition is not None


def with_look_up_items(write: Write[Any], before: Entity | None) -> tuple[Write[Any], ...]:
    """Return a write with those of its look-up items; the write itself comes first.

    Without an item there is nothing to delete, and no write that could meet an item that another
    caller creates meanwhile, whose look-up items are not known.

    Args:
        write: The write.
        before: The item as it was read; None if there is none, or it need not be read.

    Raises:
        DeclarationError: if a change of a unique value depends on what the item has.
        ItemNotFoundError: if there is no item, and the write needs one.
    """
    if before is None and _needs_an_item(write):
        if isinstance(write, Delete) and write.missing_ok:
            return ()
        raise write.error_for(None)
    if isinstance(write, Put):
        after: Entity | None = write.item
        own: Write[Any] = replace(write, replace=False)
        if before is not None:
            seen = _unchanged(write.entity, before)
            both = seen if write.condition is None else And(write.condition, seen)
            own = replace(write, replace=False, condition=both)
    elif isinstance(write, Update):
        after = _after(write, before)
        own = _expecting(write, before)
    elif isinstance(write, Delete):
        after = None
        own = write if before is None else _on_condition(write, before)
    else:
        return (write,)
    return (own, *_look_ups(write, before, after))


def _needs_an_item(write: Write[Any]) -> bool:
    """Whether a write only changes an item that exists."""
    if isinstance(write, Put):
        return write.condition is not None
    return not isinstance(write, Update) or write.initial is None


def _look_ups(write: Write[Any], before: Entity | None, after: Entity | None) -> list[Write[Any]]:
    """Return the writes of the look-up items that an item had and will have."""
    writes: list[Write[Any]] = []
    expired_by = write.expired_by if isinstance(write, Put) else getattr(write, "at", None)
    for unique in write.entity.uniques:
        old = None if before is None else unique_item(before, unique)
        new = None if after is None else unique_item(after, unique)
        if old is not None and new is not None and _key(old) == _key(new):
            continue
        if old is not None:
            key = {name: old.attribute_values[name] for name in unique.sources}
            owner = has(item_of(unique), {"owner_partition": old.owner_partition})
            writes.append(
                Delete(item_of(unique), key, missing_ok=True, condition=reduce(And, owner))
            )
        if new is not None:
            writes.append(PutUnique(new, idempotent=write.idempotent, expired_by=expired_by))
    return writes


@dataclass(frozen=True)
class PutUnique(Put[UniqueItem]):
    """Stores the look-up item of a unique value; fails if another item has the value."""

    def error_for(self, existing: UniqueItem | None) -> AutoforgeError:
        """Return the error that the value is taken, and by which item."""
        found = "another item" if existing is None else shown_key(existing.owner)
        values = identity(self.entity, self.item.attribute_values)
        named = self.item.declared_by.type_name
        return NotUniqueError(named, values, item=existing, owner=found)


def _moved(write: Update[Any]) -> list[Unique]:
    """Return the unique values that an update may change."""
    changed = {*write.values, *write.relative}
    creates = write.initial is not None
    return [each for each in write.entity.uniques if creates or each.sources & changed]


def _after(write: Update[Any], before: Entity | None) -> Entity:
    """Return what an update makes of the attributes of unique values."""
    sources = {name for each in write.entity.uniques for name in each.sources}
    unknown = sorted(sources & (write.relative.keys() - write.results.keys()))
    if unknown:
        names = ", ".join(unknown)
        raise DeclarationError(f"{names} makes a unique value: an update must give its value")
    known: dict[str, Any] = {} if before is None else dict(before.attribute_values)
    if before is None:
        known |= write.initial or {}
    known |= {**write.key, **write.values, **write.results}
    wanted = sources | write.entity.primary_key.components | {"expires_at", "created_at"}
    attributes = write.entity.get_attributes()
    item: Entity = write.entity(
        **{name: value for name, value in known.items() if name in wanted & attributes.keys()}
    )
    return item


def _expecting(write: Update[Any], before: Entity | None) -> Update[Any]:
    """Return an update on condition that the unique values are as they were read."""
    if before is None:
        return write.with_version(None) if write.creates else write
    names = {name for each in _moved(write) for name in each.sources} - {*write.key}
    seen = {name: before.attribute_values.get(name) for name in names}
    return replace(write, expected={**seen, **write.before})


def is_stale(before: Entity | None, found: Entity | None) -> bool:
    """Whether a write was refused because its item was no longer as it was read.

    Args:
        before: The item as it was read; None if there was none.
        found: The item that the write found; None if there was none.
    """
    if before is None or found is None:
        return (before is None) != (found is None)
    names = {name for each in before.uniques for name in each.sources}
    seen, now = before.attribute_values, found.attribute_values
    return any(seen.get(name) != now.get(name) for name in names)


def _on_condition(write: Delete[Any], before: Entity) -> Delete[Any]:
    seen = _unchanged(write.entity, before)
    both = seen if write.condition is None else And(write.condition, seen)
    return replace(write, condition=both)


def _unchanged(entity: type[Entity], before: Entity) -> Any:
    """Return the condition that the unique values of an item are as they were read."""
    names = {name for each in entity.uniques for name in each.sources}
    names -= entity.primary_key.components
    seen: Mapping[str, Any] = {name: before.attribute_values.get(name) for name in sorted(names)}
    return reduce(And, has(entity, seen))


def _key(item: UniqueItem) -> object:
    return item.primary_key.render(item.attribute_values)
