"""What reads and writes consume, predicted from item sizes.

AWS, "DynamoDB read and write operations": a read unit is 4 KB read strongly consistently, half of
one read eventually consistently; a write unit is 1 KB. What is missing costs the least there is.
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
        size: Bytes of the item; 0 where there is none.
        consistent: Whether it is read strongly consistently.
    """
    return _units(size, READ_UNIT) * (1 if consistent else _EVENTUAL)


def query_units(sizes: Iterable[int], *, consistent: bool = False) -> float:
    """Read units of one page of a Query: rounded once, over all it reads."""
    return get_units(sum(sizes), consistent=consistent)


def fetch_units(sizes: Iterable[int], *, consistent: bool = False) -> float:
    """Read units of a BatchGetItem: rounded for each item; 0 stands for one that is not there."""
    return sum(get_units(size, consistent=consistent) for size in sizes)


def write_units(before: int, after: int) -> int:
    """Write units of a Put, an Update or a Delete in the table itself, without its index.

    Args:
        before: Bytes of the item that is there; 0 where there is none.
        after: Bytes of the item as it then is; 0 where it is deleted.
    """
    return _units(max(before, after), WRITE_UNIT)


def _units(size: int, unit: int) -> int:
    return max(1, -(-size // unit))
