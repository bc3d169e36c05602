"""An engine is killed repeatedly under load; acknowledged writes are stored, exactly once.

The engine forgets its idempotency tokens each time. Every call retries until after the restart, so
each must have the same result as without a kill.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from autoforge.access.artefacts import update_artefact
from autoforge.access.features.patterns import FeaturesByStatus
from autoforge.dynamodb.timestamps import utc_now
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.forge import Forge
from autoforge.models import ArtefactType, FeatureStatus
from tests.adversarial.effort import Effort
from tests.adversarial.killed_engine import KilledEngine, killed_engine
from tests.stores import forge_of, store_of

_WORKERS: Final = 4
_LOG: Final = ArtefactType.RAID_LOG


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[KilledEngine]:
    """An engine to kill."""
    with killed_engine(tmp_path) as engine:
        yield engine


@dataclass
class _Worker:
    """One process's share of the load: transactions on items that the others write as well."""

    forge: Forge
    number: int
    counted: int = 0
    created: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)

    def work(self, stop: Event) -> None:
        """Send transactions until ``stop`` is set; no call may fail."""
        for turn in count():
            if stop.is_set():
                return
            name = f"w{self.number}-{turn}"
            self.forge.projects.create("Portal", id=name, owner_id="ann")
            self.created.append(name)
            rewrite = update_artefact("p", _LOG, {"by": name}, expected_version=None, at=utc_now())
            self.forge.store.transact(Transaction((rewrite,)))
            self.counted += 1
            self.forge.features.create("p", name, id=name, linear_issue_id=name)
            self.forge.features.add_dependency("p", name, "first")
            self.forge.features.remove_dependency("p", name, "first")
            claimed = self.forge.features.claim_next("p", f"agent-{self.number}")
            if claimed is not None:
                self.claimed.append(str(claimed.id))
                self.forge.features.pass_("p", str(claimed.id), version=claimed.version)


def test_whatever_is_done_while_engines_are_killed_is_done_once(
    engine: KilledEngine, effort: Effort
) -> None:
    forge = _forge(engine)
    forge.store.create_table()
    forge.projects.create("Portal", id="p")
    forge.artefacts.create("p", _LOG, {})
    forge.features.create("p", "first", id="first", priority=99_999)
    workers = [_Worker(_forge(engine), number) for number in range(_WORKERS)]

    _under_kills(engine, effort, [worker.work for worker in workers])

    counted = sum(worker.counted for worker in workers)
    assert engine.kills > 1
    assert counted > 0
    assert forge.artefacts.get("p", _LOG, consistent=True).version == 1 + counted
    created = [name for worker in workers for name in worker.created]
    assert all(forge.projects.get(name).owner_id == "ann" for name in created)
    claimed = [each for worker in workers for each in worker.claimed]
    assert len(claimed) == len({*claimed})
    passing = forge.each(FeaturesByStatus("p", FeatureStatus.PASSING))
    assert {str(each.id) for each in passing} == {*claimed}
    assert forge.features.stats("p").in_progress == 0


def _under_kills(
    engine: KilledEngine, effort: Effort, work: list[Callable[[Event], object]]
) -> None:
    """Run all work at the same time, and kill the engine while it runs."""
    stop, chance = Event(), random.Random(0)
    with ThreadPoolExecutor(len(work)) as pool:
        done = [pool.submit(each, stop) for each in work]
        try:
            for _ in effort.rounds():
                stop.wait(chance.uniform(0.05, 0.4))
                engine.kill()
                engine.start()
        finally:
            stop.set()
        for each in done:
            each.result()


def _forge(engine: KilledEngine) -> Forge:
    return forge_of(store_of(engine.client(), "AgenticPM", utc_now))
