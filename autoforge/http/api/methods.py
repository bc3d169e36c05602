"""Handles HEAD, OPTIONS and encoded slashes of every path, before routing.

* ``HEAD`` answers as ``GET`` does, without the body (RFC 9110, 9.3.2).
* ``OPTIONS`` names the methods of the path (RFC 9110, 9.3.7).
* ``%2F`` stays encoded until a route is found: it does not separate segments (RFC 3986, 2.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from http import HTTPMethod, HTTPStatus
from typing import cast

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import (
    ASGIApp,
    HTTPResponseStartEvent,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)

from autoforge.http.api.cors import Cors
from autoforge.http.api.parameters import text_as_routed


class WithMethods:
    """Adds HEAD, OPTIONS and CORS to an application.

    Args:
        app: The application with its routes.
        cors: The CORS headers of its responses.
    """

    def __init__(self, app: Litestar, cors: Cors) -> None:
        self._inner: ASGIApp = app.asgi_handler
        self._cors = cors
        self._methods = _methods_of(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        if b"%2" in scope["raw_path"]:
            sent = scope["raw_path"].partition(b"?")[0]
            scope["path"] = text_as_routed(sent.decode("latin-1"))
        origin = self._cors.origin_of(scope)
        if scope["method"] == HTTPMethod.HEAD:
            # A copy: by its own scope, the server knows that a HEAD response has no body.
            get = cast("HTTPScope", {**scope, "method": "GET"})
            await self._inner(get, receive, self._completing(scope, get, origin, send))
        elif origin is not None or scope["method"] == HTTPMethod.OPTIONS:
            await self._inner(scope, receive, self._completing(scope, scope, origin, send))
        else:
            await self._inner(scope, receive, send)

    def _completing(
        self, scope: HTTPScope, routed: HTTPScope, origin: str | None, send: Send
    ) -> Send:
        """Return a ``send`` that completes the response's head, and drops the body of a HEAD."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                if "path_template" in routed:
                    scope["path_template"] = routed["path_template"]
                self._complete(message, scope, origin)
            elif message["type"] == "http.response.body" and routed is not scope:
                message["body"] = b""
            await send(message)

        return answer

    def _complete(
        self, message: HTTPResponseStartEvent, scope: HTTPScope, origin: str | None
    ) -> None:
        headers = [*message["headers"]]
        if scope["method"] == HTTPMethod.OPTIONS and message["status"] == HTTPStatus.NO_CONTENT:
            allowed = self._methods[scope["path_template"]]
            headers = [each for each in headers if each[0] != b"allow"]
            headers.append((b"allow", allowed))
            if origin is not None:
                headers += self._cors.preflight(scope, allowed)
        if origin is not None:
            headers += self._cors.headers(origin)
        message["headers"] = headers


def allow(methods: Collection[str]) -> str:
    """Return the value of Allow for the methods of a path; GET implies HEAD."""
    return ", ".join(sorted({*methods, "HEAD"} if "GET" in methods else {*methods}))


def _methods_of(app: Litestar) -> Mapping[str, bytes]:
    """The value of Allow for each path; several routes may share a path."""
    methods = defaultdict[str, set[str]](set)
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            methods[route.path_format] |= {*route.methods}
    return {path: allow(taken).encode() for path, taken in methods.items()}
