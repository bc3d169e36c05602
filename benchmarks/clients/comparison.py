"""Measures the calls of each client, in alternating rounds, as multiples of a raw request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import Final

from benchmarks.canned_server import canned_server
from benchmarks.clients.roster import ROSTER, UNIT
from benchmarks.clients.worker import LONGEST, Task, population
from benchmarks.machine import Child, cores
from benchmarks.report import Table

#: The tasks of every client, by the title of their column.
TASKS: Final[Mapping[str, Task]] = {
    "GetItem 1 KB": Task("get"),
    "PutItem 1 KB": Task("put"),
    "TransactWrite of 3": Task("transact"),
    "Query 100 of 650 B": Task("page", limit=100),
    f"Query {LONGEST:,}, tuned collector": Task("page", limit=LONGEST, tuned=True),
}

#: CPU seconds that a task should take in a round: much longer than clock steps and interrupts.
_ENOUGH: Final = 0.1


@dataclass(frozen=True)
class Cost:
    """The cost of one call of a client: medians of the rounds."""

    #: CPU seconds.
    seconds: float
    #: The same as a multiple of the unit's cost, which is measured right before it in each round.
    ratio: float

    def __str__(self) -> str:
        """Microseconds and the multiple."""
        return f"{self.seconds * 1e6:,.0f} ({self.ratio:.2f})"


#: Costs by client, then by the title of the task.
Costs = Mapping[str, Mapping[str, Cost]]


def table(costs: Costs) -> Table:
    """A row for each client."""
    rows = [
        [ROSTER[name].title, *(str(each[title]) for title in TASKS)] for name, each in costs.items()
    ]
    return Table(["CPU µs a call (times raw)", *TASKS], rows)


def compare(
    names: Sequence[str], newest: datetime, *, rounds: int, enough: float = _ENOUGH
) -> Costs:
    """Measure clients alternately, each in its own process; only one of them works at any time.

    Args:
        names: Clients of the roster, including the unit.
        newest: When the newest event was created.
        rounds: How often each is measured.
        enough: CPU seconds that a measurement should take.

    Raises:
        RuntimeError: if a client did not read or write everything.
    """
    mine, other = cores()
    events = population(newest)
    with ExitStack() as closing:
        listed = [each.item for each in events.listed]
        url = closing.enter_context(canned_server(events.single.item, listed, core=other))
        workers = {}
        for name in names:
            # Started one after another, since the check reads the last write from the server.
            arguments = ["-m", "benchmarks.clients.worker", name, url, newest.isoformat()]
            workers[name] = closing.enter_context(Child(arguments, core=mine))
            if workers[name].line() != "ready":
                raise RuntimeError(f"the worker of {name} did not print 'ready' first")
        return _measure(workers, rounds, enough)


def _measure(workers: Mapping[str, Child], rounds: int, enough: float) -> Costs:
    tasks = {
        (name, title): _calibrated(worker, task, enough)
        for name, worker in workers.items()
        for title, task in TASKS.items()
    }

    def once(name: str, title: str) -> float:
        task = tasks[name, title]
        return float(workers[name].ask(task.written())) / task.times

    pairs: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for name, title in _turns(workers, rounds):
        unit = once(UNIT, title)
        pairs[name, title].append((unit, unit if name == UNIT else once(name, title)))
    return {
        name: {
            title: Cost(
                seconds=median(seconds for _, seconds in pairs[name, title]),
                ratio=median(seconds / unit for unit, seconds in pairs[name, title]),
            )
            for title in TASKS
        }
        for name in workers
    }


def _turns(names: Iterable[str], rounds: int) -> Iterator[tuple[str, str]]:
    """Yield, in every round and for every task, each client with the task."""
    ordered = list(names)
    for number in range(rounds):
        for title in TASKS:
            for name in ordered if number % 2 == 0 else reversed(ordered):
                yield name, title


def _calibrated(worker: Child, task: Task, enough: float) -> Task:
    """The task with as many calls as take long enough to be measured, after calls that warm up."""
    few = replace(task, times=3)
    worker.ask(few.written())
    seconds = float(worker.ask(few.written())) / few.times
    return replace(task, times=max(2, round(enough / max(seconds, 1e-6))))
