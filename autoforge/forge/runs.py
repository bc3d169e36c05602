"""``forge.runs``."""

from __future__ import annotations

from typing import Literal, TypedDict, Unpack

from autoforge.access.runs.lifecycle import FinishRun, ReportRun, StartRun
from autoforge.access.runs.patterns import (
    ActiveRuns,
    RunById,
    RunsOfAgent,
    RunsOfFeature,
    RunsOfProject,
)
from autoforge.dynamodb.patterns.query import Page
from autoforge.dynamodb.store.expected import Expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.agents import AgentRole
from autoforge.models.runs import AgentRun, RunStatus


class RunChanges(TypedDict, total=False):
    """What of an active run a report can change besides its output."""

    status: RunStatus
    output_summary: str | None
    error_message: str | None


class Runs(Resource):
    """What agents did on features, with what they put out."""

    def start(
        self,
        project_id: str,
        agent_id: str,
        feature_id: str,
        *,
        role: AgentRole | None = None,
        id: str | None = None,  # noqa: A002 - the attribute's name
        mark_agent: bool = True,
    ) -> AgentRun:
        """Start a run; with an id of the caller's own it may be called again and is one run.

        Args:
            project_id: The project.
            agent_id: Who works.
            feature_id: What they work on.
            role: As what; as what the agent is, unless given.
            id: The run's id; minted unless given. Newest first means the largest id first.
            mark_agent: Whether the agent is set running, with this as its current run.

        Raises:
            ItemNotFoundError: if there is no such project or feature, or no such agent. An agent
                that need not be marked, and whose role is given, need not be there.
            ItemExistsError: if another run has the id.
            InvalidValueError: if a value cannot be stored.
        """
        self._require_project(project_id)
        now = self._now()
        start = StartRun(
            project_id,
            self._tools.new_id(now) if id is None else id,
            agent_id,
            feature_id,
            now,
            role=role,
            mark_agent=mark_agent,
        )
        return start.run(self._store)

    def get(self, project_id: str, run_id: str, *, consistent: bool = False) -> AgentRun:
        """Return a run.

        Raises:
            ItemNotFoundError: if there is none.
        """
        return self._store.require(RunById(project_id, run_id), consistent=consistent)

    def of_project(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentRun]:
        """Return a page of a project's runs, newest first."""
        query = RunsOfProject(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def of_feature(
        self,
        project_id: str,
        feature_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentRun]:
        """Return a page of a feature's runs, newest first."""
        query = RunsOfFeature(project_id, feature_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def of_agent(
        self,
        agent_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentRun]:
        """Return a page of an agent's runs, newest first."""
        return self._store.page(RunsOfAgent(agent_id, order=order), limit=limit, cursor=cursor)

    def active(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentRun]:
        """Return a page of a project's active runs, newest first."""
        return self._store.page(ActiveRuns(project_id, order=order), limit=limit, cursor=cursor)

    def report(
        self,
        project_id: str,
        run_id: str,
        *,
        output: str = "",
        keep_tail: bool = False,
        report_id: str | None = None,
        expected: Expected[AgentRun] | None = None,
        **changes: Unpack[RunChanges],
    ) -> AgentRun:
        """Say which phase an active run is in, and append to its output.

        Args:
            project_id: The project.
            run_id: The run.
            output: Text to append.
            keep_tail: Whether to drop the oldest output where it would not fit.
            report_id: Names the report, so that one that is sent again is made once; minted
                unless given.
            expected: The run as the caller read it, or a test that it must pass; None to report
                on whatever is there.
            **changes: The new status, which is no final one; output summary and error message,
                of which None removes.

        Raises:
            ItemNotFoundError: if there is no such run.
            ConditionFailedError: if the run is finished; its ``item`` says how.
            VersionConflictError: if it is not as expected; it carries the run.
            ItemTooLargeError: if the output does not fit, and nothing is to be dropped.
            InvalidValueError: if a value cannot be stored, or the status is a final one.
            TransactionConflictError: if others kept reporting at the same time.
        """
        now = self._now()
        report = ReportRun(
            project_id,
            run_id,
            self._tools.new_id(now) if report_id is None else report_id,
            now,
            changes=changes,
            output=output,
            keep_tail=keep_tail,
            expected=expected,
        )
        return report.run(self._store)

    def finish(
        self,
        project_id: str,
        run_id: str,
        status: RunStatus,
        *,
        output_summary: str | None = None,
        error_message: str | None = None,
        expected: Expected[AgentRun] | None = None,
    ) -> AgentRun:
        """End a run as completed or failed, for good; its agent is idle if it is still at it.

        Called again with the same outcome it returns the run as it is.

        Raises:
            ItemNotFoundError: if there is no such run.
            ConditionFailedError: if the run ended in another way; its ``item`` says how.
            VersionConflictError: if it is not as expected; it carries the run.
            ItemTooLargeError: if the item would be over 400 KB.
            InvalidValueError: if a value cannot be stored, or the status is not a final one.
        """
        given = {"output_summary": output_summary, "error_message": error_message}
        changes = {name: text for name, text in given.items() if text is not None}
        finish = FinishRun(project_id, run_id, status, self._now(), changes, expected)
        return finish.run(self._store)
