"""If-Match prevents lost updates on every route that writes what a GET shows."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.testing.clock import Clock
from tests.factories import NOON
from tests.http.preconditions import CONDITIONAL, Scene, scenes
from tests.http.serving import PROBLEM, ROUTES, Api, JsonObject, Route, new_project, send, unchanged

#: Paths of single items that a GET shows: no lists, and no counted or derived values.
ITEMS: Final = {
    route.template
    for route in ROUTES
    if route.method == "GET" and route.template.endswith("}") and "/by-" not in route.template
}

WRITES: Final = tuple(route for route in ROUTES if route.method != "GET")
UNCONDITIONAL: Final = tuple(route for route in WRITES if route not in CONDITIONAL)

#: Values of If-Match that do not match an existing item; built from its tag.
NO_MATCH: Final = ('"bogus"', "W/{tag}", "{bare}", '"x", "y"', "", '{tag} "x"', "*, {tag}")

SCENES: Final[Mapping[str, Scene]] = dict(scenes())


@pytest.fixture(params=[route.operation for route in CONDITIONAL])
def operation(request: pytest.FixtureRequest) -> str:
    """Each operation that takes If-Match."""
    return str(request.param)


@pytest.fixture
def scene(operation: str) -> Scene:
    """An item and a request that writes it; no other test uses the item."""
    return dict(scenes())[operation]


def test_every_route_that_writes_an_item_takes_if_match() -> None:
    writing = {route.operation for route in WRITES if route.template in ITEMS}
    moving = {
        route.operation
        for route in WRITES
        if any(route.template.startswith(f"{item}/") for item in ITEMS)
    }
    conditional = {route.operation for route in CONDITIONAL}

    assert writing <= conditional
    # A path below a project is an item itself, or a list of items.
    assert {each for each in moving - conditional if "project" not in each} == {
        "add_member",
        "claim_next_feature",
        "create_action",
        "create_agent",
        "create_escalation",
        "create_features",
        "remove_member",
        "repair_features",
        "start_run",
    }
    assert conditional == {*SCENES}


@pytest.mark.every_engine
def test_a_tag_of_what_the_item_was_is_refused_with_what_it_is(
    api: Api, store: Store, scene: Scene
) -> None:
    stale = scene.make(api)
    scene.change(api, store)
    current = api.get(scene.item)

    with scene.unchanged(store):
        response = scene.write(api, stale)

    assert response.status_code == 412, response.text
    assert response.headers["content-type"] == PROBLEM
    assert response.json()["type"] == "urn:autoforge:problem:version-conflict"
    assert response.headers["etag"] == current.headers["etag"] != stale
    shown = current.json()
    shown.pop("output", None)  # only the run's own route shows it
    assert response.json()["current"] == shown


def test_what_names_no_tag_of_the_item_changes_nothing(
    api: Api, store: Store, scene: Scene
) -> None:
    tag = scene.make(api)

    with scene.unchanged(store):
        for form in NO_MATCH:
            response = scene.write(api, form.format(tag=tag, bare=tag.strip('"')))
            assert response.status_code == 412, (form, response.text)
            assert response.headers["etag"] == tag


@pytest.mark.parametrize("lines", [("*",), ('W/"x",, "y,z" ,{tag}',), ('"x"', "{tag}")], ids=str)
def test_any_tag_a_list_of_tags_and_several_lines_match(
    api: Api, scene: Scene, lines: tuple[str, ...]
) -> None:
    tag = scene.make(api)

    response = scene.write(api, *(line.format(tag=tag) for line in lines))

    assert response.is_success, response.text


def test_the_tag_that_was_read_matches_and_the_answer_has_the_next(
    api: Api, clock: Clock, scene: Scene
) -> None:
    tag = scene.make(api)
    clock.now = NOON + timedelta(seconds=1)

    written = scene.write(api, tag)

    assert written.is_success, written.text
    if written.status_code == 204:
        assert "etag" not in written.headers
        return
    assert written.headers["etag"] == scene.tag(api) != tag


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/projects", {"name": "Portal", "config": {"b": 1.0, "a": [1e23, {"d": 1}]}}),
        ("POST", "{of}/agents", {"name": "coder"}),
        ("POST", "{of}/features", {"name": "Sign in", "steps": ["Open the page"]}),
        ("POST", "{of}/escalations", {"title": "Defer it?", "context": {"b": 0.5, "a": 2.0}}),
        ("POST", "{of}/actions", {"actionType": "send", "description": "", "detail": {"n": 3.0}}),
        ("POST", "{of}/events", {"eventType": "started", "summary": "", "detail": {"n": 4.0}}),
        ("PUT", "{of}/artefacts/raid_log", {"content": {"b": -0.0, "a": 2**70, "c": 1e-7}}),
        ("PUT", "{of}/checkpoints/jira/sync", {"checkpointValue": "1"}),
    ],
)
def test_what_is_created_has_the_tag_of_the_next_get(
    api: Api, method: str, path: str, body: JsonObject
) -> None:
    path = path.format(of=f"/projects/{new_project(api)}")

    made = api.request(method, path, json=body)

    assert made.status_code == 201, made.text
    assert made.headers["etag"] == api.get(made.headers["location"]).headers["etag"]


def test_a_tag_of_another_life_is_refused(
    api: Api, store: Store, clock: Clock, scene: Scene
) -> None:
    tag = scene.make(api)
    scene.end(api, store)
    clock.now = NOON + timedelta(seconds=1)
    anew = scene.make(api)

    assert anew != tag
    assert api.get(scene.item, headers={"if-none-match": tag}).status_code == 200
    with scene.unchanged(store):
        response = scene.write(api, tag)
    assert (response.status_code, response.headers["etag"]) == (412, anew)


def test_nothing_matches_what_is_not_there(api: Api, store: Store, scene: Scene) -> None:
    tag = scene.make(api)
    scene.end(api, store)
    method, path, body = scene.making[0]
    if path == "/projects" and scene.item != f"/projects/{(body or {})['id']}":
        assert api.request(method, path, json=body).is_success

    with scene.unchanged(store):
        responses = [scene.write(api, each) for each in (tag, "*")]

    # If the request without the header would create the item, If-Match cannot match (412).
    creates = scene.writing[0] == "PUT" and "/dependencies/" not in scene.writing[1]
    for response in responses:
        assert response.status_code == (412 if creates else 404), response.text


@pytest.mark.parametrize("route", UNCONDITIONAL, ids=str)
def test_a_route_that_cannot_hold_if_match_refuses_it(api: Api, store: Store, route: Route) -> None:
    with unchanged(store):
        response = send(api, route, headers={"if-match": '"bogus"'})

    assert response.status_code == 412
    assert response.headers["content-type"] == PROBLEM


def test_a_list_is_there(api: Api) -> None:
    path = f"/projects/{new_project(api)}/agents"

    assert api.post(path, json={"name": "coder"}, headers={"if-match": "*"}).status_code == 201


@pytest.mark.parametrize(
    "operation",
    [each for each, scene in SCENES.items() if scene.writing[:2] == ("PUT", scene.item)],
)
def test_what_is_to_be_created_only_is_not_overwritten(
    api: Api, store: Store, scene: Scene
) -> None:
    for method, path, body in scene.making[:-1]:
        assert api.request(method, path, json=body).is_success

    first = scene.write(api, **{"if-none-match": "*"})
    assert first.status_code == 201, first.text
    with scene.unchanged(store):
        again = scene.write(api, **{"if-none-match": "*"})

    assert (again.status_code, again.headers["etag"]) == (412, first.headers["etag"])


@pytest.mark.parametrize("operation", ["change_project", "put_agent_config", "put_artefact"])
def test_of_clients_that_send_the_tag_they_read_none_loses_an_edit(
    api: Api, scene: Scene, operation: str
) -> None:
    scene.make(api)
    name = {"change_project": "config", "put_agent_config": "value", "put_artefact": "content"}
    method, path, _ = scene.writing
    api.request(method, path, json={name[operation]: {}}, headers={"if-match": "*"})

    def edit(client: int) -> None:
        """Put five members of the client's own into the document, retrying after conflicts."""
        made = 0
        while made < 5:
            seen = api.get(scene.item)
            document = {**seen.json()[name[operation]], f"{client}-{made}": made}
            response = api.request(
                method,
                path,
                json={name[operation]: document},
                headers={"if-match": seen.headers["etag"]},
            )
            assert response.is_success or response.status_code == 412, response.text
            made += response.is_success

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(edit, range(4)))

    expected = {f"{client}-{edit}": edit for client in range(4) for edit in range(5)}
    assert api.get(scene.item).json()[name[operation]] == expected
