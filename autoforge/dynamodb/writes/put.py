"""Put, the write that stores a whole item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

from pynamodb.expressions.condition import Condition, Or
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.errors import (
    AutoforgeError,
    DeclarationError,
    DeletionUnfinishedError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.dynamodb.patterns.request import Placeholders
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.item_size import item_size, require_size
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.alike import alike
from autoforge.dynamodb.writes.conditions import CREATION, is_expired, require_condition
from autoforge.dynamodb.writes.false_condition import condition_error
from autoforge.dynamodb.writes.identity import described, identity, primary_key, require_entity
from autoforge.dynamodb.writes.write import Write

E = TypeVar("E", bound=Entity)

#: The attributes with the creation time of an item, and with the time of its last change; the
#: latter by its name in the table.
_CREATED: Final = (CREATION, "started_at")
_UPDATED: Final = "updatedAt"
#: An optional attribute with a different value each time an item is created under a key.
_INCARNATION: Final = "incarnation"


@dataclass(frozen=True)
class Put(Write[E]):
    """Stores an item; fails if an item with its key exists, unless it may be replaced.

    A replaced item is lost as a whole, with the attributes that the entity does not declare.

    Args:
        item: The entity to store.
        idempotent: Whether an equal item that exists counts as stored.
        expired_by: The present time, to replace an item that is expired. DynamoDB deletes expired
            items up to two days later; None to fail until then.
        replace: Whether to replace whatever has the key.
        condition: The condition on which to replace the item that has the key, in place of the one
            that none has it.
        requires: The state that the condition needs, as a clause for the error, such as "only a
            held action can be approved".
        found: Returns the state of an item that fails the condition, for the error, such as "is
            cancelled".

    Raises:
        DeclarationError: if it is to replace whatever has the key, and on a condition.

    Examples:
        >>> emma = Book(isbn="b2", title="Emma, revised")
        >>> store.save(Put(emma))
        Traceback (most recent call last):
        autoforge.dynamodb.errors.ItemExistsError: Book with isbn 'b2' exists already
        >>> store.save(Put(emma, condition=Book.title.equals("Emma"))).title
        'Emma, revised'
        >>> store.save(Put(emma, replace=True)).copies
        1
    """

    operation = "PutItem"
    member = "Put"

    item: E
    idempotent: bool = False
    expired_by: datetime | None = None
    replace: bool = False
    condition: Condition | None = None
    requires: str = ""
    found: Callable[[E], str] | None = None

    def __post_init__(self) -> None:
        """Refuse two rules for the item that has the key."""
        if self.replace and self.condition is not None:
            raise DeclarationError(
                "a Put replaces whatever has the key and has a condition: give one of the two"
            )
        if self.condition is not None:
            require_entity(self.item)
            require_condition(self.entity, self.condition)

    @property
    def entity(self) -> type[E]:  # type: ignore[override]  # known from the item
        """The entity of the item."""
        return type(self.item)

    @property
    def refused_twice(self) -> bool:
        """Whether no item may have the key: an item is created once."""
        return not self.replace and self.condition is None

    @property
    def tells(self) -> bool:
        """Whether the item stores its creation time."""
        return stores_creation(self.entity)

    def primary_key(self) -> KeyValue:
        """Return the primary key of the new item."""
        try:
            return primary_key(self.entity, self.item.attribute_values)
        except AttributeError:
            require_entity(self.item)
            raise

    def parameters(self) -> dict[str, Any]:
        """Return the item, with the condition on what has its key."""
        try:
            item = self.item.to_item()
        except (AttributeError, TypeError):
            require_entity(self.item)
            raise
        require_size(self.entity.type_name, item)
        return {"Item": item, **self._free()}

    def _free(self) -> dict[str, Any]:
        """Return the request parameters with the condition on what has the key."""
        if self.replace:
            return {}
        if self.condition is None:
            expired_by = self.expired_by
            if expired_by is None:
                return _is_new(self.entity.layout.partition_key)
            return _is_new_or_expired(self.item, expired_by)
        condition = self.condition
        expired = None
        if self.expired_by is not None:
            expired = is_past_expiry(self.item, self.expired_by)
        if expired is not None:
            condition = Or(condition, expired)
        placeholders = Placeholders()
        text = placeholders.write(condition)
        return {"ConditionExpression": text, **placeholders.parameters()}

    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error: the item exists, its deletion is not finished, or the condition."""
        named = identity(self.entity, self.item.attribute_values)
        if self.condition is not None:
            if existing is None:
                return ItemNotFoundError(self.entity.type_name, named)
            name = described(self.entity, self.item.attribute_values)
            return condition_error(name, existing, found=self.found, requires=self.requires)
        mark = self.entity.deletion_mark
        if existing is not None and mark and existing.attribute_values.get(mark) is not None:
            return DeletionUnfinishedError(self.entity.type_name, named)
        return ItemExistsError(self.entity.type_name, named, item=existing)

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an equal item exists."""
        return existing is not None and alike({"M": existing}, {"M": self.item.to_item()})

    def proves(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an equal item exists, or one of the same creation that was changed since."""
        if existing is None or self.already_applied(existing):
            return existing is not None
        stamp = _creation_stamp(self.entity)
        if stamp is None or _UPDATED not in existing:
            return False
        item = self.item.to_item()
        if _INCARNATION in item and _INCARNATION in existing:
            return bool(existing[_INCARNATION] == item[_INCARNATION])
        is_changed = existing[_UPDATED] != item.get(_UPDATED)
        is_own = self.entity.recognises(existing)
        return is_changed and is_own and existing.get(stamp) == item[stamp]

    def size(self) -> int:
        """Return the bytes of the item."""
        return item_size(self.item.to_item())


@cache
def stores_creation(entity: type[Entity]) -> bool:
    """Whether items store the time of their creation, by which a Store recognises its own Put."""
    return _creation_stamp(entity) is not None


@cache
def _creation_stamp(entity: type[Entity]) -> str | None:
    """Return the attribute of the creation time, by its name in the table; None without one."""
    attributes = entity.get_attributes()
    return next((attributes[each].attr_name for each in _CREATED if each in attributes), None)


@cache
def _is_new(partition_key: str) -> dict[str, Any]:
    """Return the request parameters with the condition that no item has the key."""
    placeholders = Placeholders()
    condition = placeholders.write(Path([partition_key]).does_not_exist())
    return {"ConditionExpression": condition, **placeholders.parameters()}


def is_past_expiry(item: Entity, now: datetime) -> Condition | None:
    """Return the condition that what has the key of an item is past its expiry."""
    components = {name: item.attribute_values.get(name) for name in item.primary_key.components}
    return is_expired(type(item), components, now)


def _is_new_or_expired(item: Entity, now: datetime) -> dict[str, Any]:
    """Return the request parameters with the condition that the key is free or expired."""
    placeholders = Placeholders()
    layout = item.layout
    is_new = Path([layout.partition_key]).does_not_exist()
    expired = is_past_expiry(item, now)
    if expired is None:
        return _is_new(layout.partition_key)
    condition = placeholders.write(Or(is_new, expired))
    return {"ConditionExpression": condition, **placeholders.parameters()}
