"""HTTP/1.1 on one connected socket: a request out, its answer in.

httptools reads the answer; what it lets pass and DynamoDB never sends is refused here.
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

#: The most bytes of an answer that are read without any of its body, as of its head; DynamoDB's
#: heads have some 300.
HEAD_LIMIT: Final = 65_536

_CHUNK: Final = 65_536
#: The most bytes asked for at once where an answer's length is known.
_LARGE_CHUNK: Final = 1_048_576
#: The least status that is an answer, and none that announces one.
_FINAL: Final = 200
_VERSIONS: Final = frozenset({"1.0", "1.1"})


class AnswerCutOffError(OSError):
    """The connection ended before its answer did."""


class GarbledAnswerError(OSError):
    """What came is no HTTP."""


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
        reusable: Whether another request may follow: false from when one is begun until its
            answer was read to the end, and for ever if the server said so or was not understood.
    """

    __slots__ = ("_answers", "_arrivals", "_socket", "_until", "reusable")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        #: When the answer must be there, by the monotonic clock; None while pieces may dribble in.
        self._until: float | None = None
        self._arrivals = _arrivals_at(connected)
        self._answers = _Answers()
        self.reusable = True

    def exchange(self, message: bytes, within: float | None = None) -> Answer:
        """Send a request and read its answer.

        Args:
            message: The request.
            within: Seconds for all of it; unless given, each piece may take the socket's timeout.

        Raises:
            OSError: if the connection breaks, times out, or carries something else.
        """
        self.reusable = False
        if within is None:
            return self._exchanged(message)
        usual = self._socket.gettimeout()
        self._until = monotonic() + within
        self._socket.settimeout(within)
        try:
            answer = self._exchanged(message)
        finally:
            self._until = None
        self._socket.settimeout(usual)
        return answer

    def _exchanged(self, message: bytes) -> Answer:
        self._socket.sendall(message)
        answers = self._answers
        answers.begin()
        while answers.answer is None:
            data = self._received(answers.expected)
            if data:
                answers.feed(data)
            else:
                answers.end()
        self.reusable = answers.may_follow
        return answers.answer

    def is_stale(self) -> bool:
        """Whether the server closed the connection, or sent what nobody asked for."""
        return bool(self._arrivals()) and not self._only_tickets()

    def close(self) -> None:
        """Close the socket, without a word to the server."""
        with suppress(OSError):
            self._socket.close()

    def _only_tickets(self) -> bool:
        """Whether what came is TLS's own business, such as session tickets after a handshake."""
        if not isinstance(self._socket, ssl.SSLSocket):
            return False
        waiting = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        else:
            return False  # closed, or an answer to nothing
        finally:
            self._socket.settimeout(waiting)

    def _received(self, most: int) -> bytes:
        """The next piece of the answer; nothing at the end of the connection."""
        if self._until is not None:
            left = self._until - monotonic()
            if left <= 0:
                raise TimeoutError("the answer was not there in time")
            self._socket.settimeout(left)
        return self._socket.recv(most)


class _Answers:
    """Reads the answers of a connection one after another.

    Attributes:
        answer: What was read to the end, or None.
        may_follow: Whether another may follow, once there is one.
        expected: How many bytes to ask for next.
    """

    __slots__ = (
        "_before_body",
        "_head",
        "_headers",
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
        """Expect an answer."""
        self.answer: Answer | None = None
        self.expected = _CHUNK
        self._before_body = 0
        self._head: dict[str, str] | None = None

    def feed(self, data: bytes) -> None:
        """Read a piece.

        Raises:
            GarbledAnswerError: if it is no HTTP, or goes on before or after a body for too long.
        """
        self._before_body += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if self.answer is None:
                raise GarbledAnswerError(f"the answer is no HTTP: {error}") from error
            self.may_follow = False
        if self.answer is None and self._before_body > HEAD_LIMIT:
            raise GarbledAnswerError("the head of the answer is too long")

    def end(self) -> None:
        """Take the end of the connection, which ends an answer that tells no length.

        Raises:
            AnswerCutOffError: if it told one, or if its head did not end.
        """
        head = self._head
        if head is None or "content-length" in head or "transfer-encoding" in head:
            raise AnswerCutOffError("the connection ended before the answer did")
        self.on_message_complete()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin an answer, or one that nobody asked for."""
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self.may_follow = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        text, headers = name.decode("latin-1").lower(), self._headers
        said = value.decode("latin-1").rstrip()
        headers[text] = f"{headers[text]}, {said}" if text in headers else said

    def on_headers_complete(self) -> None:
        """Take the head."""
        if self.answer is not None:
            return
        headers, parser = self._headers, self._parser
        if parser.get_http_version() not in _VERSIONS:
            raise GarbledAnswerError("the answer is of another version of HTTP")
        if headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise GarbledAnswerError("the answer is encoded in a way nobody asked for")
        self.may_follow = parser.should_keep_alive()
        self._head, self._headers = headers, {}  # trailers say nothing that is needed
        length = int(headers.get("content-length", 0))
        self.expected = min(max(length, _CHUNK), _LARGE_CHUNK)

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._before_body = 0
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """Have the answer, unless it only announces one or nobody asked for it."""
        status = self._parser.get_status_code()
        if status < _FINAL or self.answer is not None or self._head is None:
            self.may_follow = False
            return
        self.answer = Answer(status, self._head, b"".join(self._pieces))


def _arrivals_at(connected: socket.socket) -> Callable[[], Sequence[object]]:
    """What tells, without waiting, of bytes that came and of an end; empty where nothing did."""
    if not hasattr(select, "poll"):  # Windows, whose select takes a socket of any number
        return lambda: select.select([connected], [], [], 0)[0]
    arrivals = select.poll()
    arrivals.register(connected, select.POLLIN)
    return partial(arrivals.poll, 0)
