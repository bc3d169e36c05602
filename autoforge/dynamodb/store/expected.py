"""Writes on condition that an item is as its caller expects it, so that no edit is lost.

A caller expects an item to be as it was read, or to pass a test. The item is read strongly
consistently, held against that, and the write is conditioned on every attribute that was read. So
whatever another writer changes in between, whoever it is and whether or not it counts versions,
the write is refused, and the item is held against the expectation anew (ADR 0031).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from pynamodb.expressions.condition import And, Condition
from pynamodb.expressions.operand import Path, Value

from autoforge.dynamodb.errors import ConditionFailedError, ItemNotFoundError, VersionConflictError
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.schema.entity import Entity, Item, entity_fields
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE, TABLE
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import alike, described

E = TypeVar("E", bound=Entity)

#: What a caller expects of an item: to be as the caller read it, or to pass a test, which is given
#: None where there is no item.
Expected: TypeAlias = E | Callable[[E | None], bool]


@dataclass(frozen=True)
class Seen(Generic[E]):
    """An item that was read in order to be changed.

    Attributes:
        item: The item.
        condition: That it has not changed since; None where the caller expects nothing.
    """

    item: E
    condition: Condition | None = None

    def fence(self, write: Update[E]) -> Update[E]:
        """The same write, on condition that the item has not changed since."""
        return with_condition(write, self.condition)

    def has_changed(self, error: ConditionFailedError) -> bool:
        """Whether a fenced write was refused for a change, and not by its own condition."""
        return self.condition is not None and _has_changed(self.item, error)


def seen_as_expected(
    store: Store, pattern: Get[E], expected: Expected[E] | None, *, at: datetime
) -> Seen[E]:
    """Read an item that is to be changed, and require that it is as expected.

    Raises:
        ItemNotFoundError: if there is none.
        VersionConflictError: if it is not as expected; it carries the item.
    """
    if expected is None:
        return Seen(store.require(pattern, consistent=True))
    item, condition = _look(store, pattern.entity, pattern.primary_key(), at)
    if item is None:
        raise ItemNotFoundError(pattern.entity.type_name, pattern.arguments())
    require_expected(item, expected, described(pattern.entity, item.attribute_values))
    return Seen(item, condition)


def look(store: Store, pattern: Get[E], *, at: datetime) -> tuple[E | None, Condition]:
    """Read an item, None if there is none, with the condition that nothing has changed since."""
    return _look(store, pattern.entity, pattern.primary_key(), at)


def save_as_expected(store: Store, write: Update[E], expected: Expected[E] | None) -> E:
    """Make a write if the item is as expected, and return the item as it then is.

    Raises:
        VersionConflictError: if it is not as expected; it carries the item.
        AutoforgeError: by meaning, if the write itself is refused.
    """
    if expected is None:
        return store.save(write)
    name = described(write.entity, write.key)

    def attempt() -> E:
        item, condition = _look(store, write.entity, write.primary_key(), write.at)
        if item is None and write.initial is None:
            raise write.error_for(None)
        if store.repeated and item is not None and write.proves(item.to_item()):
            return item
        require_expected(item, expected, name)
        try:
            return store.save(with_condition(write, condition))
        except ItemNotFoundError as error:
            raise StaleReadError from error
        except ConditionFailedError as error:
            if not _has_changed(item, error):
                raise
            raise StaleReadError from error

    return store.retry_on_conflict(name, attempt)


def require_expected(item: E | None, expected: Expected[E] | None, name: str) -> None:
    """Require that an item that was read, or its absence, is as expected.

    Raises:
        VersionConflictError: if it is not; it carries the item.
    """
    if expected is not None and not _passes(item, expected):
        raise _conflict(name, item)


def with_condition(write: Update[E], condition: Condition | None) -> Update[E]:
    """The same write, on a further condition."""
    if condition is None:
        return write
    own = write.condition
    return replace(write, condition=condition if own is None else And(own, condition))


def _passes(item: E | None, expected: Expected[E]) -> bool:
    if not isinstance(expected, Entity):
        return expected(item)
    return item is not None and alike({"M": item.to_item()}, {"M": expected.to_item()})


def _has_changed(item: Entity | None, error: ConditionFailedError) -> bool:
    return error.item is None or error.item != item


def _conflict(name: str, item: Entity | None) -> VersionConflictError:
    if item is None:
        return VersionConflictError(f"there is no {name}, and the caller expects one")
    version = item.attribute_values.get("version")
    state = "" if version is None else f": it is in version {version}"
    return VersionConflictError(f"{name} is not as the caller expects it{state}", item=item)


def _look(store: Store, entity: type[E], key: KeyValue, at: datetime) -> tuple[E | None, Condition]:
    """The item at a key, if there is a live one, and the condition that this has not changed."""
    stored = store.item_at(key)
    if stored is None:
        return None, Path([TABLE.partition_key]).does_not_exist()
    # What an entity does not declare is shown to nobody, and nobody decides by it.
    names = [ENTITY_TYPE, *(each.stored_name for each in entity_fields(entity))]
    unchanged = _all([_is_as_in(stored, name) for name in names])
    if stored.get(ENTITY_TYPE) != {"S": entity.type_name}:
        return None, unchanged
    item = entity.from_item(stored)
    return (item if item.is_live(at) else None), unchanged


def _is_as_in(stored: Item, name: str) -> Condition:
    path, wire = Path([name]), stored.get(name)
    return path.does_not_exist() if wire is None else path == Value(wire)


def _all(conditions: Sequence[Condition]) -> Condition:
    """All of the conditions, in a tree as flat as can be: expressions may not be deep."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return And(_all(conditions[:half]), _all(conditions[half:]))
