"""Measures cold starts: the shortest program of each client until its first answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.canned_server import canned_server
from benchmarks.machine import child_environment, cores, pin
from benchmarks.report import Table
from benchmarks.sample import SINGLE_SIZE, Sample

_PROGRAMS: Final = Path(__file__).parent / "first_calls"
_NOTHING: Final = ("-c", "pass")

#: The programs by the title of their row; the first is the unit.
PROGRAMS: Final[Mapping[str, str]] = {
    "stock PynamoDB, one model": "pynamodb_model.py",
    "boto3 resource": "boto3_resource.py",
    "pydynox, one model": "pydynox_model.py",
    "**autoforge**": "autoforge_forge.py",
}


@dataclass(frozen=True)
class Start:
    """Seconds that a program took from start to end."""

    cpu: float
    wall: float

    def __sub__(self, other: Start) -> Start:
        """The difference to another."""
        return Start(self.cpu - other.cpu, self.wall - other.wall)


def compare(newest: datetime, programs: Sequence[str], *, rounds: int) -> Mapping[str, Start]:
    """Run the programs alternately; return the median of what each took beyond bare Python."""
    event = Sample(0, newest, SINGLE_SIZE)
    runs: defaultdict[str, list[Start]] = defaultdict(list)
    with canned_server(event.item, [], core=cores()[1]) as url, _compiled() as environment:
        commands = {title: (str(_PROGRAMS / PROGRAMS[title]), url, event.id) for title in programs}
        for command in commands.values():
            _run(command, environment)
        for _ in range(rounds):
            bare = _run(_NOTHING, environment)
            for title, command in commands.items():
                runs[title].append(_run(command, environment) - bare)
    return {
        title: Start(median(each.cpu for each in taken), median(each.wall for each in taken))
        for title, taken in runs.items()
    }


def table(starts: Mapping[str, Start]) -> Table:
    """A row for each program."""
    unit = next(iter(starts.values()))
    rows = [
        [
            title,
            f"{start.cpu * 1e3:.0f} ({start.cpu / unit.cpu:.2f})",
            f"{start.wall * 1e3:.0f} ({start.wall / unit.wall:.2f})",
        ]
        for title, start in starts.items()
    ]
    return Table(["first answer, over bare Python", "CPU ms (times)", "wall ms (times)"], rows)


@contextmanager
def _compiled() -> Iterator[dict[str, str]]:
    """An environment in which bytecode is compiled once, even if the code is not writable."""
    with TemporaryDirectory() as folder:
        environment = child_environment()
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        yield {**environment, "PYTHONPYCACHEPREFIX": folder}


def _run(command: Sequence[str], environment: Mapping[str, str]) -> Start:
    """Run a program to its end, and measure it.

    Raises:
        RuntimeError: if it fails.
    """
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, *command],
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        preexec_fn=_stay,  # noqa: PLW1509 - no thread runs beside this one
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Start(usage.ru_utime + usage.ru_stime, wall)


def _stay() -> None:
    pin(cores()[0])
