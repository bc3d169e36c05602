"""Whether an item meets a condition, said by its stored values as DynamoDB compares them.

AWS, "Comparison operator and function reference": values of different types are never equal or in
an order, and a missing attribute is only different.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path, Value

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.writes.alike import alike

#: A value in DynamoDB JSON; None for a missing one.
Wire: TypeAlias = Mapping[str, Any] | None

_INDEX: Final = re.compile(r"\[(\d+)\]")


def meets(item: Item, condition: Condition | None) -> bool:
    """Whether a stored item meets a condition; any item meets none.

    Raises:
        DeclarationError: if the condition has an operator that is not known.
    """
    if condition is None:
        return True
    match condition.operator, condition.values:
        case "AND", (one, other):
            return meets(item, one) and meets(item, other)
        case "OR", (one, other):
            return meets(item, one) or meets(item, other)
        case "NOT", (one,):
            return not meets(item, one)
        case operator, operands:
            return _holds(operator, [_value(each, item) for each in operands])


def _holds(operator: str, values: list[Wire]) -> bool:
    if operator not in _FUNCTIONS:
        raise DeclarationError(
            f"the laws do not know the condition {operator!r} of a filter: say what the pattern "
            "answers in selects"
        )
    return _FUNCTIONS[operator](*values)


def _value(operand: Any, item: Item) -> Wire:
    if isinstance(operand, Value):
        wire: Wire = operand.value
        return wire
    if isinstance(operand, Path):
        return _at(operand.path, item)
    size = _size(_at(operand.values[0].path, item))  # size(path), the only other operand
    return None if size is None else {"N": str(size)}


def _at(path: list[str], item: Item) -> Wire:
    """Return what is at a path such as ``["details", "pages[0]"]``."""
    found: Any = {"M": item}
    for segment in path:
        name, *rest = segment.partition("[")
        found = found.get("M", {}).get(name)
        for index in _INDEX.findall("".join(rest)):
            members = [] if found is None else found.get("L", [])
            found = members[int(index)] if int(index) < len(members) else None
        if found is None:
            return None
    wire: Wire = found
    return wire


def _equal(one: Wire, other: Wire) -> bool:
    return one is not None and other is not None and alike({"M": {"": one}}, {"M": {"": other}})


def _in_order(compare: Callable[[Any, Any], bool], one: Wire, other: Wire) -> bool:
    readers: tuple[tuple[str, Callable[[Any], Any]], ...]
    readers = (("N", Decimal), ("S", str.encode), ("B", bytes))
    for kind, read in readers:
        if kind in (one or {}) and kind in (other or {}):
            return compare(read(one[kind]), read(other[kind]))  # type: ignore[index]  # there are both
    return False


def _begins(one: Wire, beginning: Wire) -> bool:
    return any(
        kind in (one or {}) and kind in (beginning or {}) and one[kind].startswith(beginning[kind])  # type: ignore[index]  # there are both
        for kind in ("S", "B")
    )


def _contains(one: Wire, part: Wire) -> bool:
    if one is None or part is None:
        return False
    if "S" in one:
        return "S" in part and part["S"] in one["S"]
    if "L" in one:
        return any(_equal(each, part) for each in one["L"])
    return any(
        f"{kind}S" in one and any(_equal({kind: each}, part) for each in one[f"{kind}S"])
        for kind in part
    )


def _size(found: Wire) -> int | None:
    """Return the size of a value: the length of a text, or the number of bytes or members."""
    for kind, value in (found or {}).items():
        if kind in {"S", "B", "SS", "NS", "BS", "L", "M"}:
            return len(value)
    return None


#: The operators and functions of conditions, on the values of their operands.
_FUNCTIONS: Final[Mapping[str, Callable[..., bool]]] = {
    "=": _equal,
    "<>": lambda one, other: not _equal(one, other),
    **{
        sign: partial(_in_order, compare)
        for sign, compare in {"<": lt, "<=": le, ">": gt, ">=": ge}.items()
    },
    "BETWEEN": lambda one, low, high: _in_order(ge, one, low) and _in_order(le, one, high),
    "IN": lambda one, *others: any(_equal(one, each) for each in others),
    "attribute_exists": lambda found: found is not None,
    "attribute_not_exists": lambda found: found is None,
    "attribute_type": lambda found, kind: found is not None and kind["S"] in found,
    "begins_with": _begins,
    "contains": _contains,
}
