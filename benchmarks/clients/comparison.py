"""What each client's calls cost, as multiples of a raw request: rounds that take turns."""

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

#: What is asked of every client, by the title of its column.
TASKS: Final[Mapping[str, Task]] = {
    "GetItem 1 KB": Task("get"),
    "PutItem 1 KB": Task("put"),
    "TransactWrite of 3": Task("transact"),
    "Query 100 of 650 B": Task("page", limit=100),
    f"Query {LONGEST:,}, tuned collector": Task("page", limit=LONGEST, tuned=True),
}

#: CPU seconds a task should take in a round: much longer than the clock's steps and interrupts.
_ENOUGH: Final = 0.1


@dataclass(frozen=True)
class Cost:
    """What one call costs a client: medians over the rounds."""

    #: CPU seconds.
    seconds: float
    #: The same as a multiple of the unit's, measured right before it in each round.
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
    """Measure clients in turns, each in its own process; only one of them works at any time.

    Args:
        names: Clients of the roster; the unit is among them.
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
            # One after another: the check asks the server what was written last.
            arguments = ["-m", "benchmarks.clients.worker", name, url, newest.isoformat()]
            workers[name] = closing.enter_context(Child(arguments, core=mine))
            if workers[name].line() != "ready":
                raise RuntimeError(f"{name} is not ready")
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
    """In every round each task, and for each task every client, one right after another."""
    ordered = list(names)
    for number in range(rounds):
        for title in TASKS:
            for name in ordered if number % 2 == 0 else reversed(ordered):
                yield name, title


def _calibrated(worker: Child, task: Task, enough: float) -> Task:
    """The task, as often as takes long enough to be measured; the first calls warm up."""
    few = replace(task, times=3)
    worker.ask(few.written())
    seconds = float(worker.ask(few.written())) / few.times
    return replace(task, times=max(2, round(enough / max(seconds, 1e-6))))
