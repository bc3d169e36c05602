"""Deletion of an item with all its dependent items, in several requests that check one mark.

The item to delete, a project or a feature, is the root. A deletion first marks the root with the
deletion's id and an expiry, so that readers no longer see the root. Then it deletes the other items
in transactions that check the mark, and last the root on the same condition. If another deletion
finishes first and the id is used again, this deletion therefore removes nothing of the new item. A
deletion that finds a mark continues under it (ADR 0029).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Final, NoReturn, TypeVar

from pynamodb.expressions.condition import And, Condition
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.patterns.request import Placeholders, wire_key
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.identity import described, primary_key
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.values import has
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import TransactionConflictError

E = TypeVar("E", bound=Entity)

#: The expiry of a marked root. DynamoDB does not delete an item that expired more than five years
#: ago (AWS, "Using time to live"), so the root stays until its deletion is finished.
EXPIRED: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RootChangedError(Exception):
    """The root does not have the mark of this deletion: another deletion has finished first."""


@dataclass(frozen=True)
class Root(Write[E]):
    """A condition check on the root of a deletion.

    Args:
        entity: The root's entity.
        key: Components of its primary key.
        values: Attributes and the values they must have; None for an absent attribute.
        unchanged: A further condition, where the caller expects a state of the root.
    """

    operation = ""
    member = "ConditionCheck"

    entity: type[E]
    key: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    unchanged: Condition | None = None

    @property
    def condition(self) -> Condition:
        """The condition on the root."""
        return reduce(And, [self._there(), *has(self.entity, self.values)])

    def primary_key(self) -> KeyValue:
        """The key of the root."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """The key and the condition."""
        placeholders = Placeholders()
        return {
            "Key": wire_key(self.primary_key(), TABLE),
            "ConditionExpression": placeholders.write(self.condition),
            **placeholders.parameters(),
        }

    def error_for(self, existing: E | None) -> NoReturn:
        """Raise the error that ends the deletion.

        Raises:
            RootChangedError: always.
        """
        raise _changed(self, existing)

    def marked(self, deletion: str, *, at: datetime) -> Update[E]:
        """The update that marks the root; its expiry hides it, and it leaves the indexes."""
        return Update(
            self.entity,
            self.key,
            at,
            changes={"deletion": deletion, "expires_at": EXPIRED},
            expected={**self.values, "deletion": None},
            condition=self._there(),
            found=changed_since_read,
            # An update without this is refused on a root past its expiry.
            initial={},
        )

    def _there(self) -> Condition:
        return exists() if self.unchanged is None else And(exists(), self.unchanged)

    def deleted(self) -> Delete[E]:
        """The delete of the root on the same condition."""
        return _RootDelete(self.entity, self.key, missing_ok=True, condition=self.condition)


@dataclass(frozen=True)
class _RootDelete(Delete[E]):
    """A delete of a root whose refusal ends the deletion."""

    def error_for(self, existing: E | None) -> NoReturn:
        """Raise the error that ends the deletion.

        Raises:
            RootChangedError: always.
        """
        raise _changed(self, existing)


@dataclass(frozen=True)
class Removal(Write[Entity]):
    """A delete of any item at a primary key, without a condition."""

    operation = "DeleteItem"
    member = "Delete"
    entity = Entity

    key: KeyValue

    def primary_key(self) -> KeyValue:
        """The key."""
        return self.key

    def parameters(self) -> dict[str, Any]:
        """The key, without a condition."""
        return {"Key": wire_key(self.key, TABLE)}

    def error_for(self, existing: Entity | None) -> NoReturn:
        """Not reached, since there is no condition.

        Raises:
            AssertionError: always.
        """
        raise AssertionError(f"a delete without a condition was refused: {existing}")

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether the item is gone."""
        return existing is None


def _changed(write: Root[E] | Delete[E], existing: E | None) -> RootChangedError:
    name = described(write.entity, write.key)
    if existing is None:
        return RootChangedError(f"{name} does not exist; another deletion has removed it")
    return RootChangedError(f"{name} does not have the mark of this deletion")


def exists() -> Condition:
    """The condition that the item exists."""
    return Path([TABLE.partition_key]).exists()


def sweep(store: Store, root: Root[Any], writes: Sequence[Write[Any]]) -> None:
    """Apply writes in one transaction that checks the mark on the root.

    All transactions of a deletion check the root, so two concurrent deletions conflict. A
    transaction that was cancelled by such a conflict is sent again.

    Raises:
        RootChangedError: if the root does not have the mark.
        AutoforgeError: by meaning, if another of the writes is refused.
    """

    def attempt() -> None:
        try:
            store.transact(Transaction((root, *writes)))
        except TransactionConflictError as error:
            raise StaleReadError from error

    store.retry_on_conflict(described(root.entity, root.key), attempt)
