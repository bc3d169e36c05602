"""A client chooses an id and creates twice: an equal body returns the existing item."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from httpx import Response

from autoforge.dynamodb.store.store import Store
from tests.factories import new_id
from tests.http.serving import Api, JsonObject, new_feature, new_project, unchanged

#: A body without an id, and a change by another client to the item created from it.
Kind = tuple[JsonObject, Callable[[Api, str], Response] | None]

_KINDS: Final[dict[str, Kind]] = {
    "projects": (
        {"name": "Portal", "config": {"days": 14.5}},
        lambda api, place: api.patch(place, json={"name": "Theirs", "config": {}}),
    ),
    "features": (
        {"name": "Passkeys", "steps": ["Ask", "Check"], "priority": 3},
        lambda api, place: api.patch(place, json={"name": "Theirs", "priority": 9}),
    ),
    "agents": (
        {"name": "coder", "role": "tester"},
        lambda api, place: api.patch(place, json={"name": "Theirs", "status": "stopped"}),
    ),
    "escalations": (
        {"title": "Scope", "options": [{"id": 1}], "context": {"a": [1, 2.5]}},
        lambda api, place: api.post(f"{place}/decide", json={"userDecision": "1"}),
    ),
    "actions": (
        {"actionType": "update", "description": "Log", "heldUntil": "2099-01-01T00:00:00Z"},
        lambda api, place: api.post(f"{place}/approve"),
    ),
    "runs": (
        {"role": "coder"},
        lambda api, place: api.patch(place, json={"status": "testing"}),
    ),
    "events": ({"eventType": "started", "summary": "Now", "detail": {"n": 1}}, None),
}
#: Changes that make a body differ.
_OTHER: Final[JsonObject] = {
    "projects": {"name": "Another"},
    "features": {"name": "Another"},
    "agents": {"name": "Another"},
    "escalations": {"title": "Another"},
    "actions": {"description": "Another"},
    "runs": {"role": "tester"},
    "events": {"summary": "Another"},
}


@pytest.fixture(params=_KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of item that is created."""
    name: str = request.param
    return name


def _prepared(api: Api, kind: str) -> tuple[str, JsonObject]:
    """Return the path at which an item is created, and the body."""
    body: JsonObject = {**_KINDS[kind][0], "id": new_id()}
    if kind == "projects":
        return "/projects", body
    project = f"/projects/{new_project(api)}"
    if kind == "runs":
        body["featureId"] = new_feature(api, f"{project}/features")["id"]
        body["agentId"] = api.post(f"{project}/agents", json={"name": "coder"}).json()["id"]
    return f"{project}/{kind}", body


def test_created_again_with_the_same_it_is_the_same(api: Api, store: Store, kind: str) -> None:
    path, body = _prepared(api, kind)
    first = api.post(path, json=body)

    with unchanged(store, first.headers["location"]):
        again = api.post(path, json=body)

    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]


def test_created_again_after_another_client_changed_it_it_is_the_same_as_it_is(
    api: Api, kind: str
) -> None:
    path, body = _prepared(api, kind)
    change: Any = _KINDS[kind][1]
    if change is None:
        pytest.skip("nobody changes an event")
    first = api.post(path, json=body)
    assert change(api, first.headers["location"]).is_success

    again = api.post(path, json=body)

    assert again.status_code == 201, again.text
    assert again.json() != first.json()
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["location"] == first.headers["location"]


def test_other_content_under_the_id_is_refused_with_what_is_there(
    api: Api, store: Store, kind: str
) -> None:
    path, body = _prepared(api, kind)
    first = api.post(path, json=body)

    with unchanged(store, first.headers["location"]):
        other = api.post(path, json={**body, **_OTHER[kind]})

    assert other.status_code == 409
    assert other.json()["type"] == "urn:autoforge:problem:item-exists"
    assert other.json()["current"] == first.json()
