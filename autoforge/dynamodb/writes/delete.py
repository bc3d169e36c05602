"""Delete, the write that deletes an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeVar

from pynamodb.expressions.condition import And, Condition

from autoforge.dynamodb.errors import AutoforgeError, ItemNotFoundError
from autoforge.dynamodb.patterns.request import Placeholders, wire_key
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.conditions import is_of, require_condition
from autoforge.dynamodb.writes.false_condition import condition_error
from autoforge.dynamodb.writes.identity import described, identity, primary_key, require_components
from autoforge.dynamodb.writes.write import Write

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True)
class Delete(Write[E]):
    """Deletes an item.

    Args:
        entity: The entity of the item.
        key: The components of the primary key.
        missing_ok: Whether an item that does not exist counts as deleted.
        condition: A further condition.
        requires: The state that the condition needs, as a clause for the error, such as "only a
            held action can be approved".
        found: Returns the state of an item that fails the condition, for the error, such as "is
            cancelled".

    Raises:
        DeclarationError: if a name in the key is not a component of the primary key, or the
            condition is on what the entity does not store.

    Examples:
        >>> store.write(Delete(Book, {"isbn": "b2"}))
        >>> store.write(Delete(Book, {"isbn": "b2"}))
        Traceback (most recent call last):
        autoforge.dynamodb.errors.ItemNotFoundError: there is no Book with isbn 'b2'
        >>> store.write(Delete(Book, {"isbn": "b2"}, missing_ok=True))
    """

    operation = "DeleteItem"
    member = "Delete"

    entity: type[E]
    key: Mapping[str, Any]
    missing_ok: bool = False
    condition: Condition | None = None
    requires: str = ""
    found: Callable[[E], str] | None = None

    def __post_init__(self) -> None:
        """Check the names of the components of the primary key, and the condition."""
        require_components(self.entity, self.key)
        require_condition(self.entity, self.condition)

    @property
    def refused_twice(self) -> bool:
        """Whether the item must exist."""
        return not self.missing_ok

    def primary_key(self) -> KeyValue:
        """Return the primary key of the item."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """Return the key, with the condition that the item exists unless it may be missing."""
        primary = self.entity.layout.primary
        parameters: dict[str, Any] = {"Key": wire_key(self.primary_key(), primary)}
        conditions = [] if self.missing_ok else [is_of(self.entity)]
        if self.condition is not None:
            conditions.append(self.condition)
        if not conditions:
            return parameters
        placeholders = Placeholders()
        condition = placeholders.write(reduce(And, conditions))
        return {**parameters, "ConditionExpression": condition, **placeholders.parameters()}

    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error that the item does not exist, or that the condition was false."""
        if existing is None:
            return ItemNotFoundError(self.entity.type_name, identity(self.entity, self.key))
        name = described(self.entity, self.key)
        return condition_error(name, existing, found=self.found, requires=self.requires)

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether the item does not exist."""
        return existing is None
