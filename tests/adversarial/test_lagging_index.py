"""Only the items decide, whatever state of them an index shows.

Rows may be missing, show any older state, or show deleted items. This is tested for claims, limits,
the results that processes cache, and lists that follow references.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

import pytest

from autoforge.access.features.claims import QUIET
from autoforge.access.runs.patterns import ActiveRuns, RunsOfAgent
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.errors import ConditionFailedError, LimitReachedError
from autoforge.forge import Forge, NewFeature
from autoforge.models import AgentRole, AgentRun, Feature, FeatureStatus, RunStatus
from tests.access.features.laws import require_safe, stored
from tests.adversarial.effort import Effort
from tests.adversarial.interleaving import Operation
from tests.adversarial.lagging import Lagging, as_it_was, nothing

_P: Final = "p"
_LIMIT: Final = 2
_SECOND: Final = timedelta(seconds=1)


@pytest.fixture
def lagging(client: Client) -> Lagging:
    """An empty project, and an index that shows nothing."""
    there = Lagging.on(client)
    there.after(lambda forge: forge.projects.create("Portal", id=_P, max_concurrency=_LIMIT))
    there.show(nothing)
    return there


def _features(*ids: str, on: Sequence[str] = ()) -> Operation:
    new = [NewFeature(name=each, id=each, dependencies=on) for each in ids]
    return lambda forge: forge.features.create_many(_P, new)


def _next(forge: Forge) -> str | None:
    claimed = forge.features.claim_next(_P, "agent")
    return None if claimed is None else str(claimed.id)


# Claims


@dataclass
class _Agents:
    """Processes that work on a project whose index shows any earlier state of each item."""

    lagging: Lagging
    draw: Random
    #: The tokens of the active claims, by feature; ``limited`` holds those that respect the limit.
    tokens: dict[str, int] = field(default_factory=dict)
    limited: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Create features, some of which depend on others."""
        self.processes = [self.lagging.process() for _ in range(3)]
        self.lagging.after(_features("a", "b"), _features("c", "d", on=["a"]), _features("e"))

    def step(self) -> None:
        """Make the index show any earlier states, and let a process do something."""
        self.lagging.show(self._row)
        self.lagging.board.clock.now += self.draw.choice([0, 1, 1, 20, 61]) * _SECOND
        forge = self.draw.choice(self.processes)
        act = self.draw.choice([self._claim] * 4 + [self._end] * 3 + [self._reopen, self._depend])
        act(forge)
        self.lagging.record()
        require_safe(self.lagging.store, self.lagging.board.clock.now)

    def _row(self, _: KeyValue, states: Sequence[Item | None]) -> Item | None:
        return states[-1] if self.draw.random() < 0.3 else self.draw.choice(states)

    def _claim(self, forge: Forge) -> None:
        now = self.lagging.board.clock.now
        ready = stored(self.lagging.store, now).ready(now)
        lease, limit = self.draw.choice([None, 30]), self.draw.random() < 0.5
        try:
            claimed = forge.features.claim_next(_P, "agent", lease, respect_limit=limit)
        except LimitReachedError:
            assert limit
            return
        if claimed is None:
            assert not ready, f"told that none is ready while {ready} are"
            return
        assert claimed.id in ready, f"{claimed.id} was claimed, and {ready} were ready"
        self.tokens[str(claimed.id)] = claimed.version
        self.limited.discard(str(claimed.id))
        if limit:
            self.limited.add(str(claimed.id))
        at_work = stored(self.lagging.store, now).in_status(FeatureStatus.IN_PROGRESS)
        assert len(at_work & self.limited) <= _LIMIT, f"{at_work & self.limited} are at work"

    def _end(self, forge: Forge) -> None:
        if not self.tokens:
            return
        feature_id, version = self.draw.choice(sorted(self.tokens.items()))
        features = forge.features
        end = self.draw.choice([features.pass_, features.pass_, features.fail, features.release])
        end(_P, feature_id, version=version)
        del self.tokens[feature_id]

    def _reopen(self, forge: Forge) -> None:
        statuses = (FeatureStatus.PASSING, FeatureStatus.FAILING)
        there = stored(self.lagging.store, self.lagging.board.clock.now)
        if done := sorted(there.in_status(*statuses)):
            forge.features.reopen(_P, self.draw.choice(done))

    def _depend(self, forge: Forge) -> None:
        there = stored(self.lagging.store, self.lagging.board.clock.now)
        one, other = sorted(self.draw.sample(sorted(there.features), 2))
        if (other, one) not in there.dependencies:
            forge.features.add_dependency(_P, other, one)
        else:
            forge.features.remove_dependency(_P, other, one)


