"""How the platform's API answers each error."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from autoforge.dynamodb import Entity
from autoforge.errors import (
    AutoforgeError,
    CyclicDependencyError,
    OutcomeGoneError,
    RequestReusedError,
    RequestRunningError,
)
from autoforge.http.api import problems as api
from autoforge.http.views import problem_item, tag_of

_STATUSES: Final[Mapping[type[AutoforgeError], HTTPStatus]] = {
    **api.STATUSES,
    CyclicDependencyError: HTTPStatus.CONFLICT,
    OutcomeGoneError: HTTPStatus.GONE,
    RequestReusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestRunningError: HTTPStatus.CONFLICT,
}


def _headers_of(error: AutoforgeError) -> dict[str, str]:
    if isinstance(error, RequestRunningError):
        return {"retry-after": str(api.RETRY_AFTER)}
    if isinstance(error, OutcomeGoneError) and error.location is not None:
        return {"location": error.location}
    return {}


def _shown(item: Entity) -> tuple[dict[str, Any] | None, str | None]:
    return problem_item(item), tag_of(item)


#: How the platform's API answers each error, those of the toolkit included.
PROBLEMS: Final = api.Problems(_STATUSES, _headers_of, _shown)
