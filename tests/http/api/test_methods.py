"""Rules for every path: HEAD, OPTIONS, 405, encoded slashes, repeated headers."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
from litestar.testing import TestClient
from litestar.types import Message

from autoforge.http.app import create_app
from tests.http.serving import (
    PROBLEM,
    READS,
    ROUTES,
    Api,
    Route,
    World,
    assert_problem,
    fresh_name,
    new_project,
    serving,
)
from tests.http.test_service import DASHBOARD, _unconnected

#: The methods of each path: those in the document, and those that RFC 9110 adds.
METHODS: Final[dict[str, set[str]]] = defaultdict(set)
for _route in ROUTES:
    METHODS[_route.template] |= {_route.method, "OPTIONS"}
    METHODS[_route.template] |= {"HEAD"} if _route.method == "GET" else set()

#: Texts that a path could misread. Clients themselves remove "." and ".." from a path.
TEXTS: Final = ("/", "//", "///", "/a", "a/", "a//b", "%2F", "a%2Fb", "a b", "é/ü", "?#")


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Api]:
    """The API, which a dashboard of another origin may call."""
    with serving(_unconnected(), allowed_origins=[DASHBOARD]) as api:
        yield api


def _listed(value: str) -> list[str]:
    return [each.strip() for each in value.split(",")]


@pytest.mark.parametrize("route", READS, ids=str)
def test_head_answers_as_get_without_the_body(world: World, route: Route) -> None:
    path = world.paths[route.operation]
    get = world.api.get(path)

    head = world.api.head(path)
    unchanged = world.api.head(path, headers={"if-none-match": get.headers["etag"]})

    ids = {"x-request-id": ""}
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, **ids} == {**get.headers, **ids}
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_head_of_what_is_not_there_or_not_shown(detached: Api) -> None:
    missing, unshown = detached.head("/nowhere"), detached.head("/projects/p/features/claim")

    assert (missing.status_code, missing.content) == (404, b"")
    assert (unshown.status_code, unshown.content) == (405, b"")
    assert missing.headers["content-type"] == PROBLEM


def test_head_is_logged_as_head_of_its_route(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "autoforge.http"):
        world.api.head(world.paths["get_project"])

    (record,) = (each for each in caplog.records if each.getMessage() == "http.request")
    logged = vars(record)
    assert (logged["method"], logged["route"]) == ("HEAD", "/projects/{projectId}")


@pytest.mark.parametrize("template", METHODS)
def test_options_names_the_methods_of_the_path(
    detached: Api, dashboard: Api, template: str
) -> None:
    path = next(route.path for route in ROUTES if route.template == template)
    asking = {"origin": DASHBOARD, "access-control-request-method": "PUT"}

    plain, preflight = detached.options(path), dashboard.options(path, headers=asking)

    assert (plain.status_code, preflight.status_code) == (204, 204)
    for header in (
        plain.headers["allow"],
        preflight.headers["allow"],
        preflight.headers["access-control-allow-methods"],
    ):
        assert _listed(header) == sorted(METHODS[template])
    assert "access-control-allow-methods" not in plain.headers


@pytest.mark.parametrize("template", METHODS)
def test_another_method_is_refused_with_those_of_the_path(detached: Api, template: str) -> None:
    path = next(route.path for route in ROUTES if route.template == template)
    other = next(
        each for each in ("DELETE", "PATCH", "PUT", "POST") if each not in METHODS[template]
    )

    response = detached.request(other, path)

    assert response.status_code == 405
    assert response.headers["content-type"] == PROBLEM
    assert _listed(response.headers["allow"]) == sorted(METHODS[template])


def test_a_refused_preflight_is_a_problem_with_an_id(dashboard: Api) -> None:
    asking = {"origin": "https://evil.example", "access-control-request-method": "POST"}

    response = dashboard.options("/projects", headers=asking)

    assert_problem(response, 403, "requests from https://evil.example are not allowed")
    assert response.headers["x-request-id"]
    assert "access-control-allow-origin" not in response.headers


def test_a_preflight_of_no_path_is_not_found(dashboard: Api) -> None:
    asking = {"origin": DASHBOARD, "access-control-request-method": "POST"}

    assert dashboard.options("/nowhere", headers=asking).status_code == 404


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_can_be_a_name_in_a_path(api: Api, text: str) -> None:
    project = f"/projects/{new_project(api)}"
    name = f"{fresh_name()}{text}" if text.strip("/") else text
    setting = f"/agent/config/{quote(name, safe='')}"
    checkpoint = f"{project}/checkpoints/{quote(text, safe='')}/{quote(text, safe='')}"

    responses = [
        api.put(setting, json={"value": text}),
        api.get(setting),
        api.put(checkpoint, json={"checkpointValue": text}),
        api.get(checkpoint),
    ]

    assert [response.status_code // 100 for response in responses] == [2] * 4
    assert responses[1].json()["key"] == name
    shown = responses[3].json()
    assert (shown["integration"], shown["checkpointKey"]) == (text, text)
    assert responses[2].headers["location"] == checkpoint


def test_an_encoded_slash_makes_no_other_path(detached: Api) -> None:
    for path in ("/projects%2Fp", "/projects/p%2Fevents", "/agent%2Fconfig/key", "/%2Fprojects"):
        assert detached.get(path).status_code in {400, 404}, path


def test_two_hosts_are_refused(detached: Api) -> None:
    for hosts in (["localhost", "localhost"], ["localhost", "evil.example"]):
        response = detached.get("/health", headers=[("host", each) for each in hosts])

        assert response.status_code == 400
        assert response.headers["content-type"] == PROBLEM


def test_a_tag_on_any_line_of_if_none_match_is_found(world: World) -> None:
    for operation in ("get_project", "list_projects", "get_health"):
        path = world.paths[operation]
        tag = world.api.get(path).headers["etag"]
        lines = [("if-none-match", '"x"'), ("if-none-match", f'W/{tag}, "y"')]

        assert world.api.get(path, headers=lines).status_code == 304
        assert world.api.get(path, headers=lines[:1]).status_code == 200


def test_a_client_that_goes_before_its_body_is_there_is_logged_as_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = create_app(_unconnected(), version="0")
    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/projects",
        "raw_path": b"/projects",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"100")],
        "client": None,
        "server": None,
        "scheme": "http",
        "http_version": "1.1",
    }
    messages: list[Any] = [
        {"type": "http.request", "body": b'{"name": "Por', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    with TestClient(app), caplog.at_level(logging.INFO, "autoforge.http"):
        asyncio.run(app(scope, receive, send))

    (record,) = (each for each in caplog.records if each.getMessage() == "http.request")
    assert vars(record)["status"] == 499
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
