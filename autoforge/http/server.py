"""Serves the application with uvicorn, on loopback unless access is controlled.

This module is a process's own: it decides over threads and the garbage collector, which a library
leaves alone.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, Literal

import uvicorn
from litestar import Litestar
from litestar.concurrency import set_asyncio_executor

from autoforge.dynamodb.transport.endpoint import is_loopback
from autoforge.errors import ConfigurationError
from autoforge.http.api.limits import LIMITS, Limits, check_all, limited
from autoforge.http.api.projection import read_as_view
from autoforge.http.views import VIEWS

#: Handlers that may wait for DynamoDB at once. Each waits for a connection of its own: the client
#: keeps as many.
THREADS: Final = 64

#: Seconds that an idle connection is kept: longer than clients and load balancers keep theirs, as
#: whoever closes first may meet a request. AWS's application load balancer waits 60.
KEEP_ALIVE: Final = 75

#: Ticks of the server in a second.
_TICKS: Final = 10

#: Files that are open besides connections: those to DynamoDB, modules, the log.
_OTHER_FILES: Final = 512

#: How many more containers than now there may be before the collector looks at the new ones, and
#: how often it looks at older ones. A page of 1,000 items is about 40,000 containers, none of which
#: can be in a cycle.
THRESHOLDS: Final = (50_000, 20, 50)


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


class _Server(uvicorn.Server):
    """Serves until it is told to stop, or somebody else says that there is no use any more.

    Once a second, it ends the connections that take too long.
    """

    def __init__(self, config: uvicorn.Config, useless: Callable[[], bool]) -> None:
        super().__init__(config)
        self._useless = useless

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop; asked ten times a second."""
        if counter % _TICKS == 0:
            check_all(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter) or self._useless()


def serve(
    app: Litestar,
    listener: socket.socket,
    *,
    threads: int = THREADS,
    keep_alive: int = KEEP_ALIVE,
    limits: Limits = LIMITS,
    useless: Callable[[], bool] = lambda: False,
) -> None:
    """Serve on a reserved port until interrupted or terminated.

    Args:
        app: The application.
        listener: The port.
        threads: How many handlers may wait for DynamoDB at once.
        keep_alive: Seconds that an idle connection is kept for its next request.
        limits: What one client may take.
        useless: Says when to end because nothing can be answered any more.
    """
    config = server_config(app, keep_alive=keep_alive, limits=limits)
    allow_files(limits.connections)
    handlers = ThreadPoolExecutor(threads, thread_name_prefix="autoforge-handler")
    set_asyncio_executor(handlers)
    compile_projections()
    tune_collector()
    try:
        with suppress(KeyboardInterrupt):
            _Server(config, useless).run(sockets=[listener])
    finally:
        set_asyncio_executor(None)
        handlers.shutdown(wait=False, cancel_futures=True)


def server_config(
    app: Litestar,
    *,
    keep_alive: int = KEEP_ALIVE,
    limits: Limits = LIMITS,
    http: Literal["auto", "h11", "httptools"] = "auto",
) -> uvicorn.Config:
    """How the application is served: with httptools, and with uvloop where it can be had."""
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,  # its warnings go where ours do
        log_level="error",  # what it refuses is logged by who refuses it
        http=http,
        h11_max_incomplete_event_size=limits.head_bytes,
        timeout_keep_alive=keep_alive,
        proxy_headers=False,  # nothing here asks who the client is, or by which scheme it came
        ws="none",
    )
    config.load()
    config.http_protocol_class = limited(config.http_protocol_class, limits)
    return config


def allow_files(connections: int) -> None:
    """Let the process have so many connections open, and the files it needs besides."""
    try:
        import resource  # noqa: PLC0415 - Windows has neither the module nor the limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        needed = min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def compile_projections() -> None:
    """Compile what routes show entities with, so that no client waits for it."""
    for entity, view in VIEWS.items():
        read_as_view(view)(entity)


def tune_collector() -> None:
    """Let the garbage collector pass over what the process has by now, and look more seldom.

    What is there after the start stays there, and a request leaves next to no cycles behind; by
    default the collector would look at both every few requests, and stop them all while it does.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
