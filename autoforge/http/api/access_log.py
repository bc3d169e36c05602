"""One log event for each request: route, status, milliseconds, and an id to find it by."""

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

#: The status that is logged where the client went before it had sent its request: nobody got the
#: answer (as nginx logs it).
CLIENT_GONE: Final = 499

#: Bytes of a request's id that are the process's, by chance; its number makes up the rest.
_CHANCE: Final = 8


def logged(app: ASGIApp) -> ASGIApp:
    """Log each request; never its query, its body or its headers."""
    process = secrets.token_hex(_CHANCE)
    numbers = count()

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = f"{process}{next(numbers):010x}"
        began = perf_counter()
        status = 0
        gone = False

        async def hear() -> ReceiveMessage:
            nonlocal gone
            message = await receive()
            gone = gone or message["type"] == "http.disconnect"
            return message

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = CLIENT_GONE if gone else message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        # A server gives each request a context of its own, which ends with it.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        await app(scope, hear, note)
        if _log.isEnabledFor(logging.INFO):
            taken = round((perf_counter() - began) * 1000, 1)
            said = {
                "request_id": request_id,
                "method": scope.get("method"),
                "route": scope.get("path_template"),
                "status": int(status),
                "milliseconds": taken,
            }
            _log.info("http.request", extra=said)

    return handle
