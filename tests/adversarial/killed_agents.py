"""Agents that are processes, and are killed while they claim and pass features.

An agent is not told that it will end: it gets SIGKILL between any two of its instructions.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from autoforge.errors import AutoforgeError
from autoforge.forge import Forge
from tests.adversarial.killed_engine import PATIENT

#: Simulated seconds in a second: leases end, and notes are forgotten, while a test waits.
_HASTE: Final = 60
_NOON: Final = datetime(2026, 2, 4, 12, tzinfo=UTC)
_TABLE: Final = "killed-processes"
#: Seconds that a claim holds, by the machine's clock.
LEASE_SECONDS: Final = 0.5

#: Forks of one process that has imported everything, so that a new agent takes milliseconds.
_processes: Final = get_context("forkserver")
_processes.set_forkserver_preload([__name__, "autoforge.forge.features", "ulid"])


def hasty_clock() -> datetime:
    """Tell a time that runs sixty times as fast, and is the same in every process."""
    return _NOON + timedelta(seconds=_HASTE * time.monotonic() % 10**8)


def connected(endpoint_url: str) -> Forge:
    """A Forge that tries as often as an engine takes to come back."""
    return Forge.connect(
        table_name=_TABLE,
        region="eu-west-1",
        endpoint_url=endpoint_url,
        clock=hasty_clock,
        retries=PATIENT,
    )


@dataclass(frozen=True)
class Entry:
    """What an agent noted before it went on, at a moment that all processes count alike.

    Attributes:
        at: Seconds.
        agent: Whose it is; every process is an agent of its own.
        did: "asks" before a claim and "claimed" after it, "passes" before a pass and "passed"
            after it.
        feature: The feature, or "" where there is none yet.
        version: The token of the claim.
    """

    at: float
    agent: str
    did: str
    feature: str
    version: int


@dataclass
class Journal:
    """What all agents did, in the order they did it; a line is whole or not there."""

    path: Path

    def note(self, agent: str, did: str, feature: str = "", version: int = 0) -> None:
        """Write a line that outlives the process that writes it."""
        line = json.dumps([time.monotonic(), agent, did, feature, version]) + "\n"
        with self.path.open("ab", buffering=0) as file:
            file.write(line.encode())

    def grow(self, lines: int) -> None:
        """Wait until the agents have noted so many more lines."""
        enough = self._length() + lines
        while self._length() < enough:
            time.sleep(0.002)

    def _length(self) -> int:
        return self.path.read_bytes().count(b"\n") if self.path.exists() else 0

    def entries(self) -> Iterator[Entry]:
        """Every line, in order."""
        for line in self.path.read_text().splitlines():
            yield Entry(*json.loads(line))


@dataclass
class Agents:
    """Processes that claim and pass the features of a project until they are killed."""

    endpoint_url: str
    project_id: str
    journal: Journal
    _running: list[BaseProcess] = field(default_factory=list)
    _started: int = 0

    def start(self) -> None:
        """Start another one."""
        self._started += 1
        agent = f"agent-{self._started}"
        process: Any = _processes.Process(
            target=_work, args=(self.endpoint_url, self.project_id, agent, self.journal.path)
        )
        process.daemon = True
        process.start()
        self._running.append(process)

    def kill(self, number: int) -> None:
        """End one of them at once."""
        process = self._running.pop(number % len(self._running))
        process.kill()
        process.join()

    def kill_all(self) -> None:
        """End all of them at once."""
        while self._running:
            self.kill(0)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._running)


def _work(endpoint_url: str, project_id: str, agent: str, path: Path) -> None:
    """Claim and pass features for as long as the process lives."""
    journal = Journal(path)
    with connected(endpoint_url) as forge:
        while True:
            journal.note(agent, "asks")
            with suppress(AutoforgeError):
                claimed = forge.features.claim_next(project_id, agent, lease=_HASTE * LEASE_SECONDS)
                if claimed is None:
                    time.sleep(0.005)  # as an agent that has nothing to do
                    continue
                mine = (str(claimed.id), int(claimed.version))
                journal.note(agent, "claimed", *mine)
                journal.note(agent, "passes", *mine)
                forge.features.pass_(project_id, mine[0], version=mine[1])
                journal.note(agent, "passed", *mine)
