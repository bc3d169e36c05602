"""An HTTP/1.1 client on one connected socket: sends a request, then reads its answer.

httptools parses the answers. This module also refuses answers that httptools accepts and DynamoDB
never sends.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Final, NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

#: The most bytes of an answer that may belong to no body: the head, or trailers. The heads of
#: DynamoDB have some 300 bytes.
HEAD_LIMIT: Final = 65_536

_CHUNK: Final = 65_536
#: The most bytes to receive at once if the length of the answer is known.
_LARGE_CHUNK: Final = 1_048_576
#: The lowest status of a final answer; a lower one announces another answer.
_FINAL: Final = 200
_VERSIONS: Final = frozenset({"1.0", "1.1"})


class AnswerCutOffError(OSError):
    """The connection ended before the answer was complete."""


class GarbledAnswerError(OSError):
    """The received bytes are not an HTTP answer that DynamoDB could send."""


class Answer(NamedTuple):
    """An HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connected socket, plain or TLS, that carries one request at a time.

    Args:
        connected: The socket, with its timeout set. It is closed with the connection.

    Attributes:
        reusable: Whether another request may follow. It is false while a request is in progress,
            and stays false if the exchange failed or the server closes the connection.
    """

    __slots__ = ("_deadline", "_parser", "_poll", "_socket", "reusable")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        #: The deadline of the whole answer, by the monotonic clock; None if there is none.
        self._deadline: float | None = None
        self._poll = _poll_of(connected)
        self._parser = _AnswerParser()
        self.reusable = True

    def exchange(self, message: bytes, within: float | None = None) -> Answer:
        """Send a request and read its answer.

        Args:
            message: The request.
            within: The most seconds for the whole exchange. None if only the timeout of the socket
                applies, to each operation.

        Raises:
            OSError: if the connection breaks or times out, or the answer is malformed.
        """
        self.reusable = False
        if within is None:
            return self._exchange(message)
        timeout = self._socket.gettimeout()
        self._deadline = monotonic() + within
        self._socket.settimeout(within)
        try:
            answer = self._exchange(message)
        finally:
            self._deadline = None
        self._socket.settimeout(timeout)
        return answer

    def _exchange(self, message: bytes) -> Answer:
        self._socket.sendall(message)
        parser = self._parser
        parser.begin()
        while parser.answer is None:
            data = self._receive(parser.expected)
            if data:
                parser.feed(data)
            else:
                parser.end()
        self.reusable = parser.may_follow
        return parser.answer

    def is_stale(self) -> bool:
        """Whether the server has closed the connection, or sent bytes without a request."""
        return bool(self._poll()) and not self._has_only_tls_records()

    def close(self) -> None:
        """Close the socket; no TLS closing message is sent."""
        with suppress(OSError):
            self._socket.close()

    def _has_only_tls_records(self) -> bool:
        """Whether only records of TLS itself arrived, such as session tickets."""
        if not isinstance(self._socket, ssl.SSLSocket):
            return False
        timeout = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        else:
            return False  # closed, or an answer without a request
        finally:
            self._socket.settimeout(timeout)

    def _receive(self, most: int) -> bytes:
        """Receive the next bytes of the answer; none at the end of the connection."""
        if self._deadline is not None:
            left = self._deadline - monotonic()
            if left <= 0:
                raise TimeoutError("the answer was not complete in time")
            self._socket.settimeout(left)
        return self._socket.recv(most)


class _AnswerParser:
    """Parses the answers of a connection, one after another.

    Attributes:
        answer: The answer once it is complete, else None.
        may_follow: Whether another request may follow the complete answer.
        expected: The number of bytes to receive next, at most.
    """

    __slots__ = (
        "_head",
        "_headers",
        "_outside_body",
        "_parser",
        "_pieces",
        "answer",
        "expected",
        "may_follow",
    )

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.on_message_begin()
        self.begin()

    def begin(self) -> None:
        """Prepare for the next answer."""
        self.answer: Answer | None = None
        self.expected = _CHUNK
        #: Bytes that were fed since the last bytes of a body.
        self._outside_body = 0
        self._head: dict[str, str] | None = None

    def feed(self, data: bytes) -> None:
        """Parse the next bytes of the answer.

        Raises:
            GarbledAnswerError: if they are not HTTP, or the head or the trailers are too long.
        """
        self._outside_body += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if self.answer is None:
                raise GarbledAnswerError(f"the answer is not HTTP: {error}") from error
            self.may_follow = False
        if self.answer is None and self._outside_body > HEAD_LIMIT:
            raise GarbledAnswerError(f"the head of the answer has more than {HEAD_LIMIT:,} bytes")

    def end(self) -> None:
        """Handle the end of the connection, which completes an answer without a length.

        Raises:
            AnswerCutOffError: if the answer has a length, or its head is incomplete.
        """
        head = self._head
        if head is None or "content-length" in head or "transfer-encoding" in head:
            raise AnswerCutOffError("the connection ended before the answer was complete")
        self.on_message_complete()

    # The callbacks of HttpResponseParser.

    def on_message_begin(self) -> None:
        """Start an answer, which may be one without a request."""
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self.may_follow = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; repeated ones are joined by commas."""
        key, headers = name.decode("latin-1").lower(), self._headers
        text = value.decode("latin-1").rstrip()
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        """Check the head."""
        if self.answer is not None:
            return
        headers, parser = self._headers, self._parser
        if parser.get_http_version() not in _VERSIONS:
            version = parser.get_http_version()
            raise GarbledAnswerError(f"the answer is HTTP/{version}; expected 1.0 or 1.1")
        encoding = headers.get("transfer-encoding", "chunked")
        if encoding.lower() != "chunked":
            raise GarbledAnswerError(f"the transfer encoding is {encoding!r}; expected chunked")
        self.may_follow = parser.should_keep_alive()
        self._head, self._headers = headers, {}  # the new dict is for trailers, which are dropped
        length = int(headers.get("content-length", 0))
        self.expected = min(max(length, _CHUNK), _LARGE_CHUNK)

    def on_body(self, piece: bytes) -> None:
        """Add a piece of the body."""
        self._outside_body = 0
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """Complete the answer, unless it announces another one or has no request."""
        status = self._parser.get_status_code()
        if status < _FINAL or self.answer is not None or self._head is None:
            self.may_follow = False
            return
        self.answer = Answer(status, self._head, b"".join(self._pieces))


def _poll_of(connected: socket.socket) -> Callable[[], Sequence[object]]:
    """Return a function that reports received bytes or the end, without waiting; empty if none."""
    if not hasattr(select, "poll"):  # Windows, whose select has no limit for socket numbers
        return lambda: select.select([connected], [], [], 0)[0]
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return partial(poll.poll, 0)
