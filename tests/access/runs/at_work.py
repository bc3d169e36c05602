"""An agent with a feature to work on, and checks of their state, for the tests of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autoforge.access.agents import AgentById
from autoforge.access.runs.lifecycle import FinishRun, ReportRun, StartRun
from autoforge.access.runs.patterns import RunById
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.models import Agent, AgentRun, AgentRunRef
from autoforge.models.agents import AgentStatus
from autoforge.models.runs import FINAL
from tests.factories import NOON, a_feature, an_agent, new_id


@dataclass(frozen=True)
class ReferenceOf(Get[AgentRunRef]):
    """Which reference leads to this run of an agent?"""

    source = "Tests"
    key = AgentRunRef.key

    agent_id: str
    run_id: str


@dataclass(frozen=True)
class AtWork:
    """An agent and a feature of one project, and a run that can be started."""

    store: Store
    project_id: str = field(default_factory=new_id)
    agent_id: str = field(default_factory=new_id)
    feature_id: str = field(default_factory=new_id)
    run_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        """Store the agent and the feature."""
        self.store.save(Put(an_agent(project_id=self.project_id, id=self.agent_id)))
        self.store.save(Put(a_feature(project_id=self.project_id, id=self.feature_id)))

    def starting(self, **over: Any) -> StartRun:
        """Return the start of the run."""
        values = {"run_id": self.run_id, "agent_id": self.agent_id, "feature_id": self.feature_id}
        return StartRun(**{"project_id": self.project_id, "at": NOON, **values, **over})

    def reporting(self, **over: Any) -> ReportRun:
        """Return a report on the run."""
        values = {"run_id": self.run_id, "report_id": new_id(), "at": NOON}
        return ReportRun(**{"project_id": self.project_id, **values, **over})

    def finishing(self, status: str = "completed", **over: Any) -> FinishRun:
        """Return the end of the run."""
        values = {"run_id": self.run_id, "status": status, "at": NOON}
        return FinishRun(**{"project_id": self.project_id, **values, **over})

    @property
    def run(self) -> AgentRun | None:
        """The stored run."""
        return self.store.get(RunById(self.project_id, self.run_id), consistent=True)

    @property
    def reference(self) -> AgentRunRef | None:
        """The stored reference to the run."""
        return self.store.get(ReferenceOf(self.agent_id, self.run_id), consistent=True)

    @property
    def agent(self) -> Agent | None:
        """The stored agent."""
        return self.store.get(AgentById(self.project_id, self.agent_id), consistent=True)

    def assert_agreed(self) -> None:
        """Check that the reference agrees with the run, and the agent is busy during the run."""
        run, reference, agent = self.run, self.reference, self.agent
        active = run is not None and run.status not in FINAL
        assert (reference is not None) == (run is not None)
        assert (reference is not None and reference.active) == active
        if agent is not None and agent.current_run_id in (None, self.run_id):
            assert (agent.status == AgentStatus.RUNNING) == active
            assert (agent.current_run_id == self.run_id) == active
            assert (agent.current_feature_id == self.feature_id) == active
