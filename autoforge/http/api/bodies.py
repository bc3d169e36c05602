"""How bodies are read: JSON without a key twice, whose numbers are kept, and which its route takes.

Reading a long body takes long and would hold up everybody else, so a thread does it (ADR 0037).
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

#: Bytes a body may have where its route says no more: identifiers and short texts.
SMALL_BODY: Final = 128 * 1024

#: Bytes of a body with a document or free text. An item has at most 400 KB, and JSON that escapes
#: all but ASCII writes one of these bytes in three.
DOCUMENT_BODY: Final = 1536 * 1024

#: Bytes of a body with many items.
BULK_BODY: Final = 4 * 1024 * 1024

#: Bytes of a body that the event loop reads itself: at most a millisecond, and less than a thread
#: needs to be asked.
AT_ONCE: Final = 16 * 1024

#: Names that a body may have in all, colons in its texts included; each takes about 3 us.
MOST_NAMES: Final = 100_000

#: Where a number may be too large or too small for a double: a long exponent, or many digits.
_EXTREME: Final = re.compile(rb"[eE][-+]?0*[1-9][0-9]{2}|[0-9]{200}")
_NOT_ZERO: Final = re.compile(r"[-0.]*[1-9]")


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body is read as its route takes it."""

    async def json(self) -> Any:
        """Read the body: as the route's own ``Body``, where it has one.

        Raises:
            HTTPException: 415 if it is not sent as JSON (what a form of another site could send
                without being asked is not), 400 if it is none.
            InvalidBodyError: if it is not what the route takes.
        """
        if self.content_type[0] != MediaType.JSON:
            raise HTTPException(
                "the body must be application/json",
                status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            )
        sent = await self.body()
        field = self.route_handler.parsed_data_field
        taken = None if field is None else field.annotation
        if len(sent) <= AT_ONCE:
            return _read(taken, sent)
        return await sync_to_thread(_read, taken, sent)


def _read(taken: Any, sent: bytes) -> Any:
    value = read_json(sent)
    if isinstance(taken, type) and issubclass(taken, Body):
        return taken.model_validate(value)
    return value


def read_json(text: bytes) -> Any:
    """Read JSON, whole numbers exactly and others as the nearest float.

    Raises:
        ClientException: if it is no JSON, is nested deeper than 200 levels, has a key twice or
            very many names.
        InvalidBodyError: naming the place of a number that no float is near to.
    """
    if text.count(b":") > MOST_NAMES:
        raise ClientException(f"the body has more than {MOST_NAMES:,} names")
    try:
        value = jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)
        if _EXTREME.search(text) is None:
            return value
        exact = jiter.from_json(text, allow_inf_nan=False, float_mode="lossless-float")
    except ValueError as error:
        raise ClientException(f"the body is no JSON: {error}") from None
    faults = [(place, "the number is beyond what DynamoDB can hold") for place in _extreme(exact)]
    if faults:
        raise InvalidBodyError(faults)
    return value


def _extreme(value: Any, place: str = "") -> Iterator[str]:
    """Where numbers are that a float would make infinite, or zero."""
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
