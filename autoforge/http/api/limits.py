"""What one client may take of the server: bytes of a head, seconds for a request, connections.

uvicorn bounds none of them: its time limit begins after an answer, and its limit of concurrency
counts requests whose head is complete. So its protocols are extended here, by what both have: a
cycle for the request at hand, which knows whether more of its body is to come.
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
    #: Either of uvicorn's protocols, as far as they are alike.
    _Protocol = H11Protocol
else:
    _Protocol = object

#: Seconds that a refused client has to read why, while what it still sends is thrown away.
_LINGERING: Final = 2.0

#: Bytes of chance in the id of a refused request.
_CHANCE: Final = 13

#: Tells which of two connections was heard of later; a clock of milliseconds does not.
_TURNS: Final = count()

_END: Final = b"\r\n\r\n"
_log = logging.getLogger("autoforge.http")


@dataclass(frozen=True)
class Limits:
    """What one client may take.

    Attributes:
        head_bytes: Bytes of a request line with its headers, or of a body's trailers.
        head_seconds: Seconds from a head's first byte, or from a connection, to its last.
        body_seconds: Seconds from the end of a head to the end of the body.
        connections: Connections at once. Above it the one that is idle for longest is closed; a new
            one is refused where none is idle.
    """

    head_bytes: int = 32_768
    head_seconds: float = 10
    body_seconds: float = 30
    connections: int = 1000


#: What one client may take unless it is set otherwise.
LIMITS: Final = Limits()


class Limited(_Protocol):
    """A protocol of uvicorn's that keeps to limits. Combined with one by ``limited``."""

    limits: Limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it."""
        super().connection_made(transport)
        self._refused = False
        self._head_bytes = 0
        self._tail = b""
        self._since = self.loop.time()
        self._heard = next(_TURNS)
        if len(self.connections) > self.limits.connections and not self._make_room():
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "there are too many connections")
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request, unless it has had too many."""
        if self._refused:
            return
        cycle: Any = self.cycle
        now = self.loop.time()
        self._heard = next(_TURNS)
        if cycle is None or not cycle.more_body:
            if not self._head_bytes:
                self._since = now
            room = self.limits.head_bytes - self._head_bytes
            if len(data) > room and _END not in self._tail + data[:room]:
                self.refuse_head()
                return
            self._head_bytes += len(data)
        # Also of a body: in the bytes that end it the next head may begin.
        self._tail = (self._tail + data[-len(_END) :])[-len(_END) + 1 :]
        super().data_received(data)
        if self.cycle is not cycle:
            self._head_bytes = 0
            self._since = now

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        del msg
        self.refuse(HTTPStatus.BAD_REQUEST, "the request is not valid HTTP")

    def refuse_head(self) -> None:
        """Refuse a head of too many bytes."""
        self.refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"a request's head has at most {self.limits.head_bytes:,} bytes",
        )

    def refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer with a problem, log it, and take nothing more; unless there is an answer begun."""
        request_id = secrets.token_hex(_CHANCE)
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
            self.cycle.disconnected = True  # nothing that its handler sends comes after this
            self.cycle.message_event.set()
        self.transport.write(_answer(status, detail, request_id))
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _may_answer(self) -> bool:
        """Whether an answer now is the one to the request that is refused, and the first to it."""
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            return True
        earlier = getattr(self, "pipeline", ())
        return bool(cycle.more_body and not cycle.response_started and not earlier)

    def check(self, now: float) -> None:
        """End a connection that takes too long."""
        cycle: Any = self.cycle
        taken = now - self._since
        if self._refused:
            if taken > _LINGERING:
                self.transport.abort()
        elif cycle is not None and cycle.more_body:
            if taken > self.limits.body_seconds:
                self._time_out("body", self.limits.body_seconds)
        elif (cycle is None or self._head_bytes) and taken > self.limits.head_seconds:
            self._time_out("head", self.limits.head_seconds)

    def _time_out(self, part: str, seconds: float) -> None:
        self.refuse(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the {part} of the request was not there within {seconds:g} seconds",
        )

    def _make_room(self) -> bool:
        """Close the connection that is idle for longest, if one is."""
        idle = [
            each
            for each in self.connections
            if isinstance(each, Limited) and each is not self and each.is_idle()
        ]
        if not idle:
            return False
        min(idle, key=lambda each: each._heard).transport.close()  # noqa: SLF001 - one of us
        return True

    def is_idle(self) -> bool:
        """Whether there is no request that is being answered or whose body is on its way."""
        cycle: Any = self.cycle
        return cycle is None or (cycle.response_complete and not cycle.more_body)


class _HttpTools(Limited):
    """What httptools needs besides: it collects trailers of any length, which h11 does not."""

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
            if self._in_head and not self._head_bytes:  # begun in the bytes that ended another
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
        self.cycle.more_body = False  # also where the answer came first


def limited(protocol: type[asyncio.Protocol], limits: Limits) -> type[asyncio.Protocol]:
    """Extend one of uvicorn's protocols by limits."""
    base = Limited if issubclass(protocol, H11Protocol) else _HttpTools
    return type(f"Limited{protocol.__name__}", (base, protocol), {"limits": limits})


def check_all(connections: Iterable[Any], now: float) -> None:
    """End the connections that take too long."""
    for each in [*connections]:
        if isinstance(each, Limited):
            each.check(now)


def _answer(status: HTTPStatus, detail: str, request_id: str) -> bytes:
    """A problem as the bytes of an answer, after which the connection ends."""
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
