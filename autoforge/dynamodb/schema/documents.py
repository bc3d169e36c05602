"""Converts JSON documents to DynamoDB attribute values and back.

A document is stored natively, as maps, lists, numbers, booleans, strings and nulls. What is read
back is equal to what was written: whole numbers as ``int``, others as ``float``, never as Decimal;
empty strings, nulls and empty containers are kept. A value that DynamoDB cannot hold exactly is
refused before a request is sent. What JSON cannot hold is read as a JSON value that remembers how
it is stored, and is written back so.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from autoforge.dynamodb.errors import InvalidValueError, UnreadableItemError, naming, shortened
from autoforge.dynamodb.schema.stored_forms import (
    StoredForm,
    stored_binary,
    stored_number,
    stored_set,
)
from autoforge.dynamodb.schema.text_codecs import require_utf8

#: AWS, "Constraints in Amazon DynamoDB": digits and magnitude of a number, nesting depth.
DIGITS: Final = 38
LARGEST_EXPONENT: Final = 125
SMALLEST_EXPONENT: Final = -130
DEPTH: Final = 32

#: Every float from here on is a whole number. It is written with its exact digits, because only
#: those are read back as an equal number: 1e23 is 99999999999999991611392.
_WHOLE_FROM: Final = 2**53
_DYNAMODB_DIGITS: Final = Context(prec=DIGITS)

#: From here on, a whole number with the exact digits of a float is read as a float; ECMAScript
#: writes exponents from the same number on. Smaller ones are ids and counters, which may have the
#: digits of a float by chance.
_FLOAT_FROM: Final = 10**21

#: Whole numbers under this are written as ``str`` writes them, without a check of their digits.
_SMALL: Final = 10**15

#: Numbers that are read without Decimal: up to 15 digits, and a fraction that does not end in 0.
_FEW_DIGITS: Final = 15
_PLAIN_FRACTION: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{0,15}[1-9]").fullmatch
#: Numbers of up to 15 digits, which a float always holds.
_SHORT_FRACTION: Final = re.compile(r"-?(?:0\.[0-9]{0,14}|[0-9]{1,8}\.[0-9]{0,6})[1-9]").fullmatch


def document_to_wire(value: Any, path: str = "document", *, depth: int = 1) -> dict[str, Any]:
    """Write a JSON value as a DynamoDB attribute value.

    Args:
        value: None, bool, int, float, str, or a list or mapping of these.
        path: The path of the value, for the error message.
        depth: The nesting level of the value, from 1.

    Raises:
        InvalidValueError: if DynamoDB cannot hold the value exactly; the message has the path.
    """
    try:
        return _without_paths(value, depth)
    except InvalidValueError:
        return _with_paths(value, path, depth)


def _without_paths(value: Any, depth: int) -> dict[str, Any]:  # noqa: PLR0911 - one for each type
    """Write a value without the paths of its members: building those takes most of the time."""
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
        return {"M": {name: _without_paths(each, depth + 1) for name, each in value.items()}}
    if container is list:
        return {"L": [_without_paths(each, depth + 1) for each in value]}
    return _with_paths(value, "", depth)


def _are_plain_names(names: Iterable[object]) -> bool:
    for name in names:  # noqa: SIM110 - a generator costs more than the loop
        if type(name) is not str or not name.isascii() or not name:
            return False
    return True


def _with_paths(value: Any, path: str, depth: int) -> dict[str, Any]:  # noqa: PLR0911 - one for each type
    """Write a value, or raise an error with the path of the member that cannot be written."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case StoredForm() if (stored := value.stored_form()) is not None:
            return stored
        case str():
            with naming(path):
                require_utf8(value)
            return {"S": str.__str__(value)}  # not that of an enum's member
        case int() | float():
            return {"N": number_to_wire(value, path)}
        # An empty map or list counts as a level, too.
        case Mapping() | list() | tuple() if depth >= DEPTH:
            raise InvalidValueError(f"{path} is nested deeper than {DEPTH} levels")
        case Mapping():
            return {"M": {_name(k, path): _member(v, path, k, depth) for k, v in value.items()}}
        case list() | tuple():
            return {"L": [_member(v, path, i, depth) for i, v in enumerate(value)]}
    raise InvalidValueError(f"{path} is {shortened(value)}, not a JSON value")


def wire_to_document(wire: Mapping[str, Any]) -> Any:
    """Read an attribute value as a JSON value.

    Sets, which other programs may have stored, are read as sorted lists, binary values as base64
    text, and a number that no float is equal to as the nearest float. They remember how they are
    stored, and ``document_to_wire`` writes them so.

    Raises:
        UnreadableItemError: if the type is not one of DynamoDB's, or a number is malformed.
    """
    ((kind, value),) = wire.items()
    if kind == "S":
        return value
    if kind not in _READERS:
        raise UnreadableItemError(f"{shortened(kind)} is not a DynamoDB type")
    return _READERS[kind](value)


