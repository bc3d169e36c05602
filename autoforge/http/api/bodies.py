"""Reads request bodies: JSON with unique keys and exact numbers, validated as the route declares.

Parsing a long body would block the event loop, so a thread does it (ADR 0037).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import jiter
from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.enums import MediaType
from litestar.exceptions import ClientException, HTTPException

from autoforge.http.api.schemas import Body, InvalidBodyError

#: The most bytes of a body unless its route sets another limit: identifiers and short texts.
SMALL_BODY: Final = 128 * 1024

#: The most bytes of a body with a document or free text. An item has at most 400 KB, and JSON that
#: escapes all but ASCII is up to three times as long.
DOCUMENT_BODY: Final = 1536 * 1024

#: The most bytes of a body with many items.
BULK_BODY: Final = 4 * 1024 * 1024

#: The most bytes of a body that the event loop parses itself: it takes at most a millisecond, less
#: than handing the body to a thread.
AT_ONCE: Final = 16 * 1024

#: The most names of a body, counted by its colons, those in texts included. Each takes about 3 us.
MOST_NAMES: Final = 100_000

#: Finds numbers that may overflow or underflow a double: those with a long exponent or many digits.
_EXTREME: Final = re.compile(rb"[eE][-+]?0*[1-9][0-9]{2}|[0-9]{200}")
_NOT_ZERO: Final = re.compile(r"[-0.]*[1-9]")


class JsonRequest(Request[Any, Any, Any]):
    """A request whose JSON body is parsed and validated as its route declares."""

    async def json(self) -> Any:
        """Parse the body, and validate it if the route takes a ``Body``.

        Raises:
            HTTPException: 415 if the content type is not application/json (a form of another site
                can send others without a preflight request), 400 if the body is not JSON.
            InvalidBodyError: if the body does not match the route's ``Body``.
        """
        if self.content_type[0] != MediaType.JSON:
            raise HTTPException(
                "the body must be application/json",
                status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            )
        content = await self.body()
        field = self.route_handler.parsed_data_field
        declared = None if field is None else field.annotation
        if len(content) <= AT_ONCE:
            return _parse(declared, content)
        return await sync_to_thread(_parse, declared, content)


def _parse(declared: Any, content: bytes) -> Any:
    value = read_json(content)
    if isinstance(declared, type) and issubclass(declared, Body):
        return declared.model_validate(value)
    return value


def read_json(text: bytes) -> Any:
    """Parse JSON: whole numbers exactly, other numbers as the nearest float.

    Raises:
        ClientException: if the text is not JSON, is nested deeper than 200 levels, has a duplicate
            key, or has more than 100,000 names.
        InvalidBodyError: with the path of each number that overflows or underflows a float.
    """
    if text.count(b":") > MOST_NAMES:
        raise ClientException(f"the body has more than {MOST_NAMES:,} names")
    try:
        value = jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)
        if _EXTREME.search(text) is None:
            return value
        exact = jiter.from_json(text, allow_inf_nan=False, float_mode="lossless-float")
    except ValueError as error:
        raise ClientException(f"the body is not JSON: {error}") from None
    faults = [(place, "the number is outside the range of DynamoDB") for place in _extreme(exact)]
    if faults:
        raise InvalidBodyError(faults)
    return value


def _extreme(value: Any, place: str = "") -> Iterator[str]:
    """The paths of numbers that become infinite, or zero, as a float."""
    if isinstance(value, jiter.LosslessFloat):
        nearest = float(value)
        if not math.isfinite(nearest) or (not nearest and _NOT_ZERO.match(str(value))):
            yield place
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _extreme(each, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from _extreme(each, f"{place}.{position}" if place else str(position))
