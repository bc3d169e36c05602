"""The start of a run, reports on it, and its end.

A run, its reference and its agent change in one transaction. So the reference is in the index of
active runs exactly while the run is active, and an agent is set idle by the run that set it
running. Each of these writes can be repeated after a crash or a lost answer with the same result.
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
from autoforge.dynamodb.errors import naming
from autoforge.dynamodb.schema.item_size import require_size
from autoforge.dynamodb.schema.value_codecs import canonical_id
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, require_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.identity import described, identity
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
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

#: How many ids of its latest reports a run keeps.
REMEMBERED: Final = 32

#: The attributes that a report may change, in addition to the output.
_REPORTED: Final = frozenset({"status", "output_summary", "error_message"})


@dataclass(frozen=True)
class StartRun:
    """Starts a run; a repeated start with the same values returns the same run.

    Args:
        project_id: The project of the run, the agent and the feature.
        run_id: The run's id.
        agent_id: The agent that works.
        feature_id: The feature it works on.
        role: The role in this run; None for the agent's own role.
        mark_agent: Whether to set the agent running, with this as its current run. A later start
            makes its own run the current one.
        at: The time of the start.
    """

    project_id: str
    run_id: str
    agent_id: str
    feature_id: str
    at: datetime
    role: AgentRole | None = None
    mark_agent: bool = True

    def run(self, store: Store) -> AgentRun:
        """Start the run and return it, or return the stored run if it was started before.

        Raises:
            ItemNotFoundError: if the feature does not exist, or the agent does not exist and is to
                be marked or to give the role.
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
        """The stored run, if it was started with the same values.

        Raises:
            ItemExistsError: if it was not.
        """
        stored = error.item if isinstance(error.item, AgentRun) else None
        if (
            stored is not None
            and (stored.agent_id, stored.feature_id) == (run.agent_id, run.feature_id)
            and self.role in (None, stored.role)
        ):
            return stored
        taken = identity(AgentRun, run.attribute_values)
        raise ItemExistsError(AgentRun.type_name, taken, item=stored) from error


