"""Routes of actions: proposed, held, approved, cancelled, executed."""

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
    assert_problem,
    created,
    faults,
    items_of,
    new_project,
    unchanged,
    walk,
)

ACTION: JsonObject = {"actionType": "artefact_update", "description": "Update the delivery state"}
ONE = "2026-02-04T13:00:00.000Z"
#: The state that each step leads to; ``WAYS`` has the steps that lead to each state.
STEPS = {"hold": "held", "approve": "approved", "cancel": "cancelled", "execute": "executed"}
WAYS: dict[str, list[str]] = {
    "proposed": [],
    "held": ["hold"],
    "approved": ["hold", "approve"],
    "cancelled": ["cancel"],
    "executed": ["execute"],
}
#: The states in which each step is allowed, during a hold.
ALLOWED = {
    "hold": {"proposed"},
    "approve": {"held"},
    "cancel": {"proposed", "held", "approved"},
    "execute": {"proposed", "approved"},
}


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's actions."""
    return f"/projects/{new_project(api)}/actions"


def step(api: Api, own: str, name: str) -> Any:
    """Take a step with an action."""
    return api.post(f"{own}/{name}", json={"heldUntil": ONE} if name == "hold" else None)


def an_action_in(api: Api, path: str, state: str) -> tuple[str, JsonObject]:
    """Bring a new action to a state; return its path and its view."""
    action = created(api.post(path, json=ACTION))
    own = f"{path}/{action['id']}"
    for name in WAYS[state]:
        action = step(api, own, name).json()
    return own, action


def test_an_action_is_proposed_unless_said(api: Api, path: str) -> None:
    response = api.post(path, json=ACTION)

    action = created(response)
    assert action == {
        "id": action["id"],
        "projectId": path.split("/")[2],
        **ACTION,
        "detail": None,
        "confidence": None,
        "state": "proposed",
        "executed": False,
        "heldUntil": None,
        "approvedAt": None,
        "cancelledAt": None,
        "executedAt": None,
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
        "expiresAt": "2026-05-05T12:00:00.000Z",
    }
    assert timestamp_of(action["id"]) == NOON
    assert response.headers["location"] == f"{path}/{action['id']}"
    assert api.get(response.headers["location"]).json() == action


def test_an_action_is_noted_as_it_is_described(api: Api, path: str) -> None:
    described = {
        **ACTION,
        "id": new_id(),
        "detail": {"artefact": "raid_log"},
        "confidence": {"schemaValidity": True, "agreement": 0.5},
        "heldUntil": ONE,
    }

    held = created(api.post(path, json=described))
    executed = created(api.post(path, json={**ACTION, "executed": True}))

    assert {name: held[name] for name in described} == described
    assert held["state"] == "held"
    assert (executed["state"], executed["executedAt"]) == ("executed", NOON_TEXT)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("state", WAYS)
def test_an_action_takes_the_steps_that_its_state_allows_and_no_others(
    api: Api, clock: Clock, path: str, state: str, name: str
) -> None:
    own, action = an_action_in(api, path, state)
    clock.now = NOON + timedelta(seconds=1)

    response = step(api, own, name)

    if state in ALLOWED[name]:
        later = "2026-02-04T12:00:01.000Z"
        held = {"heldUntil": ONE if name == "hold" else None}
        assert response.status_code == 200
        assert response.json() == {
            **action,
            **held,
            **({} if name == "hold" else {f"{STEPS[name]}At": later}),
            "executed": name == "execute",
            "state": STEPS[name],
            "updatedAt": later,
        }
    else:
        assert response.status_code == 409
        problem = response.json()
        assert problem["type"] == "urn:autoforge:problem:condition-failed"
        assert problem["current"] == action
    assert api.get(own).json() == (response.json() if response.is_success else action)


def test_a_held_action_is_executed_when_its_time_has_come(
    api: Api, clock: Clock, path: str
) -> None:
    own, _ = an_action_in(api, path, "held")

    clock.now = NOON + timedelta(hours=1, milliseconds=-1)
    assert step(api, own, "execute").status_code == 409
    clock.now = NOON + timedelta(hours=1)
    response = step(api, own, "execute")

    assert (response.status_code, response.json()["state"]) == (200, "executed")


