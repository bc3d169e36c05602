"""Answers of routes that read: what an access pattern finds, as its view's JSON, in bytes.

A route names the pattern and the view. The Store reads each item as what the view shows of it, so
that nothing is made in between, and the answer says the same as the view would.
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
from autoforge.http.api.projection import Json, read_as_view
from autoforge.http.api.responses import RenderedResponse
from autoforge.http.api.schemas import ItemView, PageView
from autoforge.http.api.tags import item_tag

#: As queries take it.
Direction = Literal["asc", "desc"] | None

OneView = TypeVar("OneView", bound=ItemView)
P = TypeVar("P", bound=PageView)


class Paging:
    """Which page of a list is asked for, in which direction, and of what table.

    No dataclass: Litestar would validate what it is made of.
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
        """Answer with the page of the query, each item as the page's view shows it.

        Args:
            query: What is listed.
            page: How it is shown.
            under: What the list belongs to; read only where the list is empty, maybe for want of
                it.
            consistent: Whether it is read strongly consistently.

        Raises:
            ItemNotFoundError: if the list is empty and what it belongs to is not there.
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
        """Look whether what a list belongs to is there, if its first page is empty.

        Raises:
            ItemNotFoundError: if it is not.
        """
        if under is not None and not found and self.cursor is None:
            self.store.require(under, consistent=True)


def page_of(store: Store) -> Callable[..., Paging]:
    """What takes the parameters of every list of a table."""

    def provide_paging(order: Order = None, limit: Limit = 25, cursor: Cursor = None) -> Paging:
        return Paging(store, order, limit, cursor)

    return provide_paging


def answer(store: Store, pattern: Get[Any], view: type[OneView]) -> Response[OneView]:
    """Answer with the item of the pattern, as the view shows it, and its tag.

    Raises:
        ItemNotFoundError: if there is none, or it is past its expiry.
    """
    shown = store.require(pattern, reading=read_as_view(view))
    return json_response(shown, etag=item_tag(shown))


def json_response(shown: Json, *, etag: str | None = None) -> Response[Any]:
    """Answer with what was projected, in the bytes that pydantic has for its view."""
    try:
        content = orjson.dumps(shown)
    except TypeError:  # a whole number of over 64 bits; DynamoDB's have up to 38 digits
        content = to_json(shown)
    return RenderedResponse(content, etag=etag)
