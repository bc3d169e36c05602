"""Problem details (RFC 9457), and how routes declare the problems they may answer with."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from litestar.openapi import ResponseSpec
from pydantic import BeforeValidator, Field

from autoforge.http.api.schemas import View

MEDIA_TYPE: Final = "application/problem+json"

#: The most faults that a problem lists, and the most characters of its texts. A response that
#: repeats what was sent stays small.
MOST_FAULTS: Final = 20
_PLACE: Final = 200
_TEXT: Final = 1000


def cut(text: str, most: int = _TEXT) -> str:
    """Shorten a text that may repeat what the client sent."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


class FieldError(View):
    """One thing that is wrong with a request."""

    example = {"where": "query.limit", "message": "Expected `int` <= 100"}

    where: Annotated[str, BeforeValidator(lambda text: cut(text, _PLACE))]
    message: Annotated[str, BeforeValidator(cut)]


class Problem(View):
    """What went wrong, for machines (type, status) and people (title, detail)."""

    example = {
        "type": "urn:autoforge:problem:item-not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no Project with projectId '01KGKR2T40R6BAX8A0B1RTCDKN'",
    }

    type: str
    title: str
    status: int
    detail: str
    #: The faults of the request; None if the problem is not in the request.
    errors: list[FieldError] | None = Field(default=None, exclude_if=lambda value: value is None)
    #: The stored item, if a condition on it failed; else None.
    current: dict[str, Any] | None = Field(default=None, exclude_if=lambda value: value is None)


def responses(*statuses: int) -> dict[int, ResponseSpec]:
    """Declare the problems of a route that uses the table, beyond those of any request."""
    return {
        status: ResponseSpec(
            Problem,
            media_type=MEDIA_TYPE,
            description=HTTPStatus(status).phrase,
            generate_examples=False,
        )
        for status in (HTTPStatus.SERVICE_UNAVAILABLE, *statuses)
    }
