"""The access log: one event for each request, with its id, route, status and milliseconds."""

from __future__ import annotations

import logging
import secrets
from itertools import count
from time import perf_counter
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

_log = logging.getLogger("autoforge.http")

#: The status that is logged if the client disconnected before it had sent the whole request, and so
#: got no response; nginx logs the same.
CLIENT_GONE: Final = 499

#: The random bytes that identify the process in a request id; the rest is the request's number.
_PROCESS_BYTES: Final = 8


def logged(app: ASGIApp) -> ASGIApp:
    """Log each request of an application; its query, body and headers are never logged."""
    process = secrets.token_hex(_PROCESS_BYTES)
    numbers = count()

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = f"{process}{next(numbers):010x}"
        began = perf_counter()
        status = 0
        disconnected = False

        async def watched_receive() -> ReceiveMessage:
            nonlocal disconnected
            message = await receive()
            disconnected = disconnected or message["type"] == "http.disconnect"
            return message

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = CLIENT_GONE if disconnected else message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        # Not unbound again: the server runs each request in its own context.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        await app(scope, watched_receive, watched_send)
        if _log.isEnabledFor(logging.INFO):
            milliseconds = round((perf_counter() - began) * 1000, 1)
            values = {
                "request_id": request_id,
                "method": scope.get("method"),
                "route": scope.get("path_template"),
                "status": int(status),
                "milliseconds": milliseconds,
            }
            _log.info("http.request", extra=values)

    return handle
