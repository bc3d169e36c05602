"""Idempotency-Key: a POST that is sent again under its key within a day comes to the same.

The key is bound to the method and the path, and so to the project. Once there are principals, it
is bound to them as well: ``_operation`` is the place.
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

_Given = Annotated[
    str | None,
    HeaderParameter(
        name=HEADER,
        pattern="^[!-~]([ -~]{0,253}[!-~])?$",
        description="Names this request: sent again under it within a day, it is made once.",
        schema_extra={"examples": ["8e03978e-40d5-43e8-bc93-6894a57f9324"]},
    ),
]


class Identified(Protocol):
    """What has an id."""

    id: Any


T = TypeVar("T")
I = TypeVar("I", bound=Identified)  # noqa: E741 - an item


def given_key(request: JsonRequest, key: _Given = None) -> str | None:
    """What the client names its request by.

    Raises:
        ClientException: if it gives more than one name.
    """
    if sum(name == _RAW for name, _ in request.scope["headers"]) > 1:
        raise ClientException(f"{HEADER} is given more than once")
    return key


class Once:
    """Makes what a POST asks for, once under its key; without one, as often as it is sent.

    No dataclass: Litestar would validate what it is made of.
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
            make: Creates or changes it.
            find: Finds it by its id, when it was made before.
            shown: The answer with it.
            lapsed: Whether it is too late to finish what was cut off, and safe to begin anew.

        Raises:
            OutcomeGoneError: if it was made before and is no more.
            RequestReusedError: if the key was sent with another body.
            RequestRunningError: if the same request is being made.
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
        """Answer with what has several ids.

        Args:
            make: Creates it.
            find: Finds what was made before.
            shown: The answer with it.
            came: Its ids, and how many of them were created.
            lapsed: As ``one`` takes it.

        Raises:
            AutoforgeError: as ``one`` does.
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
        return answer or self._again(outcome, find, shown)

    def _again(
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
    """What makes what this request asks for."""
    body = b"" if idempotency_key is None else await request.body()
    return Once(forge, request, idempotency_key, body)


def repeatable(*statuses: int) -> dict[int, ResponseSpec]:
    """The problems of a route that takes the header, besides those any request may meet."""
    return responses(
        *dict.fromkeys(
            (*statuses, HTTPStatus.CONFLICT, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY)
        )
    )


def placed(view: View, location: str) -> Response[Any]:
    """The answer with something that was created, and where it is."""
    return JsonResponse(view, headers={"location": location})


def _canonical(body: bytes) -> str:
    """A body however its client has spaced and ordered it; as it is where the route takes none."""
    try:
        return json.dumps(read_json(body), sort_keys=True)
    except ClientException:
        return body.decode("latin-1")
