"""Routes of runs: started, reported on, and finished for good."""

from datetime import timedelta
from typing import Any

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.testing.clock import Clock
from tests.factories import NOON, a_feature, a_run_ref, new_id
from tests.http.serving import (
    NOON_TEXT,
    Api,
    JsonObject,
    assert_invalid,
    assert_problem,
    created,
    faults,
    items_of,
    new_project,
    unchanged,
    walk,
)
from tests.servers import Engine

MINUTE_TEXT = "2026-02-04T12:01:00.000Z"


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's runs."""
    return f"/projects/{new_project(api)}/runs"


@pytest.fixture
def asked(api: Api, store: Store, path: str) -> JsonObject:
    """The body that starts a run: an agent and a feature of the project."""
    of = path.removesuffix("/runs")
    agent = created(api.post(f"{of}/agents", json={"name": "coder-1"}))
    feature = store.save(Put(a_feature(project_id=agent["projectId"])))
    return {"agentId": agent["id"], "featureId": feature.id}


def agent_of(api: Api, run: JsonObject) -> tuple[str, str | None, str | None]:
    """Return the status, feature and run of a run's agent."""
    agent = api.get(f"/projects/{run['projectId']}/agents/{run['agentId']}").json()
    return agent["status"], agent["currentFeatureId"], agent["currentRunId"]


def test_a_run_is_started_reported_on_and_finished(
    api: Api, clock: Clock, path: str, asked: JsonObject
) -> None:
    response = api.post(path, json=asked)

    run = created(response)
    assert run == {
        "id": run["id"],
        "projectId": path.split("/")[2],
        **asked,
        "role": "coder",
        "status": "started",
        "outputSummary": None,
        "errorMessage": None,
        "startedAt": NOON_TEXT,
        "completedAt": None,
        "durationMs": None,
        "updatedAt": NOON_TEXT,
    }
    own = f"{path}/{run['id']}"
    assert response.headers["location"] == own
    assert api.get(own).json() == {**run, "output": None}
    assert agent_of(api, run) == ("running", run["featureId"], run["id"])

    clock.now = NOON + timedelta(minutes=1)
    report = {"status": "testing", "outputSummary": "half", "errorMessage": "flaky"}
    reported = api.patch(own, json={**report, "appendOutput": "é\n"})
    again = api.patch(own, json={"errorMessage": None, "appendOutput": "12 passed"})

    expected = {**run, **report, "updatedAt": MINUTE_TEXT}
    assert (reported.status_code, reported.json()) == (200, expected)
    expected["errorMessage"] = None
    assert again.json() == expected
    assert api.get(own).json() == {**expected, "output": "é\n12 passed"}

    outcome = {"status": "completed", "outputSummary": "done"}
    finished = api.post(f"{own}/finish", json=outcome)

    expected |= {**outcome, "completedAt": MINUTE_TEXT, "durationMs": 60_000}
    assert (finished.status_code, finished.json()) == (200, expected)
    assert api.get(own).json() == {**expected, "output": "é\n12 passed"}
    assert agent_of(api, run) == ("idle", None, None)


def test_a_run_may_have_a_role_and_an_id_of_its_own_and_leave_its_agent_alone(
    api: Api, path: str, asked: JsonObject
) -> None:
    given = {"id": "run-1", "role": "tester", "markAgent": False}

    run = created(api.post(path, json={**asked, **given}))

    assert (run["id"], run["role"]) == ("run-1", "tester")
    assert agent_of(api, run) == ("idle", None, None)


def test_a_run_that_is_started_again_is_one_run(
    api: Api, store: Store, path: str, asked: JsonObject
) -> None:
    run = created(api.post(path, json={"id": "run-1", **asked}))

    with unchanged(store, path):
        assert created(api.post(path, json={"id": "run-1", **asked})) == run
        other = api.post(path, json={"id": "run-1", **asked, "role": "tester"})

    detail = f"AgentRun with projectId '{run['projectId']}', id 'run-1' exists already"
    assert_problem(other, 409, detail, kind="item-exists", current=run)


