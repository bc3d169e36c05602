"""Measures requests per second and latency of each application on one core, alternately."""

from __future__ import annotations

import json
import socket
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.canned_server import canned_server
from benchmarks.load import Measured, loaded
from benchmarks.machine import Child, cores, cpu_seconds
from benchmarks.report import Table
from benchmarks.sample import PROJECT, samples

#: Events on a page, and bytes of each.
LIMIT: Final = 50
SIZE: Final = 600

CONNECTIONS: Final = 16

#: A distant DynamoDB: its delay in seconds, and the connections that wait for it.
FAR: Final = 0.02
MANY: Final = 64

APPS: Final[Mapping[str, str]] = {
    "boto3": "FastAPI + boto3 resource + pydantic",
    "pynamodb": "FastAPI + stock PynamoDB + pydantic",
    "autoforge": "**`autoforge serve`**",
}

#: The application that is the unit.
ORDINARY: Final = "boto3"

_PATH: Final = f"/projects/{PROJECT}/events?limit={LIMIT}"
_TIMESTAMPS: Final = frozenset({"createdAt", "expiresAt"})

#: Seconds to wait for an application to start.
_PATIENCE: Final = 30.0


@dataclass(frozen=True)
class Run:
    """One measurement of an application under load."""

    measured: Measured
    #: CPU seconds of the server per request; 0 if the system does not report them.
    cpu: float


@dataclass(frozen=True)
class Server:
    """An application that is running."""

    url: str
    pid: int

    def run(self, connections: int, seconds: float) -> Run:
        """Put it under load from the other core."""
        before = cpu_seconds(self.pid)
        measured = loaded(self.url, connections, seconds, core=cores()[1])
        return Run(measured, (cpu_seconds(self.pid) - before) / measured.requests)


@contextmanager
def served(name: str, dynamodb: str) -> Iterator[Server]:
    """Run an application on a core of its own until the block ends."""
    port = _free_port()
    arguments = ["-m", "benchmarks.http_apps", name, dynamodb, str(port)]
    with Child(arguments, core=cores()[0], quiet=True) as child:
        url = f"http://127.0.0.1:{port}{_PATH}"
        _wait(url, child)
        yield Server(url, child.pid)


def compare(
    newest: datetime, names: tuple[str, ...] = tuple(APPS), *, rounds: int, seconds: float
) -> Mapping[str, list[Run]]:
    """Measure the applications alternately; their answers must be equal.

    Raises:
        RuntimeError: if two applications answer with different content.
    """
    items = [each.item for each in samples(2 * LIMIT, newest, SIZE)]
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    with ExitStack() as closing:
        dynamodb = closing.enter_context(canned_server(items[0], items, core=cores()[1]))
        servers = {name: closing.enter_context(served(name, dynamodb)) for name in names}
        _require_alike({name: _content(server.url) for name, server in servers.items()})
        for server in servers.values():
            server.run(CONNECTIONS, seconds / 2)
        for _ in range(rounds):
            for name, server in servers.items():
                runs[name].append(server.run(CONNECTIONS, seconds))
    return runs


def far_away(newest: datetime, *, seconds: float) -> Mapping[float, Run]:
    """Measure ours with many connections, for each delay of DynamoDB in seconds."""
    items = [each.item for each in samples(2 * LIMIT, newest, SIZE)]
    runs = {}
    for delay in (0.0, FAR):
        with (
            canned_server(items[0], items, delay=delay, core=cores()[1]) as dynamodb,
            served("autoforge", dynamodb) as server,
        ):
            server.run(MANY, seconds / 2)
            runs[delay] = server.run(MANY, seconds)
    return runs


def table(runs: Mapping[str, list[Run]]) -> Table:
    """A row for each application: medians of its rounds, and multiples of the unit's."""
    unit = _middle(runs[ORDINARY]) if ORDINARY in runs else None
    rows = []
    for name, each in runs.items():
        rate, half, late, cpu, share = _middle(each)
        rows.append(
            [
                APPS[name],
                f"{rate:,.0f}" + ("" if unit is None else f" ({rate / unit[0]:.2f})"),
                f"{half * 1e3:.1f}",
                f"{late * 1e3:.1f}" + ("" if unit is None else f" ({late / unit[2]:.2f})"),
                f"{cpu * 1e6:,.0f}",
                f"{share:.0%}",
            ]
        )
    heading = ["application", "requests/s (times)", "p50 ms", "p99 ms (times)", "CPU µs a request"]
    return Table([*heading, "load generator's core"], rows)


def far_table(runs: Mapping[float, Run]) -> Table:
    """A row for each delay."""
    rows = [
        [
            f"{delay * 1e3:.0f} ms",
            f"{run.measured.per_second:,.0f}",
            f"{run.measured.median * 1e3:.1f}",
            f"{run.measured.p99 * 1e3:.1f}",
        ]
        for delay, run in runs.items()
    ]
    return Table(["DynamoDB answers after", "requests/s", "p50 ms", "p99 ms"], rows)


def _middle(runs: list[Run]) -> tuple[float, ...]:
    return (
        median(each.measured.per_second for each in runs),
        median(each.measured.median for each in runs),
        median(each.measured.p99 for each in runs),
        median(each.cpu for each in runs),
        median(each.measured.share for each in runs),
    )


def _require_alike(contents: Mapping[str, Any]) -> None:
    (first, expected), *others = contents.items()
    if len(expected["items"]) != LIMIT or not expected["nextCursor"]:
        raise RuntimeError(f"{first} did not answer with a page of {LIMIT} and a cursor")
    for name, content in others:
        content.pop("pollCursor", None)  # only ours supports polling
        if not content.pop("nextCursor") or content != {"items": expected["items"]}:
            raise RuntimeError(f"the answers of {name} and {first} differ; they must be equal")


def _content(url: str) -> Any:
    """The content of a page, with timestamps parsed, since applications format them differently."""

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {
            name: datetime.fromisoformat(value) if name in _TIMESTAMPS else value
            for name, value in pairs
        }

    with urlopen(url) as answer:  # noqa: S310 - our own server, on loopback
        return json.load(answer, object_pairs_hook=read)


def _wait(url: str, server: Child) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        server.require_running()
        with suppress(URLError, OSError), urlopen(url, timeout=5):  # noqa: S310 - see _content
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers at {url}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
