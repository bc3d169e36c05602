"""Writes that keep unique values: each together with its look-up items, for one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Final

from pynamodb.expressions.condition import And, Not, Or
from pynamodb.expressions.condition import Condition as AnyCondition
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.errors import AutoforgeError, DeclarationError, NotUniqueError
from autoforge.dynamodb.patterns.request import Placeholders
from autoforge.dynamodb.schema.conditions import Condition
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue, shown_key
from autoforge.dynamodb.schema.unique import Unique
from autoforge.dynamodb.schema.unique_item import UniqueItem, item_of, unique_item
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.conditions import CREATION
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.identity import identity
from autoforge.dynamodb.writes.put import Put, is_past_expiry
from autoforge.dynamodb.writes.soundness import EXPIRES
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.values import has
from autoforge.dynamodb.writes.write import Write

#: Keys of look-up items.
Keys = AbstractSet[KeyValue | None]

#: The time of a Check that compares nothing with the time.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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


def with_look_up_items(
    write: Write[Any], before: Entity | None, others: Keys = frozenset()
) -> tuple[Write[Any], ...]:
    """Return a write with those of its look-up items; the write itself comes first.

    Without an item there is nothing to delete, and no write that could meet an item that another
    caller creates meanwhile, whose look-up items are not known.

    Args:
        write: The write.
        before: The item as it was read; None if there is none, or it need not be read.
        others: The keys of look-up items that another item has taken, as it may after the first
            one has expired.

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
    return (own, *_look_ups(write, before, after, others))


def handed_over(writes: Iterable[Write[Any]]) -> list[Write[Any]]:
    """Join the writes of look-up items that pass from one item of a transaction to another.

    A transaction writes an item once (AWS, "TransactWriteItems").
    """
    every = [*writes]
    given = {each.primary_key(): each for each in every if isinstance(each, ReleaseUnique)}
    taken = {each.primary_key() for each in every if isinstance(each, PutUnique)}
    joined: list[Write[Any]] = []
    for write in every:
        key = write.primary_key()
        if isinstance(write, PutUnique) and key in given:
            joined.append(replace(write, giver=given[key].owner))
        elif isinstance(write, PutUnique) or key not in taken:
            joined.append(write)
    return joined


def _needs_an_item(write: Write[Any]) -> bool:
    """Whether a write only changes an item that exists."""
    if isinstance(write, Put):
        return write.condition is not None
    return not isinstance(write, Update) or write.initial is None


def _look_ups(
    write: Write[Any],
    before: Entity | None,
    after: Entity | None,
    others: Keys,
) -> list[Write[Any]]:
    """Return the writes of the look-up items that an item had and will have.

    A look-up item is stored, too, if the value stays: the item may have a new expiry, or may be
    older than the declaration of the unique value.
    """
    writes: list[Write[Any]] = []
    expired_by = write.expired_by if isinstance(write, Put) else getattr(write, "at", None)
    uniques = _moved(write) if isinstance(write, Update) else write.entity.uniques
    for unique in uniques:
        old = None if before is None else unique_item(before, unique)
        new = None if after is None else unique_item(after, unique)
        if old is not None and (new is None or _key(old) != _key(new)):
            writes.append(_release(old, unique, others))
        if new is not None:
            writes.append(PutUnique(new, idempotent=write.idempotent, expired_by=expired_by))
    return writes


def _release(old: UniqueItem, unique: Unique, others: Keys) -> Write[Any]:
    """Return the write of the look-up item of a value that an item gives up.

    It is deleted if it is there and is still that of the item: DynamoDB deletes an expired one,
    and another item may have taken it. One that another item has taken stays.
    """
    entity = item_of(unique)
    key = {name: old.attribute_values[name] for name in unique.sources}
    own = _owned_by(entity, old.owner)
    if _key(old) in others:
        return Check(entity, key, _EPOCH, condition=Condition(Not(own)), missing_ok=True)
    free = Path([entity.layout.partition_key]).does_not_exist()
    return ReleaseUnique(entity, key, True, Or(free, own), owner=old.owner)


