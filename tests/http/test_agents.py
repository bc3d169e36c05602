"""Routes of agents: created, changed, and listed by status."""

from datetime import timedelta
from typing import Any

import pytest

from autoforge.dynamodb.store.store import Store
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


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's agents."""
    return f"/projects/{new_project(api)}/agents"


def test_an_agent_is_created_and_changed(api: Api, clock: Clock, path: str) -> None:
    response = api.post(path, json={"name": "reviewer-1", "role": "reviewer"})

    agent = created(response)
    assert agent == {
        "id": agent["id"],
        "projectId": path.split("/")[2],
        "name": "reviewer-1",
        "role": "reviewer",
        "status": "idle",
        "currentFeatureId": None,
        "currentRunId": None,
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }
    own = f"{path}/{agent['id']}"
    assert response.headers["location"] == own
    assert api.get(own).json() == agent

    clock.now = NOON + timedelta(minutes=1)
    changes = {"name": "x", "role": "tester", "status": "stopped", "currentFeatureId": "f"}
    changed = api.patch(own, json=changes)

    expected = {**agent, **changes, "updatedAt": "2026-02-04T12:01:00.000Z"}
    assert (changed.status_code, changed.json()) == (200, expected)
    assert api.patch(own, json={"currentFeatureId": None}).json() == {
        **expected,
        "currentFeatureId": None,
    }


def test_a_name_is_all_an_agent_needs(api: Api, path: str) -> None:
    agent = created(api.post(path, json={"id": "coder-1", "name": "coder"}))

    assert (agent["id"], agent["role"]) == ("coder-1", "coder")


def test_an_id_that_is_taken_is_refused_with_the_agent_that_has_it(
    api: Api, store: Store, path: str
) -> None:
    agent = created(api.post(path, json={"name": "one"}))

    with unchanged(store, path):
        response = api.post(path, json={"id": agent["id"], "name": "other"})

    detail = f"Agent with projectId '{agent['projectId']}', id '{agent['id']}' exists already"
    assert_problem(response, 409, detail, kind="item-exists", current=agent)


def test_an_agent_that_is_not_there_is_not_found(api: Api, path: str) -> None:
    missing = f"{path}/{new_id()}"

    for response in (api.get(missing), api.patch(missing, json={"name": "x"})):
        assert response.status_code == 404
        assert response.json()["type"] == "urn:autoforge:problem:item-not-found"


def test_agents_are_listed_by_status(api: Api, path: str) -> None:
    agents = [created(api.post(path, json={"name": str(n)})) for n in range(3)]
    stopped = api.patch(f"{path}/{agents[1]['id']}", json={"status": "stopped"}).json()

    def listed(**parameters: str) -> list[JsonObject]:
        return items_of(walk(api, path, limit=1, **parameters))

    assert listed() == [agents[0], stopped, agents[2]]
    assert listed(order="desc") == [agents[2], stopped, agents[0]]
    assert listed(status="idle") == [agents[0], agents[2]]
    assert listed(status="stopped") == [stopped]
    assert listed(status="running") == []


def test_a_status_that_no_agent_has_is_refused(detached: Api) -> None:
    answer = detached.get("/projects/p/agents", params={"status": "asleep"})

    assert faults(answer) == ["query.status"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("name", None),
        ("role", "manager"),
        ("role", None),
        ("id", "a b"),
    ],
)
def test_a_new_agent_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    response = detached.post("/projects/p/agents", json={"name": "coder", field: value})

    assert faults(response) == [f"body.{field}"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", None),
        ("role", None),
        ("status", "asleep"),
        ("status", None),
        ("currentFeatureId", "a b"),
        ("currentRunId", "r"),
        ("id", "other"),
    ],
)
def test_a_change_that_is_not_allowed_is_refused(detached: Api, field: str, value: Any) -> None:
    assert faults(detached.patch("/projects/p/agents/a", json={field: value})) == [f"body.{field}"]


def test_a_change_of_nothing_is_refused(detached: Api) -> None:
    response = detached.patch("/projects/p/agents/a", json={})

    assert_invalid(
        response, ("body", "Value error, the body changes nothing; expected at least one change")
    )


@pytest.mark.parametrize("agent_id", ["a%20b", "a%23b", "x" * 65])
def test_what_can_be_no_agent_id_is_refused(detached: Api, agent_id: str) -> None:
    for path in (f"/projects/p/agents/{agent_id}", f"/agents/{agent_id}/runs"):
        assert faults(detached.get(path)) == ["path.agentId"]
