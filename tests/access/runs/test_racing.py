"""Whoever writes at the same time, runs, references and agents agree and no output is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoforge.access.agents import update_agent
from autoforge.access.runs.lifecycle import REMEMBERED, FinishRun, ReportRun, StartRun
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.errors import AutoforgeError, ConditionFailedError, TransactionConflictError
from autoforge.models import Agent, AgentRun, AgentStatus
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Attempts, Break, Fault, Lose, Pass, injected
from tests.access.runs.at_work import AtWork
from tests.factories import new_id
from tests.servers import Engine
from tests.stores import client_of, fresh, store_of

pytestmark = pytest.mark.one_engine

_THREADS: Final = 8

Change = StartRun | ReportRun | FinishRun


@pytest.fixture
def work(store: Store) -> AtWork:
    """A run that has started."""
    work = AtWork(store)
    work.starting().run(store)
    return work


@pytest.fixture
def rival(engine: Engine, work: AtWork) -> Store:
    """A Store on the same table over another connection."""
    return store_of(client_of(engine), work.store.table_name, Clock())


def race(store: Store, changes: Sequence[Change]) -> list[AgentRun | AutoforgeError]:
    """Make all changes at the same time; return the run or the error of each."""
    barrier = Barrier(len(changes))

    def run(change: Change) -> AgentRun | AutoforgeError:
        barrier.wait()
        try:
            return change.run(store)
        except AutoforgeError as error:
            return error

    with ThreadPoolExecutor(len(changes)) as pool:
        return list(pool.map(run, changes))


def meeting(
    store: Store, operation: str, *steps: tuple[Callable[[], object], Fault]
) -> AbstractContextManager[Attempts]:
    """Before each attempt of an operation call a function, then apply its fault, in turn."""
    left = list(steps)

    def meet(number: int, sent: str) -> Fault:
        if sent != operation or not left:
            return Pass()
        act, fault = left.pop(0)
        act()
        return fault

    return injected(store.client, meet)


def before_the_end(store: Store, act: Callable[[], object]) -> AbstractContextManager[Attempts]:
    """Call a function after the end of a run has read everything, and before it is written."""
    return meeting(store, "TransactWriteItems", (act, Pass()))


def nothing() -> None:
    """Do nothing."""


def test_of_starts_at_once_under_one_id_one_is_made(store: Store) -> None:
    work = AtWork(store)

    outcomes = race(store, [work.starting()] * _THREADS)

    assert outcomes == [work.run] * _THREADS
    work.assert_agreed()


@pytest.mark.parametrize("attempt", range(2))
def test_of_racing_ends_one_is_made(work: AtWork, attempt: int) -> None:
    changes = [{"output_summary": f"number {n}"} for n in range(_THREADS)]

    outcomes = race(work.store, [work.finishing(changes=each) for each in changes])

    (winner,) = [each for each in outcomes if isinstance(each, AgentRun)]
    assert winner == work.run
    lost = [each for each in outcomes if isinstance(each, ConditionFailedError)]
    assert [each.item for each in lost] == [winner] * (_THREADS - 1)
    work.assert_agreed()


@settings(max_examples=6)
@given(
    pieces=st.lists(st.sampled_from(["a", "é\n", "line\n", "a", "\U0001f600"]), max_size=_THREADS)
)
def test_what_is_appended_at_once_is_all_there_each_piece_once(
    client: Client, pieces: list[str]
) -> None:
    work = AtWork(fresh(client))
    work.starting().run(work.store)
    marked = [f"<{number}:{piece}>" for number, piece in enumerate(pieces)]

    race(work.store, [work.reporting(output=each) for each in marked or [""]])

    run = work.run
    assert run is not None
    assert len(run.output or "") == sum(map(len, marked))
    assert all((run.output or "").count(each) == 1 for each in marked)


def test_an_end_keeps_what_was_reported_before_it_and_refuses_what_comes_after(
    work: AtWork,
) -> None:
    pieces = [f"<{number}>" for number in range(_THREADS - 1)]
    reports = [work.reporting(output=each) for each in pieces]

    *outcomes, finished = race(work.store, [*reports, work.finishing()])

    run = work.run
    assert run is not None
    assert run == finished
    made = [p for p, each in zip(pieces, outcomes, strict=True) if isinstance(each, AgentRun)]
    assert Counter(run.output or "") == Counter("".join(made))
    refused = [each for each in outcomes if not isinstance(each, AgentRun)]
    assert all(isinstance(each, ConditionFailedError) and each.item == run for each in refused)
    work.assert_agreed()


def test_runs_of_one_agent_that_start_and_end_at_once_leave_it_at_one_or_idle(
    work: AtWork,
) -> None:
    others = [work.starting(run_id=new_id()) for _ in range(3)]

    race(work.store, [work.finishing(), *others])

    work.assert_agreed()
    agent = work.agent
    assert agent is not None
    assert agent.current_run_id in {each.run_id for each in others}
    race(work.store, [work.finishing(run_id=each.run_id) for each in others])
    agent = work.agent
    assert agent is not None
    assert (agent.status, agent.current_run_id) == (AgentStatus.IDLE, None)


def test_a_run_ends_with_what_was_reported_just_before(work: AtWork, rival: Store) -> None:
    def report() -> None:
        work.reporting(output="last words").run(rival)

    with before_the_end(work.store, report):
        finished = work.finishing().run(work.store)

    assert finished == work.run
    assert finished.output == "last words"
    work.assert_agreed()


def test_an_agent_that_goes_on_just_before_its_run_ends_stays_at_the_new_run(
    work: AtWork, rival: Store
) -> None:
    run_id = new_id()

    with before_the_end(work.store, lambda: work.starting(run_id=run_id).run(rival)):
        work.finishing().run(work.store)

    agent = work.agent
    assert agent is not None
    assert (agent.status, agent.current_run_id) == (AgentStatus.RUNNING, run_id)
    assert agent.current_feature_id == work.feature_id
    work.assert_agreed()


def test_an_agent_that_is_stopped_just_before_its_run_ends_stays_stopped(
    work: AtWork, rival: Store
) -> None:
    stop = update_agent(
        work.project_id, work.agent_id, {"status": "stopped"}, at=work.starting().at
    )

    with before_the_end(work.store, lambda: rival.write(stop)):
        work.finishing().run(work.store)

    agent = work.agent
    assert agent is not None
    assert (agent.status, agent.current_run_id) == (AgentStatus.STOPPED, None)


def test_a_run_ends_although_its_agent_is_deleted_just_before(work: AtWork, rival: Store) -> None:
    gone = Delete(Agent, {"project_id": work.project_id, "id": work.agent_id})

    with before_the_end(work.store, lambda: rival.write(gone)):
        finished = work.finishing().run(work.store)

    assert finished == work.run
    assert work.agent is None
    work.assert_agreed()


@pytest.mark.parametrize("fault", [Lose(), Break(Lose().error)], ids=["made", "not made"])
def test_a_piece_whose_report_was_cut_off_is_there_once_whatever_others_reported_since(
    work: AtWork, rival: Store, fault: Fault
) -> None:
    def others(piece: str) -> None:
        work.reporting(output=piece).run(rival)

    with meeting(
        work.store,
        "UpdateItem",
        (lambda: others("<first>"), Pass()),  # refused: the version has changed
        (nothing, fault),
        (lambda: others("<last>"), Pass()),
    ):
        run = work.reporting(output="<mine>").run(work.store)

    assert run == work.run
    made = isinstance(fault, Lose)
    assert run.output == ("<first><mine><last>" if made else "<first><last><mine>")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Lose(), "<mine>" + "." * (REMEMBERED - 1)),
        (Break(Lose().error), "." * REMEMBERED + "<mine>"),
    ],
    ids=["made", "not made"],
)
def test_a_run_only_just_remembers_whether_a_report_was_made(
    work: AtWork, rival: Store, fault: Fault, expected: str
) -> None:
    def others() -> None:
        for _ in range(expected.count(".")):
            work.reporting(output=".").run(rival)

    with meeting(work.store, "UpdateItem", (nothing, fault), (others, Pass())):
        run = work.reporting(output="<mine>").run(work.store)

    assert run.output == expected


def test_a_report_that_its_run_may_have_forgotten_is_not_made_again(
    work: AtWork, rival: Store
) -> None:
    def others() -> None:
        for _ in range(REMEMBERED):
            work.reporting(output=".").run(rival)

    with (
        meeting(work.store, "UpdateItem", (nothing, Lose()), (others, Pass())),
        pytest.raises(TransactionConflictError, match="other callers kept changing AgentRun"),
    ):
        work.reporting(output="<mine>").run(work.store)

    run = work.run
    assert run is not None
    assert run.output == "<mine>" + "." * REMEMBERED
    assert len(run.recent_reports or ()) == REMEMBERED
