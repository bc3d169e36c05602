"""Documents as DynamoDB holds them: native maps, lists, numbers, booleans, texts and nulls.

What goes in as JSON comes back equal: whole numbers as ``int``, others as ``float``, never as
Decimal; empty texts, nulls and nested empties are kept. What DynamoDB could not hold exactly is
refused before anything is sent.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from autoforge.dynamodb.errors import InvalidValueError, UnreadableItemError, shortened
from autoforge.dynamodb.schema.encoding import naming, require_utf8

#: AWS, "Constraints in Amazon DynamoDB": digits and magnitude of a number, nesting depth.
DIGITS: Final = 38
LARGEST_EXPONENT: Final = 125
SMALLEST_EXPONENT: Final = -130
DEPTH: Final = 32

#: A float is whole from here on, and only the digits it has read back as an equal number: 1e23 is
#: 99999999999999991611392.
_WHOLE_FROM: Final = 2**53
_AS_MANY_DIGITS: Final = Context(prec=DIGITS)

#: From here on, a number with the digits of a float is read as one, as from here on ECMAScript
#: writes exponents. Below are ids and counters, which may have such digits by chance.
_NO_INTEGER_FROM: Final = 10**21

#: Whole numbers under this are written as Python does, whatever their digits.
_SMALL: Final = 10**15

#: What is read at once: few digits, and if there is a point, not only zeros after it.
_FEW: Final = 15
_PLAIN_FRACTION: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{0,15}[1-9]").fullmatch


def document_to_wire(value: Any, path: str = "document", *, depth: int = 1) -> dict[str, Any]:
    """Write a JSON value as a DynamoDB attribute value.

    Args:
        value: None, bool, int, float, str, or a list or mapping of such.
        path: Where the value stands, for the error message.
        depth: How deep the value is nested already.

    Raises:
        InvalidValueError: naming the place, if DynamoDB cannot hold the value exactly.
    """
    try:
        return _quickly(value, depth)
    except InvalidValueError:
        return _carefully(value, path, depth)


def _quickly(value: Any, depth: int) -> dict[str, Any]:  # noqa: PLR0911 - one for each type
    """Write a value without noting where it stands, which takes most of the time."""
    kind = type(value)
    if kind is str and (value.isascii() or _is_utf8(value)):
        return {"S": value}
    if kind is bool:
        return {"BOOL": value}
    if kind is int and -_SMALL < value < _SMALL:
        return {"N": str(value)}
    if kind is float and _PLAIN_FRACTION(text := float.__repr__(value)):
        return {"N": text}
    container = kind if depth < DEPTH else None
    if container is dict and _are_plain_names(value):
        return {"M": {name: _quickly(each, depth + 1) for name, each in value.items()}}
    if container is list:
        return {"L": [_quickly(each, depth + 1) for each in value]}
    return _carefully(value, "", depth)


def _are_plain_names(names: Iterable[object]) -> bool:
    for name in names:  # noqa: SIM110 - a generator costs more than the loop
        if type(name) is not str or not name.isascii() or not name:
            return False
    return True


def _carefully(value: Any, path: str, depth: int) -> dict[str, Any]:
    """Write any value, or say which one in the document cannot be written."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            with naming(path):
                require_utf8(value)
            return {"S": str(value)}
        case int() | float():
            return {"N": number_to_wire(value, path)}
        # A level is counted for what a map or list might hold, even where it is empty.
        case Mapping() | list() | tuple() if depth >= DEPTH:
            raise InvalidValueError(f"{path} is nested deeper than {DEPTH} levels")
        case Mapping():
            return {"M": {_name(k, path): _member(v, path, k, depth) for k, v in value.items()}}
        case list() | tuple():
            return {"L": [_member(v, path, i, depth) for i, v in enumerate(value)]}
    raise InvalidValueError(f"{path} is {shortened(value)}, which is no JSON value")


def wire_to_document(wire: Mapping[str, Any]) -> Any:
    """Read an attribute value as a JSON value.

    Sets, which other writers may have stored, read as sorted lists; binary as base64 text.

    Raises:
        UnreadableItemError: if it is of no type that DynamoDB has, or a malformed number.
    """
    ((kind, value),) = wire.items()
    if kind == "S":
        return value
    if kind not in _READERS:
        raise UnreadableItemError(f"{shortened(kind)} is no type of DynamoDB's")
    return _READERS[kind](value)