def test_whatever_the_index_shows_what_is_ready_is_claimed_and_nothing_else(
    client: Client, effort: Effort
) -> None:
    for seed in effort.rounds():
        lagging = Lagging.on(client)
        lagging.after(lambda forge: forge.projects.create("P", id=_P, max_concurrency=_LIMIT))
        agents = _Agents(lagging, Random(seed))
        try:
            for _ in range(25):
                agents.step()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_the_limit_holds_though_the_index_shows_nobody_at_work(lagging: Lagging) -> None:
    lagging.after(_features("a", "b", "c", "d"))

    def claim(forge: Forge) -> Feature | None:
        return forge.features.claim_next(_P, "agent", respect_limit=True)

    claims = [claim(lagging.process()) for _ in range(_LIMIT)]

    assert len({each.id for each in claims if each is not None}) == _LIMIT
    with pytest.raises(LimitReachedError, match=f"{_LIMIT} features"):
        claim(lagging.process())
    with pytest.raises(LimitReachedError):
        lagging.process().features.claim(_P, "d", "agent", respect_limit=True)


def test_who_is_at_work_counts_by_their_item_though_the_index_shows_them_as_before(
    lagging: Lagging,
) -> None:
    lagging.after(
        _features("a", "b", "c"),
        lambda forge: forge.features.claim(_P, "a", "agent", respect_limit=True),
        lambda forge: forge.features.claim(_P, "b", "agent", respect_limit=True),
        lambda forge: forge.features.pass_(_P, "a", force=True),
    )
    # The index shows both in progress, although one has passed.
    lagging.show(as_it_was(1))

    claimed = lagging.process().features.claim_next(_P, "agent", respect_limit=True)

    assert claimed is not None
    assert claimed.id == "c"


# The cached result that no feature is ready


def _claimed(*ids: str, lease: float | None = None) -> Operation:
    def claim(forge: Forge) -> None:
        for each in ids:
            forge.features.claim(_P, each, "holder", lease)

    return claim


def _ended(name: str, *ids: str) -> Operation:
    def end(forge: Forge) -> None:
        for each in ids:
            getattr(forge.features, name)(_P, each, force=True)

    return end


