"""Serves the application with uvicorn, on loopback unless access is controlled."""

from __future__ import annotations

import socket
from contextlib import suppress

import uvicorn
from litestar import Litestar

from autoforge.access.aws import is_loopback
from autoforge.errors import ConfigurationError


def require_safe_host(host: str) -> None:
    """Refuse to be reachable from elsewhere while nobody has to say who they are.

    Raises:
        ConfigurationError: if the host is not this machine's loopback.
    """
    if not is_loopback(host):
        raise ConfigurationError(
            f"refusing to listen on {host}: without authentication the API is served on loopback "
            "only, and this version has no authentication setting"
        )


def reserve(host: str, port: int) -> socket.socket:
    """Take the port, before anything is started that would have to be stopped again.

    Raises:
        ConfigurationError: if the host is not loopback, or the port is taken.
    """
    require_safe_host(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"cannot listen on {host}, port {port}: {error.strerror}"
        ) from error
    return listener


def serve(app: Litestar, listener: socket.socket) -> None:
    """Serve on a reserved port until interrupted or terminated."""
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning"))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
