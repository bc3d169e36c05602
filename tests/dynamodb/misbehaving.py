"""An HTTP server on loopback that does to its callers what a test tells it to."""

from __future__ import annotations

import json
import socket
import ssl
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import Any, Final
from zlib import crc32

from autoforge.dynamodb.client.client import Client

#: What most requests are answered with.
EMPTY: Final[dict[str, Any]] = {}


@dataclass(frozen=True)
class Talk:
    """One connection, as the server has it."""

    #: Which connection it is, from 0.
    number: int
    socket: socket.socket
    #: What was sent on all connections.
    requests: list[bytes]

    def request(self) -> bool:
        """Read one whole request; False if the caller has closed the connection."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.socket.recv(65_536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        (length,) = (
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        while len(body) < length:
            body += self.socket.recv(65_536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return True

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def reset(self) -> None:
        """End the connection with a reset instead of a farewell."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@dataclass
class Served:
    """What a server saw.

    Attributes:
        url: Where it is.
        connections: Its connections, one entry for each.
        requests: What was sent to it, whole.
    """

    url: str
    connections: list[Talk] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


#: What a server does with a connection, until it closes it.
Behaviour = Callable[[Talk], object]


@contextmanager
def serving(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None, *, host: str = "localhost"
) -> Iterator[Served]:
    """Serve every connection in a thread of its own.

    Args:
        behaviour: What is done with a connection; it is closed afterwards.
        tls: The context of a server that speaks TLS.
        host: What its URL calls it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scheme = "http" if tls is None else "https"
        served = Served(f"{scheme}://{host}:{listener.getsockname()[1]}")
        acceptor = Thread(target=_accept, args=(listener, served, behaviour, tls))
        acceptor.start()
        try:
            yield served
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()


def _accept(
    listener: socket.socket, served: Served, behaviour: Behaviour, tls: ssl.SSLContext | None
) -> None:
    threads: list[Thread] = []
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            talk = Talk(len(threads), connection, served.requests)
            threads.append(Thread(target=_serve, args=(talk, served, behaviour, tls)))
            threads[-1].start()
    for talk in served.connections:
        with suppress(OSError):
            talk.socket.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()


def _serve(talk: Talk, served: Served, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
    with talk.socket as plain, suppress(OSError):  # a caller may go whenever it likes
        plain.settimeout(10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is None:
            served.connections.append(talk)
            behaviour(talk)
            return
        with tls.wrap_socket(plain, server_side=True) as secure:
            served.connections.append(replace(talk, socket=secure))
            behaviour(served.connections[-1])


def always(*answers: bytes) -> Behaviour:
    """Answer request after request: each with the next of the answers, then with the last."""

    def behave(talk: Talk) -> None:
        while talk.request():
            talk.send(answers[min(len(talk.requests), len(answers)) - 1])

    return behave


def http(
    body: bytes | Mapping[str, Any] = EMPTY,
    *,
    status: str = "200 OK",
    kind: str = "application/x-amz-json-1.0",
    more: str = "",
) -> bytes:
    """An HTTP answer of known length.

    Args:
        body: The body, or the JSON in it.
        status: The status and the reason.
        kind: The content type.
        more: Further headers, each with its line's end.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}"
    return f"{head}\r\n".encode() + content


def summed(body: bytes, *, off_by: int = 0) -> bytes:
    """An answer with DynamoDB's checksum, right or wrong."""
    return http(body, more=f"x-amz-crc32: {crc32(body) + off_by}\r\n")


def client_at(served: Served, **given: Any) -> Client:
    """A client of a server, that never waits between attempts."""
    return Client(
        region="eu-west-1",
        endpoint_url=served.url,
        credentials=("testing", "testing"),
        **{"sleep": lambda _: None, **given},
    )
