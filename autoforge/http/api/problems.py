"""Maps every error to its response, once for all routes: application/problem+json (RFC 9457)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, Literal, get_args, get_origin

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import ParameterKwarg
from litestar.types import ExceptionHandlersMap

from autoforge.dynamodb.errors import (
    AutoforgeError,
    ConditionFailedError,
    ConfigurationError,
    IncompleteBatchError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    ItemTooLargeError,
    SecretError,
    TableNotFoundError,
    UnavailableError,
    VersionConflictError,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.http.api.methods import allow
from autoforge.http.api.problem import MEDIA_TYPE, MOST_FAULTS, FieldError, Problem, cut
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import InvalidBodyError

#: The statuses of the toolkit's errors; an error that is not here has that of its base class.
STATUSES: Final[Mapping[type[AutoforgeError], HTTPStatus]] = {
    AutoforgeError: HTTPStatus.INTERNAL_SERVER_ERROR,
    ConditionFailedError: HTTPStatus.CONFLICT,
    ConfigurationError: HTTPStatus.NOT_IMPLEMENTED,
    IncompleteBatchError: HTTPStatus.SERVICE_UNAVAILABLE,
    InvalidValueError: HTTPStatus.BAD_REQUEST,
    ItemExistsError: HTTPStatus.CONFLICT,
    ItemNotFoundError: HTTPStatus.NOT_FOUND,
    ItemTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    SecretError: HTTPStatus.SERVICE_UNAVAILABLE,
    TableNotFoundError: HTTPStatus.SERVICE_UNAVAILABLE,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    VersionConflictError: HTTPStatus.PRECONDITION_FAILED,
}

#: Seconds after which a client may retry a request that failed temporarily.
RETRY_AFTER: Final = 1

_log = logging.getLogger("autoforge.http")
_WORDS: Final = re.compile(r"(?<!^)(?=[A-Z])")


def _no_headers(_: AutoforgeError) -> dict[str, str]:
    return {}


def _not_shown(_: Entity) -> tuple[None, None]:
    return None, None


@dataclass(frozen=True)
class Problems:
    """How an API answers errors.

    Attributes:
        statuses: The statuses of errors; see ``STATUSES``.
        headers_of: Returns further headers of the response to an error.
        shown: Returns the item of an error as the API shows it, and its ETag; None if the API does
            not show it.
    """

    statuses: Mapping[type[AutoforgeError], HTTPStatus] = field(default_factory=lambda: STATUSES)
    headers_of: Callable[[AutoforgeError], dict[str, str]] = _no_headers
    shown: Callable[[Entity], tuple[dict[str, Any] | None, str | None]] = _not_shown

    def handlers(self) -> ExceptionHandlersMap:
        """Return the handler of each kind of error."""
        return {
            AutoforgeError: self.answer_error,
            HTTPException: self.answer_http_error,
            InvalidBodyError: answer_invalid_body,
            Exception: answer_crash,
        }

    def status_of(self, error: type[AutoforgeError]) -> HTTPStatus:
        """Return the status of a class of errors: its own, or that of its nearest base class."""
        return next(self.statuses[kind] for kind in error.__mro__ if kind in self.statuses)

    def answer_error(self, request: Request[Any, Any, Any], error: AutoforgeError) -> Response[Any]:
        """Answer an error of this package."""
        status = self.status_of(type(error))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("http.error", exc_info=error, extra=_route(request))
        name = _WORDS.sub("-", type(error).__name__.removesuffix("Error")).lower()
        problem = Problem(
            type=f"urn:autoforge:problem:{name}",
            title=status.phrase,
            status=status,
            detail=_detail(error),
        )
        headers = self.headers_of(error)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["retry-after"] = str(RETRY_AFTER)
        return self._about_item(problem, getattr(error, "item", None), headers)

    def answer_http_error(
        self, request: Request[Any, Any, Any], error: HTTPException
    ) -> Response[Any]:
        """Answer an error of routing or of validation."""
        status = HTTPStatus(error.status_code)
        errors = None
        if isinstance(error, ValidationException) and isinstance(error.extra, list):
            errors = [_field_error(request, each) for each in error.extra]
        detail = error.detail.partition(" for ")[0] if errors else error.detail
        if isinstance(error, RequestEntityTooLarge):
            most = request.route_handler.resolve_request_max_body_size()
            detail = f"the body has more than {most:,} bytes"
        problem = Problem(
            type="about:blank",
            title=status.phrase,
            status=status,
            detail=cut(detail),
            errors=errors,
        )
        headers = dict(error.headers or {})
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["allow"] = allow(headers.get("allow", "").split(", "))
        return self._about_item(problem, getattr(error, "item", None), headers)

    def _about_item(
        self, problem: Problem, item: Entity | None, headers: dict[str, str]
    ) -> Response[Any]:
        """Answer a problem with the stored item, if there is one, and with the ETag of its GET."""
        if item is None:
            return _response(problem, headers)
        shown, tag = self.shown(item)
        if tag is not None:
            headers["etag"] = tag
        return _response(problem.model_copy(update={"current": shown}), headers)


def answer_invalid_body(request: Request[Any, Any, Any], error: InvalidBodyError) -> Response[Any]:
    """Answer an invalid body with its faults, but without its values."""
    del request
    status = HTTPStatus.BAD_REQUEST
    problem = Problem(
        type="about:blank",
        title=status.phrase,
        status=status,
        detail="Validation failed",
        errors=_field_errors(error.faults),
    )
    return _response(problem, {})


def answer_crash(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer an unexpected exception; only the log gets the details."""
    _log.error("http.crash", exc_info=error, extra=_route(request))
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    problem = Problem(
        type="about:blank",
        title=status.phrase,
        status=status,
        detail="an unexpected error; see the log of the server",
    )
    return _response(problem, {})