def test_an_id_that_is_taken_is_refused_with_the_action_that_has_it(
    api: Api, store: Store, path: str
) -> None:
    action = created(api.post(path, json=ACTION))

    with unchanged(store, path):
        response = api.post(path, json={**ACTION, "id": action["id"], "description": "Another"})

    assert response.status_code == 409
    assert response.json()["type"] == "urn:autoforge:problem:item-exists"
    assert response.json()["current"] == action


@pytest.mark.parametrize("name", [*STEPS, "get"])
def test_an_action_that_is_not_there_is_not_found(api: Api, path: str, name: str) -> None:
    own = f"{path}/{new_id()}"

    response = api.get(own) if name == "get" else step(api, own, name)

    assert response.status_code == 404
    assert response.json()["type"] == "urn:autoforge:problem:item-not-found"


@pytest.mark.parametrize("name", [*STEPS, "get"])
def test_what_is_no_action_id_is_refused(detached: Api, name: str) -> None:
    for action_id, expected in {"nope": None, "a%20b": ["path.actionId"]}.items():
        own = f"/projects/p/actions/{action_id}"

        response = detached.get(own) if name == "get" else step(detached, own, name)

        if expected is None:
            assert_problem(response, 400, "'nope' is not a ULID", kind="invalid-value")
        else:
            assert faults(response) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actionType", ""),
        ("actionType", "x" * 201),
        ("actionType", None),
        ("description", "x" * 2001),
        ("description", None),
        ("detail", []),
        ("confidence", []),
        ("executed", "yes"),
        ("executed", 1),
        ("executed", None),
        ("heldUntil", "soon"),
        ("heldUntil", 5),
        ("id", "no-ulid"),
        ("state", "held"),
    ],
)
def test_an_action_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    response = detached.post("/projects/p/actions", json={**ACTION, field: value})

    assert faults(response) == [f"body.{field}"]


@pytest.mark.parametrize("body", [{}, {"heldUntil": None}, {"heldUntil": "soon"}], ids=repr)
def test_a_hold_needs_its_end(detached: Api, body: JsonObject) -> None:
    response = detached.post(f"/projects/p/actions/{new_id()}/hold", json=body)

    assert faults(response) == ["body.heldUntil"]


def test_actions_are_listed_newest_first(api: Api, clock: Clock, path: str) -> None:
    older = created(api.post(path, json=ACTION))
    clock.now = NOON + timedelta(milliseconds=1)
    newer = created(api.post(path, json=ACTION))

    assert api.get(path).json() == {"items": [newer, older], "nextCursor": None}


def test_held_actions_are_listed_once_their_time_has_come_longest_due_first(
    fresh_api: Api, clock: Clock
) -> None:
    path = f"/projects/{new_project(fresh_api)}/actions"
    moments = ["2026-02-04T13:00:00Z", "2026-02-04T11:00:00Z", "2026-02-04T12:00:00Z"]
    late, early, now = (
        created(fresh_api.post(path, json={**ACTION, "heldUntil": moment})) for moment in moments
    )
    created(fresh_api.post(path, json=ACTION))

    def held(**parameters: str) -> list[JsonObject]:
        return items_of(walk(fresh_api, "/actions/held", **parameters))

    assert held() == [early, now]
    assert held(order="desc") == [now, early]
    assert held(until="2026-02-04T13:59:59.999+01:00") == [early, now]
    assert held(until="2026-02-04T13:00:00Z") == [early, now, late]
    assert held(until="9999-12-31T23:59:59.999Z", limit="1") == [early, now, late]
    clock.now = NOON + timedelta(hours=1)
    assert held() == [early, now, late]
    for name, action in {"approve": early, "cancel": now, "execute": late}.items():
        assert step(fresh_api, f"{path}/{action['id']}", name).is_success
    assert held() == []


def test_an_action_is_gone_after_90_days(api: Api, clock: Clock, path: str) -> None:
    action = created(api.post(path, json=ACTION))
    clock.now = NOON + timedelta(days=90)

    assert api.get(f"{path}/{action['id']}").status_code == 404
    assert api.get(path).json() == {"items": [], "nextCursor": None}
