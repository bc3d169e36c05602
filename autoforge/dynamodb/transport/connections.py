"""Keep-alive connections to one server: opened when needed, checked before use, closed on errors.

Failures are raised as botocore's errors, so that callers need not know which transport was used.
"""

from __future__ import annotations

import os
import socket
import ssl
import weakref
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from autoforge.dynamodb.transport.http1 import Answer, Connection
from autoforge.dynamodb.transport.transport import Timeouts

#: The most idle connections that are kept; if more threads send requests, they open new ones.
IDLE_LIMIT: Final = 256


class Server(NamedTuple):
    """The server that requests are sent to.

    Attributes:
        url: The URL that errors name.
        host: Name or address.
        port: Port.
        authority: The Host header.
        tls: Whether to use TLS.
    """

    url: str
    host: str
    port: int
    authority: str
    tls: bool


class Connections:
    """A pool of connections to a server; thread-safe.

    The connection that was used last is used next, so that connections left over from a burst are
    unused and the server closes them. No lock is needed: a deque gives each of its members to one
    thread only.

    Args:
        server: The server.
        timeouts: How long to wait for the network.
        tls_context: Creates the TLS context; called once, and only for TLS.
    """

    def __init__(
        self, server: Server, timeouts: Timeouts, tls_context: Callable[[], ssl.SSLContext]
    ) -> None:
        self._server = server
        self._timeouts = timeouts
        self._make_context = tls_context
        self._context: ssl.SSLContext | None = None
        self._idle: deque[Connection] = deque()
        self._process = os.getpid()
        weakref.finalize(self, _close_all, self._idle)

    def exchange(self, message: bytes, within: float | None = None) -> Answer:
        """Send an HTTP request on a connection and read the answer.

        Args:
            message: The request.
            within: The most seconds for the exchange on a connection, and as many to open a new
                one; None for the timeouts alone.

        Raises:
            EndpointConnectionError: if no connection can be opened.
            ConnectTimeoutError: if none is opened in time.
            SSLError: if the certificate of the server is refused, or it does not speak TLS.
            ReadTimeoutError: if the answer does not arrive in time.
            ConnectionClosedError: if the connection ends early, or the answer is malformed.
        """
        connection = self._acquire(within)
        try:
            answer = connection.exchange(message, within)
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=self._server.url, error=error) from error
        except OSError as error:
            connection.close()
            raise ConnectionClosedError(endpoint_url=self._server.url, error=error) from error
        except BaseException:
            # The rest of this answer must not be read as the next one.
            connection.close()
            raise
        self._release(connection)
        return answer

    def warm(self) -> None:
        """Have a connection ready."""
        self._release(self._acquire(None))

    def close(self) -> None:
        """Close the idle connections."""
        _close_all(self._idle)

    def _acquire(self, within: float | None) -> Connection:
        if self._process != os.getpid():
            # After a fork both processes hold the same sockets, and would read each other's
            # answers. Closing the copies of this process sends nothing to the server.
            _close_all(self._idle)
            self._process = os.getpid()
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return Connection(self._open(within))
            if not connection.is_stale():
                return connection
            connection.close()

    def _release(self, connection: Connection) -> None:
        if connection.reusable and len(self._idle) < IDLE_LIMIT:
            self._idle.append(connection)
        else:
            connection.close()

    def _open(self, within: float | None) -> socket.socket:
        url = self._server.url
        timeout = self._timeouts.connect
        try:
            opened = socket.create_connection(
                (self._server.host, self._server.port),
                timeout if within is None else min(timeout, within),
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=url, error=error) from error
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self._server.tls:
                opened = self._with_tls(opened)
            opened.settimeout(self._timeouts.read)
        except BaseException:
            opened.close()
            raise
        return opened

    def _with_tls(self, opened: socket.socket) -> ssl.SSLSocket:
        url = self._server.url
        try:
            if self._context is None:
                self._context = self._make_context()
            return self._context.wrap_socket(opened, server_hostname=self._server.host)
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except OSError as error:  # also if the certificate file is missing
            raise SSLError(endpoint_url=url, error=error) from error


def _close_all(connections: deque[Connection]) -> None:
    while connections:
        try:
            connections.pop().close()
        except IndexError:  # another thread took the last
            return
