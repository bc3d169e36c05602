"""Limits on what clients use of the server: bytes of a head, seconds for a request, connections.

uvicorn limits none of them: its timeout starts after a response, and its limit of concurrency
counts requests whose head is complete. So this module extends uvicorn's two protocols. It relies on
what both have: a cycle for the current request, which knows whether more of the body is to come.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from autoforge.http.api.problem import MEDIA_TYPE

if TYPE_CHECKING:
    #: Stands for either of uvicorn's protocols; only members of both are used.
    _Protocol = H11Protocol
else:
    _Protocol = object

#: Seconds for which a refused client may read the response; what it still sends is discarded.
_LINGER_SECONDS: Final = 2.0

#: Random bytes in the id of a refused request.
_ID_BYTES: Final = 13

#: Numbers the arrivals of data, so that any two connections can be ordered by their last one. A
#: clock of milliseconds could not tell some of them apart.
_ARRIVALS: Final = count()

_END: Final = b"\r\n\r\n"
_log = logging.getLogger("autoforge.http")


@dataclass(frozen=True)
class Limits:
    """Limits on what clients use.

    Attributes:
        head_bytes: The most bytes of a request line with its headers, or of a body's trailers.
        head_seconds: The most seconds from a connection, or from a head's first byte, to its last.
        body_seconds: The most seconds from the end of a head to the end of the body.
        connections: The most open connections. Above it, the connection that has been idle longest
            is closed; if none is idle, the new one is refused.
    """

    head_bytes: int = 32_768
    head_seconds: float = 10
    body_seconds: float = 30
    connections: int = 1000


#: The limits unless others are configured.
LIMITS: Final = Limits()


class Limited(_Protocol):
    """Adds limits to one of uvicorn's protocols; ``limited`` combines the two."""

    limits: Limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, or refuse it if too many are open."""
        super().connection_made(transport)
        self._refused = False
        self._head_bytes = 0
        self._tail = b""
        self._since = self.loop.time()
        self._last_arrival = next(_ARRIVALS)
        if len(self.connections) > self.limits.connections and not self._make_room():
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections are open")
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Pass received bytes on, or refuse the request if its head is too long."""
        if self._refused:
            return
        cycle: Any = self.cycle
        now = self.loop.time()
        self._last_arrival = next(_ARRIVALS)
        if cycle is None or not cycle.more_body:
            if not self._head_bytes:
                self._since = now
            room = self.limits.head_bytes - self._head_bytes
            if len(data) > room and _END not in self._tail + data[:room]:
                self.refuse_head()
                return
            self._head_bytes += len(data)
        # Kept for a body too: the bytes that end it may begin the next head.
        self._tail = (self._tail + data[-len(_END) :])[-len(_END) + 1 :]
        super().data_received(data)
        if self.cycle is not cycle:
            self._head_bytes = 0
            self._since = now

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are not HTTP."""
        del msg
        self.refuse(HTTPStatus.BAD_REQUEST, "the request is not valid HTTP")

    def refuse_head(self) -> None:
        """Refuse a request whose head, or whose trailers, are too long."""
        self.refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"the head of the request has more than {self.limits.head_bytes:,} bytes",
        )

    def refuse(self, status: HTTPStatus, detail: str) -> None:
        """Log a refusal, send it as a problem unless a response has begun, and read no more."""
        request_id = secrets.token_hex(_ID_BYTES)
        _log.warning(
            "http.refused",
            extra={"request_id": request_id, "status": int(status), "reason": detail},
        )
        self._refused = True
        self._since = self.loop.time()
        self._unset_keepalive_if_required()
        if not self._may_answer():
            self.transport.close()
            return
        if self.cycle is not None:
            self.cycle.disconnected = True  # drop what its handler still sends
            self.cycle.message_event.set()
        self.transport.write(_answer(status, detail, request_id))
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _may_answer(self) -> bool:
        """Whether bytes sent now are the response to the refused request, and the first of it."""
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            return True
        earlier = getattr(self, "pipeline", ())
        return bool(cycle.more_body and not cycle.response_started and not earlier)

    def check(self, now: float) -> None:
        """Refuse the current request, or end the connection, if a time limit has passed."""
        cycle: Any = self.cycle
        taken = now - self._since
        if self._refused:
            if taken > _LINGER_SECONDS:
                self.transport.abort()
        elif cycle is not None and cycle.more_body:
            if taken > self.limits.body_seconds:
                self._time_out("body", self.limits.body_seconds)
        elif (cycle is None or self._head_bytes) and taken > self.limits.head_seconds:
            self._time_out("head", self.limits.head_seconds)

    def _time_out(self, part: str, seconds: float) -> None:
        self.refuse(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the {part} of the request was not complete after {seconds:g} seconds",
        )

    def _make_room(self) -> bool:
        """Close the connection that has been idle longest; return False if none is idle."""
        idle = [
            each
            for each in self.connections
            if isinstance(each, Limited) and each is not self and each.is_idle()
        ]
        if not idle:
            return False
        min(idle, key=lambda each: each._last_arrival).transport.close()  # noqa: SLF001 - one of us
        return True

    def is_idle(self) -> bool:
        """Whether no request is being answered, and no body is being received."""
        cycle: Any = self.cycle
        return cycle is None or (cycle.response_complete and not cycle.more_body)


class _HttpTools(Limited):
    """Adds a limit for trailers: httptools collects trailers of any length, h11 does not."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._in_head = False
        self._unread = 0
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        super().data_received(data)
        cycle: Any = self.cycle
        if cycle is None or not cycle.more_body:
            self._unread = 0
            if self._in_head and not self._head_bytes:  # it began in the bytes that ended a body
                self._head_bytes = 1
        elif self._unread > self.limits.head_bytes and not self._refused:
            self.refuse_head()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()  # type: ignore[misc]

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)  # type: ignore[misc]

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()  # type: ignore[misc]

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)  # type: ignore[misc]

    def on_message_complete(self) -> None:
        super().on_message_complete()  # type: ignore[misc]
        self.cycle.more_body = False  # uvicorn omits this if the response came first


def limited(protocol: type[asyncio.Protocol], limits: Limits) -> type[asyncio.Protocol]:
    """Return one of uvicorn's protocols with limits."""
    base = Limited if issubclass(protocol, H11Protocol) else _HttpTools
    return type(f"Limited{protocol.__name__}", (base, protocol), {"limits": limits})


def check_all(connections: Iterable[Any], now: float) -> None:
    """Apply the time limits to all connections."""
    for each in [*connections]:
        if isinstance(each, Limited):
            each.check(now)


def _answer(status: HTTPStatus, detail: str, request_id: str) -> bytes:
    """A problem as the bytes of a response that ends the connection."""
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    body = json.dumps(problem)
    head = [
        f"HTTP/1.1 {int(status)} {status.phrase}",
        f"content-type: {MEDIA_TYPE}",
        f"content-length: {len(body)}",
        f"x-request-id: {request_id}",
        *(["retry-after: 1"] if status == HTTPStatus.SERVICE_UNAVAILABLE else []),
        "connection: close",
    ]
    return "\r\n".join([*head, "", body]).encode()
