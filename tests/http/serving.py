"""The API for tests: over any Forge, with data for every route, and checks of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import Thread
from typing import Any, Final

import uvicorn
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.store.store import Store
from autoforge.forge import Forge
from autoforge.http.app import create_app
from autoforge.http.server import reserve
from tests.factories import NOON, new_id
from tests.generated import openapi_document
from tests.stores import raw_items

Api = TestClient[Litestar]
JsonObject = dict[str, Any]

#: Texts that a path without proper escaping would confuse.
CONFUSABLE: Final = [
    "a", "a/b", "a//b", "a/", "/a", "a%2Fb", "a%", "a%25", "a#b", "a b", "a+b", "a?b=1", "a&b",
    "é", "e\u0301", "\U0001f600", "a;b", "a\\b", "A", "\n", "config", "a,b", "..", ".", "*", '"',
]  # fmt: skip
PROBLEM: Final = "application/problem+json"
#: Noon as the API writes it.
NOON_TEXT: Final = "2026-02-04T12:00:00.000Z"
#: The OpenAPI document, which lists the routes.
DOCUMENT: Final[JsonObject] = json.loads(openapi_document())

#: Values of the path parameters, for tests that are not about them.
PATH_VALUES: Final[Mapping[str, str]] = {
    "projectId": "no-such-project",
    "type": "raid_log",
    "eventId": "01KGKR2T40R6BAX8A0B1RTCDKN",
    "escalationId": "no-such-escalation",
    "actionId": "01KGKR2T40R6BAX8A0B1RTCDKN",
    "integration": "no-such-integration",
    "key": "no-such-key",
    "agentId": "no-such-agent",
    "runId": "no-such-run",
    "featureId": "no-such-feature",
    "dependsOnId": "no-such-dependency",
    "linearIssueId": "no-such-issue",
    "userId": "no-such-user",
    "auth0Id": "auth0|no-such-user",
    "email": "no-such-user@example.org",
}


@dataclass(frozen=True)
class Route:
    """One operation of the API, with a request that is valid but finds nothing."""

    method: str
    template: str
    operation: str
    body: JsonObject | None
    queries: frozenset[str]
    headers: frozenset[str]
    #: The statuses that the document lists for it.
    statuses: frozenset[int]

    @property
    def path(self) -> str:
        """The path with values for its parameters."""
        return self.template.format(**PATH_VALUES)

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def _routes() -> Iterator[Route]:
    for template, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            yield Route(
                method.upper(),
                template,
                operation["operationId"],
                content["application/json"]["example"] if content else None,
                _named(operation, "query"),
                _named(operation, "header"),
                frozenset(int(status) for status in operation["responses"]),
            )


def _named(operation: JsonObject, where: str) -> frozenset[str]:
    parameters = operation.get("parameters", [])
    return frozenset(each["name"] for each in parameters if each["in"] == where)


ROUTES: Final = tuple(_routes())
READS: Final = tuple(route for route in ROUTES if route.method == "GET")
WITH_BODY: Final = tuple(route for route in ROUTES if route.body is not None)
LISTS: Final = tuple(route for route in ROUTES if "cursor" in route.queries)


@contextmanager
def serving(forge: Forge, **given: Any) -> Iterator[Api]:
    """Serve the API over a Forge; yield a client of it."""
    app = create_app(forge, version="0", **given)
    # An unexpected error is answered with 500, as by a server, and not raised.
    with TestClient(app, raise_server_exceptions=False) as api:
        api.follow_redirects = False
        yield api


def send(api: Api, route: Route, **given: Any) -> Response:
    """Send the request of the route, with some of it replaced."""
    if route.body is not None and "content" not in given:
        given = {"json": route.body, **given}
    return api.request(route.method, given.pop("path", route.path), **given)


def assert_problem(
    response: Response, status: int, detail: str, *, kind: str | None = None, **more: Any
) -> None:
    """Check that an answer is exactly this problem."""
    assert response.json() == {
        "type": "about:blank" if kind is None else f"urn:autoforge:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    assert response.status_code == status
    assert response.headers["content-type"] == PROBLEM


def assert_invalid(response: Response, *wrong: tuple[str, str]) -> None:
    """Check that an answer lists exactly these faults, as pairs of place and message."""
    errors = [{"where": where, "message": message} for where, message in wrong]
    assert_problem(response, HTTPStatus.BAD_REQUEST, "Validation failed", errors=errors)


def faults(response: Response) -> list[str]:
    """Return the places at which a request is invalid, from its problem."""
    assert response.headers["content-type"] == PROBLEM
    assert response.status_code == HTTPStatus.BAD_REQUEST
    return [error["where"] for error in response.json()["errors"]]


@contextmanager
def unchanged(store: Store, path: str | None = None) -> Iterator[None]:
    """Check that the block leaves the table unchanged, or a path and everything below it."""

    def contents() -> list[Item]:
        return raw_items(store) if path is None else _partition(store, path)

    before = contents()
    yield
    assert contents() == before


def _partition(store: Store, path: str) -> list[Item]:
    _, kind, name, *_ = path.split("/")
    prefix = "LINEAR" if kind == "tickets" else kind.upper().removesuffix("S")
    answer = store.client.botocore.query(
        TableName=store.table_name,
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": {"S": f"{prefix}#{name}"}},
        ConsistentRead=True,
    )
    items: list[Item] = answer["Items"]
    return items


def created(response: Response) -> JsonObject:
    """Return what was created; a GET of its Location must show the same."""
    assert response.status_code == HTTPStatus.CREATED, response.text
    body: JsonObject = response.json()
    return body


def new_project(api: Api, **given: Any) -> str:
    """Create a project and return its id."""
    return str(created(api.post("/projects", json={"name": "Portal", **given}))["id"])


def new_user(api: Api, **given: Any) -> JsonObject:
    """Log a new user in and return the user."""
    name = fresh_name("ann")
    profile = {"auth0Id": f"auth0|{name}", "email": f"{name}@example.org", "name": "Ann"}
    return created(api.put("/users", json={**profile, **given}))


def new_feature(api: Api, path: str, **given: Any) -> JsonObject:
    """Create a feature in a project's list of features, given its path, and return it."""
    return created(api.post(path, json={"name": "Sign in with a passkey", **given}))


