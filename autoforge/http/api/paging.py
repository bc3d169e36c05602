"""Responses of routes that read: the items of an access pattern as the JSON of a view, in bytes.

A route names the pattern and the view. The Store reads each item directly as the view's JSON,
without an entity or a view object in between; the response is the same as with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import orjson
from litestar import Response
from pydantic_core import to_json

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.store.store import Store
from autoforge.http.api.parameters import Cursor, Limit, Order
from autoforge.http.api.projection import JsonObject, read_as_view
from autoforge.http.api.responses import RenderedResponse
from autoforge.http.api.schemas import ItemView, PageView
from autoforge.http.api.tags import item_tag

#: The order of a list, as queries take it; None for the pattern's own order.
Direction = Literal["asc", "desc"] | None

OneView = TypeVar("OneView", bound=ItemView)
P = TypeVar("P", bound=PageView)


class Paging:
    """The paging parameters of a request, and the Store that runs its queries.

    Not a dataclass: Litestar would validate the fields.
    """

    def __init__(self, store: Store, order: Direction, limit: int, cursor: str | None) -> None:
        self.store = store
        self.order = order
        self.limit = limit
        self.cursor = cursor

    def answer(
        self,
        query: Query[Any],
        page: type[P],
        *,
        under: Get[Any] | None = None,
        consistent: bool = False,
    ) -> Response[P]:
        """Answer with a page of a query, each item as the page's view shows it.

        Args:
            query: The query to run.
            page: The view of the page.
            under: The parent of the list. It is read only if the list is empty, to distinguish an
                empty list from a missing parent.
            consistent: Whether to read strongly consistently.

        Raises:
            InvalidCursorError: if the request's cursor is not a cursor of this query.
            ItemNotFoundError: if the list is empty and its parent does not exist.
        """
        found = self.store.page(
            query,
            limit=self.limit,
            cursor=self.cursor,
            consistent=consistent,
            reading=read_as_view(page.item()),
        )
        self.require(under, found.items)
        return json_response({"items": found.items, "nextCursor": found.cursor})

    def require(self, under: Get[Any] | None, found: Sequence[Any]) -> None:
        """Check that the parent of a list exists, if the first page of the list is empty.

        Raises:
            ItemNotFoundError: if it does not exist.
        """
        if under is not None and not found and self.cursor is None:
            self.store.require(under, consistent=True)


def page_of(store: Store) -> Callable[..., Paging]:
    """Return the provider that reads the paging parameters of a request."""

    def provide_paging(order: Order = None, limit: Limit = 25, cursor: Cursor = None) -> Paging:
        return Paging(store, order, limit, cursor)

    return provide_paging


def answer(store: Store, pattern: Get[Any], view: type[OneView]) -> Response[OneView]:
    """Answer with the item of a pattern, as the view shows it, and with its ETag.

    Raises:
        ItemNotFoundError: if the item does not exist or has expired.
    """
    item = store.require(pattern, reading=read_as_view(view))
    return json_response(item, etag=item_tag(item))


def json_response(shown: JsonObject, *, etag: str | None = None) -> Response[Any]:
    """Answer with projected JSON, in the bytes that pydantic would write for the view."""
    try:
        content = orjson.dumps(shown)
    except TypeError:  # an integer of over 64 bits; DynamoDB's have up to 38 digits
        content = to_json(shown)
    return RenderedResponse(content, etag=etag)
