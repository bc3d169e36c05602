"""HTTP/1.1 on one connected socket: a request out, its answer in."""

from __future__ import annotations

import re
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Final, NamedTuple

#: The most bytes of an answer's head; DynamoDB sends some 300.
HEAD_LIMIT: Final = 65_536

_CHUNK: Final = 65_536
#: The most bytes asked for at once where an answer's length is known.
_LARGE_CHUNK: Final = 1_048_576
_END: Final = b"\r\n\r\n"
_CONTINUE: Final = range(100, 200)
_WITHOUT_BODY: Final = frozenset({204, 304})
_STATUS_LINE: Final = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?= |\r|$)", re.ASCII)
#: What a header without a name begins with, or one that continues the line before.
_NO_NAME: Final = " \t"
_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,15}")


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

    __slots__ = ("_arrivals", "_socket", "_until", "reusable")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        #: When the answer must be there, by the monotonic clock; None while pieces may dribble in.
        self._until: float | None = None
        self._arrivals = _arrivals_at(connected)
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
        data = b""
        while True:
            head, data = self._head(data)
            minor, status, headers = _parsed(head)
            if status not in _CONTINUE:
                break
        if "content-length" in headers and "transfer-encoding" not in headers:
            body, keep = self._measured(headers["content-length"], data)
        elif status in _WITHOUT_BODY:
            body, keep = b"", not data
        elif "transfer-encoding" in headers:
            body, keep = self._chunked(headers["transfer-encoding"], data)
        else:
            body, keep = self._until_closed(data), False
        self.reusable = keep and _stays_open(minor, headers)
        return Answer(status, headers, body)

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

    def _more(self, most: int = _CHUNK) -> bytes:
        data = self._received(most)
        if not data:
            raise AnswerCutOffError("the connection ended before the answer did")
        return data

    def _head(self, data: bytes) -> tuple[bytes, bytes]:
        """The head, and what came after it."""
        data = data or self._more()
        end = data.find(_END)
        while end < 0 and len(data) <= HEAD_LIMIT:
            searched = max(0, len(data) - len(_END) + 1)
            data += self._more()
            end = data.find(_END, searched)
        if not 0 <= end <= HEAD_LIMIT:
            raise GarbledAnswerError("the head of the answer is too long")
        return data[:end], data[end + len(_END) :]

    def _measured(self, length: str, data: bytes) -> tuple[bytes, bool]:
        if not (length.isascii() and length.isdecimal()):
            raise GarbledAnswerError("the length of the answer is no number")
        missing = int(length) - len(data)
        if missing <= 0:
            return (data, True) if not missing else (data[:missing], False)
        pieces = [data]
        while missing > 0:
            pieces.append(self._more(min(missing, _LARGE_CHUNK)))
            missing -= len(pieces[-1])
        return b"".join(pieces), True

    def _chunked(self, encoding: str, data: bytes) -> tuple[bytes, bool]:
        if encoding.lower() != "chunked":
            raise GarbledAnswerError("the answer is encoded in a way nobody asked for")
        buffer = bytearray(data)
        body = bytearray()
        while size := self._chunk_size(buffer):
            while len(buffer) < size + 2:
                buffer += self._more()
            if buffer[size : size + 2] != b"\r\n":
                raise GarbledAnswerError("a chunk of the answer does not end where it should")
            body += buffer[:size]
            del buffer[: size + 2]
        while self._line(buffer):
            pass  # trailers say nothing that is needed
        return bytes(body), not buffer

    def _chunk_size(self, buffer: bytearray) -> int:
        size = self._line(buffer).split(b";", 1)[0].strip()
        if not _SIZE.fullmatch(size):
            raise GarbledAnswerError("the size of a chunk is no number")
        return int(size, 16)

    def _line(self, buffer: bytearray) -> bytes:
        """Take a line out of the buffer, which is filled as needed."""
        while (end := buffer.find(b"\r\n")) < 0:
            if len(buffer) > HEAD_LIMIT:
                raise GarbledAnswerError("a line of the answer is too long")
            buffer += self._more()
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        return line

    def _until_closed(self, data: bytes) -> bytes:
        pieces = [data]
        while piece := self._received(_CHUNK):
            pieces.append(piece)
        return b"".join(pieces)


def _arrivals_at(connected: socket.socket) -> Callable[[], Sequence[object]]:
    """What tells, without waiting, of bytes that came and of an end; empty where nothing did."""
    if not hasattr(select, "poll"):  # Windows, whose select takes a socket of any number
        return lambda: select.select([connected], [], [], 0)[0]
    arrivals = select.poll()
    arrivals.register(connected, select.POLLIN)
    return partial(arrivals.poll, 0)


def _parsed(head: bytes) -> tuple[str, int, dict[str, str]]:
    """The minor version, the status and the headers."""
    text = head.decode("latin-1")
    status_line = _STATUS_LINE.match(text)
    if status_line is None:
        raise GarbledAnswerError("the answer does not begin as HTTP does")
    headers: dict[str, str] = {}
    for line in text.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon or name[:1] in _NO_NAME:
            raise GarbledAnswerError("a header of the answer is none")
        name = name.lower()
        value = value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return status_line[1], int(status_line[2]), headers


def _stays_open(minor: str, headers: dict[str, str]) -> bool:
    said = headers.get("connection")
    if said is None:
        return minor == "1"
    tokens = said.lower().replace(" ", "").split(",")
    return "keep-alive" in tokens if minor == "0" else "close" not in tokens