def test_an_id_that_a_namesake_of_the_agent_uses_elsewhere_is_refused(
    api: Api, store: Store, path: str, asked: JsonObject
) -> None:
    store.save(Put(a_run_ref(agent_id=asked["agentId"], run_id="run-1")))

    with unchanged(store, path):
        response = api.post(path, json={"id": "run-1", **asked})

    detail = f"AgentRun with projectId '{path.split('/')[2]}', id 'run-1' exists already"
    assert_problem(response, 409, detail, kind="item-exists")


@pytest.mark.parametrize("missing", ["agentId", "featureId"])
def test_no_run_starts_without_its_agent_or_its_feature(
    api: Api, store: Store, path: str, asked: JsonObject, missing: str
) -> None:
    with unchanged(store, path):
        response = api.post(path, json={**asked, missing: new_id()})

    assert response.status_code == 404
    assert response.json()["type"] == "urn:autoforge:problem:item-not-found"


def test_a_run_that_is_finished_is_final(
    api: Api, store: Store, path: str, asked: JsonObject
) -> None:
    run = created(api.post(path, json=asked))
    own = f"{path}/{run['id']}"
    finished = api.post(f"{own}/finish", json={"status": "failed", "errorMessage": "no"}).json()

    with unchanged(store, path):
        refused = [
            api.patch(own, json={"status": "coding"}),
            api.patch(own, json={"appendOutput": "more"}),
            api.post(f"{own}/finish", json={"status": "completed"}),
            api.post(f"{own}/finish", json={"status": "failed", "errorMessage": "other"}),
        ]
        same = api.post(f"{own}/finish", json={"status": "failed", "errorMessage": "no"})

    needed = [*["can be reported on"] * 2, *["can end in another way"] * 2]
    for response, what in zip(refused, needed, strict=True):
        name = f"AgentRun {run['id']} of project {run['projectId']}"
        detail = f"{name} is failed; only an active run {what}"
        assert_problem(response, 409, detail, kind="condition-failed", current=finished)
    assert (same.status_code, same.json()) == (200, finished)


def test_a_report_that_is_sent_again_under_its_id_is_made_once(
    api: Api, path: str, asked: JsonObject
) -> None:
    own = f"{path}/{created(api.post(path, json=asked))['id']}"
    report = {"appendOutput": "once", "reportId": "report-1"}

    assert api.patch(own, json=report).json() == api.patch(own, json=report).json()

    assert api.get(own).json()["output"] == "once"


def test_an_output_that_does_not_fit_is_refused_or_loses_its_oldest_part(
    api: Api, store: Store, engine: Engine, path: str, asked: JsonObject
) -> None:
    if engine.name == "moto":
        pytest.skip("moto adds the value that an update replaces to the size of the item")
    own = f"{path}/{created(api.post(path, json=asked))['id']}"
    api.patch(own, json={"appendOutput": "é" * 180_000})

    with unchanged(store, path):
        refused = api.patch(own, json={"appendOutput": "x" * 20_000})
    api.patch(own, json={"appendOutput": "x" * 20_000, "keepTail": True})

    assert refused.status_code == 413
    assert refused.json()["type"] == "urn:autoforge:problem:item-too-large"
    marker, _, output = api.get(own).json()["output"].partition("\n")
    assert marker == f"[{200_000 - len(output)} characters of earlier output were dropped]"
    assert output.strip("é") == "x" * 20_000


def test_the_longest_texts_fit_beside_the_longest_output(
    api: Api, engine: Engine, path: str, asked: JsonObject
) -> None:
    if engine.name == "moto":
        pytest.skip("moto adds the value that an update replaces to the size of the item")
    own = f"{path}/{created(api.post(path, json=asked))['id']}"
    longest = dict.fromkeys(("outputSummary", "errorMessage"), "\U0001f600" * 4000)

    assert api.patch(own, json={"appendOutput": "x" * 400_000, "keepTail": True}).is_success
    assert api.patch(own, json=longest).is_success
    assert api.post(f"{own}/finish", json={"status": "failed", **longest}).is_success


