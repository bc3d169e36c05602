"""Patterns of runs. Their writes are in ``lifecycle.py``."""

from __future__ import annotations

from dataclasses import dataclass

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.identity import primary_key
from autoforge.models.runs import AgentRun, AgentRunRef


@dataclass(frozen=True)
class RunsOfProject(Query[AgentRun]):
    """Which runs has this project, newest first?

    In the order of their ids, which for ULIDs is that of their starts. A page of runs with long
    outputs takes a request for each megabyte of them.
    """

    source = "AutoForge design, agent runs: by project"
    key = AgentRun.key
    newest_first = True

    project_id: str


@dataclass(frozen=True)
class RunsOfFeature(Query[AgentRun]):
    """Which runs worked on this feature, newest first?"""

    source = "AutoForge design, agent runs: by feature"
    key = AgentRun.by_feature
    newest_first = True

    project_id: str
    feature_id: str


@dataclass(frozen=True)
class RunsOfAgent(Hydrate[AgentRun, AgentRunRef]):
    """Which runs had an agent of this id, newest first?

    Where agents of two projects were given one id, the answer holds the runs of both.
    """

    source = "AutoForge design, agent runs: by agent"
    key = AgentRunRef.key
    newest_first = True

    agent_id: str

    def target(self, reference: AgentRunRef) -> KeyValue:
        """The run's key."""
        return _run_key(reference)


@dataclass(frozen=True)
class ActiveRuns(Hydrate[AgentRun, AgentRunRef]):
    """Which runs of this project are active, newest first?

    The index follows a moment later, so a run that has only just ended may still be there.
    """

    source = "AutoForge design, agent runs: active ones of a project"
    key = AgentRunRef.by_activity
    newest_first = True

    project_id: str

    def target(self, reference: AgentRunRef) -> KeyValue:
        """The run's key."""
        return _run_key(reference)


@dataclass(frozen=True)
class RunById(Get[AgentRun]):
    """Which run of this project has this id?"""

    source = "AutoForge design, agent runs: get"
    key = AgentRun.key
    renames = {"id": "run_id"}

    project_id: str
    run_id: str


def _run_key(reference: AgentRunRef) -> KeyValue:
    return primary_key(AgentRun, {"project_id": reference.project_id, "id": reference.run_id})
