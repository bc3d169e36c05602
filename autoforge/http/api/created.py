"""Responses of PUT routes that may create an item: 201 or 200 (RFC 9110, 9.3.4)."""

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
    """An entity that records when it was created and last written."""

    @property
    def created_at(self) -> datetime | None:
        """When it was created; None if that was not recorded."""

    @property
    def updated_at(self) -> datetime:
        """When it was last written."""


def creation(view: type[View]) -> dict[int, ResponseSpec]:
    """Declare that a route may answer 201 with a view."""
    return {HTTPStatus.CREATED: ResponseSpec(view, description="There was none; it was created")}


def answer_put(request: JsonRequest, entity: Dated, view: V) -> Response[V]:
    """Answer 201 with a Location header if this request created the item, else 200."""
    return answer_created(request, view, created=entity.created_at == entity.updated_at)


def answer_created(request: JsonRequest, view: V, *, created: bool) -> Response[V]:
    """Answer 201 with a Location header if the item was created, else 200."""
    if not created:
        return JsonResponse(view, status_code=HTTPStatus.OK)
    # The raw path, in which free text stays percent-encoded.
    path: bytes = request.scope["raw_path"]
    location = path.partition(b"?")[0].decode("ascii")
    return JsonResponse(view, status_code=HTTPStatus.CREATED, headers={"location": location})
