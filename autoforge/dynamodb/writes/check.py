"""Check, the write that changes nothing: a condition on an item in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, NoReturn, TypeVar

from pynamodb.expressions.condition import And, Condition

from autoforge.dynamodb.errors import AutoforgeError, DeclarationError, ItemNotFoundError
from autoforge.dynamodb.patterns.request import Placeholders, wire_key
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.conditions import is_live, is_of, require_condition
from autoforge.dynamodb.writes.false_condition import condition_error
from autoforge.dynamodb.writes.identity import described, identity, primary_key, require_components
from autoforge.dynamodb.writes.write import Write

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True)
class Check(Write[E]):
    """Checks in a transaction that an item exists and is live, and changes nothing.

    Args:
        entity: The entity of the item.
        key: The components of the primary key.
        at: The time of the write; an item that is expired then counts as missing.
        condition: A further condition.
        requires: The state that the condition needs, as a clause for the error, such as "only a
            held action can be approved".
        found: Returns the state of an item that fails the condition, for the error, such as "is
            cancelled".
        missing_ok: Whether to check the condition only; the item may be missing or expired.

    Raises:
        DeclarationError: if a name in the key is not a component of the primary key, the condition
            is on what the entity does not store, or ``missing_ok`` leaves nothing to check.

    Examples:
        >>> loan = Loan(isbn="b2", id="l3", member="ann", due_at=NOON)
        >>> has_copies = Check(Book, {"isbn": "b2"}, NOON, condition=Book.copies.above(0))
        >>> store.transact(Transaction([has_copies, Put(loan)]))
    """

    operation = ""
    member = "ConditionCheck"

    entity: type[E]
    key: Mapping[str, Any]
    at: datetime
    condition: Condition | None = None
    requires: str = ""
    found: Callable[[E], str] | None = None
    missing_ok: bool = False

    def __post_init__(self) -> None:
        """Check the names of the components of the primary key, and the condition."""
        require_components(self.entity, self.key)
        require_condition(self.entity, self.condition)
        if self.missing_ok and self.condition is None:
            raise DeclarationError(
                f"a Check of {self.entity.__name__} with missing_ok checks nothing: give a "
                "condition, or leave missing_ok out"
            )

    def request(self, table_name: str) -> NoReturn:
        """Refuse a Check alone: DynamoDB has it in transactions only."""
        del table_name
        raise DeclarationError(
            f"a Check of {self.entity.__name__} is applied in a transaction: "
            "store.transact(Transaction([Check(…), Put(…)]))"
        )

    def primary_key(self) -> KeyValue:
        """The key of the item."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """Return the key and the condition."""
        placeholders = Placeholders()
        given = [self.condition]
        if not self.missing_ok:
            given = [is_of(self.entity), is_live(self.entity, self.key, self.at), self.condition]
        conditions = [each for each in given if each is not None]
        return {
            "Key": wire_key(self.primary_key(), self.entity.layout.primary),
            "ConditionExpression": placeholders.write(reduce(And, conditions)),
            **placeholders.parameters(),
        }

    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error that the item does not exist, or that the condition was false."""
        if existing is None or not existing.is_live(self.at):
            return ItemNotFoundError(self.entity.type_name, identity(self.entity, self.key))
        name = described(self.entity, self.key)
        return condition_error(name, existing, found=self.found, requires=self.requires)