def wire_to_members(members: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Read the members of a map.

    Raises:
        UnreadableItemError: as ``wire_to_document`` does.
    """
    document: dict[str, Any] = {}
    for name, wire in members.items():
        ((kind, value),) = wire.items()
        if kind == "S":
            document[name] = value
        elif kind == "N" and type(value) is str and len(value) <= _FEW and value.isdecimal():
            document[name] = int(value)
        else:
            document[name] = wire_to_document(wire)
    return document


def number_to_wire(value: float, path: str) -> str:
    """Write a number, exactly.

    Raises:
        InvalidValueError: if it is not finite, or past DynamoDB's 38 digits or its magnitude.
    """
    is_whole = isinstance(value, int)
    if not is_whole and not math.isfinite(value):
        raise InvalidValueError(f"{path} is {value}, which is no JSON number")
    number = Decimal(int(value)) if is_whole else Decimal(float.__repr__(value))
    if not number:
        return "0"
    if not _is_in_range(number):
        raise InvalidValueError(f"{path} is {number:.4E}, beyond what DynamoDB can hold")
    if not is_whole and abs(value) >= _WHOLE_FROM:
        number = _AS_MANY_DIGITS.create_decimal(int(value))
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    if len(digits) > DIGITS:
        raise InvalidValueError(f"{path} has more than {DIGITS} significant digits")
    # As DynamoDB answers: no exponent, no zeros at the end, so that equal numbers are equal texts.
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def wire_to_number(text: str) -> int | float:
    """Read a number: ``int`` if it is whole, else ``float``.

    Raises:
        UnreadableItemError: if it is none, or one that DynamoDB could not hold.
    """
    if type(text) is str:
        if len(text) <= _FEW and text.isdecimal():
            return int(text)
        if _PLAIN_FRACTION(text):
            return float(text)
    number = _decimal(text)
    if number != number.to_integral_value():
        return float(number)
    whole = int(number)
    return float(whole) if abs(whole) >= _NO_INTEGER_FROM and _is_of_float(whole) else whole


def wire_to_integer(text: str) -> int:
    """Read a number of an attribute whose numbers are all whole.

    Raises:
        UnreadableItemError: if it is none, not whole, or one that DynamoDB could not hold.
    """
    number = _decimal(text)
    if number != number.to_integral_value():
        raise UnreadableItemError(f"{shortened(text)} is not a whole number")
    return int(number)


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise UnreadableItemError(f"{shortened(text)} is no number") from error
    if not number.is_finite() or (number and not _is_in_range(number)):
        raise UnreadableItemError(f"{shortened(text)} is beyond what DynamoDB can hold")
    return number


def _is_of_float(whole: int) -> bool:
    """Whether a number has the digits of a float, and not those one would write it with."""
    nearest = float(whole)
    return (
        _AS_MANY_DIGITS.create_decimal(int(nearest)) == whole
        and Decimal(float.__repr__(nearest)) != whole
    )


def _is_in_range(number: Decimal) -> bool:
    return SMALLEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT


def _base64(value: bytes | str) -> str:
    """Binary as base64 text, as DynamoDB's JSON has it already."""
    return value if isinstance(value, str) else base64.b64encode(value).decode()


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _member(value: Any, path: str, step: object, depth: int) -> dict[str, Any]:
    return _carefully(value, f"{path}.{step}", depth + 1)


def _name(name: object, path: str) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidValueError(f"{path} has the name {shortened(name)}; names are texts")
    with naming(path):
        require_utf8(name)
    return str(name)


#: How a value of each of DynamoDB's types is read.
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "NULL": lambda _: None,
    "BOOL": bool,
    "N": wire_to_number,
    "B": _base64,
    "M": wire_to_members,
    "L": lambda members: [wire_to_document(wire) for wire in members],
    "SS": sorted,
    "NS": lambda members: sorted(wire_to_number(text) for text in members),
    "BS": lambda members: sorted(_base64(member) for member in members),
}
