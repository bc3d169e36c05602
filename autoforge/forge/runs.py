"""``forge.runs``: the runs of agents on features."""

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
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.agents import AgentRole
from autoforge.models.runs import AgentRun, RunStatus


class RunChanges(TypedDict, total=False):
    """The attributes of an active run that a report can change, in addition to its output."""

    status: RunStatus
    output_summary: str | None
    error_message: str | None


class Runs(Resource):
    """Starts, reads, reports on and finishes the runs of agents on features."""

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
        """Start a run; a repeated start with the same id and values returns the same run.

        Args:
            project_id: The project.
            agent_id: The agent that works.
            feature_id: The feature it works on.
            role: The role in this run; None for the agent's own role.
            id: The run's id; None to mint one. Lists of runs are sorted by id, the largest first.
            mark_agent: Whether to set the agent running, with this as its current run.

        Raises:
            ItemNotFoundError: if there is no such project, feature or agent. The agent need not
                exist if ``mark_agent`` is False and the role is given.
            ItemExistsError: if another run has the id.
            InvalidValueError: if a value cannot be stored.
        """
        self._require_project(project_id)
        now = self._now()
        start = StartRun(
            project_id,
            self._context.new_id(now) if id is None else id,
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
            ItemNotFoundError: if there is no such run.
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
        """Report the status of an active run, and append to its output.

        Args:
            project_id: The project.
            run_id: The run.
            output: Text to append.
            keep_tail: Whether to drop the oldest output if the item would be too large.
            report_id: The report's id, so that a repeated report is applied once; None to mint
                one.
            expected: The run as the caller read it, or a test that it must pass; None to accept
                any state.
            **changes: The new status, which must not be final; the output summary and the error
                message, where None removes the stored one.

        Raises:
            ItemNotFoundError: if there is no such run.
            ConditionFailedError: if the run is finished; ``item`` is the run.
            VersionConflictError: if it is not as expected; ``item`` is the run.
            ItemTooLargeError: if the output does not fit and ``keep_tail`` is False.
            InvalidValueError: if a value cannot be stored, or the status is final.
            TransactionConflictError: if other reports kept changing the run; this one may or may
                not be applied.
        """
        now = self._now()
        report = ReportRun(
            project_id,
            run_id,
            self._context.new_id(now) if report_id is None else report_id,
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
        """End a run as completed or failed; sets its agent idle if the run is its current one.

        A repeated call with the same values returns the run unchanged.

        Raises:
            ItemNotFoundError: if there is no such run.
            ConditionFailedError: if the run ended with other values; ``item`` is the run.
            VersionConflictError: if it is not as expected; ``item`` is the run.
            ItemTooLargeError: if the item would be over 400 KB.
            InvalidValueError: if a value cannot be stored, or the status is not final.
        """
        given = {"output_summary": output_summary, "error_message": error_message}
        changes = {name: text for name, text in given.items() if text is not None}
        finish = FinishRun(project_id, run_id, status, self._now(), changes, expected)
        return finish.run(self._store)
