"""The update expression of a request (AWS, "Using update expressions in DynamoDB")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pynamodb.expressions.update import (
    Action,
    AddAction,
    DeleteAction,
    RemoveAction,
    SetAction,
)

from autoforge.dynamodb.patterns.request import Placeholders
from autoforge.dynamodb.writes.values import Wire


def update_expression(
    values: Mapping[str, Wire], actions: Sequence[Action], placeholders: Placeholders
) -> str:
    """Write an update expression, and keep its names and values.

    Args:
        values: What is set, by the names of attributes in the table; None to remove one. These are
            most of an update, and are written without PynamoDB's operands, which take longer.
        actions: The other actions.
        placeholders: Where the names and values are kept.
    """

    def written(kind: type[Action]) -> list[str]:
        return [placeholders.write(each) for each in actions if type(each) is kind]

    clauses = {
        "SET": [
            f"{placeholders.name(name)} = {placeholders.value(wire)}"
            for name, wire in values.items()
            if wire is not None
        ]
        + written(SetAction),
        "REMOVE": [placeholders.name(name) for name, wire in values.items() if wire is None]
        + written(RemoveAction),
        "ADD": written(AddAction),
        "DELETE": written(DeleteAction),
    }
    return " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses.items() if parts)
