"""Whether two attribute values in DynamoDB JSON are equal."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def alike(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:  # noqa: PLR0911 - one for each type
    """Whether two attribute values are equal; numbers and sets may be written differently.

    A binary value is the same as bytes, as attributes write it, and in base64, as DynamoDB does.
    """
    ((kind, one),) = mine.items()
    if kind not in theirs:
        return False
    other = theirs[kind]
    match kind:
        case "N":
            return Decimal(one) == Decimal(other)
        case "B":
            return _base64(one) == _base64(other)
        case "BS":
            return {*map(_base64, one)} == {*map(_base64, other)}
        case "NS":
            return {*map(Decimal, one)} == {*map(Decimal, other)}
        case "SS":
            return set(one) == set(other)
        case "L":
            return len(one) == len(other) and all(map(alike, one, other))
        case "M":
            return one.keys() == other.keys() and all(alike(one[n], other[n]) for n in one)
    return bool(one == other)


def _base64(value: bytes | str) -> str:
    return value if isinstance(value, str) else b64encode(value).decode()