def _owned_by(entity: type[Entity], owner: KeyValue) -> AnyCondition:
    """Return the condition that a look-up item is that of an item."""
    values = {"owner_partition": owner.partition, "owner_sort": owner.sort or None}
    return reduce(And, has(entity, values))


@dataclass(frozen=True)
class ReleaseUnique(Delete[UniqueItem]):
    """Deletes the look-up item of a unique value that its item gives up.

    Attributes:
        owner: The primary key of the item.
    """

    owner: KeyValue | None = None


@dataclass(frozen=True)
class PutUnique(Put[UniqueItem]):
    """Stores the look-up item of a unique value; fails if another item has the value.

    Attributes:
        giver: The primary key of the item that gives the value up in the same transaction.
    """

    giver: KeyValue | None = None

    def _free(self) -> dict[str, Any]:
        """Return the condition that the value is free or given up, or that its item has it."""
        entity = self.entity
        free: AnyCondition = Path([entity.layout.partition_key]).does_not_exist()
        if not self.idempotent:
            free = Or(free, _owned_by(entity, self.item.owner))
        if self.giver is not None:
            free = Or(free, _owned_by(entity, self.giver))
        if self.expired_by is not None:
            expired = is_past_expiry(self.item, self.expired_by)
            free = free if expired is None else Or(free, expired)
        placeholders = Placeholders()
        return {"ConditionExpression": placeholders.write(free), **placeholders.parameters()}

    def error_for(self, existing: UniqueItem | None) -> AutoforgeError:
        """Return the error that the value is taken, and by which item."""
        found = "another item" if existing is None else shown_key(existing.owner)
        values = identity(self.entity, self.item.attribute_values)
        named = self.item.declared_by.type_name
        return NotUniqueError(named, values, item=existing, owner=found)


def _moved(write: Update[Any]) -> list[Unique]:
    """Return the unique values that an update may change."""
    changed = {*write.values, *write.relative}
    all_of_them = write.initial is not None or EXPIRES in changed
    return [each for each in write.entity.uniques if all_of_them or each.sources & changed]


def _after(write: Update[Any], before: Entity | None) -> Entity:
    """Return what an update makes of the attributes of unique values."""
    sources = _sources(write.entity, _moved(write))
    unknown = sorted(sources & (write.relative.keys() - write.results.keys()))
    if unknown:
        names = ", ".join(unknown)
        raise DeclarationError(f"{names} makes a unique value: an update must give its value")
    known: dict[str, Any] = {} if before is None else dict(before.attribute_values)
    if before is None:
        known |= write.initial or {}
    known |= {**write.key, **write.values, **write.results}
    wanted = sources | write.entity.primary_key.components | {EXPIRES, CREATION}
    attributes = write.entity.get_attributes()
    item: Entity = write.entity(
        **{name: value for name, value in known.items() if name in wanted & attributes.keys()}
    )
    return item


def _expecting(write: Update[Any], before: Entity | None) -> Update[Any]:
    """Return an update on condition that the unique values are as they were read."""
    if before is None:
        return write.with_version(None) if write.creates else write
    names = _sources(write.entity, _moved(write)) - {*write.key}
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
    names = _sources(type(before), before.uniques)
    seen, now = before.attribute_values, found.attribute_values
    return any(seen.get(name) != now.get(name) for name in names)


def _on_condition(write: Delete[Any], before: Entity) -> Delete[Any]:
    seen = _unchanged(write.entity, before)
    both = seen if write.condition is None else And(write.condition, seen)
    return replace(write, condition=both)


def _unchanged(entity: type[Entity], before: Entity) -> Any:
    """Return the condition that the unique values of an item are as they were read."""
    names = _sources(entity, entity.uniques) - entity.primary_key.components
    seen: Mapping[str, Any] = {name: before.attribute_values.get(name) for name in sorted(names)}
    return reduce(And, has(entity, seen))


def _sources(entity: type[Entity], uniques: Iterable[Unique]) -> set[str]:
    """Return the attributes that look-up items are made of: their values, and the expiry."""
    names = {name for each in uniques for name in each.sources}
    return names if entity.expiry_name is None else {*names, EXPIRES}


def _key(item: UniqueItem) -> KeyValue | None:
    return item.primary_key.render(item.attribute_values)