def _field_errors(faults: Sequence[tuple[str, str]]) -> list[FieldError]:
    """List the first faults of a body, and count the others."""
    named = [
        FieldError(where=f"body.{place}" if place else "body", message=message)
        for place, message in faults[:MOST_FAULTS]
    ]
    if len(faults) > MOST_FAULTS:
        rest = f"{len(faults) - MOST_FAULTS} further faults are not listed"
        named.append(FieldError(where="body", message=rest))
    return named


def _response(problem: Problem, headers: dict[str, str]) -> Response[Any]:
    return JsonResponse(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def _route(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What is logged of a request: not its path, which may contain an e-mail address."""
    return {"method": request.scope["method"], "route": request.scope.get("path_template")}


def _detail(error: AutoforgeError) -> str:
    """The detail of a problem, which must not tell a client the address of DynamoDB."""
    if type(error) is UnavailableError and error.__cause__ is not None:
        return "DynamoDB cannot be reached or does not respond; see the log of the server"
    return str(error)


def _field_error(request: Request[Any, Any, Any], error: Mapping[str, Any]) -> FieldError:
    """Describe a fault by the name of its parameter in requests, with the allowed values if few."""
    source = getattr(error.get("source"), "value", "body")
    key = str(error.get("key", ""))
    if key == "data":
        return FieldError(where="body", message="a body is required")
    parameter = _parameter(request, key)
    message = error["message"]
    if parameter is not None:
        key = parameter.kwarg_definition.name or key
        values = [repr(each) for each in _values(parameter.annotation)]
        if values:
            message = f"Input should be {', '.join(values[:-1])} or {values[-1]}"
    return FieldError(where=f"{source}.{key}" if key else source, message=message)


def _parameter(request: Request[Any, Any, Any], key: str) -> Any:
    """Find a parameter of the route by its name in Python or in requests."""
    handler = request.route_handler
    signatures: list[Any] = [handler, *handler.resolve_dependencies().values()]
    for signed in signatures:
        for name, parameter in signed.parsed_fn_signature.parameters.items():
            given = parameter.kwarg_definition
            if isinstance(given, ParameterKwarg) and key in {name, given.name}:
                return parameter
    return None


def _values(annotation: Any) -> list[str]:
    """The allowed values of a parameter, if its type is an enumeration or a literal."""
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [str(each) for each in annotation]
    if get_origin(annotation) is Literal:
        return [str(each) for each in get_args(annotation)]
    return [value for each in get_args(annotation) for value in _values(each)]