def walk(api: Api, path: str, **parameters: Any) -> list[list[JsonObject]]:
    """Return every page of a list, in order."""
    pages: list[list[JsonObject]] = []
    cursor: JsonObject = {}
    while True:
        response = api.get(path, params={**parameters, **cursor})
        assert response.status_code == HTTPStatus.OK, response.text
        pages.append(response.json()["items"])
        following = response.json()["nextCursor"]
        if following is None:
            return pages
        cursor = {"cursor": following}


def items_of(pages: Sequence[Sequence[JsonObject]]) -> list[JsonObject]:
    """Return the items of all pages."""
    return [item for page in pages for item in page]


@dataclass(frozen=True)
class World:
    """An API with data: a path for each route that reads."""

    api: Api
    #: A path that shows something, by the id of the operation that reads it.
    paths: Mapping[str, str]
    #: How many items each list has.
    size: int


def populated(api: Api) -> World:
    """Store data through the API, so that every route has something to show."""
    size = 3
    projects = [new_project(api) for _ in range(size)]
    of = f"/projects/{projects[0]}"
    for kind in ("raid_log", "delivery_state", "decision_log"):
        created(api.put(f"{of}/artefacts/{kind}", json={"content": {"of": kind}}))
    event = {"eventType": "heartbeat", "summary": "Checked"}
    events = [created(api.post(f"{of}/events", json=event))["id"] for _ in range(size - 1)]
    alone = created(api.post("/events", json=event))["id"]
    created(api.post(f"{of}/events", json={**event, "createdAt": "2026-02-03T12:00:00Z"}))
    question = {"title": "Defer it?"}
    escalations = [created(api.post(f"{of}/escalations", json=question))["id"] for _ in range(size)]
    due = {"actionType": "send", "description": "Send it", "heldUntil": "2026-02-04T11:00:00Z"}
    actions = [created(api.post(f"{of}/actions", json=due))["id"] for _ in range(size)]
    for number in range(size):
        assert api.put(f"/agent/config/setting-{number}", json={"value": number}).is_success
        path = f"{of}/checkpoints/jira/sync-{number}"
        assert api.put(path, json={"checkpointValue": str(number)}).is_success
    assert api.put("/integrations/jira", json={"config": {"token": "s"}}).is_success
    issue = {"projectId": projects[0], "linearIssueUrl": "u", "title": "t", "status": "Todo"}
    for number in range(size):
        created(api.put(f"/tickets/ENG-{number}", json=issue))
    feature, another, *_ = (new_feature(api, f"{of}/features")["id"] for _ in range(size))
    for number in range(size):
        waiting = {"dependencies": [feature], "linearIssueId": f"ENG-{number}"}
        new_feature(api, f"{of}/features", **waiting)
    agents = [created(api.post(f"{of}/agents", json={"name": "coder"}))["id"] for _ in range(size)]
    run = {"agentId": agents[0], "featureId": feature}
    runs = [created(api.post(f"{of}/runs", json=run))["id"] for _ in range(size)]
    users = [new_user(api) for _ in range(size)]
    for user, project_id in zip(users, projects, strict=True):
        assert api.put(f"{of}/members/{user['id']}").is_success
        assert api.put(f"/projects/{project_id}/members/{users[0]['id']}").is_success
    paths = {
        "get_health": "/health",
        "get_readiness": "/ready",
        "list_patterns": "/patterns",
        "list_projects": "/projects",
        "get_project": of,
        "get_project_overview": f"{of}/overview",
        "list_artefacts": f"{of}/artefacts",
        "get_artefact": f"{of}/artefacts/raid_log",
        "list_project_events": f"{of}/events",
        "get_project_event": f"{of}/events/{events[0]}",
        "list_events": "/events?from=2026-02-04",
        "get_event": f"/events/{alone}",
        "list_project_escalations": f"{of}/escalations",
        "get_escalation": f"{of}/escalations/{escalations[0]}",
        "list_escalations": "/escalations",
        "list_project_actions": f"{of}/actions",
        "get_action": f"{of}/actions/{actions[0]}",
        "list_held_actions": "/actions/held",
        "list_checkpoints": f"{of}/checkpoints",
        "get_checkpoint": f"{of}/checkpoints/jira/sync-0",
        "get_integration": "/integrations/jira",
        "list_agents": f"{of}/agents",
        "get_agent": f"{of}/agents/{agents[0]}",
        "list_project_runs": f"{of}/runs",
        "list_active_runs": f"{of}/runs/active",
        "get_run": f"{of}/runs/{runs[0]}",
        "list_feature_runs": f"{of}/features/{feature}/runs",
        "list_features": f"{of}/features",
        "list_ready_features": f"{of}/features/ready",
        "get_feature_stats": f"{of}/features/stats",
        "get_feature": f"{of}/features/{another}",
        "list_dependents": f"{of}/features/{feature}/dependents",
        "get_feature_by_linear_issue": "/features/by-linear-issue/ENG-0",
        "list_agent_runs": f"/agents/{agents[0]}/runs",
        "list_tickets": f"{of}/tickets",
        "get_ticket": "/tickets/ENG-0",
        "list_agent_config": "/agent/config",
        "get_agent_config": "/agent/config/setting-0",
        "get_user": f"/users/{users[0]['id']}",
        "get_user_by_auth0_id": f"/users/by-auth0/{users[0]['auth0Id']}",
        "get_user_by_email": f"/users/by-email/{users[0]['email']}",
        "list_user_projects": f"/users/{users[0]['id']}/projects",
        "list_members": f"{of}/members",
    }
    return World(api, paths, size)


def fresh_name(of: str = "name") -> str:
    """Return a name that no other test uses."""
    return f"{of}-{new_id(NOON)}"


@contextmanager
def listening(app: Litestar) -> Iterator[str]:
    """Serve an application on a free loopback port, and yield its URL."""
    listener = reserve("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    listener.listen()
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
