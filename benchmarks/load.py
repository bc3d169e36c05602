"""Generates load: repeats one request over kept connections, and times the answers.

    python -m benchmarks.load URL CONNECTIONS SECONDS [--core N]

Prints a ``Measured`` as JSON. It reads only the status and the length of an answer. Its own share
of a core is measured as well, since a generator that is busy would measure itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Final
from urllib.parse import urlsplit

from benchmarks.machine import Child, pin, run_loop

_LENGTH: Final = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_HEAD_END: Final = b"\r\n\r\n"


@dataclass(frozen=True)
class Measured:
    """A server under load.

    Attributes:
        requests: The number of answers.
        seconds: The duration of the measurement.
        median: Median latency in seconds.
        p99: 99th percentile of the latency in seconds.
        share: Share of a core that the load generator used.
    """

    requests: int
    seconds: float
    median: float
    p99: float
    share: float

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass
class Load(asyncio.Protocol):
    """One connection, which sends the next request as soon as the last one is answered."""

    request: bytes
    taken: list[float]
    faults: list[str]
    transport: asyncio.Transport = field(init=False)
    _began: float = 0.0
    _received: int = 0
    _whole: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self.transport = transport  # type: ignore[assignment]  # uvloop has a class of its own
        self._send()

    def data_received(self, data: bytes) -> None:
        """Count the bytes of an answer; when it is complete, send the next request."""
        if not self._whole:
            end, length = data.find(_HEAD_END), _LENGTH.search(data)
            if end < 0 or length is None or not data.startswith(b"HTTP/1.1 200"):
                self.faults.append(data[:200].decode("latin-1"))
                self.transport.close()
                return
            self._whole = end + len(_HEAD_END) + int(length[1])
        self._received += len(data)
        if self._received >= self._whole:
            self.taken.append(time.perf_counter() - self._began)
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Record a connection that failed."""
        if exc is not None:
            self.faults.append(str(exc))

    def _send(self) -> None:
        self._received = self._whole = 0
        self._began = time.perf_counter()
        self.transport.write(self.request)


async def load(url: str, connections: int, seconds: float) -> Measured:
    """Put a server under load for so many seconds.

    Raises:
        RuntimeError: if an answer is not 200, or has no length.
    """
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    request = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    taken: list[float] = []
    faults: list[str] = []
    opened = [
        await loop.create_connection(
            lambda: Load(request, taken, faults), parts.hostname or "", parts.port or 80
        )
        for _ in range(connections)
    ]
    taken.clear()
    began, busy = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    lasted, busy = time.perf_counter() - began, time.process_time() - busy
    for transport, _ in opened:
        transport.abort()
    if faults:
        raise RuntimeError(faults[0])
    centiles = quantiles(taken, n=100)
    return Measured(len(taken), lasted, centiles[49], centiles[98], busy / lasted)


def loaded(url: str, connections: int, seconds: float, *, core: int | None) -> Measured:
    """Put a server under load from a process of its own."""
    arguments = ["-m", "benchmarks.load", url, str(connections), str(seconds)]
    with Child(arguments, core=core) as child:
        return Measured(**json.loads(child.line()))


async def _main(url: str, connections: int, seconds: float) -> None:
    print(json.dumps(asdict(await load(url, connections, seconds))), flush=True)


def main() -> None:
    """Put a server under load, and print the measurement."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("connections", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    pin(given.core)
    run_loop(_main(given.url, given.connections, given.seconds))


if __name__ == "__main__":
    main()
