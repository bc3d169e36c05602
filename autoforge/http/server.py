"""Serves the application with uvicorn, on loopback only.

It configures the process: threads, open files and the garbage collector. Only an entry point may do
that; a library must not.
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

#: The number of handlers that may wait for DynamoDB at once. Each uses one connection to DynamoDB;
#: the client keeps as many.
THREADS: Final = 64

#: Seconds for which an idle connection is kept. Longer than clients and load balancers keep theirs
#: (AWS's application load balancer: 60), since the side that closes first may lose a request.
KEEP_ALIVE: Final = 75

#: Calls of uvicorn's ``on_tick`` in a second.
_TICKS: Final = 10

#: Open files in addition to the connections of clients: connections to DynamoDB, modules, the log.
_OTHER_FILES: Final = 512

#: The arguments of ``gc.set_threshold``: how many new containers start a collection, and how often
#: older ones are examined, too. A page of 1,000 items has about 40,000 containers, none of them in
#: a reference cycle, so Python's defaults (2,000 or fewer) would waste time.
THRESHOLDS: Final = (50_000, 20, 50)


def require_safe_host(host: str) -> None:
    """Check that the server cannot be reached from other machines, since it has no authentication.

    Raises:
        ConfigurationError: if the host is not a loopback address.
    """
    if not is_loopback(host):
        raise ConfigurationError(
            f"the host {host!r} is not loopback; the API has no authentication yet, so it can "
            "listen on loopback only"
        )


def reserve(host: str, port: int) -> socket.socket:
    """Bind the port first, so that nothing else must be stopped again if it is in use.

    Raises:
        ConfigurationError: if the host is not loopback, or the port cannot be bound.
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
    """Adds to uvicorn's server a further reason to stop, and the time limits of connections.

    Args:
        config: The configuration of uvicorn.
        should_stop: Returns True if the server should stop; called ten times a second.
    """

    def __init__(self, config: uvicorn.Config, should_stop: Callable[[], bool]) -> None:
        super().__init__(config)
        self._should_stop = should_stop

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop; once a second, end the connections that exceed a time limit."""
        if counter % _TICKS == 0:
            check_all(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter) or self._should_stop()


def serve(
    app: Litestar,
    listener: socket.socket,
    *,
    threads: int = THREADS,
    keep_alive: int = KEEP_ALIVE,
    limits: Limits = LIMITS,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Serve on a reserved port until interrupted or terminated.

    Args:
        app: The application.
        listener: The socket from ``reserve``.
        threads: The number of handlers that may wait for DynamoDB at once.
        keep_alive: Seconds for which an idle connection is kept.
        limits: Limits on what clients use.
        should_stop: Returns True if the server should end because it can no longer answer requests.
    """
    config = server_config(app, keep_alive=keep_alive, limits=limits)
    allow_files(limits.connections)
    handlers = ThreadPoolExecutor(threads, thread_name_prefix="autoforge-handler")
    set_asyncio_executor(handlers)
    compile_projections()
    tune_collector()
    try:
        with suppress(KeyboardInterrupt):
            _Server(config, should_stop).run(sockets=[listener])
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
    """Return uvicorn's configuration; it uses httptools and uvloop if they are installed."""
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,  # autoforge.log handles uvicorn's events, too
        log_level="error",  # autoforge.http.api.limits logs refused requests
        http=http,
        h11_max_incomplete_event_size=limits.head_bytes,
        timeout_keep_alive=keep_alive,
        proxy_headers=False,  # the application uses neither the client's address nor the scheme
        ws="none",
    )
    config.load()
    config.http_protocol_class = limited(config.http_protocol_class, limits)
    return config


def allow_files(connections: int) -> None:
    """Raise the limit of open files to so many connections and the other files, if possible."""
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
    """Compile the projections of entities to JSON now, so that no request waits for it."""
    for entity, view in VIEWS.items():
        read_as_view(view)(entity)


def tune_collector() -> None:
    """Exclude all present objects from garbage collection, and collect less often.

    The objects that exist after the start are kept until the end, and a request creates hardly any
    reference cycles. By default the collector would examine both every few requests, and all
    requests would wait for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
