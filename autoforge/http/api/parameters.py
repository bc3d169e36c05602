"""Parameters that several routes take, each declared once."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import HeaderParameter, PathParameter, QueryParameter

from autoforge.dynamodb.errors import InvalidValueError, naming
from autoforge.dynamodb.schema.text_codecs import require_utf8
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text
from autoforge.http.api.schemas import ID_PATTERN

_ENCODED_SLASH: Final = re.compile("%2f", re.IGNORECASE)


def id_in_path(name: str, example: str) -> PathParameter:
    """Declare a path parameter that is an id."""
    return PathParameter(name=name, pattern=ID_PATTERN, schema_extra={"examples": [example]})


def text_in_path(name: str, example: str) -> PathParameter:
    """Declare a path parameter that is free text; ``text_segments`` reads it exactly."""
    return PathParameter(name=name, schema_extra={"examples": [example], "min_length": 1})


ProjectId = Annotated[str, id_in_path("projectId", "550e8400-e29b-41d4-a716-446655440000")]
FeatureId = Annotated[str, id_in_path("featureId", "01KGKR2T40B9E4H6J8K0M2P4R6")]
UserId = Annotated[str, id_in_path("userId", "01KGKR2T40R6BAX8A0B1RTCDKN")]
Integration = Annotated[str, text_in_path("integration", "jira")]

Limit = Annotated[
    int,
    QueryParameter(
        name="limit", ge=1, le=100, description="Items of the page, while so many follow."
    ),
]
Cursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        schema_extra={"examples": ["eyJQSyI6IkFHRU5UIn0.Xo3m"]},
        description="The nextCursor of the page before, with the same other parameters.",
    ),
]
Order = Annotated[
    Literal["asc", "desc"] | None,
    QueryParameter(name="order", description="Direction of the list, instead of its own."),
]
From = Annotated[
    str | None,
    QueryParameter(
        name="from",
        description="Only what is not before this moment (any ISO-8601; write + as %2B).",
        schema_extra={"examples": ["2026-02-04T10:30:00Z"], "format": "date-time"},
    ),
]
To = Annotated[
    str | None,
    QueryParameter(
        name="to",
        description="Only what is before this moment (any ISO-8601; write + as %2B).",
        schema_extra={"examples": ["2026-02-05T00:00:00Z"], "format": "date-time"},
    ),
]
After = Annotated[
    str | None,
    QueryParameter(
        name="after",
        schema_extra={"examples": ["01KGKR2T40R6BAX8A0B1RTCDKN"]},
        # A ULID, or a sealed text (dynamodb/patterns/seals.py).
        pattern="^([0-7][0-9A-HJKMNP-TV-Z]{25}|[A-Za-z0-9_-]{30,2003}[.][A-Za-z0-9_-]{43})$",
        description=(
            "The pollCursor of an answer before: what was not delivered since, oldest first. Or "
            "the id of an event: what is newer by its own time; it misses what is stored late."
        ),
    ),
]
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        description="ETags, of which the item must have one for anything to be written; or *.",
        schema_extra={"examples": ['"9f86d081884c7d659a2feaa0c55ad015"']},
    ),
]
IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-None-Match",
        description="ETags, of which the item must have none; or *, for there to be none yet.",
        schema_extra={"examples": ["*"]},
    ),
]


def time_of(name: str, text: str | None) -> datetime | None:
    """Parse the timestamp of a query parameter; None if it was not sent.

    Raises:
        InvalidValueError: naming the parameter, if the text is not an ISO-8601 timestamp.
    """
    if text is None:
        return None
    with naming(name):
        return as_timestamp(text)


def time_range(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Parse the time range of the query parameters ``from`` and ``to``.

    Raises:
        InvalidValueError: if one is not an ISO-8601 timestamp, or ``from`` is after ``to``.
    """
    first, end = time_of("from", since), time_of("to", until)
    if first is not None and end is not None and first > end:
        found = f"from is {timestamp_text(first)} and to is {timestamp_text(end)}"
        raise InvalidValueError(f"{found}; from must not be after to")
    return first, end


def text_as_routed(sent: str) -> str:
    """Decode a raw path for routing, in which an encoded slash must not separate segments."""
    return unquote(_ENCODED_SLASH.sub("%252F", sent))


def text_segments(request: Request[Any, Any, Any], count: int) -> list[str]:
    """Read free text from the raw path; the last text may contain slashes.

    Routing decodes ``%2F`` and drops empty segments, so different texts could look the same to it.
    In the raw path they differ.

    Args:
        request: The request.
        count: The number of texts at the end of the path.

    Raises:
        NotFoundException: if routing read other segments before the texts than the client sent.
        InvalidValueError: naming the parameter, if a text is not UTF-8.
    """
    sent: bytes = request.scope["raw_path"].partition(b"?")[0]
    template = request.scope["path_template"].strip("/").split("/")
    segments = sent.decode("ascii", "surrogateescape").removeprefix("/")
    if not count:
        segments = segments.removesuffix("/")
    read = segments.split("/", len(template) - 1)
    parameters = request.path_params
    leading = [parameters.get(part.strip("{}"), part) for part in template][: len(template) - count]
    if len(read) != len(template) or [*map(text_as_routed, read[: len(leading)])] != leading:
        raise NotFoundException
    texts = [unquote(segment, errors="surrogateescape") for segment in read[len(leading) :]]
    for part, text in zip(template[len(leading) :], texts, strict=True):
        with naming(part.strip("{}")):
            require_utf8(text)
    return texts
