"""One log event for each request: route, status, milliseconds, and an id to find it by.

It is on every request's way, so it makes no more than is logged.
"""

from __future__ import annotations

import logging
import secrets
from time import perf_counter
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("autoforge.http")

#: Bytes of chance in a request's id: as many as nobody guesses.
_CHANCE: Final = 13


def logged(app: ASGIApp) -> ASGIApp:
    """Log each request; never its query, its body or its headers."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = secrets.token_hex(_CHANCE)
        began = perf_counter()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        # A server gives each request a context of its own, which ends with it.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        await app(scope, receive, note)
        if _log.isEnabledFor(logging.INFO):
            taken = round((perf_counter() - began) * 1000, 1)
            _write(scope, status, taken)

    return handle


def _write(scope: Scope, status: int, milliseconds: float) -> None:
    """Log a request; by hand, as ``Logger.info`` would look for the line that called it."""
    fields = {
        "method": scope.get("method"),
        "route": scope.get("path_template"),
        "status": int(status),
        "milliseconds": milliseconds,
    }
    record = _log.makeRecord(
        _log.name, logging.INFO, __file__, 0, "http.request", (), None, extra=fields
    )
    _log.handle(record)