def test_runs_are_listed_without_their_outputs_newest_first(
    api: Api, store: Store, path: str, asked: JsonObject
) -> None:
    of = path.removesuffix("/runs")
    other = {"agentId": "namesake", "featureId": asked["featureId"]}
    api.post(f"{of}/agents", json={"name": "other", "id": other["agentId"]})
    runs = [created(api.post(path, json=each)) for each in (asked, other, asked)]
    for run in runs:
        api.patch(f"{path}/{run['id']}", json={"appendOutput": "much"})
    ended = api.post(f"{path}/{runs[0]['id']}/finish", json={"status": "completed"}).json()
    # A project with a feature of the same id.
    elsewhere = f"/projects/{new_project(api)}"
    api.post(f"{elsewhere}/agents", json={"name": "other", "id": "somebody"})
    store.save(Put(a_feature(project_id=elsewhere.split("/")[2], id=asked["featureId"])))
    created(api.post(f"{elsewhere}/runs", json={**asked, "agentId": "somebody"}))

    def listed(where: str, **parameters: str) -> list[JsonObject]:
        return items_of(walk(api, where, limit=1, **parameters))

    second, third = runs[1], runs[2]
    assert listed(path) == [third, second, ended]
    assert listed(path, order="asc") == [ended, second, third]
    assert listed(f"{path}/active") == [third, second]
    assert listed(f"/agents/{asked['agentId']}/runs") == [third, ended]
    assert listed(f"{of}/features/{asked['featureId']}/runs") == [third, second, ended]
    assert len(listed(f"{elsewhere}/features/{asked['featureId']}/runs")) == 1
    assert api.get(f"{of}/features/no-such-feature/runs").status_code == 404


def test_a_run_that_is_not_there_is_not_found(api: Api, path: str) -> None:
    missing = f"{path}/{new_id()}"

    for response in (
        api.get(missing),
        api.patch(missing, json={"appendOutput": "x"}),
        api.post(f"{missing}/finish", json={"status": "failed"}),
    ):
        assert response.status_code == 404
        assert response.json()["type"] == "urn:autoforge:problem:item-not-found"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agentId", None),
        ("agentId", "a b"),
        ("featureId", ""),
        ("role", "manager"),
        ("id", "a b"),
        ("markAgent", "yes"),
        ("status", "coding"),
    ],
)
def test_a_new_run_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    body = {"agentId": "a", "featureId": "f", field: value}

    assert faults(detached.post("/projects/p/runs", json=body)) == [f"body.{field}"]


def test_no_run_has_the_id_that_stands_for_the_active_ones(detached: Api) -> None:
    body = {"agentId": "a", "featureId": "f", "id": "active"}

    response = detached.post("/projects/p/runs", json=body)

    assert_invalid(
        response,
        ("body", "Value error, the id is 'active', which is reserved for the list of active runs"),
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "completed"),
        ("status", "failed"),
        ("status", None),
        ("outputSummary", 5),
        ("outputSummary", "x" * 4001),
        ("errorMessage", "x" * 4001),
        ("appendOutput", None),
        ("keepTail", "yes"),
        ("reportId", "a b"),
        ("output", "all of it"),
    ],
)
def test_a_report_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    response = detached.patch("/projects/p/runs/r", json={"status": "coding", field: value})

    assert faults(response) == [f"body.{field}"]


def test_a_report_of_nothing_is_refused(detached: Api) -> None:
    response = detached.patch("/projects/p/runs/r", json={})

    assert_invalid(
        response, ("body", "Value error, the body changes nothing; expected at least one change")
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "coding"),
        ("status", None),
        ("outputSummary", "x" * 4001),
        ("errorMessage", 5),
        ("completedAt", NOON_TEXT),
    ],
)
def test_an_outcome_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    body = {"status": "completed", field: value}

    assert faults(detached.post("/projects/p/runs/r/finish", json=body)) == [f"body.{field}"]


@pytest.mark.parametrize("run_id", ["a%20b", "a%23b", "x" * 65])
def test_what_can_be_no_run_id_is_refused(detached: Api, run_id: str) -> None:
    path = f"/projects/p/runs/{run_id}"

    assert faults(detached.get(path)) == ["path.runId"]
    assert faults(detached.patch(path, json={"keepTail": True})) == ["path.runId"]
    finish = detached.post(f"{path}/finish", json={"status": "failed"})
    assert faults(finish) == ["path.runId"]
