"""Deletion in more requests than one: the mark that every one of them checks.

What is deleted last, a project or a feature, is the root of what goes with it. A deletion marks the
root first, with an id of its own and an expiry, so that the root reads as gone from then on. All
else goes in transactions that check the mark, and the root last, on the same condition. So a
deletion that is still running when another has finished, and somebody uses the id again, deletes
nothing of the new one. Where there is a mark already, a deletion goes on under that one (ADR 0029).
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
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update, has
from autoforge.dynamodb.writes.write import Delete, Transaction, Write, described, primary_key
from autoforge.errors import TransactionConflictError

E = TypeVar("E", bound=Entity)

#: The expiry of a marked root. DynamoDB deletes no item whose time to live is over for more than
#: five years (AWS, "Using time to live"), so a root stays until its deletion is finished.
EXPIRED: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RootChangedError(Exception):
    """The root is not as the deletion needs it: another deletion has finished in its place."""


@dataclass(frozen=True)
class Root(Write[E]):
    """Demand inside a transaction that a root still is as a deletion needs it.

    Args:
        entity: What the root is.
        key: Components of its primary key.
        values: Attributes, and the values they must have; None for an absent one.
        unchanged: What else must hold, if the caller expects something of it.
    """

    operation = ""
    member = "ConditionCheck"

    entity: type[E]
    key: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    unchanged: Condition | None = None

    @property
    def condition(self) -> Condition:
        """What must hold of the root."""
        return reduce(And, [self._there(), *has(self.entity, self.values)])

    def primary_key(self) -> KeyValue:
        """The key of the root."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """The key and the condition."""
        placeholders = Placeholders()
        return {
            "Key": wire_key(self.primary_key()),
            "ConditionExpression": placeholders.write(self.condition),
            **placeholders.parameters(),
        }

    def error_for(self, existing: E | None) -> NoReturn:
        """End the deletion.

        Raises:
            RootChangedError: always.
        """
        raise _changed(self, existing)

    def marked(self, deletion: str, *, at: datetime) -> Update[E]:
        """Mark the root, if it is as it must be; it reads as gone then, and is in no index."""
        return Update(
            self.entity,
            self.key,
            at,
            values={"deletion": deletion, "expires_at": EXPIRED},
            expected={**self.values, "deletion": None},
            condition=self._there(),
            requires="as it was read",
            # Whether or not it is past another expiry.
            initial={},
        )

    def _there(self) -> Condition:
        return exists() if self.unchanged is None else And(exists(), self.unchanged)

    def deleted(self) -> Delete[E]:
        """Delete the root itself, if it is as it must be."""
        return _RootDelete(self.entity, self.key, missing_ok=True, condition=self.condition)


@dataclass(frozen=True)
class _RootDelete(Delete[E]):
    """Delete a root, or end the deletion."""

    def error_for(self, existing: E | None) -> NoReturn:
        """End the deletion.

        Raises:
            RootChangedError: always.
        """
        raise _changed(self, existing)


@dataclass(frozen=True)
class Removal(Write[Entity]):
    """Delete whatever has a primary key, if anything has it."""

    operation = "DeleteItem"
    member = "Delete"
    entity = Entity

    key: KeyValue

    def primary_key(self) -> KeyValue:
        """The key."""
        return self.key

    def parameters(self) -> dict[str, Any]:
        """The key, without a condition."""
        return {"Key": wire_key(self.key)}

    def error_for(self, existing: Entity | None) -> NoReturn:
        """Never: there is no condition."""
        raise AssertionError(f"nothing was demanded of {existing}")

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether the item is gone."""
        return existing is None


def _changed(write: Root[E] | Delete[E], existing: E | None) -> RootChangedError:
    state = "gone" if existing is None else "another, or marked by another deletion"
    return RootChangedError(f"{described(write.entity, write.key)} is {state}")


def exists() -> Condition:
    """There is an item."""
    return Path([TABLE.partition_key]).exists()


def sweep(store: Store, root: Root[Any], writes: Sequence[Write[Any]]) -> None:
    """Make writes, all or none, if the root still carries the mark of the deletion.

    All requests of a deletion check one item, so those of two deletions that go on at once
    conflict. Each then is sent again until the other lets it pass.

    Raises:
        RootChangedError: if the root does not.
        AutoforgeError: by meaning, if another of the writes is refused.
    """

    def attempt() -> None:
        try:
            store.transact(Transaction((root, *writes)))
        except TransactionConflictError as error:
            raise StaleReadError from error

    store.retry_on_conflict(described(root.entity, root.key), attempt)
