"""Routes of features: listed, counted, changed and deleted."""

from datetime import timedelta
from typing import Any

import pytest

from autoforge.access.features.patterns import FeatureById
from autoforge.dynamodb.store.store import Store
from autoforge.models.features import Unsettled
from autoforge.testing.clock import Clock
from tests.factories import (
    NOON,
    a_dependency,
    a_feature,
    a_feature_by_linear_issue,
    new_id,
)
from tests.http.features.backlogs import EVERYTHING, NO_FEATURES
from tests.http.serving import (
    Api,
    JsonObject,
    assert_invalid,
    assert_problem,
    faults,
    fresh_name,
    items_of,
    new_feature,
    new_project,
    unchanged,
    walk,
)
from tests.stores import put_raw


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's features."""
    return f"/projects/{new_project(api)}/features"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 2001),
        ("name", None),
        ("name", 5),
        ("description", 5),
        ("priority", -1),
        ("priority", 100_000),
        ("priority", 10**40),
        ("priority", True),
        ("priority", "1"),
        ("priority", None),
        ("category", 5),
        ("category", "x" * 201),
        ("steps", "text"),
        ("steps", {}),
        ("linearIssueUrl", 5),
        ("linearIssueUrl", "x" * 2001),
        ("status", "passing"),
        ("version", 1),
        ("project_id", "p"),
    ],
)
def test_a_value_that_no_feature_has_is_refused_and_unaltered(
    detached: Api, field: str, value: Any
) -> None:
    refused = detached.post("/projects/p/features", json={"name": "Sign in", field: value})
    unaltered = detached.patch("/projects/p/features/f", json={field: value})

    assert faults(refused) == [f"body.{field}"]
    assert faults(unaltered) == [f"body.{field}"]


@pytest.mark.parametrize(
    ("field", "value"), [each for each in EVERYTHING.items() if each[0] != "linearIssueUrl"]
)
def test_each_attribute_of_a_feature_is_changed_alone(
    api: Api, clock: Clock, path: str, field: str, value: Any
) -> None:
    feature = new_feature(api, path, name="Sign in")
    own = f"{path}/{feature['id']}"
    clock.now = NOON + timedelta(milliseconds=1)

    response = api.patch(own, json={field: value})

    changed = {**feature, field: value, "version": 2, "updatedAt": "2026-02-04T12:00:00.001Z"}
    assert (response.status_code, response.json()) == (200, changed)
    assert api.get(own).json() == changed


@pytest.mark.parametrize("field", ["description", "category", "steps", "linearIssueUrl"])
def test_null_removes_what_a_feature_may_lack(api: Api, path: str, field: str) -> None:
    feature = new_feature(api, path, **EVERYTHING)

    response = api.patch(f"{path}/{feature['id']}", json={field: None})

    assert (response.status_code, response.json()) == (200, {**feature, field: None, "version": 2})


def test_a_feature_is_changed_in_the_version_that_was_read_only(
    api: Api, store: Store, path: str
) -> None:
    own = f"{path}/{new_feature(api, path)['id']}"
    current = api.patch(own, json={"priority": 3, "expectedVersion": 1}).json()

    with unchanged(store, path):
        answers = [
            api.patch(own, json={"expectedVersion": version, **change})
            for version in (1, 3, 10**15 - 1)
            for change in ({"name": "Lost"}, {"priority": 5})
        ]
    anyway = api.patch(own, json={"name": "Kept", "expectedVersion": None})

    for answer in answers:
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (
            412,
            "urn:autoforge:problem:version-conflict",
        )
        assert problem["current"] == current
    assert anyway.json() == {**current, "name": "Kept", "version": 3}


@pytest.mark.parametrize("version", [0, -1, 1.5, True, "1", 10**15, 10**40])
def test_an_expected_version_that_no_feature_has_is_refused(detached: Api, version: Any) -> None:
    body = {"name": "Sign in", "expectedVersion": version}

    response = detached.patch("/projects/p/features/f", json=body)

    assert faults(response) == ["body.expectedVersion"]


@pytest.mark.parametrize("body", [{}, {"expectedVersion": 1}, {"expectedVersion": None}])
def test_a_change_that_changes_nothing_is_refused(detached: Api, body: JsonObject) -> None:
    response = detached.patch("/projects/p/features/f", json=body)

    assert_invalid(
        response, ("body", "Value error, the body changes nothing; expected at least one change")
    )