@dataclass(frozen=True)
class ReportRun:
    """Reports the status of an active run, and appends to its output.

    A repeated report is applied once, as long as its id is among the latest of its run.

    Args:
        project_id: The run's project.
        run_id: The run.
        report_id: The report's id.
        at: The time of the report.
        changes: The new status, output summary or error message; None removes the summary or the
            message.
        output: Text to append.
        keep_tail: Whether to drop the oldest output if the item would be too large; False refuses
            the report then.
        expected: The state that the caller expects of the run; None to accept any.

    Raises:
        DeclarationError: if it would change another attribute.
        InvalidValueError: if the status is final, or the report's id is not a valid id.
    """

    project_id: str
    run_id: str
    report_id: str
    at: datetime
    changes: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    keep_tail: bool = False
    expected: Expected[AgentRun] | None = None

    def __post_init__(self) -> None:
        """Refuse changes that a report may not make, and check the report's id."""
        if foreign := {*self.changes} - _REPORTED:
            raise DeclarationError(
                f"a report changes {', '.join(sorted(foreign))}; it may change only "
                f"{', '.join(sorted(_REPORTED))}"
            )
        if self.changes.get("status") in FINAL:
            raise InvalidValueError(
                f"status: {self.changes['status']} is final; a report sets a status that is not"
            )
        with naming("reportId"):
            object.__setattr__(self, "report_id", canonical_id(self.report_id))

    def run(self, store: Store) -> AgentRun:
        """Apply the report, and return the stored run.

        Raises:
            ItemNotFoundError: if there is no such run.
            ConditionFailedError: if the run is finished; ``item`` is the run.
            VersionConflictError: if it is not as expected.
            ItemTooLargeError: if the output or another text does not fit; nothing was changed.
            TransactionConflictError: if other reports kept changing the run, so many that this
                report's id may have been dropped: it may or may not be applied.
        """
        run = store.require(RunById(self.project_id, self.run_id), consistent=True)
        known = run.version

        def attempt() -> AgentRun:
            nonlocal run
            # A repeated report succeeds even if its expectation no longer holds.
            if self.report_id in (run.recent_reports or ()):
                return run
            require_expected(run, self.expected, _named(run))
            if run.status in FINAL:
                raise _finished_error(run, "only an active run can be reported on")
            if run.version - known > REMEMBERED:
                raise TransactionConflictError(f"other callers kept changing {_named(run)}")
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
    """Ends a run; a repeated end with the same values changes nothing.

    Args:
        project_id: The run's project.
        run_id: The run.
        status: The final status, completed or failed.
        at: The time of the end.
        changes: The output summary or the error message.
        expected: The state that the caller expects of the run; None to accept any.

    Raises:
        InvalidValueError: if the status is not final.
    """

    project_id: str
    run_id: str
    status: RunStatus
    at: datetime
    changes: Mapping[str, str] = field(default_factory=dict)
    expected: Expected[AgentRun] | None = None

    def __post_init__(self) -> None:
        """Refuse a status that is not final."""
        if self.status not in FINAL:
            raise InvalidValueError(
                f"status: {self.status} is not final; a run ends as {' or '.join(sorted(FINAL))}"
            )

    def run(self, store: Store) -> AgentRun:
        """Finish the run, and return the stored run.

        Raises:
            ItemNotFoundError: if there is no such run.
            ConditionFailedError: if the run ended with other values; ``item`` is the run.
            VersionConflictError: if it is not as expected.
            ItemTooLargeError: if the item would be over 400 KB; nothing was changed.
        """
        pattern = RunById(self.project_id, self.run_id)
        run = store.require(pattern, consistent=True)

        def attempt() -> AgentRun:
            nonlocal run
            require_expected(run, self.expected, _named(run))
            if run.status in FINAL:
                return self._require_same_end(run)
            finished = _changed(run, self._values(run), at=self.at)
            require_size(AgentRun.type_name, finished.to_item())
            if self._try_finish(store, run):
                return finished
            run = store.require(pattern, consistent=True)
            raise StaleReadError

        return store.retry_on_conflict(_named(run), attempt)

    def _require_same_end(self, run: AgentRun) -> AgentRun:
        """Return a finished run, if it ended with these values.

        Raises:
            ConditionFailedError: if it did not.
        """
        wanted = {**self.changes, "status": self.status}
        if any(getattr(run, name) != value for name, value in wanted.items()):
            raise _finished_error(run, "only an active run can end in another way")
        return run

    def _try_finish(self, store: Store, run: AgentRun) -> bool:
        """Send the transaction; return False if the run or its agent has changed meanwhile."""
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
        # Not negative, even if the clocks of the processes that start and finish a run differ.
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
        yield Update(AgentRunRef, reference, self.at, changes=[AgentRunRef.active.set(False)])
        if agent is not None and agent.current_run_id == run.id:
            # An agent that was stopped during the run stays stopped.
            running = agent.status == AgentStatus.RUNNING
            yield Update(
                Agent,
                {"project_id": agent.project_id, "id": agent.id},
                self.at,
                changes=[
                    Agent.status.set(AgentStatus.IDLE if running else agent.status),
                    Agent.current_feature_id.remove(),
                    Agent.current_run_id.remove(),
                ],
                expected=[
                    Agent.status.equals(agent.status),
                    Agent.current_run_id.equals(run.id),
                ],
                found=changed_since_read,
            )


def _named(run: AgentRun) -> str:
    return described(AgentRun, run.attribute_values)


def _finished_error(run: AgentRun, requires: str) -> ConditionFailedError:
    return ConditionFailedError(f"{_named(run)} is {run.status}; {requires}", item=run)


def _changed(run: AgentRun, values: Mapping[str, Any], *, at: datetime) -> AgentRun:
    """The run as it will be after a write."""
    changed = AgentRun.from_item(run.to_item())
    for name, value in {**values, "version": run.version + 1, "updated_at": at}.items():
        setattr(changed, name, value)
    return changed


def _update(run: AgentRun, values: Mapping[str, Any], *, at: datetime) -> Update[AgentRun]:
    """The update of a run, on condition of the version that was read."""
    return Update(
        AgentRun,
        {"project_id": run.project_id, "id": run.id},
        at,
        changes=values,
        expected_version=run.version,
    )
