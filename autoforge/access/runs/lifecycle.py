"""How runs start, are reported on, and end.

A run, what finds it by its agent, and the agent at work change together, in one transaction. So
the reference is among the active ones exactly while the run is active, and the run that set an
agent running is the one that sets it idle. Each of the writes may be made again, after a crash or
a lost answer, and comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from autoforge.access.agents import AgentById, update_agent
from autoforge.access.features.patterns import FeatureById
from autoforge.access.runs.output import make_room
from autoforge.access.runs.patterns import RunById
from autoforge.dynamodb.schema.encoding import canonical_id, naming
from autoforge.dynamodb.schema.item_size import require_size
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, require_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Put, Transaction, Write, described, identity
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    TransactionConflictError,
    VersionConflictError,
)
from autoforge.models.agents import Agent, AgentRole, AgentStatus
from autoforge.models.runs import FINAL, AgentRun, AgentRunRef, RunStatus

#: How many of its latest reports a run knows by their ids.
REMEMBERED: Final = 32

#: What a report may change besides the output.
_REPORTED: Final = frozenset({"status", "output_summary", "error_message"})


@dataclass(frozen=True)
class StartRun:
    """Start a run; started again with the same values, it is still one run.

    Args:
        project_id: The project of all three.
        run_id: The run's id.
        agent_id: Who works.
        feature_id: What they work on.
        role: As what; as what the agent is, unless given.
        mark_agent: Whether the agent is running from now on, with this as its current run. The
            start of another run takes that over.
        at: The moment of the start.
    """

    project_id: str
    run_id: str
    agent_id: str
    feature_id: str
    at: datetime
    role: AgentRole | None = None
    mark_agent: bool = True

    def run(self, store: Store) -> AgentRun:
        """Start, and return the run; one that was started before as it is by now.

        Raises:
            ItemNotFoundError: if there is no such feature, or not the agent that is to be marked
                or to say the role.
            ItemExistsError: if another run has the id.
        """
        store.require(FeatureById(self.project_id, self.feature_id), consistent=True)
        run = AgentRun(
            id=self.run_id,
            project_id=self.project_id,
            agent_id=self.agent_id,
            feature_id=self.feature_id,
            role=self._role(store),
            started_at=self.at,
            updated_at=self.at,
        )
        try:
            store.transact(Transaction(tuple(self._writes(run))))
        except ItemExistsError as error:
            return self._started(run, error)
        return run

    def _role(self, store: Store) -> AgentRole:
        if self.role is not None and not self.mark_agent:
            return self.role
        agent = store.require(AgentById(self.project_id, self.agent_id), consistent=True)
        return self.role or agent.role

    def _writes(self, run: AgentRun) -> Iterator[Write[Any]]:
        yield Put(run)
        yield Put(
            AgentRunRef(
                agent_id=run.agent_id,
                run_id=run.id,
                project_id=run.project_id,
                feature_id=run.feature_id,
                started_at=run.started_at,
            )
        )
        if self.mark_agent:
            changes = {
                "status": AgentStatus.RUNNING,
                "current_feature_id": run.feature_id,
                "current_run_id": run.id,
            }
            yield update_agent(self.project_id, self.agent_id, changes, at=self.at)

    def _started(self, run: AgentRun, error: ItemExistsError) -> AgentRun:
        """The run that is there, if this is what started it."""
        there = error.item if isinstance(error.item, AgentRun) else None
        if (
            there is not None
            and (there.agent_id, there.feature_id) == (run.agent_id, run.feature_id)
            and self.role in (None, there.role)
        ):
            return there
        taken = identity(AgentRun, run.attribute_values)
        raise ItemExistsError(AgentRun.type_name, taken, item=there) from error


@dataclass(frozen=True)
class ReportRun:
    """Say which phase an active run is in, and append to its output.

    A report is made once however often it is sent, as long as it is among the latest of its run.

    Args:
        project_id: The run's project.
        run_id: The run.
        report_id: What this report is known by.
        at: The moment of the report.
        changes: The new status, output summary or error message; None removes one of the last two.
        output: Text to append.
        keep_tail: Whether to drop the oldest output where it would not fit, instead of refusing.

    Raises:
        DeclarationError: if it would change anything else.
        InvalidValueError: if the status is a final one, or the report's id can be none.
    """

    project_id: str
    run_id: str
    report_id: str
    at: datetime
    changes: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    keep_tail: bool = False
    #: What the run is expected to be; None to report on whatever is there.
    expected: Expected[AgentRun] | None = None

    def __post_init__(self) -> None:
        """Refuse what no report may change."""
        if foreign := {*self.changes} - _REPORTED:
            raise DeclarationError(f"no report changes {', '.join(sorted(foreign))}")
        if self.changes.get("status") in FINAL:
            raise InvalidValueError(f"status: {self.changes['status']} is how a run is finished")
        with naming("reportId"):
            object.__setattr__(self, "report_id", canonical_id(self.report_id))

    def run(self, store: Store) -> AgentRun:
        """Report, and return the run as it then is.

        Raises:
            ItemNotFoundError: if there is no such run.
            ConditionFailedError: if the run is finished; its ``item`` says how.
            VersionConflictError: if it is not as expected.
            ItemTooLargeError: if the output or another text does not fit; nothing was changed.
            TransactionConflictError: if others kept reporting; it cannot be told whether this was.
        """
        run = store.require(RunById(self.project_id, self.run_id), consistent=True)
        known = run.version

        def attempt() -> AgentRun:
            nonlocal run
            # A report that was made is not made again, whatever was expected when it was sent.
            if self.report_id in (run.recent_reports or ()):
                return run
            require_expected(run, self.expected, _named(run))
            if run.status in FINAL:
                raise _finished_already(run)
            if run.version - known > REMEMBERED:
                raise TransactionConflictError(f"others kept changing {_named(run)}")
            try:
                return store.save(self._write(run))
            except VersionConflictError as error:
                run = error.item
                raise StaleReadError from error

        return store.retry_on_conflict(_named(run), attempt)

    def _write(self, run: AgentRun) -> Update[AgentRun]:
        reports = [*(run.recent_reports or ()), self.report_id][-REMEMBERED:]
        values: dict[str, Any] = {**self.changes, "recent_reports": reports}
        after = _changed(run, values, at=self.at)
        if self.output:
            after.output = (run.output or "") + self.output
            make_room(after, keep_tail=self.keep_tail)
            values |= {"output": after.output, "output_dropped": after.output_dropped}
        require_size(AgentRun.type_name, after.to_item())
        return _update(run, values, at=self.at)


@dataclass(frozen=True)
class FinishRun:
    """End a run for good; ended again in the same way, it stays as it is.

    Args:
        project_id: The run's project.
        run_id: The run.
        status: How it ended, completed or failed.
        at: The moment of the end.
        changes: The output summary or the error message.

    Raises:
        InvalidValueError: if the status is not a final one.
    """

    project_id: str
    run_id: str
    status: RunStatus
    at: datetime
    changes: Mapping[str, str] = field(default_factory=dict)
    #: What the run is expected to be; None to finish whatever is there.
    expected: Expected[AgentRun] | None = None

    def __post_init__(self) -> None:
        """Refuse an end that is none."""
        if self.status not in FINAL:
            raise InvalidValueError(f"status: a run does not end as {self.status}")

    def run(self, store: Store) -> AgentRun:
        """Finish, and return the run as it then is.

        Raises:
            ItemNotFoundError: if there is no such run.
            ConditionFailedError: if the run ended in another way; its ``item`` says how.
            VersionConflictError: if it is not as expected.
            ItemTooLargeError: if the item would be over 400 KB; nothing was changed.
        """
        pattern = RunById(self.project_id, self.run_id)
        run = store.require(pattern, consistent=True)

        def attempt() -> AgentRun:
            nonlocal run
            require_expected(run, self.expected, _named(run))
            if run.status in FINAL:
                return self._finished_so(run)
            finished = _changed(run, self._values(run), at=self.at)
            require_size(AgentRun.type_name, finished.to_item())
            if self._is_made(store, run):
                return finished
            run = store.require(pattern, consistent=True)
            raise StaleReadError

        return store.retry_on_conflict(_named(run), attempt)

    def _finished_so(self, run: AgentRun) -> AgentRun:
        """Require that a run which is over ended in this way."""
        wanted = {**self.changes, "status": self.status}
        if any(getattr(run, name) != value for name, value in wanted.items()):
            raise _finished_already(run)
        return run

    def _is_made(self, store: Store, run: AgentRun) -> bool:
        """Whether nobody changed the run or its agent meanwhile."""
        agent = store.get(AgentById(run.project_id, run.agent_id), consistent=True)
        try:
            store.transact(Transaction(tuple(self._writes(run, agent))))
        except ConditionFailedError:
            return False
        except ItemNotFoundError as error:
            if error.entity != Agent.type_name:
                raise
            return False
        return True

    def _values(self, run: AgentRun) -> dict[str, Any]:
        # The clocks of those who start and finish may differ; no run took less than no time.
        duration = max(0, (self.at - run.started_at) // MILLISECOND)
        return {
            **self.changes,
            "status": self.status,
            "completed_at": self.at,
            "duration_ms": duration,
        }

    def _writes(self, run: AgentRun, agent: Agent | None) -> Iterator[Write[Any]]:
        yield _update(run, self._values(run), at=self.at)
        reference = {"agent_id": run.agent_id, "run_id": run.id}
        yield Update(AgentRunRef, reference, self.at, values={"active": False})
        if agent is not None and agent.current_run_id == run.id:
            # An agent that somebody stopped meanwhile stays stopped.
            running = agent.status == AgentStatus.RUNNING
            yield Update(
                Agent,
                {"project_id": agent.project_id, "id": agent.id},
                self.at,
                values={
                    "status": AgentStatus.IDLE if running else agent.status,
                    "current_feature_id": None,
                    "current_run_id": None,
                },
                expected={"status": agent.status, "current_run_id": run.id},
                requires="as it was read",
            )


def _named(run: AgentRun) -> str:
    return described(AgentRun, run.attribute_values)


def _finished_already(run: AgentRun) -> ConditionFailedError:
    return ConditionFailedError(f"{_named(run)} is {run.status} already", item=run)


def _changed(run: AgentRun, values: Mapping[str, Any], *, at: datetime) -> AgentRun:
    """The run as a write will leave it."""
    changed = AgentRun.from_item(run.to_item())
    for name, value in {**values, "version": run.version + 1, "updated_at": at}.items():
        setattr(changed, name, value)
    return changed


def _update(run: AgentRun, values: Mapping[str, Any], *, at: datetime) -> Update[AgentRun]:
    """The write that changes a run, as long as it is as it was read."""
    return Update(
        AgentRun,
        {"project_id": run.project_id, "id": run.id},
        at,
        values=values,
        expected_version=run.version,
        requires="as it was read",
    )
