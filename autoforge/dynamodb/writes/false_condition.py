"""The error of a condition that was false: the state found, then the state needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from autoforge.dynamodb.errors import ConditionFailedError
from autoforge.dynamodb.schema.entity import Entity

E = TypeVar("E", bound=Entity)


def changed_since_read(item: Entity) -> str:
    """Say the state found by a write whose condition is that the item is as it was read."""
    del item
    return "has changed since it was read"


def condition_error(
    name: str, existing: E, *, found: Callable[[E], str] | None, requires: str
) -> ConditionFailedError:
    """The error of a condition that was false: the state found, then the state needed."""
    state = "does not meet the condition"
    if found is not None:
        given: object = found
        state = found(existing) if callable(given) else str(given)
    needed = f"; {requires}" if requires else ""
    return ConditionFailedError(f"{name} {state}{needed}", item=existing)
