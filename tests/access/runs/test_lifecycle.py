"""Runs start once, are reported on, and end for good; reference and agent stay in step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from autoforge.access.runs.lifecycle import FinishRun, ReportRun
from autoforge.access.runs.patterns import ActiveRuns, RunsOfAgent, RunsOfFeature, RunsOfProject
from autoforge.dynamodb.schema.item_size import LIMIT
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    ItemTooLargeError,
)
from autoforge.forge import Forge
from autoforge.models import Agent, AgentRole, AgentRun, AgentRunRef, AgentStatus, RunStatus
from autoforge.testing.clock import Clock
from autoforge.testing.recording import watching
from tests.access.runs.at_work import AtWork
from tests.factories import NOON, a_feature, a_project, a_run, a_run_ref, an_agent, new_id

LATER: Final = NOON + timedelta(seconds=90, milliseconds=5)


@pytest.fixture
def work(store: Store) -> AtWork:
    """A run that can be started."""
    return AtWork(store)


def test_a_run_starts_with_what_finds_it_and_its_agent_running(work: AtWork) -> None:
    run = work.starting(at=LATER).run(work.store)

    assert run == AgentRun(
        id=work.run_id,
        project_id=work.project_id,
        agent_id=work.agent_id,
        feature_id=work.feature_id,
        role=AgentRole.CODER,
        status=RunStatus.STARTED,
        started_at=LATER,
        updated_at=LATER,
        version=1,
    )
    assert work.run == run
    assert work.reference == AgentRunRef(
        agent_id=work.agent_id,
        run_id=work.run_id,
        project_id=work.project_id,
        feature_id=work.feature_id,
        active=True,
        started_at=LATER,
    )
    assert work.agent == an_agent(
        id=work.agent_id,
        project_id=work.project_id,
        status=AgentStatus.RUNNING,
        current_feature_id=work.feature_id,
        current_run_id=work.run_id,
        updated_at=LATER,
    )


def test_a_run_is_found_by_project_feature_agent_and_activity(work: AtWork) -> None:
    first = work.starting().run(work.store)
    second = work.starting(run_id=new_id()).run(work.store)

    for query in (
        RunsOfProject(work.project_id),
        RunsOfFeature(work.project_id, work.feature_id),
        RunsOfAgent(work.agent_id),
        ActiveRuns(work.project_id),
    ):
        assert work.store.page(query, limit=5).items == (second, first)


def test_a_run_has_the_role_that_is_given(work: AtWork) -> None:
    assert work.starting(role=AgentRole.REVIEWER).run(work.store).role == AgentRole.REVIEWER


def test_an_agent_that_is_not_to_be_marked_stays_as_it_is(work: AtWork) -> None:
    before = work.agent

    run = work.starting(mark_agent=False).run(work.store)
    assert (run.role, work.agent) == (AgentRole.CODER, before)
    work.finishing().run(work.store)

    assert work.agent == before


def test_an_agent_that_nobody_needs_need_not_be_there(work: AtWork) -> None:
    run = work.starting(agent_id="nobody", role=AgentRole.TESTER, mark_agent=False).run(work.store)

    assert work.store.page(RunsOfAgent("nobody", order="desc"), limit=1).items == (run,)
    assert work.finishing().run(work.store).status == RunStatus.COMPLETED


@pytest.mark.parametrize(
    ("missing", "more"),
    [
        ("feature_id", {}),
        ("agent_id", {}),
        ("agent_id", {"role": AgentRole.CODER}),
        ("agent_id", {"mark_agent": False}),
    ],
)
def test_no_run_starts_without_its_feature_or_its_agent(
    work: AtWork, missing: str, more: dict[str, Any]
) -> None:
    # A feature and an agent of another project cannot be used in this one.
    other = AtWork(work.store)
    before = work.agent

    with pytest.raises(ItemNotFoundError):
        work.starting(**{missing: getattr(other, missing)}, **more).run(work.store)

    assert (work.run, work.reference, work.agent) == (None, None, before)
    assert other.reference is None


def test_a_run_that_is_started_again_is_one_run_as_it_is_by_now(work: AtWork) -> None:
    work.starting().run(work.store)
    reported = work.reporting(changes={"status": "testing"}).run(work.store)
    agent, reference = work.agent, work.reference

    for over in ({}, {"at": LATER}, {"mark_agent": False}, {"role": AgentRole.CODER}):
        assert work.starting(**over).run(work.store) == reported
    assert (work.run, work.agent, work.reference) == (reported, agent, reference)

    finished = work.finishing().run(work.store)
    assert work.starting().run(work.store) == finished
    work.assert_agreed()


@pytest.mark.parametrize("differing", ["agent_id", "feature_id", "role"])
def test_an_id_that_another_run_has_is_refused(work: AtWork, differing: str) -> None:
    run = work.starting().run(work.store)
    other = AtWork(work.store, project_id=work.project_id)
    values = {"agent_id": other.agent_id, "feature_id": other.feature_id, "role": "tester"}
    before = (work.agent, work.reference, other.agent)

    with pytest.raises(ItemExistsError) as caught:
        work.starting(**{differing: values[differing]}).run(work.store)

    assert caught.value.item == run == work.run
    assert (work.agent, work.reference, other.agent) == before


def test_an_id_that_a_namesake_of_the_agent_uses_in_another_project_is_refused(
    work: AtWork,
) -> None:
    taken = a_run_ref(agent_id=work.agent_id, run_id=work.run_id, feature_id=work.feature_id)
    work.store.save(Put(taken))
    before = work.agent

    named = f"AgentRun with projectId '{work.project_id}'"
    with pytest.raises(ItemExistsError, match=named) as caught:
        work.starting().run(work.store)

    assert caught.value.item is None
    assert (work.run, work.agent, work.reference) == (None, before, taken)


def test_a_report_changes_the_phase_and_appends(work: AtWork) -> None:
    started = work.starting().run(work.store)
    changes = {"status": "coding", "output_summary": "half", "error_message": "flaky"}

    first = work.reporting(changes=changes, output="é\n", report_id="r1", at=LATER).run(work.store)
    second = work.reporting(
        changes={"error_message": None}, output="b", report_id="r2", at=LATER
    ).run(work.store)

    assert first == AgentRun(
        **{
            **started.attribute_values,
            **changes,
            "output": "é\n",
            "recent_reports": ["r1"],
            "version": 2,
            "updated_at": LATER,
        }
    )
    assert work.run == second
    assert second == AgentRun(
        **{
            **first.attribute_values,
            "error_message": None,
            "output": "é\nb",
            "recent_reports": ["r1", "r2"],
            "version": 3,
        }
    )


def test_a_report_that_is_sent_again_is_made_once(work: AtWork) -> None:
    work.starting().run(work.store)
    report = work.reporting(changes={"status": "coding"}, output="once")
    report.run(work.store)
    later = work.reporting(changes={"status": "testing"}, output=", twice").run(work.store)

    assert report.run(work.store) == later == work.run
    finished = work.finishing().run(work.store)
    assert report.run(work.store) == finished
    assert finished.output == "once, twice"


def test_a_report_that_was_made_is_sent_again_with_the_run_it_expected_then(work: AtWork) -> None:
    started = work.starting().run(work.store)
    report = work.reporting(output="once", expected=started)

    reported = report.run(work.store)

    assert report.run(work.store) == reported == work.run


def test_a_report_is_the_same_in_either_case_of_its_id(work: AtWork) -> None:
    work.starting().run(work.store)
    report_id = new_id()

    for id_ in (report_id.lower(), report_id):
        work.reporting(report_id=id_, output="once").run(work.store)

    assert work.run is not None
    assert work.run.output == "once"


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_no_report_finishes_a_run(status: str) -> None:
    with pytest.raises(InvalidValueError, match=f"^status: {status} is final; a report"):
        ReportRun("p", "r", "report", NOON, changes={"status": status})


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"changes": {"agent_id": "other"}}, DeclarationError),
        ({"report_id": "a report"}, InvalidValueError),
        ({"report_id": "x" * 65}, InvalidValueError),
    ],
)
def test_what_is_no_report_is_refused(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ReportRun(**{"project_id": "p", "run_id": "r", "report_id": "r", "at": NOON, **given})


@pytest.mark.parametrize("given", [{"changes": {"status": None}}, {"output": "\ud800"}])
def test_a_report_with_a_value_that_no_run_can_have_changes_nothing(
    work: AtWork, given: dict[str, Any]
) -> None:
    run = work.starting().run(work.store)

    with pytest.raises(InvalidValueError):
        work.reporting(**given).run(work.store)

    assert work.run == run


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_finished_run_is_not_active_and_its_agent_idle(work: AtWork, status: str) -> None:
    started = work.starting().run(work.store)
    changes = {"output_summary": "done", "error_message": "none"}

    finished = work.finishing(status, changes=changes, at=LATER).run(work.store)

    assert finished == AgentRun(
        **{
            **started.attribute_values,
            **changes,
            "status": status,
            "completed_at": LATER,
            "duration_ms": 90_005,
            "version": 2,
            "updated_at": LATER,
        }
    )
    assert work.run == finished
    work.assert_agreed()
    assert work.agent == an_agent(id=work.agent_id, project_id=work.project_id, updated_at=LATER)
    assert work.store.page(ActiveRuns(work.project_id), limit=1).items == ()
    assert work.store.page(RunsOfAgent(work.agent_id), limit=2).items == (finished,)


def test_no_run_takes_less_than_no_time(work: AtWork) -> None:
    work.starting(at=LATER).run(work.store)

    finished = work.finishing(at=NOON).run(work.store)

    assert (finished.duration_ms, finished.completed_at) == (0, NOON)


def test_a_run_that_is_finished_again_in_the_same_way_stays_as_it_is(work: AtWork) -> None:
    work.starting().run(work.store)
    finished = work.finishing(changes={"output_summary": "done"}).run(work.store)
    next_run = work.starting(run_id=new_id()).run(work.store)
    agent = work.agent

    for changes in ({"output_summary": "done"}, {}):
        assert work.finishing(changes=changes, at=LATER).run(work.store) == finished
    assert (work.run, work.agent) == (finished, agent)
    assert agent is not None
    assert agent.current_run_id == next_run.id


def test_a_finished_run_is_final(work: AtWork) -> None:
    work.starting().run(work.store)
    finished = work.finishing(changes={"output_summary": "done"}).run(work.store)

    for refused in (
        work.finishing("failed"),
        work.finishing(changes={"output_summary": "not quite"}),
        work.finishing(changes={"error_message": "but"}),
        work.reporting(changes={"status": "coding"}),
        work.reporting(output="more"),
        work.reporting(),
    ):
        with pytest.raises(
            ConditionFailedError, match="is completed; only an active run"
        ) as caught:
            refused.run(work.store)
        assert caught.value.item == finished == work.run


@pytest.mark.parametrize("status", ["started", "coding", "nonsense"])
def test_no_run_ends_in_a_phase(status: Any) -> None:
    with pytest.raises(InvalidValueError, match=f"^status: {status} is not final; a run"):
        FinishRun("p", "r", status, NOON)


def test_a_run_that_is_not_there_is_neither_reported_on_nor_finished(work: AtWork) -> None:
    for write in (work.reporting(output="x"), work.finishing()):
        with pytest.raises(ItemNotFoundError, match="AgentRun"):
            write.run(work.store)
    assert work.run is None


def test_an_agent_at_another_run_is_left_alone_when_one_ends(work: AtWork) -> None:
    work.starting().run(work.store)
    work.starting(run_id=new_id()).run(work.store)
    before = work.agent

    work.finishing().run(work.store)

    assert work.agent == before
    work.assert_agreed()


@pytest.mark.parametrize("status", [AgentStatus.STOPPED, AgentStatus.FAILED, AgentStatus.IDLE])
def test_an_agent_whose_status_was_set_by_hand_keeps_it_when_its_run_ends(
    forge: Forge, work: AtWork, status: AgentStatus
) -> None:
    work.starting().run(work.store)
    forge.agents.update(work.project_id, work.agent_id, status=status)

    work.finishing().run(work.store)

    agent = forge.agents.get(work.project_id, work.agent_id)
    assert agent.status == status
    assert (agent.current_run_id, agent.current_feature_id) == (None, None)


def test_a_run_whose_agent_is_gone_can_be_finished(work: AtWork) -> None:
    work.starting().run(work.store)
    work.store.write(Delete(Agent, {"project_id": work.project_id, "id": work.agent_id}))

    assert work.finishing().run(work.store) == work.run
    assert work.agent is None
    work.assert_agreed()


def test_a_run_that_is_being_deleted_is_not_finished(work: AtWork) -> None:
    run = work.starting().run(work.store)
    work.store.write(Delete(AgentRunRef, {"agent_id": work.agent_id, "run_id": work.run_id}))

    with pytest.raises(ItemNotFoundError, match="AgentRunRef"):
        work.finishing().run(work.store)

    assert (work.run, work.reference) == (run, None)


def test_a_text_that_does_not_fit_is_refused_before_it_is_written(work: AtWork) -> None:
    run = work.starting().run(work.store)
    work.reporting(report_id="half", output="x" * (LIMIT // 4)).run(work.store)
    changes = {"output_summary": "x" * (LIMIT // 2), "error_message": "x" * (LIMIT // 4)}

    for write in (work.finishing(changes=changes), work.reporting(changes=changes)):
        with watching(work.store.client) as watched, pytest.raises(ItemTooLargeError):
            write.run(work.store)
        assert watched.operations == ["GetItem"]

    assert work.run is not None
    assert work.run.version == run.version + 1
    work.assert_agreed()


def test_the_forge_starts_runs_of_its_own_id_at_its_own_time(forge: Forge, clock: Clock) -> None:
    project = forge.store.save(Put(a_project()))
    agent = forge.agents.create(project.id, "coder")
    feature = forge.store.save(Put(a_feature(project_id=project.id)))
    clock.now = LATER

    one, other = (forge.runs.start(project.id, agent.id, feature.id) for _ in range(2))

    assert one.id < other.id
    assert (one.started_at, one.updated_at) == (LATER, LATER)
    assert forge.runs.start(project.id, agent.id, feature.id, id=one.id) == one
    with pytest.raises(ItemNotFoundError, match="Project"):
        forge.runs.start(new_id(), agent.id, feature.id)


def test_the_runs_of_a_feature_are_those_of_its_own_project(forge: Forge) -> None:
    mine, other = (AtWork(forge.store, feature_id="feature") for _ in range(2))
    runs = [
        (work.project_id, work.starting(run_id=new_id()).run(forge.store))
        for work in (other, mine, mine, other, mine)
    ]
    expected = [run for project_id, run in runs if project_id == mine.project_id]

    page = forge.runs.of_feature(mine.project_id, "feature", limit=2)
    rest = forge.runs.of_feature(mine.project_id, "feature", limit=2, cursor=page.cursor)

    assert page.items == (expected[2], expected[1])
    assert rest.items == (expected[0],)
    assert rest.cursor is None
    forward = forge.runs.of_feature(mine.project_id.lower(), "feature", order="asc")
    assert forward.items == tuple(expected)


def test_the_runs_of_a_namesake_elsewhere_cost_nothing(forge: Forge) -> None:
    mine, other = (AtWork(forge.store, agent_id=new_id(), feature_id="same") for _ in range(2))
    run = mine.starting().run(forge.store)
    forge.store.put_all(
        a_run(project_id=other.project_id, agent_id=other.agent_id, feature_id="same")
        for _ in range(60)
    )

    with watching(forge.store.client) as watched:
        page = forge.runs.of_feature(mine.project_id, "same", limit=1)
        forge.runs.of_feature(mine.project_id, "none", limit=1)

    assert page.items == (run,)
    assert watched.operations == ["Query", "Query"]
