"""Agents that run as processes and are killed while they claim and pass features.

An agent gets no warning: it receives SIGKILL between any two of its instructions.
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

#: Simulated seconds per second, so that leases and cached results expire during a test.
_HASTE: Final = 60
_NOON: Final = datetime(2026, 2, 4, 12, tzinfo=UTC)
_TABLE: Final = "killed-processes"
#: Length of a lease in seconds of the machine's clock.
LEASE_SECONDS: Final = 0.5

#: Forks of one process that has imported everything, so that an agent starts in milliseconds.
_processes: Final = get_context("forkserver")
_processes.set_forkserver_preload([__name__, "autoforge.forge.features", "ulid"])


def hasty_clock() -> datetime:
    """Return a time that runs sixty times as fast, and is the same in every process."""
    return _NOON + timedelta(seconds=_HASTE * time.monotonic() % 10**8)


def connected(endpoint_url: str) -> Forge:
    """Return a Forge that retries long enough for the engine to restart."""
    return Forge.connect(
        table_name=_TABLE,
        region="eu-west-1",
        endpoint_url=endpoint_url,
        clock=hasty_clock,
        retries=PATIENT,
    )


@dataclass(frozen=True)
class Entry:
    """What an agent wrote to the journal before it continued.

    Attributes:
        at: Seconds, on a clock that all processes share.
        agent: The id of the agent; every process is a different agent.
        did: "asks" before a claim and "claimed" after it, "passes" before a pass and "passed"
            after it.
        feature: The id of the feature, or "" if none is claimed yet.
        version: The token of the claim.
    """

    at: float
    agent: str
    did: str
    feature: str
    version: int


@dataclass
class Journal:
    """What all agents did, in order; a line is either complete or absent."""

    path: Path

    def note(self, agent: str, did: str, feature: str = "", version: int = 0) -> None:
        """Write a line; it remains if the process is killed."""
        line = json.dumps([time.monotonic(), agent, did, feature, version]) + "\n"
        with self.path.open("ab", buffering=0) as file:
            file.write(line.encode())

    def grow(self, lines: int) -> None:
        """Wait until the agents have written a number of further lines."""
        enough = self._length() + lines
        while self._length() < enough:
            time.sleep(0.002)

    def _length(self) -> int:
        return self.path.read_bytes().count(b"\n") if self.path.exists() else 0

    def entries(self) -> Iterator[Entry]:
        """Yield every line, in order."""
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
        """Start another agent."""
        self._started += 1
        agent = f"agent-{self._started}"
        process: Any = _processes.Process(
            target=_work, args=(self.endpoint_url, self.project_id, agent, self.journal.path)
        )
        process.daemon = True
        process.start()
        self._running.append(process)

    def kill(self, number: int) -> None:
        """Kill one agent with SIGKILL."""
        process = self._running.pop(number % len(self._running))
        process.kill()
        process.join()

    def kill_all(self) -> None:
        """Kill all agents with SIGKILL."""
        while self._running:
            self.kill(0)

    def __len__(self) -> int:
        """Return the number of running agents."""
        return len(self._running)


def _work(endpoint_url: str, project_id: str, agent: str, path: Path) -> None:
    """Claim and pass features until the process is killed."""
    journal = Journal(path)
    with connected(endpoint_url) as forge:
        while True:
            journal.note(agent, "asks")
            with suppress(AutoforgeError):
                claimed = forge.features.claim_next(project_id, agent, lease=_HASTE * LEASE_SECONDS)
                if claimed is None:
                    time.sleep(0.005)  # an agent without a feature waits
                    continue
                mine = (str(claimed.id), int(claimed.version))
                journal.note(agent, "claimed", *mine)
                journal.note(agent, "passes", *mine)
                forge.features.pass_(project_id, mine[0], version=mine[1])
                journal.note(agent, "passed", *mine)