def test_a_feature_that_is_not_there_is_not_found(api: Api, store: Store, path: str) -> None:
    project_id = path.split("/")[2]
    missing = f"{path}/no-such-feature"

    with unchanged(store, path):
        answers = [
            api.get(missing),
            api.patch(missing, json={"name": "x"}),
            api.patch(missing, json={"priority": 1}),
            api.patch(missing, json={"priority": 1, "expectedVersion": 1}),
            api.delete(missing),
            api.delete(missing, params={"detach": "true"}),
        ]

    for answer in answers:
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:autoforge:problem:item-not-found"
        assert project_id in answer.json()["detail"]
        assert "no-such-feature" in answer.json()["detail"]


@pytest.mark.parametrize("feature_id", ["a%20b", "a%23b", "x" * 65, "%C3%A9", "a.b", "%00"])
def test_what_can_be_no_feature_id_is_refused(detached: Api, feature_id: str) -> None:
    own = f"/projects/p/features/{feature_id}"

    for answer in (
        detached.get(own),
        detached.patch(own, json={"name": "x"}),
        detached.delete(own),
    ):
        assert faults(answer) == ["path.featureId"]


def test_features_are_listed_by_age_or_in_a_status_by_priority(api: Api, path: str) -> None:
    low, high, middle, waiting = (
        new_feature(api, path, priority=priority)["id"] for priority in (9, 0, 5, 1)
    )
    api.put(f"{path}/{waiting}/dependencies/{low}")
    failing = new_feature(api, path)["id"]
    api.post(f"{path}/{failing}/fail", json={"force": True})

    def listed(**parameters: Any) -> list[str]:
        return [each["id"] for each in items_of(walk(api, path, **parameters))]

    def ready(**parameters: Any) -> list[str]:
        return [each["id"] for each in items_of(walk(api, f"{path}/ready", **parameters))]

    assert listed(limit=2) == [low, high, middle, waiting, failing]
    assert listed(status="pending", limit=3) == [high, middle, low, waiting]
    assert listed(status="pending", order="desc") == [waiting, low, middle, high]
    assert listed(status="failing") == [failing]
    assert listed(status="passing") == []
    assert ready() == ready(limit=1) == [high, middle, low]
    counts = {"pending": 4, "failing": 1, "total": 5}
    assert api.get(f"{path}/stats").json() == {**NO_FEATURES, **counts}


def test_a_status_that_no_feature_has_is_refused(detached: Api) -> None:
    for status in ("done", "", "in-progress", "PENDING"):
        response = detached.get("/projects/p/features", params={"status": status})

        assert faults(response) == ["query.status"]


def test_a_project_that_is_not_there_has_no_features(api: Api) -> None:
    project_id = new_id()
    path = f"/projects/{project_id}/features"

    for each in (path, f"{path}?status=pending", f"{path}/ready", f"{path}/stats"):
        detail = f"there is no Project with projectId '{project_id}'"
        assert_problem(api.get(each), 404, detail, kind="item-not-found")


def test_a_deleted_feature_is_gone_with_what_finds_it(api: Api, path: str) -> None:
    waited = new_feature(api, path)["id"]
    issue = fresh_name()
    said = {"dependencies": [waited], "linearIssueId": issue}
    feature_id = new_feature(api, path, **said)["id"]

    response = api.delete(f"{path}/{feature_id}")

    assert (response.status_code, response.content) == (204, b"")
    assert api.get(f"{path}/{feature_id}").status_code == 404
    assert api.delete(f"{path}/{feature_id}").status_code == 404
    assert api.get(f"/features/by-linear-issue/{issue}").status_code == 404
    assert api.get(f"{path}/{waited}/dependents").json()["items"] == []
    assert new_feature(api, path, **said)["id"] != feature_id


def test_a_feature_that_others_depend_on_goes_only_if_they_are_detached(
    api: Api, store: Store, path: str
) -> None:
    waited = new_feature(api, path)
    dependent = new_feature(api, path, dependencies=[waited["id"]])
    own = f"{path}/{waited['id']}"

    for parameters in ({}, {"detach": "false"}):
        with unchanged(store, path):
            response = api.delete(own, params=parameters)
        detail = (
            f"Feature {waited['id']} of project {waited['projectId']} has the dependent "
            f"{dependent['id']}; only a feature without dependents can be deleted without detach"
        )
        assert_problem(response, 409, detail, kind="condition-failed", current=waited)
    assert api.delete(own, params={"detach": "true"}).status_code == 204

    freed = api.get(f"{path}/{dependent['id']}").json()
    assert freed == {**dependent, "dependencies": [], "waitingOn": [], "version": 2}


def test_detach_is_true_or_false(detached: Api) -> None:
    response = detached.delete("/projects/p/features/f", params={"detach": "maybe"})

    assert faults(response) == ["query.detach"]


