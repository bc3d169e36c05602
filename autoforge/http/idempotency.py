"""Idempotency-Key: a POST that is repeated under its key within a day takes effect once.

The key is bound to the method and the path, and so to the project. When requests have principals,
``_operation`` must bind it to the principal too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol, TypeVar

from litestar import Response
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter

from autoforge.access.requests.once import Lapsed, Outcome
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.errors import ItemNotFoundError, OutcomeGoneError
from autoforge.forge import Forge
from autoforge.http.api.bodies import JsonRequest, read_json
from autoforge.http.api.problem import responses
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import View

HEADER: Final = "Idempotency-Key"
_RAW: Final = HEADER.lower().encode()

_KeyHeader = Annotated[
    str | None,
    HeaderParameter(
        name=HEADER,
        pattern="^[!-~]([ -~]{0,253}[!-~])?$",
        description="Names this request: sent again under it within a day, it is made once.",
        schema_extra={"examples": ["8e03978e-40d5-43e8-bc93-6894a57f9324"]},
    ),
]


class Identified(Protocol):
    """An entity with an id."""

    id: Any


T = TypeVar("T")
I = TypeVar("I", bound=Identified)  # noqa: E741 - an item


def given_key(request: JsonRequest, key: _KeyHeader = None) -> str | None:
    """Return the Idempotency-Key of a request; None if it has none.

    Raises:
        ClientException: if the request has several.
    """
    sent = sum(name == _RAW for name, _ in request.scope["headers"])
    if sent > 1:
        raise ClientException(f"the request has {sent} {HEADER} headers; at most one is allowed")
    return key


class Once:
    """Runs a POST once under its key; without a key, each time that it is sent.

    Not a dataclass: Litestar would validate the fields.
    """

    def __init__(self, forge: Forge, request: JsonRequest, key: str | None, body: bytes) -> None:
        self._forge = forge
        self._request = request
        self._key = key
        self._body = body

    def one(
        self,
        make: Callable[[Forge], I],
        find: Callable[[str], I],
        shown: Callable[[I], Response[Any]],
        lapsed: Lapsed = lambda _: False,
    ) -> Response[Any]:
        """Answer with one item.

        Args:
            make: Creates or changes the item.
            find: Reads the item by its id, if the request was completed before.
            shown: Makes the response from the item.
            lapsed: Whether an interrupted run of the request wrote nothing and is too old to
                finish, so that the request starts again.

        Raises:
            OutcomeGoneError: if the request was completed before, and its item is deleted.
            RequestReusedError: if the key was used with another body.
            RequestRunningError: if the same request is still running.
        """
        return self.many(
            make,
            lambda outcome: find(outcome.ids[0]),
            shown,
            came=lambda item: ((str(item.id),), None),
            lapsed=lapsed,
        )

    def many(
        self,
        make: Callable[[Forge], T],
        find: Callable[[Outcome], T],
        shown: Callable[[T], Response[Any]],
        *,
        came: Callable[[T], tuple[Sequence[str], int | None]],
        lapsed: Lapsed = lambda _: False,
    ) -> Response[Any]:
        """Answer with several items.

        Args:
            make: Creates the items.
            find: Reads the items, if the request was completed before.
            shown: Makes the response from the items.
            came: Their ids, and how many of them the request created; None if it does not count.
            lapsed: See ``one``.

        Raises:
            AutoforgeError: the same errors as ``one``.
        """
        if self._key is None:
            return shown(make(self._forge))

        def run(forge: Forge) -> tuple[Response[Any], Outcome]:
            made = make(forge)
            answer = shown(made)
            ids, created = came(made)
            status = answer.status_code or self._request.route_handler.status_code
            return answer, Outcome(status, ids, answer.headers.get("location"), created)

        answer, outcome = self._forge.once(self._repeatable(self._key), run, lapsed)
        return answer or self._repeat(outcome, find, shown)

    def _repeat(
        self,
        outcome: Outcome,
        find: Callable[[Outcome], T],
        shown: Callable[[T], Response[Any]],
    ) -> Response[Any]:
        try:
            answer = shown(find(outcome))
        except ItemNotFoundError as error:
            raise OutcomeGoneError(
                f"what this request created was deleted: {error}", location=outcome.location
            ) from error
        answer.status_code = outcome.status
        return answer

    def _repeatable(self, key: str) -> RepeatableRequest:
        sent = [self._request.scope["query_string"].decode("latin-1"), _canonical(self._body)]
        project_id = self._request.path_params.get("projectId")
        return RepeatableRequest.of(key, self._operation(), sent, project_id)

    def _operation(self) -> tuple[str, str]:
        return str(self._request.method), self._request.scope["path"]


async def once_of(
    request: JsonRequest,
    forge: NamedDependency[Forge],
    idempotency_key: NamedDependency[str | None],
) -> Once:
    """Provide the ``Once`` of a request."""
    body = b"" if idempotency_key is None else await request.body()
    return Once(forge, request, idempotency_key, body)


def repeatable(*statuses: int) -> dict[int, ResponseSpec]:
    """Declare the problems of a route that takes the header, beyond those of any request."""
    return responses(
        *dict.fromkeys(
            (*statuses, HTTPStatus.CONFLICT, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY)
        )
    )


def placed(view: View, location: str) -> Response[Any]:
    """Answer with a created item and its Location."""
    return JsonResponse(view, headers={"location": location})


def _canonical(body: bytes) -> str:
    """A body without its spacing and the order of its keys; unchanged if it is not JSON."""
    try:
        return json.dumps(read_json(body), sort_keys=True)
    except ClientException:
        return body.decode("latin-1")
