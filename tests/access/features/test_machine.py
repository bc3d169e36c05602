"""Whatever agents do and wherever calls are cut off, features are worked on in a valid order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import SearchStrategy

from autoforge.access.features.repair import Repaired
from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.errors import (
    ConditionFailedError,
    CyclicDependencyError,
    ItemExistsError,
    ItemNotFoundError,
    UnavailableError,
)
from autoforge.forge import Forge, NewFeature
from autoforge.models import FeatureStatus
from autoforge.testing.faults import Break, Fault, Lose, Pass, injected
from tests.access.features.laws import (
    Stored,
    require_may_be_worked_on,
    require_safe,
    require_settled,
    stored,
    work_off,
)
from tests.access.worlds import PROJECT, CrashError, World
from tests.servers import Engine
from tests.stores import client_of

pytestmark = pytest.mark.one_engine

_AGENTS: Final = ("ann", "bob", "cid")
_IDS: Final = tuple(f"f{n}" for n in range(7))
_UNDONE: Final = FeatureStatus.PENDING, FeatureStatus.FAILING, FeatureStatus.REVIEW_READY

agents: Final = st.sampled_from(_AGENTS)
ids: Final = st.sampled_from(_IDS)
leases: Final = st.none() | st.sampled_from([5.0, 30.0])
#: The request at which a call is cut off, before or after its execution; None for most calls.
cuts: Final[SearchStrategy[tuple[int, Fault] | None]] = st.none() | st.tuples(
    st.integers(0, 9),
    st.sampled_from([Break(EndpointConnectionError(endpoint_url="made up")), Lose(CrashError())]),
)


class Agents(RuleBasedStateMachine):
    """Agents, each a separate process, on one project; any call may be cut off."""

    client: Client
    #: A connection that sends each request once.
    once: Client

    @initialize()
    def begin(self) -> None:
        self.world = World.on(self.client)
        self.processes = {each: self.world.process(self.once) for each in _AGENTS}
        #: Claim tokens by agent and feature, including those of claims that were taken over.
        self.tokens: dict[tuple[str, str], int] = {}

    @rule(agent=agents, id_=ids, on=st.frozensets(ids, max_size=2), linear=st.booleans(), cut=cuts)
    def create(
        self,
        agent: str,
        id_: str,
        on: frozenset[str],
        linear: bool,
        cut: tuple[int, Fault] | None,
    ) -> None:
        issue = f"L-{id_}" if linear else None
        new = NewFeature(
            name=id_, id=id_, priority=len(id_), dependencies=sorted(on), linear_issue_id=issue
        )
        refused = ItemExistsError, ItemNotFoundError, CyclicDependencyError
        self.call(agent, cut, lambda f: f.features.create_many(PROJECT, [new]), refused)

    @rule(agent=agents, order=st.permutations(_IDS), cut=cuts, on=st.lists(st.integers(0, 2)))
    def create_several(
        self, agent: str, order: list[str], cut: tuple[int, Fault] | None, on: list[int]
    ) -> None:
        new = [
            NewFeature(name=each, id=each, priority=5, dependencies=[*on[place : place + 1]])
            for place, each in enumerate(order[:3])
        ]
        refused = ItemExistsError, CyclicDependencyError
        self.call(agent, cut, lambda f: f.features.create_many(PROJECT, new), refused)

    @rule(agent=agents, lease=leases, cut=cuts, limited=st.booleans())
    def claim_next(
        self,
        agent: str,
        lease: float | None,
        cut: tuple[int, Fault] | None,
        limited: bool,
    ) -> None:
        ready = self.there().ready(self.world.clock.now)
        claimed = self.call(
            agent,
            cut,
            lambda f: f.features.claim_next(PROJECT, agent, lease, respect_limit=limited),
            (ConditionFailedError,) if limited else (),
        )
        if cut is None and not limited:
            assert claimed is not None or not ready, f"nobody was given {ready}"
        self.note(agent, claimed)

    @rule(agent=agents, id_=ids, lease=leases, cut=cuts)
    def claim(
        self, agent: str, id_: str, lease: float | None, cut: tuple[int, Fault] | None
    ) -> None:
        ready = self.there().ready(self.world.clock.now)
        refused = ConditionFailedError, ItemNotFoundError
        claimed = self.call(
            agent, cut, lambda f: f.features.claim(PROJECT, id_, agent, lease), refused
        )
        assert claimed is None or id_ in ready
        self.note(agent, claimed)

    @precondition(lambda self: self.tokens)
    @rule(
        data=st.data(),
        cut=cuts,
        verb=st.sampled_from(["pass_", "fail", "release", "send_to_review", "renew"]),
    )
    def write_as_a_holder(self, data: Any, cut: tuple[int, Fault] | None, verb: str) -> None:
        agent, id_ = data.draw(st.sampled_from(sorted(self.tokens)), label="claim")
        token = self.tokens[agent, id_]
        before = self.there().features.get(id_)
        given = {"version": token} | ({"lease": 10.0} if verb == "renew" else {})
        refused = ConditionFailedError, ItemNotFoundError
        done = self.call(
            agent, cut, lambda f: getattr(f.features, verb)(PROJECT, id_, **given), refused
        )
        if before is not None and before.assigned_agent_id not in {None, agent}:
            assert done is None, "an old holder wrote"

    @rule(
        agent=agents,
        id_=ids,
        cut=cuts,
        verb=st.sampled_from(["pass_", "fail", "reopen", "release"]),
    )
    def write_as_anybody(
        self, agent: str, id_: str, cut: tuple[int, Fault] | None, verb: str
    ) -> None:
        before = self.there().features.get(id_)
        refused = ConditionFailedError, ItemNotFoundError
        done = self.call(agent, cut, lambda f: getattr(f.features, verb)(PROJECT, id_), refused)
        if before is not None and before.assigned_agent_id is not None:
            assert done is None, "somebody wrote what another holds"

    @rule(agent=agents, id_=ids, cut=cuts)
    def pass_by_force(self, agent: str, id_: str, cut: tuple[int, Fault] | None) -> None:
        self.call(
            agent, cut, lambda f: f.features.pass_(PROJECT, id_, force=True), (ItemNotFoundError,)
        )

    @rule(agent=agents, pair=st.tuples(ids, ids), cut=cuts)
    def add_dependency(
        self, agent: str, pair: tuple[str, str], cut: tuple[int, Fault] | None
    ) -> None:
        refused = CyclicDependencyError, ItemExistsError, ItemNotFoundError
        self.call(agent, cut, lambda f: f.features.add_dependency(PROJECT, *pair), refused)

    @rule(agent=agents, data=st.data(), cut=cuts)
    def remove_dependency(self, agent: str, data: Any, cut: tuple[int, Fault] | None) -> None:
        there = sorted(self.there().dependencies)
        pair = data.draw(st.sampled_from(there) if there else st.tuples(ids, ids), label="pair")
        self.call(
            agent,
            cut,
            lambda f: f.features.remove_dependency(PROJECT, *pair),
            (ItemNotFoundError,),
        )

    @rule(agent=agents, id_=ids, priority=st.integers(0, 9), cut=cuts)
    def change_priority(
        self, agent: str, id_: str, priority: int, cut: tuple[int, Fault] | None
    ) -> None:
        self.call(
            agent,
            cut,
            lambda f: f.features.update(PROJECT, id_, priority=priority),
            (ItemNotFoundError,),
        )

    @rule(agent=agents, id_=ids, detach=st.booleans(), cut=cuts)
    def delete(
        self,
        agent: str,
        id_: str,
        detach: bool,
        cut: tuple[int, Fault] | None,
    ) -> None:
        refused = ConditionFailedError, ItemNotFoundError
        self.call(agent, cut, lambda f: f.features.delete(PROJECT, id_, detach=detach), refused)
        if id_ not in self.there().features:
            # A later feature may have the same id and then the same tokens.
            self.tokens = {each: t for each, t in self.tokens.items() if each[1] != id_}

    @rule(agent=agents, cut=cuts)
    def repair(self, agent: str, cut: tuple[int, Fault] | None) -> None:
        done = self.call(agent, cut, lambda f: f.features.repair(PROJECT), ())
        if done is not None:
            require_settled(self.world.store, self.world.clock.now)

    @rule(seconds=st.sampled_from([1, 10, 61]))
    def advance(self, seconds: int) -> None:
        self.world.clock.now += timedelta(seconds=seconds)

    @invariant()
    def what_is_safe_holds(self) -> None:
        require_safe(self.world.store, self.world.clock.now)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        anybody = self.world.process()
        anybody.features.repair(PROJECT)
        assert anybody.features.repair(PROJECT) == Repaired()
        there = require_settled(self.world.store, self.world.clock.now)
        for each in there.in_status(FeatureStatus.IN_PROGRESS):
            anybody.features.release(PROJECT, each, force=True)
        for each in there.in_status(FeatureStatus.FAILING, FeatureStatus.REVIEW_READY):
            anybody.features.reopen(PROJECT, each)
        left = self.there().in_status(*_UNDONE)
        forges = [self.world.process(), *self.processes.values()]

        worked = work_off(self.world.store, forges, self.world.clock)

        assert sorted(worked) == sorted(left)
        done = require_settled(self.world.store, self.world.clock.now)
        assert done.in_status(FeatureStatus.PASSING) == {*there.features}

    def there(self) -> Stored:
        """Read what is stored."""
        return stored(self.world.store, self.world.clock.now)

    def note(self, agent: str, claimed: Any) -> None:
        """Record the token of a claim; every dependency of the feature must pass."""
        if claimed is None:
            return
        assert claimed.assigned_agent_id == agent
        require_may_be_worked_on(self.world.store, self.world.clock.now, str(claimed.id))
        self.tokens[agent, str(claimed.id)] = claimed.version

    def call(
        self,
        agent: str,
        cut: tuple[int, Fault] | None,
        act: Callable[[Forge], Any],
        refused: tuple[type[Exception], ...],
    ) -> Any:
        """Call something in an agent's process; after a cut the agent has a new process."""
        number, fault = cut or (0, Pass())
        stopped = () if cut is None else (CrashError, UnavailableError)
        outcome = None
        with (
            injected(self.once, lambda n, _: fault if n == number else Pass()) as attempts,
            suppress(*stopped, *refused),
        ):
            outcome = act(self.processes[agent])
        if cut is not None and len(attempts.operations) > number:
            self.processes[agent] = self.world.process(self.once)
        return outcome


def test_whatever_agents_do_features_are_worked_on_in_a_valid_order(
    client: Client, engine: Engine
) -> None:
    once = client_of(engine, retries=RetryPolicy(attempts=1))
    machine = type("Bound", (Agents,), {"client": client, "once": once})

    run_state_machine_as_test(
        machine, settings=settings(stateful_step_count=15, max_examples=_examples())
    )


def _examples() -> int:
    """Follow the profile, with fewer examples: each run of the machine is many in one."""
    return max(10, settings().max_examples // 2)
