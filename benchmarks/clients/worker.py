"""Runs one client in a process of its own, and measures the cost of its calls.

    python -m benchmarks.clients.worker NAME URL NEWEST [--core N]

It connects, checks that the client is complete, and prints ``ready``. Then it reads one ``Task``
per line, as JSON, and prints for each the CPU seconds of the whole process: of all its threads,
and of the kernel's work for it.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from benchmarks.clients.check import check
from benchmarks.clients.client import Client, Population
from benchmarks.clients.roster import ROSTER
from benchmarks.machine import pin
from benchmarks.sample import SINGLE_SIZE, Sample, samples

#: Items in the longest list.
LONGEST: Final = 1000

#: Thresholds of the garbage collector if it is tuned as in a server.
_TUNED: Final = (50_000, 20, 100)


@dataclass(frozen=True)
class Task:
    """Calls to make.

    Attributes:
        operation: ``get``, ``put``, ``transact`` or ``page``.
        limit: Items of a page.
        tuned: Whether the garbage collector ignores existing objects, and runs rarely.
        times: The number of calls.
    """

    operation: str
    limit: int = 0
    tuned: bool = False
    times: int = 1

    def written(self) -> str:
        """The task as a line of JSON."""
        return json.dumps(asdict(self))

    def call(self, client: Client) -> Callable[[], Any]:
        """The function to call."""
        if self.operation == "page":
            return lambda: client.page(self.limit)
        call: Callable[[], Any] = getattr(client, self.operation)
        return call


def population(newest: datetime) -> Population:
    """The events that all clients read and write."""
    return Population(Sample(0, newest, SINGLE_SIZE), samples(LONGEST, newest))


def cost(client: Client, task: Task) -> float:
    """CPU seconds of the task."""
    call = task.call(client)
    gc.collect()
    with _collector(tuned=task.tuned):
        began = time.process_time()
        client.run(call, task.times)
        return time.process_time() - began


@contextmanager
def _collector(*, tuned: bool) -> Iterator[None]:
    if not tuned:
        yield
        return
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_TUNED)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def main() -> None:
    """Perform tasks until standard input ends."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=ROSTER)
    parser.add_argument("url")
    parser.add_argument("newest", type=datetime.fromisoformat)
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    pin(given.core)
    events = population(given.newest)
    client = ROSTER[given.name].connect(given.url, events)
    check(client, events, given.url, 100, LONGEST)
    print("ready", flush=True)
    for line in sys.stdin:
        print(cost(client, Task(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
