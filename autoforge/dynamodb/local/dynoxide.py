"""dynoxide as a child process, with its data in a file or in memory.

dynoxide answers requests from any web page and has no option to refuse them. So it listens on an
address that pages cannot guess, and other programs reach it through a Guard (ADR 0033).
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, Self

from autoforge.dynamodb.errors import ConfigurationError
from autoforge.dynamodb.local.address import hidden_address
from autoforge.dynamodb.local.child import Child
from autoforge.dynamodb.local.files import require_private
from autoforge.dynamodb.local.forwarding import forwarding_to
from autoforge.dynamodb.local.guard import Guard

#: The number of failed restarts in a row after which it is not started again.
_STARTS: Final = 3

#: The shortest time between two starts, in seconds.
_PAUSE: Final = 0.25

#: The number of probes for an answer after a start, and the seconds between two of them.
_PROBES: Final = 400
_PROBE_INTERVAL: Final = 0.0125

#: Seconds to wait after SIGTERM before SIGKILL.
_PATIENCE: Final = 5

_log = logging.getLogger("autoforge.dynamodb.local")


class DynoxideDynamoDB:
    """A running dynoxide, which is restarted with its file if it ends, and ends with this process.

    Args:
        data: The database file, created if it does not exist; None to keep the data in memory.
        binary: The program; None to look it up on PATH.
        access_key_id: The access key id with which requests must be signed; random unless given.
        on_lost: Called in another thread when the program has ended and is not restarted: starts
            failed, or its data was in memory.

    Attributes:
        endpoint_url: The URL for other programs, which need the credentials.
        direct_url: The URL for this process only; it checks no credentials, so keep it secret.
        credentials: The access key id and secret key with which requests must be signed.

    Raises:
        ConfigurationError: if the program is missing or does not start, or if others can read the
            file and its mode cannot be changed.

    Examples:
        >>> DynoxideDynamoDB(None, binary=Path("/no/such/dynoxide"))
        Traceback (most recent call last):
        autoforge.dynamodb.errors.ConfigurationError: ...
    """

    def __init__(
        self,
        data: Path | None,
        *,
        binary: Path | None = None,
        access_key_id: str | None = None,
        on_lost: Callable[[], object] = lambda: None,
    ) -> None:
        program = binary or shutil.which("dynoxide")
        if program is None:
            raise ConfigurationError(
                "dynoxide is not on PATH: durable data needs it; install it (npm install "
                "@dynoxide/linux-x64) or give its path"
            )
        if data is not None:
            require_private(data)
        self._on_lost = on_lost
        self._durable = data is not None
        self._host, self._port = hidden_address()
        self.direct_url = f"http://{self._host}:{self._port}"
        where = [] if data is None else ["--db-path", str(data)]
        listening = ["--host", self._host, "--port", str(self._port)]
        self._command = [str(program), *listening, *where]
        self._child: Child | None = None
        self._turn = Lock()
        self._closing = Event()
        self._settled = Event()
        self._answered = False
        self._thread = Thread(target=self._keep_running, name="dynoxide", daemon=True)
        self._thread.start()
        self._settled.wait()
        if not self._answered:
            self._thread.join()
            raise ConfigurationError("dynoxide did not start")
        engine, self._close_connections = forwarding_to(self._host, self._port)
        self._guard = Guard(engine, access_key_id=access_key_id)
        self.endpoint_url = self._guard.endpoint_url
        self.credentials = self._guard.credentials

    def close(self) -> None:
        """Stop the process; acknowledged writes are in the file."""
        self._guard.close()
        self._close_connections()
        with self._turn:
            self._closing.set()
            if self._child is not None:
                self._child.terminate()
        self._thread.join(_PATIENCE)
        if self._child is not None:
            self._child.kill()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the process."""
        self.close()

    def _keep_running(self) -> None:
        """Start the program again each time it ends, until it is closed or starts fail.

        All starts are in this one thread, which a Child needs to live. The first start must
        succeed; a later one may fail some times, because a file system may come back.
        """
        failures = 0
        while not self._closing.is_set() and failures < _STARTS:
            began = time.perf_counter()
            if self._run():
                failures = 0
            elif self._answered:
                failures += 1
            else:
                break
            if not self._durable:
                break
            if time.perf_counter() - began < _PAUSE:
                self._closing.wait(_PAUSE)
        self._settled.set()
        if self._answered and not self._closing.is_set():
            _log.critical("engine.lost", extra={"engine": "dynoxide"})
            self._on_lost()

    def _run(self) -> bool:
        """Start the program and wait until it ends; return whether it answered requests."""
        with self._turn:
            if self._closing.is_set():
                return False
            try:
                self._child = Child(self._command)
            except OSError:
                return False
        answers = self._answers(self._child)
        if answers:
            self._answered = True
            self._settled.set()
        else:
            self._child.kill()
        code = self._child.wait()
        if self._answered and not self._closing.is_set():
            _log.error("engine.ended", extra={"engine": "dynoxide", "code": code})
        return answers

    def _answers(self, child: Child) -> bool:
        """Wait some seconds for the program to answer a request; return whether it did."""
        for _ in range(_PROBES):
            if child.ended() or self._closing.is_set():
                return False
            probe = HTTPConnection(self._host, self._port, timeout=1)
            try:
                probe.request("GET", "/")
                probe.getresponse().read()
            except (OSError, HTTPException):
                self._closing.wait(_PROBE_INTERVAL)
            else:
                return True
            finally:
                probe.close()
        return False
