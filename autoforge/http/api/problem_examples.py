"""Examples of problems for the OpenAPI document, by status and route."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

#: The type of the item that a route is about, by the last parameter of its path.
_ABOUT: Final[Mapping[str, str]] = {
    "": "Project",
    "projectId": "Project",
    "type": "Artefact",
    "eventId": "Event",
    "escalationId": "Escalation",
    "actionId": "AgentAction",
    "key": "AgentConfig",
    "integration": "IntegrationConfig",
    "userId": "User",
    "auth0Id": "UserByAuth0Id",
    "email": "UserByEmail",
    "featureId": "Feature",
    "dependsOnId": "Feature",
    "linearIssueId": "Ticket",
    "agentId": "Agent",
    "runId": "AgentRun",
}

#: The member of a request body, in the document, that gives its most bytes.
MAX_BYTES: Final = "x-max-bytes"

_PARAMETER: Final = re.compile(r"{(\w+)}")

#: The name of the error (None if it is not one of this package) and the detail, by status.
_PROBLEMS: Final[Mapping[HTTPStatus, tuple[str | None, str]]] = {
    HTTPStatus.FORBIDDEN: (None, "requests from https://elsewhere.example are not allowed"),
    HTTPStatus.NOT_FOUND: ("item-not-found", "there is no {item}"),
    HTTPStatus.CONFLICT: ("condition-failed", "{item} is in a state that does not allow this"),
    HTTPStatus.PRECONDITION_FAILED: ("version-conflict", "{item} is not as the caller expects it"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (None, "the body has more than {most:,} bytes"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (None, "the body must be application/json"),
    HTTPStatus.GONE: (
        "outcome-gone",
        "what this request created was deleted: there is no {item}",
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        "request-reused",
        "the id of the request was used for another request",
    ),
    HTTPStatus.PRECONDITION_REQUIRED: (
        None,
        '{item} exists already: send If-Match: "9f86d081…" to replace it as it is now',
    ),
    HTTPStatus.NOT_IMPLEMENTED: ("configuration", "no cipher is configured: set a KMS key"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("throttled", "DynamoDB throttled the request"),
}


def problem_example(status: HTTPStatus, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return an example of the problem that a route answers with a status."""
    about: dict[str, Any] = {"title": status.phrase, "status": int(status)}
    if status == HTTPStatus.BAD_REQUEST:
        return {"type": "about:blank", **about, **_bad_request(operation)}
    kind, detail = _PROBLEMS[status]
    created = "201" in operation["responses"]
    if status == HTTPStatus.CONFLICT and created:
        kind, detail = "item-exists", "{item} exists already"
    return {
        "type": "about:blank" if kind is None else f"urn:autoforge:problem:{kind}",
        **about,
        "detail": detail.format(
            item=_item(path, operation), most=operation.get("requestBody", {}).get(MAX_BYTES)
        ),
    }


def _bad_request(operation: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a problem that describe a bad request."""
    if "requestBody" in operation:
        wrong = {"where": "body", "message": "a body is required"}
        return {"detail": "Validation failed", "errors": [wrong]}
    return {"detail": "unknown query parameters: colour"}


def _item(path: str, operation: Mapping[str, Any]) -> str:
    """The item that a route is about, in the words of the errors."""
    name = (_PARAMETER.findall(path) or [""])[-1]
    given = next(
        (each["example"] for each in operation["parameters"] if each["name"] == name),
        "01KGKR2T40R6BAX8A0B1RTCDKN",
    )
    return f"{_ABOUT[name]} with {name or 'id'} {given!r}"
