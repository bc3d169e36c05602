"""``routes_of``: the access patterns of any table as routes, one GET for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from inspect import Signature
from typing import Any, Final

from litestar import Response, get, head, route
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import ResponseHeader
from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from autoforge.dynamodb.errors import DeclarationError, ItemNotFoundError, shortened, suggestion
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.json_items import as_json, to_json
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.settings import as_tuple
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.table import Table, require_table
from autoforge.http.api.answers import Form, answer_of, in_form
from autoforge.http.api.described import DescribedOperation
from autoforge.http.api.document import HEADERS
from autoforge.http.api.methods import allow
from autoforge.http.api.paging import json_response
from autoforge.http.api.pattern_parameters import Given, PatternParameters
from autoforge.http.api.problem import responses
from autoforge.http.api.problems import Problems
from autoforge.http.api.request_checks import Known, require_known_parameters
from autoforge.http.api.tags import item_tag

#: The methods of each route; Litestar's answer to OPTIONS would omit HEAD.
_ALLOWED: Final = allow(["GET", "OPTIONS"])

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_ETAGS: Final = [
    ResponseHeader(name=name, description=HEADERS[name]["description"], documentation_only=True)
    for name in ("ETag", "Cache-Control")
]


def routes_of(
    table: Table, store: Store, *, patterns: Iterable[type[Pattern[Any]]] | None = None
) -> list[HTTPRouteHandler]:
    """Return the routes of a table for an application: ``Litestar(routes_of(library, store))``.

    Each pattern has a GET at its name in kebab case, such as ``/loans-due``, and a HEAD. Its
    parameters are query parameters. It answers with an item, with a page of items and the cursor of
    the next page, or with the answer of a composite; every error has problem details (RFC 9457).
    The routes need no plugin, dependency or error handler of the application.

    Args:
        table: The table.
        store: Runs the patterns, in threads.
        patterns: The patterns that have a route; None for all of the table.

    Raises:
        DeclarationError: if a pattern is not the table's; if a query string cannot give the type of
            a parameter, or a parameter has the name of a parameter of paging; or if the JSON of a
            composite's answer is not known.

    Examples:
        >>> from litestar import Litestar
        >>> from litestar.testing import TestClient
        >>> from autoforge.http.api import routes_of
        >>> with TestClient(Litestar(routes_of(library, store))) as client:
        ...     client.get("/book-by-isbn", params={"isbn": "b1"}).json()["title"]
        'Dynamo'
    """
    require_table(table)
    given: object = store
    if not isinstance(given, Store):
        raise DeclarationError(
            f"{shortened(given)} is not a Store: write {table.name}.connect(region=…)"
        )
    chosen = table.patterns if patterns is None else as_tuple(table.name, "patterns", patterns)
    for each in chosen:
        if each not in table.patterns:
            name = getattr(each, "__name__", shortened(each))
            near = suggestion(name, [known.__name__ for known in table.patterns])
            raise DeclarationError(f"{name} is not a pattern of {table.name}{near}")
    return [handler for each in chosen for handler in _handlers(each, store)]


def _handlers(pattern: type[Pattern[Any]], store: Store) -> Iterator[HTTPRouteHandler]:
    """Yield the handlers of a pattern: GET, HEAD and OPTIONS."""
    parameters = PatternParameters.of(pattern)
    answer, form = answer_of(pattern)
    words = _WORDS.sub("-", pattern.__name__).lower()
    name = words.replace("-", "_")
    run = _runner(store, parameters, form)
    statuses = [HTTPStatus.BAD_REQUEST]
    if not issubclass(pattern, Query | Fetch):
        statuses.append(HTTPStatus.NOT_FOUND)
    common: dict[str, Any] = {
        "path": f"/{words}",
        "exception_handlers": Problems().handlers(),
        "guards": [_guard(parameters.known)],
    }
    # First, since Litestar adds OPTIONS to a path that has none.
    yield route(**common, http_method=HttpMethod.OPTIONS, include_in_schema=False)(_answer_methods)
    yield get(
        **common,
        operation_id=name,
        operation_class=DescribedOperation,
        summary=pattern.question(),
        description=pattern.notes() or None,
        response_headers=_ETAGS,
        responses=responses(*statuses),
    )(_handler(name, run, parameters, Response[answer]))  # type: ignore[valid-type]
    yield head(**common, include_in_schema=False)(_handler(name, run, parameters, None))


def _handler(
    name: str, run: Callable[[Given], Response[Any]], parameters: PatternParameters, returned: Any
) -> Callable[..., Any]:
    """Return the function of a handler, with the signature that Litestar reads.

    It is asynchronous and starts a thread itself: with ``sync_to_thread=True``, Litestar wraps the
    handlers of a path again for each handler that is registered there, and awaits only the
    outermost wrapper.
    """

    async def handle(**given: Any) -> Any:
        return await sync_to_thread(run, given)

    signature = Signature(parameters.declared, return_annotation=returned)
    handle.__name__ = name
    handle.__doc__ = None
    handle.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect
    handle.__annotations__ = {
        **{each.name: each.annotation for each in parameters.declared},
        "return": returned,
    }
    return handle


async def _answer_methods() -> Response[None]:
    return Response(None, status_code=HTTPStatus.NO_CONTENT, headers={"allow": _ALLOWED})


def _guard(known: Mapping[str, Known]) -> Callable[..., None]:
    """Return the check of the query parameters of a request.

    It is a guard, since guards of the application run as well; a ``before_request`` would replace
    the application's.
    """

    def require_known(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        require_known_parameters(connection, known)

    return require_known


def _runner(
    store: Store, parameters: PatternParameters, form: Form
) -> Callable[[Given], Response[Any]]:
    """Return the function that runs the pattern with the parameters of a request."""

    def run(given: Given) -> Response[Any]:
        asked = parameters.pattern_from(given)
        if isinstance(asked, Query):
            page = store.page(asked, **parameters.paging_from(given), reading=as_json)
            return json_response({"items": page.items, "nextCursor": page.cursor})
        if isinstance(asked, Fetch):
            return json_response(in_form(form, store.fetch(asked, reading=as_json)))
        if isinstance(asked, Get):
            item = store.require(asked, reading=as_json)
            return json_response(item, etag=item_tag(item))
        answer = to_json(store.answer(asked))
        if answer is None:
            raise ItemNotFoundError(type(asked).__name__, asked.named())
        return json_response(in_form(form, answer))

    return run
