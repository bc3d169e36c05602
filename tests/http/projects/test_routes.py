"""Routes of projects."""

from datetime import timedelta
from typing import Any

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import timestamp_of
from autoforge.testing.clock import Clock
from tests.factories import NOON, new_id
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

EVERYTHING: JsonObject = {
    "name": "Customer Portal Migration",
    "description": "Migrate the customer portal",
    "status": "paused",
    "source": "jira",
    "sourceProjectKey": "MCU",
    "autonomyLevel": "tactical",
    "config": {"sprintLengthDays": 14, "boards": [], "nothing": None},
    "ownerId": "ann",
    "repoUrl": "https://example.org/portal.git",
    "maxConcurrency": 7,
}


def test_a_project_has_defaults_for_what_is_not_said(api: Api) -> None:
    response = api.post("/projects", json={"name": "Portal"})

    project = created(response)
    assert project == {
        "id": project["id"],
        "name": "Portal",
        "description": None,
        "status": "active",
        "source": "manual",
        "sourceProjectKey": None,
        "autonomyLevel": "monitoring",
        "config": {},
        "ownerId": None,
        "repoUrl": None,
        "maxConcurrency": 3,
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }
    assert timestamp_of(project["id"]) == NOON
    assert response.headers["location"] == f"/projects/{project['id']}"
    assert response.headers["content-type"] == "application/json"


def test_a_project_is_created_as_it_is_described_and_then_shown(api: Api) -> None:
    project_id = new_id()

    response = api.post("/projects", json={"id": project_id, **EVERYTHING})

    expected = {"id": project_id, **EVERYTHING, "createdAt": NOON_TEXT, "updatedAt": NOON_TEXT}
    assert created(response) == expected
    shown = api.get(response.headers["location"])
    assert (shown.status_code, shown.json()) == (200, expected)


def test_an_id_that_is_taken_is_refused_with_the_project_that_has_it(
    api: Api, store: Store
) -> None:
    project = created(api.post("/projects", json={"name": "Portal"}))

    with unchanged(store, f"/projects/{project['id']}"):
        response = api.post("/projects", json={"id": project["id"], "name": "Another"})

    detail = f"Project with id '{project['id']}' exists already"
    assert_problem(response, 409, detail, kind="item-exists", current=project)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "a b"),
        ("id", "a/b"),
        ("id", "a#b"),
        ("id", "a\n"),
        ("id", "x" * 65),
        ("id", 5),
        ("name", ""),
        ("name", "x" * 201),
        ("name", None),
        ("name", 5),
        ("description", 5),
        ("status", "gone"),
        ("status", None),
        ("source", "email"),
        ("autonomyLevel", "full"),
        ("config", []),
        ("config", "text"),
        ("ownerId", "a b"),
        ("repoUrl", 5),
        ("maxConcurrency", 0),
        ("maxConcurrency", 1001),
        ("maxConcurrency", "3"),
        ("maxConcurrency", True),
        ("maxConcurrency", 1.5),
        ("maxConcurrency", None),
        ("createdAt", NOON_TEXT),
        ("max_concurrency", 3),
    ],
)
def test_a_project_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    refused = detached.post("/projects", json={"name": "Portal", field: value})
    unaltered = detached.patch("/projects/no-such-project", json={field: value})

    assert faults(refused) == [f"body.{field}"]
    assert faults(unaltered) == [f"body.{field}"]


def test_the_longest_values_are_taken(api: Api) -> None:
    longest = {"id": new_id() + "x" * 38, "name": "x" * 200, "maxConcurrency": 1000}

    project = created(api.post("/projects", json=longest))

    assert {name: project[name] for name in longest} == longest


def test_a_project_that_is_not_there_is_not_found(api: Api) -> None:
    project_id = new_id()
    detail = f"there is no Project with projectId '{project_id}'"

    assert_problem(api.get(f"/projects/{project_id}"), 404, detail, kind="item-not-found")
    overview = api.get(f"/projects/{project_id}/overview")
    assert_problem(overview, 404, detail, kind="item-not-found")
    deleted = api.delete(f"/projects/{project_id}")
    assert_problem(deleted, 404, detail, kind="item-not-found")


def test_what_is_not_there_is_not_changed_into_being(api: Api, store: Store) -> None:
    project_id = new_id()

    with unchanged(store, f"/projects/{project_id}"):
        response = api.patch(f"/projects/{project_id}", json={"name": "Portal"})

    detail = f"there is no Project with id '{project_id}'"
    assert_problem(response, 404, detail, kind="item-not-found")


