"""Predicts the capacity that reads and writes consume, from item sizes.

AWS, "DynamoDB read and write operations": a read unit is a strongly consistent read of 4 KB; an
eventually consistent one takes half a unit. A write unit is 1 KB. A request for an item that does
not exist consumes the minimum.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Bytes of a read unit and of a write unit.
READ_UNIT: Final = 4096
WRITE_UNIT: Final = 1024

_EVENTUAL: Final = 0.5


def get_units(size: int, *, consistent: bool = False) -> float:
    """Read units of a GetItem.

    Args:
        size: Bytes of the item; 0 if there is none.
        consistent: Whether it is read strongly consistently.
    """
    return _units(size, READ_UNIT) * (1 if consistent else _EVENTUAL)


def query_units(sizes: Iterable[int], *, consistent: bool = False) -> float:
    """Read units of one page of a Query: the sum of the sizes is rounded up once."""
    return get_units(sum(sizes), consistent=consistent)


def fetch_units(sizes: Iterable[int], *, consistent: bool = False) -> float:
    """Read units of a BatchGetItem: each size is rounded up; 0 stands for a missing item."""
    return sum(get_units(size, consistent=consistent) for size in sizes)


def write_units(before: int, after: int) -> int:
    """Write units of a Put, an Update or a Delete in the table, without those of its index.

    Args:
        before: Bytes of the item before the write; 0 if there is none.
        after: Bytes of the item after the write; 0 if it is deleted.
    """
    return _units(max(before, after), WRITE_UNIT)


def _units(size: int, unit: int) -> int:
    return max(1, -(-size // unit))