def test_a_repair_finishes_what_was_cut_off_and_says_how_much(
    api: Api, store: Store, path: str
) -> None:
    project_id = path.split("/")[2]
    waited = new_feature(api, path)["id"]
    waiting = new_feature(api, path, dependencies=[waited])["id"]
    api.post(f"{path}/{waited}/pass", json={"force": True})
    expected = api.get(f"{path}/{waiting}").json()
    passing = store.require(FeatureById(project_id, waited))
    passing.unsettled = Unsettled.RELEASE
    unreleased = store.require(FeatureById(project_id, waiting))
    unreleased.waiting_on = frozenset({waited})
    put_raw(store, passing.to_item(), unreleased.to_item())
    put_raw(store, a_dependency(project_id=project_id, depends_on_id="no-such").to_item())
    assert api.get(f"{path}/{waited}").json()["unsettled"] == "release"

    repaired = api.post(f"{path}/repair")
    again = api.post(f"{path}/repair")

    counts = {"settled": 1, "deleted": 0, "relinked": 0, "edges": 1, "cycles": []}
    assert (repaired.status_code, repaired.json()) == (200, counts)
    assert again.json() == {**dict.fromkeys(counts, 0), "cycles": []}
    assert api.get(f"{path}/{waiting}").json() == expected
    assert api.get(f"{path}/{waited}").json()["unsettled"] is None


def test_a_repair_names_a_cycle_and_the_dependency_that_opens_it(api: Api, store: Store) -> None:
    project_id = new_project(api)
    one, other = a_feature(project_id=project_id), a_feature(project_id=project_id)
    one.dependencies = one.waiting_on = frozenset({other.id})
    other.dependencies = other.waiting_on = frozenset({one.id})
    put_raw(store, one.to_item(), other.to_item())
    path = f"/projects/{project_id}/features"

    (cycle,) = api.post(f"{path}/repair").json()["cycles"]
    removed = api.delete(f"{path}/{cycle['featureId']}/dependencies/{cycle['dependsOnId']}")

    assert cycle["path"] in ([one.id, other.id, one.id], [other.id, one.id, other.id])
    assert removed.status_code == 204
    assert api.post(f"{path}/repair").json()["cycles"] == []


def test_a_project_that_is_not_there_is_not_repaired(api: Api) -> None:
    project_id = new_id()

    response = api.post(f"/projects/{project_id}/features/repair")

    detail = f"there is no Project with projectId '{project_id}'"
    assert_problem(response, 404, detail, kind="item-not-found")


@pytest.mark.parametrize("issue", ["ACM-1", "a/b", "a b#c%d", "100%", "é", "ready", "a//b/"])
def test_a_feature_is_found_by_its_issue_whatever_it_is_called(
    api: Api, path: str, issue: str
) -> None:
    issue = f"{new_id()}{issue}"
    feature = new_feature(api, path, linearIssueId=issue)
    encoded = "".join(f"%{byte:02X}" for byte in issue.encode())

    answer = api.get(f"/features/by-linear-issue/{encoded}")

    assert (answer.status_code, answer.json()) == (200, feature)
    assert api.get(f"/features/by-linear-issue/{encoded}x").status_code == 404


def test_an_issue_that_no_feature_was_made_from_is_not_found(api: Api) -> None:
    answer = api.get("/features/by-linear-issue/no-such-issue")

    detail = "there is no Feature with linearIssueId 'no-such-issue'"
    assert_problem(answer, 404, detail, kind="item-not-found")
    for text, status in (("%FF", 400), ("x" * 3000, 400), ("", 404)):
        assert api.get(f"/features/by-linear-issue/{text}").status_code == status


def test_a_literal_path_is_never_taken_for_a_feature(api: Api, store: Store, path: str) -> None:
    project_id = path.split("/")[2]
    for name in ("ready", "stats", "claim", "repair"):
        put_raw(store, a_feature(project_id=project_id, id=name).to_item())

    with unchanged(store, path):
        assert "items" in api.get(f"{path}/ready").json()
        assert api.get(f"{path}/stats").json()["pending"] == 4
        for name in ("claim", "repair"):
            assert_problem(api.get(f"{path}/{name}"), 405, "Method Not Allowed")
        for name in ("ready", "stats", "claim", "repair"):
            assert_problem(api.delete(f"{path}/{name}"), 405, "Method Not Allowed")
            assert_problem(api.post(f"{path}/{name}/reopen"), 404, "Not Found")


def test_a_lookup_that_leads_nowhere_is_not_found(api: Api, store: Store) -> None:
    issue = fresh_name()
    put_raw(store, a_feature_by_linear_issue(linear_issue_id=issue).to_item())

    answer = api.get(f"/features/by-linear-issue/{issue}")

    detail = f"there is no Feature with linearIssueId '{issue}'"
    assert_problem(answer, 404, detail, kind="item-not-found")