@pytest.mark.parametrize("path", ["a%20b", "a%23b", "a%2Fb", "%C3%A9", "x" * 65, "a.b", "%00"])
@pytest.mark.parametrize("below", ["", "/overview", "/events", "/checkpoints/jira/sync"])
def test_what_can_be_no_id_is_refused_in_a_path(detached: Api, path: str, below: str) -> None:
    response = detached.get(f"/projects/{path}{below}")

    message = "Expected `str` matching regex '^[A-Za-z0-9_-]{1,64}$'"
    assert_invalid(response, ("path.projectId", message))


@pytest.mark.parametrize(("field", "value"), list(EVERYTHING.items()))
def test_each_attribute_of_a_project_is_changed_alone(
    api: Api, clock: Clock, field: str, value: Any
) -> None:
    project = created(api.post("/projects", json={"name": "Portal"}))
    path = f"/projects/{project['id']}"
    clock.now = NOON + timedelta(milliseconds=1)

    response = api.patch(path, json={field: value})

    changed = {**project, field: value, "updatedAt": "2026-02-04T12:00:00.001Z"}
    assert (response.status_code, response.json()) == (200, changed)
    assert api.get(path).json() == changed


@pytest.mark.parametrize(
    "field", ["description", "sourceProjectKey", "config", "ownerId", "repoUrl"]
)
def test_null_removes_what_a_project_may_lack(api: Api, field: str) -> None:
    project = created(api.post("/projects", json=EVERYTHING))

    response = api.patch(f"/projects/{project['id']}", json={field: None})

    assert (response.status_code, response.json()) == (200, {**project, field: None})


def test_a_change_that_changes_nothing_is_refused(api: Api, store: Store) -> None:
    project_id = new_project(api)

    with unchanged(store, f"/projects/{project_id}"):
        response = api.patch(f"/projects/{project_id}", json={})

    assert_invalid(
        response, ("body", "Value error, the body changes nothing; expected at least one change")
    )


def test_projects_are_listed_by_status_active_ones_unless_said(fresh_api: Api) -> None:
    for status in ("active", "active", "paused", "archived"):
        new_project(fresh_api, status=status)

    def statuses(**parameters: str) -> list[str]:
        return [item["status"] for item in items_of(walk(fresh_api, "/projects", **parameters))]

    assert statuses() == ["active", "active"]
    assert statuses(status="paused") == ["paused"]
    assert statuses(status="archived") == ["archived"]


def test_a_project_moves_to_the_list_of_its_new_status(fresh_api: Api) -> None:
    project_id = new_project(fresh_api)

    changed = fresh_api.patch(f"/projects/{project_id}", json={"status": "archived"}).json()

    assert fresh_api.get("/projects").json() == {"items": [], "nextCursor": None}
    archived = fresh_api.get("/projects", params={"status": "archived"}).json()
    assert archived == {"items": [changed], "nextCursor": None}


def test_a_deleted_project_is_gone_with_everything_in_it(fresh_api: Api) -> None:
    kept, project_id = new_project(fresh_api), new_project(fresh_api)
    path = f"/projects/{project_id}"
    for each in (kept, project_id):
        fresh_api.post(f"/projects/{each}/events", json={"eventType": "e", "summary": each})
        fresh_api.post(f"/projects/{each}/escalations", json={"title": each})

    response = fresh_api.delete(path)

    assert (response.status_code, response.content) == (204, b"")
    assert fresh_api.get(path).status_code == 404
    assert fresh_api.delete(path).status_code == 404
    assert [each["id"] for each in fresh_api.get("/projects").json()["items"]] == [kept]
    assert [each["summary"] for each in fresh_api.get("/events").json()["items"]] == [kept]
    assert [each["title"] for each in fresh_api.get("/escalations").json()["items"]] == [kept]
    for below in ("events", "escalations"):
        assert fresh_api.get(f"{path}/{below}").status_code == 404


def test_an_overview_shows_the_artefacts_and_the_ten_latest_escalations(api: Api) -> None:
    project = created(api.post("/projects", json={"name": "Portal"}))
    path = f"/projects/{project['id']}"
    artefacts = [
        created(api.put(f"{path}/artefacts/{kind}", json={"content": {}}))
        for kind in ("raid_log", "backlog_summary")
    ]
    escalations = [
        created(api.post(f"{path}/escalations", json={"title": f"Question {number}"}))
        for number in range(11)
    ]
    api.post(f"{path}/events", json={"eventType": "e", "summary": "not shown"})

    response = api.get(f"{path}/overview")

    assert response.status_code == 200
    overview = response.json()
    overview["artefacts"].sort(key=artefacts.index)
    assert overview == {
        "project": project,
        "artefacts": artefacts,
        "escalations": escalations[:0:-1],
    }