def wire_to_members(members: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Read the members of a map.

    Raises:
        UnreadableItemError: on the same values as ``wire_to_document``.
    """
    document: dict[str, Any] = {}
    for name, wire in members.items():
        ((kind, value),) = wire.items()
        if kind == "S":
            document[name] = value
        elif kind == "N" and type(value) is str and len(value) <= _FEW_DIGITS and value.isdecimal():
            document[name] = int(value)
        else:
            document[name] = wire_to_document(wire)
    return document


def number_to_wire(value: float, path: str) -> str:
    """Write a number exactly.

    Raises:
        InvalidValueError: if the number is not finite, has more than 38 digits, or is outside
            DynamoDB's range.
    """
    is_whole = isinstance(value, int)
    if not is_whole and not math.isfinite(value):
        raise InvalidValueError(f"{path} is {value}, not a JSON number")
    number = Decimal(int(value)) if is_whole else Decimal(float.__repr__(value))
    if not is_whole and abs(value) >= _WHOLE_FROM and _is_in_range(number):
        number = _DYNAMODB_DIGITS.create_decimal(int(value))
    return decimal_to_wire(number, path)


def decimal_to_wire(number: Decimal, path: str) -> str:
    """Write a decimal number exactly.

    Raises:
        InvalidValueError: if the number is not finite, has more than 38 digits, or is outside
            DynamoDB's range.
    """
    if not number.is_finite():
        raise InvalidValueError(f"{path} is {number}, not a finite number")
    if not number:
        return "0"
    if not _is_in_range(number):
        raise InvalidValueError(f"{path} is {number:.4E}, outside DynamoDB's range of numbers")
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    if len(digits) > DIGITS:
        raise InvalidValueError(f"{path} has more than {DIGITS} significant digits")
    # DynamoDB returns numbers in this form: without an exponent or trailing zeros. So equal numbers
    # are equal texts.
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def wire_to_number(text: str) -> int | float:
    """Read a number: ``int`` if it is whole, else ``float``.

    Raises:
        UnreadableItemError: if the text is not a number, or is outside DynamoDB's range.
    """
    if type(text) is str:
        if len(text) <= _FEW_DIGITS and text.isdecimal():
            return int(text)
        if _SHORT_FRACTION(text):
            return float(text)
        if _PLAIN_FRACTION(text) and float.__repr__(nearest := float(text)) == text:
            return nearest
    number = wire_to_decimal(text)
    if number != number.to_integral_value():
        nearest = float(number)
        is_exact = Decimal(float.__repr__(nearest)) == number
        return nearest if is_exact else stored_number(text, nearest)
    whole = int(number)
    return float(whole) if abs(whole) >= _FLOAT_FROM and _was_float(whole) else whole


def wire_to_integer(text: str) -> int:
    """Read a whole number, always as ``int``.

    Raises:
        UnreadableItemError: if the text is not a whole number, or is outside DynamoDB's range.
    """
    number = wire_to_decimal(text)
    if number != number.to_integral_value():
        raise UnreadableItemError(f"{shortened(text)} is not a whole number")
    return int(number)


def number_text(text: str) -> str:
    """Return the digits of a number in the one form in which equal numbers are equal texts.

    Raises:
        UnreadableItemError: if the text is not a number, or is outside DynamoDB's range.
    """
    number = wire_to_decimal(text)
    return f"{number.normalize(_DYNAMODB_DIGITS):f}" if number else "0"


def wire_to_decimal(text: str) -> Decimal:
    """Read a number exactly.

    Raises:
        UnreadableItemError: if the text is not a number, or is outside DynamoDB's range.
    """
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise UnreadableItemError(f"{shortened(text)} is not a number") from error
    if not number.is_finite() or (number and not _is_in_range(number)):
        raise UnreadableItemError(f"{shortened(text)} is outside DynamoDB's range of numbers")
    return number


def _was_float(whole: int) -> bool:
    """Whether a number has the exact digits of a float, and not those of its shortest form.

    99999999999999991611392 was the float 1e23; 10**23 was an ``int``.
    """
    nearest = float(whole)
    return (
        _DYNAMODB_DIGITS.create_decimal(int(nearest)) == whole
        and Decimal(float.__repr__(nearest)) != whole
    )


def _is_in_range(number: Decimal) -> bool:
    return SMALLEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT


def _base64(value: bytes | str) -> str:
    """Binary as base64 text; in DynamoDB JSON it is that already."""
    return value if isinstance(value, str) else base64.b64encode(value).decode()


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _member(value: Any, path: str, step: object, depth: int) -> dict[str, Any]:
    return _with_paths(value, f"{path}.{step}", depth + 1)


def _name(name: object, path: str) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidValueError(
            f"{path} has a member named {shortened(name)}; a name must be a non-empty text"
        )
    with naming(path):
        require_utf8(name)
    return str.__str__(name)


#: The reader of each DynamoDB type.
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "NULL": lambda _: None,
    "BOOL": bool,
    "N": wire_to_number,
    "B": lambda value: stored_binary(value, _base64(value)),
    "M": wire_to_members,
    "L": lambda members: [wire_to_document(wire) for wire in members],
    "SS": lambda members: stored_set("SS", members, members),
    "NS": lambda members: stored_set("NS", members, map(wire_to_number, members)),
    "BS": lambda members: stored_set("BS", members, map(_base64, members)),
}
