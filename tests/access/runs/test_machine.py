"""After any sequence of starts, reports and ends, every pattern gives the right answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from autoforge.access.agents import AgentsByStatus
from autoforge.access.runs.lifecycle import FinishRun, ReportRun, StartRun
from autoforge.access.runs.patterns import ActiveRuns, RunsOfAgent, RunsOfFeature, RunsOfProject
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import AutoforgeError, ConditionFailedError, ItemExistsError
from autoforge.models import Agent, AgentRole, AgentRun, AgentStatus
from autoforge.models.runs import FINAL
from autoforge.testing.clock import Clock
from tests.factories import a_feature, an_agent, new_id
from tests.stores import fresh

pytestmark = pytest.mark.one_engine

#: Two projects whose agents, features and runs have the same ids.
_PROJECTS: Final = ("p", "p1")
_AGENTS: Final = ("a", "a1")
_FEATURES: Final = ("f", "f1")
_RUNS: Final = ("r", "r1", "r2")

projects: Final = st.sampled_from(_PROJECTS)
runs: Final = st.tuples(projects, st.sampled_from(_RUNS))
phases: Final = st.sampled_from(["started", "thinking", "coding", "testing", "reviewing"])


class Platform(RuleBasedStateMachine):
    """Agents with runs, and a model of what must be stored."""

    client: Client

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.store = fresh(self.client, self.clock)
        self.agents: dict[tuple[str, str], Agent] = {}
        self.runs: dict[tuple[str, str], AgentRun] = {}
        for project_id, agent_id in product(_PROJECTS, _AGENTS):
            agent = an_agent(project_id=project_id, id=agent_id)
            self.agents[project_id, agent_id] = self.store.save(Put(agent))
        for project_id, feature_id in product(_PROJECTS, _FEATURES):
            self.store.save(Put(a_feature(project_id=project_id, id=feature_id)))

    @property
    def now(self) -> datetime:
        """A time later than all earlier ones."""
        self.clock.now += timedelta(seconds=1)
        return self.clock.now

    @rule(
        which=runs,
        agent_id=st.sampled_from(_AGENTS),
        feature_id=st.sampled_from(_FEATURES),
        mark=st.booleans(),
    )
    def start(self, which: tuple[str, str], agent_id: str, feature_id: str, *, mark: bool) -> None:
        at = self.now
        project_id, run_id = which
        start = StartRun(project_id, run_id, agent_id, feature_id, at, mark_agent=mark)
        before = self.runs.get(which)
        outcome = self.attempt(start.run)
        namesake = self.runs.get((_PROJECTS[project_id == "p"], run_id))
        if before is not None:
            same = (before.agent_id, before.feature_id) == (agent_id, feature_id)
            assert outcome == before if same else isinstance(outcome, ItemExistsError)
            return
        if namesake is not None and namesake.agent_id == agent_id:
            assert isinstance(outcome, ItemExistsError)
            return
        assert outcome == AgentRun(
            id=run_id,
            project_id=project_id,
            agent_id=agent_id,
            feature_id=feature_id,
            role=AgentRole.CODER,
            started_at=at,
            updated_at=at,
        )
        self.runs[which] = outcome
        if mark:
            agent = self.agents[project_id, agent_id]
            agent.status = AgentStatus.RUNNING
            agent.current_feature_id, agent.current_run_id = feature_id, run_id
            agent.updated_at = at

    @rule(which=runs, phase=phases, output=st.sampled_from(["", "a", "é\n"]))
    def report(self, which: tuple[str, str], phase: str, output: str) -> None:
        at, report_id = self.now, new_id()
        changes = {"status": phase}
        report = ReportRun(*which, report_id, at, changes=changes, output=output)
        outcome = self.attempt(report.run)
        if not self.is_active(which, outcome):
            return
        before = self.runs[which]
        self.runs[which] = AgentRun(
            **{
                **before.attribute_values,
                "status": phase,
                "output": (before.output or "") + output or None,
                "recent_reports": [*(before.recent_reports or ()), report_id],
                "version": before.version + 1,
                "updated_at": at,
            }
        )
        assert outcome == self.runs[which]

    @rule(which=runs, status=st.sampled_from(sorted(FINAL)))
    def finish(self, which: tuple[str, str], status: Any) -> None:
        at = self.now
        outcome = self.attempt(FinishRun(*which, status, at).run)
        before = self.runs.get(which)
        if before is not None and before.status == status:
            assert outcome == before
            return
        if not self.is_active(which, outcome):
            return
        before = self.runs[which]
        self.runs[which] = AgentRun(
            **{
                **before.attribute_values,
                "status": status,
                "completed_at": at,
                "duration_ms": (at - before.started_at) // MILLISECOND,
                "version": before.version + 1,
                "updated_at": at,
            }
        )
        assert outcome == self.runs[which]
        agent = self.agents[before.project_id, before.agent_id]
        if agent.current_run_id == before.id:
            agent.status = AgentStatus.IDLE
            agent.current_feature_id = agent.current_run_id = None
            agent.updated_at = at

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        for project_id in _PROJECTS:
            mine = self.those(lambda run, p=project_id: run.project_id == p)
            assert self.answers(RunsOfProject(project_id)) == mine
            active = [run for run in mine if run.status not in FINAL]
            assert self.answers(ActiveRuns(project_id)) == active
            for status in AgentStatus:
                assert self.answers(AgentsByStatus(project_id, status)) == [
                    agent
                    for agent in self.agents.values()
                    if (agent.project_id, agent.status) == (project_id, status)
                ]
        for agent_id in _AGENTS:
            mine = self.those(lambda run, a=agent_id: run.agent_id == a)
            assert self.answers(RunsOfAgent(agent_id)) == mine
        for project_id, feature_id in product(_PROJECTS, _FEATURES):
            mine = self.those(
                lambda run, p=project_id, f=feature_id: (run.project_id, run.feature_id) == (p, f)
            )
            assert self.answers(RunsOfFeature(project_id, feature_id)) == mine

    def those(self, wanted: Callable[..., bool]) -> list[AgentRun]:
        """Return the runs of the model that meet a condition, newest first."""
        ordered = sorted(self.runs.values(), key=lambda run: str(run.id), reverse=True)
        return [run for run in ordered if wanted(run)]

    def answers(self, query: Any) -> list[Any]:
        """Return the answer of the table."""
        return list(self.store.each(query))

    def attempt(self, change: Callable[[Store], AgentRun]) -> Any:
        """Return the run after a change, or the error."""
        try:
            return change(self.store)
        except AutoforgeError as error:
            return error

    def is_active(self, which: tuple[str, str], outcome: Any) -> bool:
        """Whether the run can be changed; if not, check that the change was refused."""
        before = self.runs.get(which)
        if before is None:
            assert isinstance(outcome, LookupError)
            return False
        if before.status in FINAL:
            assert isinstance(outcome, ConditionFailedError)
            assert outcome.item == before
            return False
        return True


def test_no_sequence_of_starts_reports_and_ends_leaves_a_pattern_wrong(client: Client) -> None:
    machine = type("Bound", (Platform,), {"client": client})

    run_machine(machine, settings=settings(stateful_step_count=15, max_examples=_examples()))


def _examples() -> int:
    """Follow the profile, with fewer examples: each run of the machine is many in one."""
    return max(10, settings().max_examples // 2)
