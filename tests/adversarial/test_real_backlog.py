"""Sixteen agents work through a real dependency graph in a valid order."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from pathlib import Path
from threading import Condition

import pytest

from autoforge.access.features.dependencies import in_order
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import IdMint
from autoforge.errors import CyclicDependencyError
from autoforge.forge import Forge, NewFeature
from tests.adversarial.effort import Effort
from tests.adversarial.packages import INSTALLED, committed, installed, without_cycles
from tests.servers import Engine
from tests.stores import forge_of

AGENTS = 16
#: The number of packages that are worked through within the suite.
SOME = 300


class Journal:
    """What the agents report to have done, in order."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.lines: list[tuple[str, str]] = []
        self.passed = 0
        self.changed = Condition()

    def note(self, what: str, name: str) -> None:
        with self.changed:
            self.lines.append((what, name))
            self.passed += what == "passed"
            self.changed.notify_all()

    def wait_for_more(self, seen: int) -> bool:
        """Wait until more features pass than ``seen``; return whether any does not pass yet."""
        with self.changed:
            self.changed.wait_for(lambda: self.passed > seen or self.passed == self.total, 60)
            return self.passed < self.total


def test_a_cycle_among_packages_is_refused_by_name_and_creates_nothing(forge: Forge) -> None:
    project = forge.projects.create("Debian")
    _, cycles = without_cycles(committed())
    needed = dict(pairwise(cycles[0]))  # without further edges, which could form a shorter cycle
    names = [*needed]

    with pytest.raises(CyclicDependencyError) as refused:
        forge.features.create_many(
            project.id,
            [NewFeature(name=one, id=one, dependencies=[other]) for one, other in needed.items()],
        )

    assert {*refused.value.path} == {*names}
    assert all(each in str(refused.value) for each in names)
    assert forge.features.stats(project.id).total == 0


def test_the_known_cycles_of_the_distribution_are_found() -> None:
    graph = committed()
    acyclic, cycles = without_cycles(graph)

    assert ["libc6", "libgcc-s1", "libc6"] in cycles or [
        "libgcc-s1",
        "libc6",
        "libgcc-s1",
    ] in cycles
    for cycle in cycles:
        assert cycle[0] == cycle[-1]
        assert all(other in graph[one] for one, other in pairwise(cycle))
    order = {name: place for place, name in enumerate(in_order(acyclic))}
    assert all(order[each] < order[name] for name, needed in acyclic.items() for each in needed)


@pytest.mark.skipif(not INSTALLED.exists(), reason="the machine has no Debian package database")
def test_the_installed_packages_have_an_order_once_their_cycles_are_cut() -> None:
    acyclic, _ = without_cycles(installed())

    order = {name: place for place, name in enumerate(in_order(acyclic))}
    assert {*acyclic} == {*order}
    assert all(order[each] < order[name] for name, needed in acyclic.items() for each in needed)


def test_the_package_database_is_read_by_its_stanzas(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text(
        "Package: apt\nStatus: install ok installed\nPre-Depends: base (>= 1)\n"
        "Depends: curl:any | dash, e2fs, gone\nDescription: first\n more\n\n"
        "Package: base\nStatus: install ok installed\n\n"
        "Package: curl\nStatus: install ok installed\n\n"
        "Package: gone\nStatus: deinstall ok config-files\n\n"
        "Package: e2fs\nStatus: install ok installed\nDepends: apt\n",
        encoding="utf-8",
    )

    assert installed(status) == {
        "apt": {"base", "curl", "e2fs"},
        "base": set(),
        "curl": set(),
        "e2fs": {"apt"},
    }


def test_sixteen_agents_work_packages_off_in_a_valid_order(
    engine: Engine, store: Store, effort: Effort
) -> None:
    if engine.name != "dynoxide":
        pytest.skip("moto is no judge of races, and slow; this runs on dynoxide")
    mint = IdMint()
    forge = forge_of(store, new_id=mint)
    graph = backlog(whole=effort.whole)
    project_id = str(forge.projects.create("Debian").id)
    load(forge, project_id, graph)
    journal = Journal(len(graph))

    def work(number: int) -> None:
        # A separate Forge has separate caches, as in another process.
        own = forge_of(store, new_id=mint)
        while True:
            seen = journal.passed
            feature = own.features.claim_next(project_id, f"agent-{number}")
            if feature is None:
                if not journal.wait_for_more(seen):
                    return
                continue
            journal.note("claimed", feature.id)
            journal.note("passing", feature.id)
            own.features.pass_(project_id, feature.id, version=feature.version)
            journal.note("passed", feature.id)

    with ThreadPoolExecutor(AGENTS) as pool:
        list(pool.map(work, range(AGENTS)))

    require_valid(journal.lines, graph)
    stats = forge.features.stats(project_id)
    assert (stats.passing, stats.total) == (len(graph), len(graph))


def backlog(*, whole: bool) -> dict[str, set[str]]:
    """Return all two thousand packages, or some with everything they need."""
    graph, _ = without_cycles(committed())
    return graph if whole else {each: graph[each] for each in in_order(graph)[:SOME]}


def load(forge: Forge, project_id: str, graph: Mapping[str, set[str]]) -> None:
    """Create a feature for each package, in batches; each comes after its dependencies."""
    names = iter(in_order(graph))
    while batch := list(islice(names, 1000)):
        forge.features.create_many(
            project_id,
            [NewFeature(name=each, id=each, dependencies=sorted(graph[each])) for each in batch],
        )


def require_valid(lines: list[tuple[str, str]], graph: Mapping[str, set[str]]) -> None:
    """Check that every package was claimed once, after all it needs had begun to pass."""
    place = {line: number for number, line in enumerate(lines)}
    claimed = [name for what, name in lines if what == "claimed"]
    assert len(claimed) == len(set(claimed))
    assert {*claimed} == {*graph}
    early = [
        (name, each)
        for name, needed in graph.items()
        for each in needed
        if place["passing", each] > place["claimed", name]
    ]
    assert early == []
