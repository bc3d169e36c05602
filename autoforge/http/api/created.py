"""How a PUT that may create is answered and documented (RFC 9110, 9.3.4)."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Protocol, TypeVar

from litestar import Response
from litestar.openapi import ResponseSpec

from autoforge.http.api.bodies import JsonRequest
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import View

V = TypeVar("V", bound=View)


class Dated(Protocol):
    """What notes when it was made and when it was last written."""

    @property
    def created_at(self) -> datetime | None:
        """When it was made; None where nobody noted it."""

    @property
    def updated_at(self) -> datetime:
        """When it was last written."""


def creation(view: type[View]) -> dict[int, ResponseSpec]:
    """Declare that a route may create what it shows."""
    return {HTTPStatus.CREATED: ResponseSpec(view, description="There was none; it was created")}


def answer_put(request: JsonRequest, entity: Dated, view: V) -> Response[V]:
    """Answer 201 with its place if the item was made by this request, else 200."""
    return answer_created(request, view, created=entity.created_at == entity.updated_at)


def answer_created(request: JsonRequest, view: V, *, created: bool) -> Response[V]:
    """Answer 201 with its place if the item was created, else 200."""
    if not created:
        return JsonResponse(view, status_code=HTTPStatus.OK)
    # The path as it was sent: free text in it stays encoded.
    place: bytes = request.scope["raw_path"]
    location = place.partition(b"?")[0].decode("ascii")
    return JsonResponse(view, status_code=HTTPStatus.CREATED, headers={"location": location})
