"""One log event for each request: route, status, milliseconds, and an id to find it by."""

from __future__ import annotations

import logging
from time import perf_counter

import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

_log = structlog.wrap_logger(
    logging.getLogger("autoforge.http"),
    processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
    wrapper_class=structlog.stdlib.BoundLogger,
)


class AccessLog(ASGIMiddleware):
    """Logs each request; never its query, its body or its headers."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on, and note how it went."""
        request_id = str(ULID())
        began = perf_counter()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await next_app(scope, receive, note)
            _log.info(
                "http.request",
                method=scope.get("method"),
                route=scope.get("path_template"),
                status=status,
                milliseconds=round((perf_counter() - began) * 1000, 1),
            )
