"""dynoxide as a child process, with its data in one file that survives it.

It answers any page of any site and has no option against it. So it listens where no page finds it
by trying, and other programs reach it through a guard.
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

#: How often a start is tried once it has run: a file system may come back.
_STARTS: Final = 3

#: Seconds to wait before the next start, unless it ran for longer than that.
_PAUSE: Final = 0.25

#: How often, and how many seconds apart, a program that was started is asked whether it answers.
_ASKED: Final = 400
_APART: Final = 0.0125

#: Seconds that it has to end when it is told to.
_PATIENCE: Final = 5

_log = logging.getLogger("autoforge.dynamodb.local")


class DynoxideDynamoDB:
    """dynoxide, started again on its file if it ends, and ended with this process.

    Args:
        data: The database file, made if it is not there; None to keep the data in memory.
        binary: The program; None to look it up on PATH.
        access_key_id: What requests must be signed with; a random one unless given.
        on_lost: Called in another thread when the program has ended for good: it does not start
            any more, or its data was in memory.

    Attributes:
        endpoint_url: Where programs reach it, with the credentials.
        direct_url: Where this process reaches it; to be told to nobody.
        credentials: Access key id and secret key that requests must be signed with.

    Raises:
        ConfigurationError: if the program is not there or does not start, or if others can read
            the file and that cannot be changed.
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
                "durable data needs the dynoxide program: put it on PATH or name it "
                "(npm install @dynoxide/linux-x64)"
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
        """Stop the process; what it acknowledged is on disk."""
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
        """Be usable in a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop at the end of the with statement."""
        self.close()

    def _keep_running(self) -> None:
        """Start the program whenever it is not running: all in one thread, as a Child needs.

        The first start must succeed; later ones are tried some times.
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
        """Start the program and wait for its end; whether it answered between the two."""
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
        """Whether the program answers before it ends, within some seconds."""
        for _ in range(_ASKED):
            if child.ended() or self._closing.is_set():
                return False
            asked = HTTPConnection(self._host, self._port, timeout=1)
            try:
                asked.request("GET", "/")
                asked.getresponse().read()
            except (OSError, HTTPException):
                self._closing.wait(_APART)
            else:
                return True
            finally:
                asked.close()
        return False
