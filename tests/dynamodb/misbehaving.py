"""An HTTP server on loopback that treats its clients as a test prescribes."""

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

#: The usual body of an answer.
EMPTY: Final[dict[str, Any]] = {}


@dataclass(frozen=True)
class Talk:
    """One connection, from the server's side."""

    #: The number of the connection, from 0.
    number: int
    socket: socket.socket
    #: The requests received on all connections.
    requests: list[bytes]

    def request(self) -> bool:
        """Read one whole request; return False if the client closed the connection."""
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
        """Send bytes unchanged."""
        self.socket.sendall(data)

    def reset(self) -> None:
        """End the connection with a TCP reset instead of a regular close."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@dataclass
class Served:
    """The connections and requests of a server.

    Attributes:
        url: The URL of the server.
        connections: One entry for each connection.
        requests: The whole requests, of all connections.
    """

    url: str
    connections: list[Talk] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


#: What a server does with a connection before it closes it.
Behaviour = Callable[[Talk], object]


@contextmanager
def serving(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None, *, host: str = "localhost"
) -> Iterator[Served]:
    """Serve every connection in a separate thread.

    Args:
        behaviour: Handles a connection, which is closed afterwards.
        tls: The context of a TLS server; None for plain HTTP.
        host: The host name in the server's URL.
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
    with talk.socket as plain, suppress(OSError):  # a client may disconnect at any time
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
    """Answer every request: with the next of the answers, or the last one again."""

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
    """An HTTP answer with a Content-Length.

    Args:
        body: The body, or an object to write as JSON.
        status: The status code and reason.
        kind: The content type.
        more: Further header lines, each with its line end.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}"
    return f"{head}\r\n".encode() + content


def summed(body: bytes, *, off_by: int = 0) -> bytes:
    """An answer with DynamoDB's checksum; with ``off_by``, a wrong one."""
    return http(body, more=f"x-amz-crc32: {crc32(body) + off_by}\r\n")


def client_at(served: Served, **given: Any) -> Client:
    """A client of a server that never waits between attempts."""
    return Client(
        region="eu-west-1",
        endpoint_url=served.url,
        credentials=("testing", "testing"),
        **{"sleep": lambda _: None, **given},
    )
