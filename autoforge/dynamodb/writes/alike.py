"""Whether two attribute values in DynamoDB JSON are equal."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def alike(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether two attribute values are equal; numbers and sets may be written differently."""
    ((kind, one),) = mine.items()
    if kind not in theirs:
        return False
    other = theirs[kind]
    match kind:
        case "N":
            return Decimal(one) == Decimal(other)
        case "SS" | "NS" | "BS":
            return set(one) == set(other)
        case "L":
            return len(one) == len(other) and all(map(alike, one, other))
        case "M":
            return one.keys() == other.keys() and all(alike(one[n], other[n]) for n in one)
    return bool(one == other)
