"""Whether what an attribute class of another library writes is an attribute value of DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from autoforge.dynamodb.errors import InvalidValueError, naming, shortened
from autoforge.dynamodb.schema.documents import decimal_to_wire, wire_to_decimal
from autoforge.dynamodb.schema.text_codecs import require_utf8


def require_wire(wire: Mapping[str, Any], path: str) -> None:
    """Check an attribute value in DynamoDB JSON, and what is inside of it.

    Args:
        wire: The value.
        path: Its path, for the error.

    Raises:
        InvalidValueError: if DynamoDB would refuse it, or would not store it exactly.
    """
    for kind, value in wire.items():
        if kind == "M":
            for name, member in value.items():
                require_wire(member, f"{path}.{name}")
        elif kind == "L":
            for place, member in enumerate(value):
                require_wire(member, f"{path}.{place}")
        else:
            check = _CHECKS.get(kind, _is_anything)
            for each in value if kind in _SETS else (value,):
                check(each, path)


def _is_text(value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise InvalidValueError(f"{path} is {shortened(value)}, not a text")
    with naming(path):
        require_utf8(value)


def _is_number(value: Any, path: str) -> None:
    number = wire_to_decimal(value) if isinstance(value, str) else None
    if number is None:
        raise InvalidValueError(f"{path} is {shortened(value)}, not a number")
    decimal_to_wire(Decimal(number), path)


def _is_anything(value: Any, path: str) -> None:
    del value, path


_SETS: Final = {"SS", "NS", "BS"}
_CHECKS: Final[Mapping[str, Callable[[Any, str], None]]] = {
    "S": _is_text,
    "SS": _is_text,
    "N": _is_number,
    "NS": _is_number,
}
