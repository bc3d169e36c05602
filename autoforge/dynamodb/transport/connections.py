"""Keep-alive connections to one server: opened when needed, checked before use, closed when spoilt.

What goes wrong is raised as botocore would raise it, so that callers need not know which way a
request went.
"""

from __future__ import annotations

import os
import socket
import ssl
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from autoforge.dynamodb.transport.http1 import Answer, Connection
from autoforge.dynamodb.transport.transport import Timeouts

#: The most connections that are kept while nobody uses them; more threads than that open new ones.
IDLE_LIMIT: Final = 256


@dataclass(frozen=True)
class Server:
    """Where requests go.

    Attributes:
        url: As errors name it.
        host: Name or address.
        port: Port.
        authority: The Host header.
        tls: Whether to speak TLS.
    """

    url: str
    host: str
    port: int
    authority: str
    tls: bool


class Connections:
    """Connections to a server, for any number of threads.

    The one used last is used next, so that those a burst has left over grow old and are found
    closed. There is no lock: a deque gives each of its members to one thread only.

    Args:
        server: The server.
        timeouts: How long to wait.
        tls_context: Makes the TLS context; asked once, and only for TLS.
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
            within: Seconds for the whole exchange on a connection, where the timeouts would wait
                longer; a new connection is opened in as many.

        Raises:
            EndpointConnectionError: if there is no connection to be had.
            ConnectTimeoutError: if there is none in time.
            SSLError: if the server is not who it should be, or speaks no TLS.
            ReadTimeoutError: if the answer is not there in time.
            ConnectionClosedError: if there is none that can be read.
        """
        connection = self._taken(within)
        try:
            answer = connection.exchange(message, within)
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=self._server.url, error=error) from error
        except OSError as error:
            connection.close()
            raise ConnectionClosedError(endpoint_url=self._server.url, error=error) from error
        except BaseException:
            # Whatever it is, the rest of the answer must not be taken for the next one's.
            connection.close()
            raise
        self._keep(connection)
        return answer

    def warm(self) -> None:
        """Have a connection ready."""
        self._keep(self._taken(None))

    def close(self) -> None:
        """Close those that are idle."""
        _close_all(self._idle)

    def _taken(self, within: float | None) -> Connection:
        if self._process != os.getpid():
            # After a fork both processes hold the same sockets, and would read each other's
            # answers. Closing this process' copies says nothing to the server.
            _close_all(self._idle)
            self._process = os.getpid()
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return Connection(self._opened(within))
            if not connection.is_stale():
                return connection
            connection.close()

    def _keep(self, connection: Connection) -> None:
        if connection.reusable and len(self._idle) < IDLE_LIMIT:
            self._idle.append(connection)
        else:
            connection.close()

    def _opened(self, within: float | None) -> socket.socket:
        url = self._server.url
        usual = self._timeouts.connect
        try:
            opened = socket.create_connection(
                (self._server.host, self._server.port),
                usual if within is None else min(usual, within),
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=url, error=error) from error
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self._server.tls:
                opened = self._secured(opened)
            opened.settimeout(self._timeouts.read)
        except BaseException:
            opened.close()
            raise
        return opened

    def _secured(self, opened: socket.socket) -> ssl.SSLSocket:
        url = self._server.url
        try:
            if self._context is None:
                self._context = self._make_context()
            return self._context.wrap_socket(opened, server_hostname=self._server.host)
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except OSError as error:  # a certificate file that is not there, too
            raise SSLError(endpoint_url=url, error=error) from error


def _close_all(connections: deque[Connection]) -> None:
    while connections:
        try:
            connections.pop().close()
        except IndexError:  # another thread took the last
            return
