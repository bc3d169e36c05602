"""The sort keys directly before and after another, in the order of DynamoDB.

Texts are in the order of their bytes in UTF-8, numbers in that of their values.
"""

from __future__ import annotations

import sys
from decimal import Context, Decimal
from typing import Final

from autoforge.dynamodb.schema.codec import SEPARATOR
from autoforge.dynamodb.schema.documents import DIGITS, LARGEST_EXPONENT, SMALLEST_EXPONENT
from autoforge.dynamodb.schema.key_value import MAX_CHARACTER_BYTES, SORT_KEY_LIMIT

#: The largest character of each length in UTF-8; the index is the number of bytes.
_LARGEST: Final = ("", "\x7f", "\u07ff", "\uffff", "\U0010ffff")
#: The first and the last code point that UTF-8 cannot encode.
_SURROGATES: Final = (0xD800, 0xDFFF)

#: DynamoDB's numbers (AWS, "Supported data types and naming rules").
_NUMBERS: Final = Context(prec=DIGITS, Emin=SMALLEST_EXPONENT, Emax=LARGEST_EXPONENT)
#: The smallest of them: no sort key is smaller.
SMALLEST_NUMBER: Final = f"-{'9' * DIGITS}E{LARGEST_EXPONENT - DIGITS + 1}"


def prefix_end(prefix: str) -> str:
    """Return the smallest text after all texts with a prefix (``EVENT$`` after ``EVENT#``)."""
    return f"{prefix[:-1]}{chr(ord(SEPARATOR) + 1)}"


def just_after(text: str) -> str:
    """Return the smallest sort key after a text: usually the text and the character NUL.

    If no larger sort key exists, the text itself is returned.
    """
    if len(text.encode()) < SORT_KEY_LIMIT:
        return f"{text}\0"
    for end in range(len(text), 0, -1):
        if (following := _neighbour(text[end - 1], 1)) is not None:
            grown = text[: end - 1] + following
            if len(grown.encode()) <= SORT_KEY_LIMIT:
                return grown
    return text


def just_before(text: str, *, fixed_width: bool) -> str:
    """Return a text that sorts before another, with no sort key between them.

    Args:
        text: The other text; not empty.
        fixed_width: Whether all sort keys before and after it have its length.
    """
    before = _neighbour(text[-1], -1)
    if before is None:
        return text[:-1]
    shrunk = text[:-1] + before
    if fixed_width:
        return shrunk
    # The largest sort key with this prefix: filled up with the largest characters that fit.
    room = SORT_KEY_LIMIT - len(shrunk.encode())
    rest = _LARGEST[room % MAX_CHARACTER_BYTES]
    return shrunk + _LARGEST[-1] * (room // MAX_CHARACTER_BYTES) + rest


def number_after(text: str) -> str:
    """Return the smallest number after another that DynamoDB can hold."""
    return _number_beside(text, 1)


def number_before(text: str) -> str:
    """Return the largest number before another that DynamoDB can hold."""
    return _number_beside(text, -1)


def _number_beside(text: str, step: int) -> str:
    number = Decimal(text)
    beside = _NUMBERS.next_plus(number) if step > 0 else _NUMBERS.next_minus(number)
    if beside and beside.adjusted() < SMALLEST_EXPONENT:  # between 0 and the smallest number
        beside = Decimal(0) if number else Decimal(step).scaleb(SMALLEST_EXPONENT)
    if not beside.is_finite():
        return text
    return str(beside)


def _neighbour(character: str, step: int) -> str | None:
    """Return the next character (step 1) or the previous one (-1); None if there is none."""
    code = ord(character) + step
    if _SURROGATES[0] <= code <= _SURROGATES[1]:
        code = _SURROGATES[step > 0] + step
    return chr(code) if 0 <= code <= sys.maxunicode else None
