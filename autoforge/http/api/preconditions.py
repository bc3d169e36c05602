"""Preconditions of writes: what a client requires of the stored item (RFC 9110, 13.1)."""

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

#: Tests the stored item, or None if there is no item. None if the request has no precondition.
Expectation = Callable[[Entity | None], bool] | None


class PreconditionRequiredError(HTTPException):
    """A write would replace an item that the client may not have read (428).

    Attributes:
        item: The stored item.
    """

    status_code = HTTPStatus.PRECONDITION_REQUIRED

    def __init__(self, detail: str, item: Entity) -> None:
        super().__init__(detail)
        self.item = item


@dataclass(frozen=True)
class Preconditions:
    """The preconditions of a request that writes an item.

    Attributes:
        if_match: The If-Match header: the item must have one of these ETags. None if absent.
        if_none_match: The If-None-Match header: the item must have none of them. None if absent.
    """

    if_match: str | None = None
    if_none_match: str | None = None

    def on(self, view: type[ItemView]) -> Expectation:
        """Return the test of an item whose ETag is that of a view; None without preconditions."""
        if self.if_match is None and self.if_none_match is None:
            return None

        def is_met(item: Entity | None) -> bool:
            tag = None if item is None else view.of(item).tag()
            if self.if_match is not None and not matches(self.if_match, tag):
                return False
            return self.if_none_match is None or not names(self.if_none_match, tag)

        return is_met


def provide_preconditions(
    request: Request[Any, Any, Any],
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Preconditions:
    """Read the preconditions of a request.

    The parameters only document the headers: Litestar gives them one of several header lines.
    """
    del if_match, if_none_match
    scope = request.scope
    return Preconditions(header(scope, b"if-match"), header(scope, b"if-none-match"))
