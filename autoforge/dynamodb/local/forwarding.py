"""Forwards requests to an engine in another process."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, NoReturn

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError

from autoforge.dynamodb.local.guard import Engine, Request, error_response
from autoforge.dynamodb.transport.connections import Connections, Server
from autoforge.dynamodb.transport.http1 import Answer
from autoforge.dynamodb.transport.transport import Timeouts

#: The headers of a request that an engine needs.
_NEEDED: Final = ("authorization", "content-type", "x-amz-date", "x-amz-target")


def forwarding_to(host: str, port: int) -> tuple[Engine, Callable[[], None]]:
    """Return a function that forwards a request to an engine, and one that closes connections."""
    authority = f"{host}:{port}"
    server = Server(f"http://{authority}", host, port, authority, tls=False)
    connections = Connections(server, Timeouts(), _no_tls)

    def engine(request: Request) -> Answer:
        sent = {"Host": authority, "Content-Length": str(len(request.body))}
        sent |= {name: request.headers[name] for name in _NEEDED if name in request.headers}
        lines = ["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        try:
            return connections.exchange("\r\n".join(lines).encode("latin-1") + request.body)
        except (NoConnectionError, HTTPClientError):
            return error_response(
                "ServiceUnavailable", "the engine does not answer", HTTPStatus.SERVICE_UNAVAILABLE
            )

    return engine, connections.close


def _no_tls() -> NoReturn:
    raise ssl.SSLError("the engine does not support TLS")
