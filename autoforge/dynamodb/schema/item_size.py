"""The size of an item in bytes, as DynamoDB counts it.

AWS, "DynamoDB item sizes and formats": the bytes of names and values, plus fixed overheads.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from decimal import Context
from typing import Any, Final

import orjson

from autoforge.dynamodb.errors import ItemTooLargeError

#: The largest size of an item, in bytes.
LIMIT: Final = 400 * 1024

#: The overhead of a list or map, and of each of its elements, in bytes.
_CONTAINER: Final = 3
_ELEMENT: Final = 1

#: Wide enough for DynamoDB's 38 digits; Python's default of 28 would round.
_EXACT: Final = Context(prec=40)


def item_size(item: Mapping[str, Any]) -> int:
    """Count the bytes of an item in DynamoDB JSON."""
    return sum(attribute_sizes(item).values())


def attribute_sizes(item: Mapping[str, Any]) -> dict[str, int]:
    """Count the bytes of each attribute: its name in UTF-8 and its value."""
    return {name: _text_size(name) + _value_size(wire) for name, wire in item.items()}


def require_size(entity: str, item: Mapping[str, Any]) -> None:
    """Refuse an item over the limit.

    Raises:
        ItemTooLargeError: with the size of the item and of each attribute.
    """
    if _upper_bound(item) <= LIMIT:
        return
    weights = attribute_sizes(item)
    size = sum(weights.values())
    if size > LIMIT:
        raise ItemTooLargeError(entity, size=size, weights=weights)


def _upper_bound(item: Mapping[str, Any]) -> int:
    """Return a number of bytes that the item does not exceed: the length of its DynamoDB JSON.

    That is quick to compute. The quotes and braces of the JSON take more bytes than DynamoDB's
    overheads, and its escapes only lengthen a text.
    """
    try:
        return len(orjson.dumps(item, default=_base64))
    except TypeError:  # lone surrogates, or bytes as a name: the exact count raises the error
        return LIMIT + 1


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _binary_size(value: bytes | str) -> int:
    """The bytes of a binary value; DynamoDB JSON has it in base64."""
    return len(value) if isinstance(value, bytes) else len(base64.b64decode(value))


def _value_size(wire: Mapping[str, Any]) -> int:
    ((kind, value),) = wire.items()
    return _SIZES[kind](value)


def _text_size(text: str) -> int:
    return len(text.encode())


def _number_size(text: str) -> int:
    """The bytes of a number.

    One byte, one for each two digits before the point and after it, and one for a minus sign. Zeros
    at either end do not count: 100, 1 and 0.01 have the same size.
    """
    number = _EXACT.create_decimal(text).normalize(_EXACT)
    if not number:
        return 1
    whole, _, fraction = f"{number.copy_abs():f}".partition(".")
    whole = whole.lstrip("0") if fraction else whole.rstrip("0")
    fraction = fraction if whole else fraction.lstrip("0")
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + number.is_signed()


def _list_size(members: Sequence[Mapping[str, Any]]) -> int:
    return _CONTAINER + sum(_ELEMENT + _value_size(wire) for wire in members)


def _map_size(members: Mapping[str, Mapping[str, Any]]) -> int:
    names = sum(_text_size(name) for name in members)
    return names + _list_size(list(members.values()))


#: The function that counts the bytes of a value, by DynamoDB type.
_SIZES: Final[Mapping[str, Callable[[Any], int]]] = {
    "NULL": lambda _: 1,
    "BOOL": lambda _: 1,
    "S": _text_size,
    "N": _number_size,
    "B": _binary_size,
    "M": _map_size,
    "L": _list_size,
    "SS": lambda members: sum(_text_size(member) for member in members),
    "NS": lambda members: sum(_number_size(member) for member in members),
    "BS": lambda members: sum(_binary_size(member) for member in members),
}
