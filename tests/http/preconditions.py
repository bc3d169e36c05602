"""For each route that takes If-Match: an item, and a request that writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from httpx import Response

from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE
from autoforge.dynamodb.store.store import Store
from autoforge.http.views import tag_of
from autoforge.models import PLATFORM_DESIGN
from tests.factories import new_id
from tests.http.serving import ROUTES, Api, JsonObject, fresh_name, unchanged
from tests.stores import put_raw, raw_items

#: The routes that take If-Match.
CONDITIONAL: Final = tuple(route for route in ROUTES if "If-Match" in route.headers)

_ENTITIES: Final = {entity.type_name: entity for entity in PLATFORM_DESIGN.entities}

Request = tuple[str, str, JsonObject | None]


@dataclass(frozen=True)
class Scene:
    """An item, the requests that create it, and a request that writes it.

    Attributes:
        item: The path of a GET that shows it.
        making: The requests that create it, in order; sent again, they restore it.
        writing: The request that writes it.
    """

    item: str
    making: tuple[Request, ...]
    writing: Request

    def make(self, api: Api) -> str:
        """Create the item and return its entity tag."""
        made = set[str]()
        for method, path, body in self.making:
            again = {"if-match": "*"} if path in made and method == "PUT" else {}
            response = api.request(method, path, json=body, headers=again)
            assert response.is_success, response.text
            made.add(path)
        return self.tag(api)

    def tag(self, api: Api) -> str:
        """Return the present entity tag of the item."""
        response = api.get(self.item)
        assert response.status_code == 200, response.text
        return str(response.headers["etag"])

    def write(self, api: Api, *lines: str, **headers: str) -> Response:
        """Send the request that writes the item, with these header lines of If-Match."""
        method, path, body = self.writing
        given = [*(("if-match", line) for line in lines), *headers.items()]
        return api.request(method, path, json=body, headers=given)

    @contextmanager
    def unchanged(self, store: Store) -> Iterator[None]:
        """Check that the block leaves the item's project unchanged, or else the whole table."""
        project = self.item if self.item.startswith("/projects/") else None
        with unchanged(store, project):
            yield

    def change(self, api: Api, store: Store) -> None:
        """Change the item as another program would, without counting a version."""
        item = self._stored(api, store)
        name = "updatedAt" if "updatedAt" in item else "title"
        put_raw(store, {**item, name: {"S": "2026-02-04T12:34:56.789Z"}})

    def end(self, api: Api, store: Store) -> None:
        """Delete the item: with its project, or as another program would."""
        method, path, body = self.making[0]
        if (method, path, body is None) == ("POST", "/projects", False):
            assert api.delete(f"/projects/{(body or {})['id']}").status_code == 204
            return
        item = self._stored(api, store)
        gone = [item]
        if self.item.startswith("/users/"):  # its look-up items are deleted too
            gone += [each for each in raw_items(store) if each.get("userId") == item["id"]]
        for each in gone:
            key = {name: each[name] for name in ("PK", "SK")}
            store.client.botocore.delete_item(TableName=store.table_name, Key=key)

    def _stored(self, api: Api, store: Store) -> Item:
        tag = self.tag(api)
        (item,) = (
            item
            for item in raw_items(store)
            if tag_of(_ENTITIES[item[ENTITY_TYPE]["S"]].from_item(item)) == tag
        )
        return item


def scenes() -> Iterator[tuple[str, Scene]]:
    """Yield a scene for every operation that takes If-Match; no two share an item."""
    for make in (_of_projects, _of_features, _of_agents, _of_people, _of_names):
        yield from make()


def _new_project() -> tuple[str, Request]:
    name = fresh_name("p")
    return f"/projects/{name}", ("POST", "/projects", {"id": name, "name": "Portal"})


def _of_projects() -> Iterator[tuple[str, Scene]]:
    of, project = _new_project()
    yield "change_project", Scene(of, (project,), ("PATCH", of, {"config": {"n": 1}}))
    of, project = _new_project()
    yield "delete_project", Scene(of, (project,), ("DELETE", of, None))

    for operation in ("put_artefact", "revert_artefact"):
        of, project = _new_project()
        item = f"{of}/artefacts/raid_log"
        first: Request = ("PUT", item, {"content": {"b": 1.0, "a": {"d": 2, "c": [1e23, None]}}})
        if operation == "put_artefact":
            yield operation, Scene(item, (project, first), ("PUT", item, {"content": {"n": 2}}))
            continue
        # A revert needs an earlier version; two reverts restore the content with another tag.
        again: Request = ("PUT", item, {"content": {"n": 2}})
        yield operation, Scene(item, (project, first, again), ("POST", f"{item}/revert", None))


