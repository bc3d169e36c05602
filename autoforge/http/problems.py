"""The status of every error, and how the platform's API answers it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from autoforge.dynamodb import Entity
from autoforge.errors import (
    AutoforgeError,
    CyclicDependencyError,
    HeldByAnotherError,
    IncompleteCreationError,
    LimitReachedError,
    OutcomeGoneError,
    RequestReusedError,
    RequestRunningError,
    UnacknowledgedEventError,
)
from autoforge.http.api import problems as api
from autoforge.http.views import problem_item, tag_of

#: The status of every error of the platform, those of the toolkit included.
STATUSES: Final[Mapping[type[AutoforgeError], HTTPStatus]] = {
    **api.STATUSES,
    CyclicDependencyError: HTTPStatus.CONFLICT,
    HeldByAnotherError: HTTPStatus.CONFLICT,
    IncompleteCreationError: HTTPStatus.SERVICE_UNAVAILABLE,
    LimitReachedError: HTTPStatus.CONFLICT,
    OutcomeGoneError: HTTPStatus.GONE,
    RequestReusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestRunningError: HTTPStatus.CONFLICT,
    UnacknowledgedEventError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def _headers_of(error: AutoforgeError) -> dict[str, str]:
    if isinstance(error, RequestRunningError):
        return {"retry-after": str(api.RETRY_AFTER)}
    if isinstance(error, OutcomeGoneError) and error.location is not None:
        return {"location": error.location}
    return {}


def _shown(item: Entity) -> tuple[dict[str, Any] | None, str | None]:
    return problem_item(item), tag_of(item)


#: The handler of each kind of error.
HANDLERS: Final = api.Problems(STATUSES, _headers_of, _shown).handlers()
