"""Conditional writes that require an item to be as its caller expects, so that no edit is lost.

A caller expects an item to be as it was read, or to pass a test. The item is read strongly
consistently and compared with that; the write is then conditional on every attribute that was
read. If another writer changes one of them in between, the write is refused, even if that writer
does not increment the version; then the item is read and compared again (ADR 0031).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar, cast

from pynamodb.expressions.condition import And, Condition
from pynamodb.expressions.operand import Path, Value

from autoforge.dynamodb.errors import ConditionFailedError, ItemNotFoundError, VersionConflictError
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.schema.entity import Entity, Item, entity_fields
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.alike import alike
from autoforge.dynamodb.writes.identity import described
from autoforge.dynamodb.writes.update import Update

E = TypeVar("E", bound=Entity)

#: What a caller expects: the item as the caller read it, or a test of the item. The test gets None
#: if there is no item.
Expected: TypeAlias = E | Callable[[E | None], bool]


@dataclass(frozen=True)
class Seen(Generic[E]):
    """An item that was read in order to be changed.

    Attributes:
        item: The item.
        condition: That it has not changed since it was read; None if the caller expects nothing.
    """

    item: E
    condition: Condition | None = None

    def if_unchanged(self, write: Update[E]) -> Update[E]:
        """The same write, on condition that the item has not changed since it was read."""
        return with_condition(write, self.condition)

    def has_changed(self, error: ConditionFailedError) -> bool:
        """Whether a fenced write was refused because the item changed, not by its own condition."""
        return self.condition is not None and _has_changed(self.item, error)


def seen_as_expected(
    store: Store, pattern: Get[E], expected: Expected[E] | None, *, at: datetime
) -> Seen[E]:
    """Read an item that is to be changed, and require that it is as expected.

    Raises:
        ItemNotFoundError: if there is no such item.
        VersionConflictError: if it is not as expected; the error carries the item.
    """
    if expected is None:
        return Seen(store.require(pattern, consistent=True))
    item, condition = look(store, pattern, at=at)
    if item is None:
        raise ItemNotFoundError(pattern.entity.type_name, pattern.arguments())
    require_expected(item, expected, described(pattern.entity, item.attribute_values))
    return Seen(item, condition)


def look(store: Store, pattern: Get[E], *, at: datetime) -> tuple[E | None, Condition]:
    """Return an item, None if there is none, and the condition that it has not changed since."""
    entity = cast("type[E]", pattern.entity)  # a Get of the entity itself, as E says
    return _look(store, entity, pattern.primary_key(), at)


def save_as_expected(store: Store, write: Update[E], expected: Expected[E] | None) -> E:
    """Apply an update if the item is as expected, and return the updated item.

    Raises:
        VersionConflictError: if it is not as expected; the error carries the item.
        AutoforgeError: the subclass for the cause, if the update itself is refused.
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
        VersionConflictError: if it is not; the error carries the item.
    """
    if expected is not None and not _passes(item, expected):
        raise _conflict(name, item)


def with_condition(write: Update[E], condition: Condition | None) -> Update[E]:
    """The same update with an additional condition; unchanged if that is None."""
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
        return VersionConflictError(f"{name} does not exist, and the caller expects it to exist")
    version = item.attribute_values.get("version")
    state = "" if version is None else f": it is in version {version}"
    return VersionConflictError(f"{name} is not as the caller expects it{state}", item=item)


def _look(store: Store, entity: type[E], key: KeyValue, at: datetime) -> tuple[E | None, Condition]:
    """Return the live item at a key, or None, and the condition that this has not changed."""
    stored = store.item_at(key)
    if stored is None:
        return None, Path([entity.layout.partition_key]).does_not_exist()
    # Undeclared attributes are not compared: callers never see them, nor decide by them.
    names = [each.stored_name for each in entity_fields(entity)]
    if entity.layout.entity_type is not None:
        names = [entity.layout.entity_type, *names]
    unchanged = _all([_is_as_in(stored, name) for name in names])
    if not entity.recognises(stored):
        return None, unchanged
    item = entity.from_item(stored)
    return (item if item.is_live(at) else None), unchanged


def _is_as_in(stored: Item, name: str) -> Condition:
    path, value = Path([name]), stored.get(name)
    return path.does_not_exist() if value is None else path == Value(value)


def _all(conditions: Sequence[Condition]) -> Condition:
    """Join conditions by AND in a balanced tree, since expressions may not be nested deeply."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return And(_all(conditions[:half]), _all(conditions[half:]))
