"""Filters of queries: conditions on the items that are returned, never on those that are read.

DynamoDB applies a filter after it has read the items of the range, and charges for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pynamodb.expressions.condition import Condition

from autoforge.dynamodb.errors import shortened
from autoforge.dynamodb.patterns.request import Placeholders
from autoforge.dynamodb.schema.conditions import names_in
from autoforge.dynamodb.schema.entity import Entity, names_stored_by
from autoforge.dynamodb.schema.indexes import Index


def fault_of(condition: object, index: Index, entities: Sequence[type[Entity]]) -> str:
    """Return why a condition cannot filter the items of an index; empty if it can.

    DynamoDB refuses the key attributes of the index in a filter, and finds nothing in attributes
    that no item stores, or the index does not hold.
    """
    if not isinstance(condition, Condition):
        return (
            f"the filter returns {shortened(condition)}, which is not a condition, such as "
            "Loan.renewals.above(0)"
        )
    names = sorted(set(names_in(condition)))
    keys = [name for name in names if name in index.attributes]
    if keys:
        return (
            f"{' and '.join(keys)} cannot be filtered: it is a key of {index.shown}, so the key "
            "condition must select by it"
        )
    stored = frozenset[str]().union(*map(names_stored_by, entities))
    unknown = [name for name in names if name not in stored]
    if unknown:
        owners = " or ".join(each.__name__ for each in entities)
        return f"{' and '.join(unknown)} cannot be filtered: {owners} does not store it"
    layout = entities[0].layout
    lacking = [name for name in names if not index.holds(name, layout)]
    if lacking:
        return f"{' and '.join(lacking)} cannot be filtered: {index.shown} does not hold it"
    return ""


def shown(condition: Condition) -> str:
    """Show a condition with its names and values in place of placeholders."""
    placeholders = Placeholders()
    text = placeholders.write(condition)
    names = {marker: name for name, marker in placeholders.names.items()}
    values = {marker: _plain(wire) for marker, wire in placeholders.values.items()}
    known = {**names, **values}
    return re.sub(r"[#:]\d+", lambda match: str(known[match[0]]), text)


def _plain(wire: Any) -> Any:
    ((_, value),) = wire.items()
    return value
