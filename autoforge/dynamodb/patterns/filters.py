"""Filters of queries: conditions on the items that are returned, never on those that are read.

DynamoDB applies a filter after it has read the items of the range, and charges for all of them.
"""

from __future__ import annotations

import re
from typing import Any

from pynamodb.expressions.condition import Condition

from autoforge.dynamodb.patterns.request import Placeholders
from autoforge.dynamodb.schema.conditions import names_in
from autoforge.dynamodb.schema.indexes import Index, Layout


def fault_of(condition: Condition, index: Index, layout: Layout) -> str:
    """Return why a condition cannot filter the items of an index; empty if it can.

    DynamoDB refuses the key attributes of the index in a filter, and finds nothing in attributes
    that the index does not hold.
    """
    names = sorted(set(names_in(condition)))
    keys = [name for name in names if name in index.attributes]
    if keys:
        return (
            f"{' and '.join(keys)} cannot be filtered: it is a key of {index.shown}, so the key "
            "condition must select by it"
        )
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