#: The writes after which no feature is ready, and the write that makes feature x ready.
_BECOMES_READY: Final[dict[str, tuple[Sequence[Operation], Operation]]] = {
    "created": ([_features("a"), _claimed("a")], _features("x")),
    "created, waiting for what passes": (
        [_features("a"), _ended("pass_", "a")],
        _features("x", on=["a"]),
    ),
    "created with many dependencies": (
        [_features(*(f"m{n:02}" for n in range(50))),
         _ended("pass_", *(f"m{n:02}" for n in range(50)))],
        _features("x", on=[f"m{n:02}" for n in range(50)]),
    ),
    "released": ([_features("x"), _claimed("x")], _ended("release", "x")),
    "reopened when it failed": (
        [_features("x"), _claimed("x"), _ended("fail", "x")],
        lambda forge: forge.features.reopen(_P, "x"),
    ),
    "reopened in review": (
        [_features("x"), _claimed("x"), _ended("send_to_review", "x")],
        lambda forge: forge.features.reopen(_P, "x"),
    ),
    "reopened when it passed": (
        [_features("x"), _ended("pass_", "x")],
        lambda forge: forge.features.reopen(_P, "x"),
    ),
    "reopened when it passed, with what depends on it": (
        [_features("x"), _features("d", on=["x"]), _ended("pass_", "x", "d")],
        lambda forge: forge.features.reopen(_P, "x"),
    ),
    "what it waited for passes": (
        [_features("a"), _features("x", on=["a"]), _claimed("a")],
        _ended("pass_", "a"),
    ),
    "it waits no longer": (
        [_features("a"), _features("x", on=["a"]), _claimed("a")],
        lambda forge: forge.features.remove_dependency(_P, "x", "a"),
    ),
    "what it waited for is deleted": (
        [_features("a"), _features("x", on=["a"]), _claimed("a")],
        lambda forge: forge.features.delete(_P, "a", detach=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("becomes", _BECOMES_READY)
def test_what_becomes_ready_is_announced_to_who_was_told_that_nothing_is(
    lagging: Lagging, becomes: str
) -> None:
    before, make_ready = _BECOMES_READY[becomes]
    lagging.after(*before)
    agent, other = lagging.process(), lagging.process()
    assert _next(agent) is None
    assert _next(other) is None

    lagging.after(make_ready)

    # The index shows nothing yet, and the minute for which "none ready" is cached is not over.
    assert _next(other) == "x"


def test_nothing_is_believed_to_be_ready_until_the_next_lease_ends_and_no_longer(
    lagging: Lagging,
) -> None:
    lagging.after(_features("late", "x"), _claimed("late", lease=50), _claimed("x", lease=10))
    assert _next(lagging.process()) is None

    lagging.board.clock.now += 10 * _SECOND

    assert timedelta(seconds=10) < QUIET
    assert _next(lagging.process()) == "x"


def test_what_is_believed_ends_after_a_minute_also_where_leases_are_long(lagging: Lagging) -> None:
    lagging.after(_features("a", "x"), _claimed("a", lease=3600), _claimed("x"))
    assert _next(lagging.process()) is None
    # Another program releases it, without marking the project as having ready features.
    key = next(key for key in lagging.states if key.sort == "FEATURE#x")
    pending = next(state for state in lagging.states[key] if state is not None)
    lagging.store.client.botocore.put_item(TableName=lagging.store.table_name, Item=pending)

    assert _next(lagging.process()) is None
    lagging.board.clock.now += QUIET

    assert _next(lagging.process()) == "x"


def test_a_feature_that_others_were_faster_to_claim_is_not_claimed_again(lagging: Lagging) -> None:
    lagging.after(_features("a", "b"))
    lagging.show(as_it_was(0))
    first, second = lagging.process(), lagging.process()
    lagging.after(lambda _: first.features.claim(_P, "a", "first"))

    # The index shows both ready.
    assert _next(second) == "b"
    with pytest.raises(ConditionFailedError):
        second.features.claim(_P, "a", "second")


# Lists that follow references


def _runs(forge: Forge) -> None:
    """Create twelve runs of one agent on one feature; every second run has ended."""
    forge.features.create(_P, "f", id="f")
    for number in range(12):
        start = forge.runs.start
        run_id = f"r{number:02}"
        start(_P, "coder", "f", id=run_id, role=AgentRole.CODER, mark_agent=False)
    for number in range(0, 12, 2):
        forge.runs.finish(_P, f"r{number:02}", RunStatus.COMPLETED)


def _without_every_third_run(lagging: Lagging) -> list[str]:
    """Delete every third run but not its reference; return the ids of the other runs."""
    ids = [f"r{number:02}" for number in range(12)]
    gone = ids[::3]
    keys = [key for key in lagging.board.items() if key.sort in {f"RUN#{each}" for each in gone}]
    lagging.store.delete_all(key for key in keys if key.partition == f"PROJECT#{_P}")
    return [each for each in ids if each not in gone]


@pytest.mark.parametrize("limit", range(1, 14))
def test_a_page_of_what_references_lead_to_is_full_and_never_over_its_limit(
    lagging: Lagging, limit: int
) -> None:
    lagging.after(_runs)
    left = _without_every_third_run(lagging)

    pages = list(_pages(lagging.process(), limit))

    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages[-1]) <= limit
    assert [str(run.id) for page in pages for run in page] == left[::-1]


def _pages(forge: Forge, limit: int) -> Sequence[tuple[AgentRun, ...]]:
    pages: list[tuple[AgentRun, ...]] = []
    cursor = None
    while not pages or cursor is not None:
        page = forge.store.page(RunsOfAgent("coder"), limit=limit, cursor=cursor)
        pages.append(page.items)
        cursor = page.cursor
    return pages


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("limit", [1, 2, 25])
def test_active_runs_are_the_runs_as_they_are_by_whichever_rows_there_are(
    lagging: Lagging, steps: int, limit: int
) -> None:
    lagging.after(_runs)
    _without_every_third_run(lagging)
    lagging.show(as_it_was(steps))
    runs = {str(run.id): run for run in _all_runs(lagging)}

    found: list[AgentRun] = []
    cursor = None
    while True:
        page = lagging.process().store.page(ActiveRuns(_P), limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break

    ids = [str(run.id) for run in found]
    assert ids == sorted({*ids}, reverse=True)
    assert found == [runs[each] for each in ids]


def _all_runs(lagging: Lagging) -> Sequence[AgentRun]:
    return lagging.process().runs.of_project(_P, limit=100).items
