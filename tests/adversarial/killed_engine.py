"""dynoxide with a fixed file and port, killed while it works and started again."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from autoforge.dynamodb.client.client import Client, RetryPolicy
from tests.servers import dynoxide_binary, free_port

_LOOPBACK: Final = "127.0.0.1"
#: Enough attempts to outlast any restart, with short delays between them.
PATIENT: Final = RetryPolicy(attempts=400, base=0.01, cap=0.05)


@dataclass
class KilledEngine:
    """An engine that is killed and restarted with the same file and address.

    Attributes:
        kills: How often it was killed.
    """

    program: Path
    data: Path
    port: int
    kills: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def endpoint_url(self) -> str:
        """The URL of the engine, the same after every restart."""
        return f"http://{_LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        where = ["--host", _LOOPBACK, "--port", str(self.port), "--db-path", str(self.data)]
        self._process = subprocess.Popen(
            [str(self.program), *where], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex((_LOOPBACK, self.port)) == 0:
                    return
            time.sleep(0.01)
        raise AssertionError("dynoxide did not start")

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.kills += 1

    def client(self) -> Client:
        """Return a connection whose retries outlast a restart."""
        return Client(
            region="eu-west-1",
            endpoint_url=self.endpoint_url,
            credentials=("testing", "testing"),
            sleep=time.sleep,
            retries=PATIENT,
        )


@contextmanager
def killed_engine(folder: Path) -> Iterator[KilledEngine]:
    """Start an engine, and stop it at the end."""
    program = dynoxide_binary()
    if program is None:
        pytest.skip("dynoxide is not installed")
    engine = KilledEngine(program, folder / "table.db", free_port())
    engine.start()
    try:
        yield engine
    finally:
        engine.kill()
