"""Preconditions of requests that write: what a client expects of the item (RFC 9110, 13.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException

from autoforge.dynamodb.schema.entity import Entity
from autoforge.http.api.parameters import IfMatch, IfNoneMatch
from autoforge.http.api.responses import header
from autoforge.http.api.schemas import ItemView
from autoforge.http.api.tags import matches, names

#: A test of the item that a request writes; None where the client expects nothing.
Expectation = Callable[[Entity | None], bool] | None


class PreconditionRequiredError(HTTPException):
    """A client would overwrite what it may not have seen.

    Attributes:
        item: What is there.
    """

    status_code = HTTPStatus.PRECONDITION_REQUIRED

    def __init__(self, detail: str, item: Entity) -> None:
        super().__init__(detail)
        self.item = item


@dataclass(frozen=True)
class Preconditions:
    """What a client expects of the item that its request writes.

    Attributes:
        if_match: The tags of which the item has one, as the header lists them.
        if_none_match: The tags of which it has none.
    """

    if_match: str | None = None
    if_none_match: str | None = None

    def on(self, view: type[ItemView]) -> Expectation:
        """The test that the item must pass, which is tagged as the view shows it."""
        if self.if_match is None and self.if_none_match is None:
            return None

        def hold(item: Entity | None) -> bool:
            tag = None if item is None else view.of(item).tag()
            if self.if_match is not None and not matches(self.if_match, tag):
                return False
            return self.if_none_match is None or not names(self.if_none_match, tag)

        return hold


def provide_preconditions(
    request: Request[Any, Any, Any],
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Preconditions:
    """Read the preconditions of a request.

    Of several lines of a header its parameter has one, so it is there for the OpenAPI document.
    """
    del if_match, if_none_match
    scope = request.scope
    return Preconditions(header(scope, b"if-match"), header(scope, b"if-none-match"))
