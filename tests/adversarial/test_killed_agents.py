"""Agents and their engine are killed at random times, and all work is still done.

The agents are processes. They note what they are about to do and what was acknowledged. The notes
are compared with each other and with the table: no two agents hold a claim at the same time, the
order of the claims is valid, and acknowledged writes remain.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import inf
from pathlib import Path
from random import Random
from typing import Final

import pytest

from autoforge.forge import Forge, NewFeature
from tests.adversarial.effort import Effort
from tests.adversarial.killed_agents import (
    LEASE_SECONDS,
    Agents,
    Entry,
    Journal,
    connected,
    hasty_clock,
)
from tests.adversarial.killed_engine import KilledEngine, killed_engine
from tests.adversarial.laws import require_finished

#: The number of agents that work at the same time, and of the features in each attempt.
_AGENTS: Final = 4
_FEATURES: Final = 16
#: One kill in this many is the engine's; after the most kills the work must be done.
_ENGINE: Final = 4
_MOST_KILLS: Final = 300


def test_work_is_done_once_and_in_order_though_agents_and_engine_are_killed(
    effort: Effort, tmp_path: Path
) -> None:
    draw = Random(2026)
    with killed_engine(tmp_path) as engine, connected(engine.endpoint_url) as forge:
        forge.store.create_table()
        for number in effort.rounds():
            project_id = f"round-{number}"
            dependencies = _backlog(forge, project_id, draw)
            journal = Journal(tmp_path / f"journal-{number}")

            agents = Agents(engine.endpoint_url, project_id, journal)
            _work_off(forge, engine, agents, dependencies, draw)

            # The next claim would finish a pass that was cut off; this test sends no further claim.
            forge.features.repair(project_id)
            require_finished(forge.store, hasty_clock())


def _backlog(forge: Forge, project_id: str, draw: Random) -> Mapping[str, frozenset[str]]:
    """Create features that each depend on up to two earlier ones; return the dependencies by id."""
    forge.projects.create("Portal", id=project_id)
    new = [
        NewFeature(
            name=f"Feature {n}", dependencies=draw.sample(range(n), min(n, draw.randint(0, 2)))
        )
        for n in range(_FEATURES)
    ]
    made = forge.features.create_many(project_id, new)
    return {str(each.id): each.dependencies for each in made.features}


def _work_off(
    forge: Forge,
    engine: KilledEngine,
    agents: Agents,
    dependencies: Mapping[str, frozenset[str]],
    draw: Random,
) -> None:
    """Let agents work until every feature passes, and kill one process after another."""
    try:
        for kill in range(_MOST_KILLS):
            while len(agents) < _AGENTS:
                agents.start()
            agents.journal.grow(draw.randint(1, 12))
            time.sleep(draw.uniform(0, 0.01))  # somewhere between two lines
            _require_sound([*agents.journal.entries()], dependencies)
            if forge.features.stats(agents.project_id).passing == len(dependencies):
                return
            if kill % _ENGINE == 0:
                engine.kill()
                engine.start()
            else:
                agents.kill(draw.randrange(_AGENTS))
        pytest.fail("the work is never done")
    finally:
        agents.kill_all()


def _require_sound(entries: list[Entry], dependencies: Mapping[str, frozenset[str]]) -> None:
    """Check the agents' notes against each other.

    No agent releases a feature, so another claim of it is valid only after the lease has ended. The
    lease lasts at least as long as counted from the time before the claim.
    """
    asked: dict[str, float] = {}
    free_from: dict[str, float] = {}
    passing: dict[str, float] = {}
    passed: dict[str, float] = {}
    for each in entries:
        match each.did:
            case "asks":
                asked[each.agent] = each.at
            case "claimed":
                assert each.at >= free_from.get(each.feature, 0), "claimed while another holds it"
                assert asked[each.agent] < passed.get(each.feature, inf), "claimed when it passed"
                assert dependencies[each.feature] <= {*passing}, "claimed before its dependencies"
                free_from[each.feature] = asked[each.agent] + LEASE_SECONDS
            case "passes":
                passing.setdefault(each.feature, each.at)
            case "passed":
                passed.setdefault(each.feature, each.at)