def _of_features() -> Iterator[tuple[str, Scene]]:
    claim = {"agentId": "coder"}
    held = {"version": 2}
    for operation, begun, method, after, body in (
        ("change_feature", False, "PATCH", "", {"priority": 7}),
        ("delete_feature", False, "DELETE", "", None),
        ("claim_feature", False, "POST", "/claim", claim),
        ("renew_claim", True, "POST", "/renew", {**held, "leaseSeconds": 60}),
        ("release_feature", True, "POST", "/release", held),
        ("review_feature", True, "POST", "/review", held),
        ("pass_feature", True, "POST", "/pass", held),
        ("fail_feature", True, "POST", "/fail", held),
        ("reopen_feature", True, "POST", "/reopen", None),
        ("add_dependency", False, "PUT", "/dependencies/other", None),
        ("remove_dependency", False, "DELETE", "/dependencies/other", None),
    ):
        of, project = _new_project()
        item = f"{of}/features/f"
        depends = {"dependencies": ["other"]} if operation == "remove_dependency" else {}
        making: list[Request] = [
            project,
            ("POST", f"{of}/features", {"id": "other", "name": "Other"}),
            ("POST", f"{of}/features", {"id": "f", "name": "Sign in", **depends}),
        ]
        if begun:
            making.append(("POST", f"{item}/claim", claim))
        if operation == "reopen_feature":
            making.append(("POST", f"{item}/pass", held))
        yield operation, Scene(item, tuple(making), (method, f"{item}{after}", body))


def _of_agents() -> Iterator[tuple[str, Scene]]:
    for operation in ("change_agent", "report_run", "finish_run"):
        of, project = _new_project()
        name = fresh_name("coder")
        agent: Request = ("POST", f"{of}/agents", {"id": name, "name": "coder"})
        feature: Request = ("POST", f"{of}/features", {"id": "f", "name": "Sign in"})
        run: Request = ("POST", f"{of}/runs", {"id": "r", "agentId": name, "featureId": "f"})
        item = f"{of}/agents/{name}" if operation == "change_agent" else f"{of}/runs/r"
        writing: Request = {
            "change_agent": ("PATCH", item, {"name": "reviewer"}),
            "report_run": ("PATCH", item, {"appendOutput": "12 passed"}),
            "finish_run": ("POST", f"{item}/finish", {"status": "completed"}),
        }[operation]
        yield operation, Scene(item, (project, agent, feature, run), writing)
    for operation in ("hold", "approve", "cancel", "execute"):
        of, project = _new_project()
        due = "2026-02-04T11:00:00Z"
        id_ = new_id()
        action = {"id": id_, "actionType": "send", "description": "Send it", "detail": {"n": 1.5}}
        held = {"heldUntil": due} if operation == "approve" else {}
        item = f"{of}/actions/{id_}"
        body = {"heldUntil": due} if operation == "hold" else None
        making: tuple[Request, ...] = (project, ("POST", f"{of}/actions", {**action, **held}))
        yield f"{operation}_action", Scene(item, making, ("POST", f"{item}/{operation}", body))


def _of_people() -> Iterator[tuple[str, Scene]]:
    of, project = _new_project()
    question = {"id": "e", "title": "Defer it?", "options": ["yes", "no"], "context": {"b": 1}}
    item = f"{of}/escalations/e"
    making: tuple[Request, ...] = (project, ("POST", f"{of}/escalations", question))
    decide: Request = ("POST", f"{item}/decide", {"userDecision": "yes"})
    yield "decide_escalation", Scene(item, making, decide)

    name = fresh_name("ann")
    profile = {"auth0Id": name, "email": f"{name}@example.org", "name": "Ann"}
    log_in: Request = ("PUT", "/users", profile)
    another: Request = ("PUT", "/users", {**profile, "name": "Anna"})
    yield "put_user", Scene(f"/users/by-auth0/{name}", (log_in,), another)


def _of_names() -> Iterator[tuple[str, Scene]]:
    of, project = _new_project()
    item = f"{of}/checkpoints/jira/last%20sync"
    first: Request = ("PUT", item, {"checkpointValue": "1"})
    yield (
        "put_checkpoint",
        Scene(item, (project, first), ("PUT", item, {"checkpointValue": "2"})),
    )
    item = f"/agent/config/{fresh_name('setting')}"
    first = ("PUT", item, {"value": {"b": 1, "a": [2.0]}})
    yield "put_agent_config", Scene(item, (first,), ("PUT", item, {"value": 15}))

    item = f"/integrations/{fresh_name('jira')}"
    first = ("PUT", item, {"config": {"token": "one"}})
    yield (
        "put_integration",
        Scene(item, (first,), ("PUT", item, {"config": {"token": "two"}, "status": "inactive"})),
    )
    _, (method, path, body) = _new_project()
    issue = {"projectId": (body or {})["id"], "linearIssueUrl": "u", "title": "t", "status": "Todo"}
    item = f"/tickets/{fresh_name('ENG')}"
    made: tuple[Request, ...] = ((method, path, body), ("PUT", item, issue))
    yield "put_ticket", Scene(item, made, ("PUT", item, {**issue, "status": "Done"}))
