"""Refusals that apply to every route; the routes come from the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.testing.clock import Clock
from tests.http.serving import (
    DOCUMENT,
    LISTS,
    READS,
    ROUTES,
    WITH_BODY,
    Api,
    JsonObject,
    Route,
    assert_invalid,
    assert_problem,
    faults,
    new_project,
    send,
    serving,
    unchanged,
)
from tests.stores import forge_of, store_of

JSON = {"content-type": "application/json"}
#: Query parameters that are timestamps.
MOMENTS = ("from", "to", "until")

every = pytest.mark.parametrize("route", ROUTES, ids=str)
with_body = pytest.mark.parametrize("route", WITH_BODY, ids=str)
lists = pytest.mark.parametrize("route", LISTS, ids=str)


@pytest.fixture(scope="module")
def tableless(client: Client) -> Iterator[Api]:
    """The API without its table."""
    with serving(forge_of(store_of(client, "no-such-table", Clock()))) as api:
        yield api


def test_requests_that_are_refused_change_nothing(module_api: Api, store: Store) -> None:
    project_id = new_project(module_api)
    refused: list[dict[str, Any]] = [
        {"headers": {"origin": "http://elsewhere.example"}},
        {"params": {"unheard-of": "1"}},
        {"content": b"{", "headers": JSON},
        {"content": b"", "headers": JSON},
        {"content": b"{}", "headers": {"content-type": "text/plain"}},
        {"json": {"unheard-of": 1}},
        {"json": []},
    ]

    with unchanged(store):
        answers = [
            send(module_api, route, path=route.path.replace("no-such-project", project_id), **each)
            for route in WITH_BODY
            for each in refused
        ]

    assert {answer.status_code for answer in answers} == {400, 403, 415}


@every
def test_a_page_of_another_site_is_refused(detached: Api, route: Route) -> None:
    response = send(detached, route, headers={"origin": "http://elsewhere.example"})

    detail = "requests from http://elsewhere.example are not allowed"
    assert_problem(response, 403, detail)


@pytest.mark.parametrize(
    "origin",
    ["null", "http://testserver.example", "http://testserver.local:81", "", "testserver.local"],
)
def test_an_origin_that_only_looks_like_our_own_is_refused(detached: Api, origin: str) -> None:
    response = detached.get("/health", headers={"origin": origin})

    assert_problem(response, 403, f"requests from {origin} are not allowed")


def test_our_own_pages_may_call(detached: Api) -> None:
    assert detached.get("/health").status_code == 200
    own = str(detached.base_url).rstrip("/")
    assert detached.get("/health", headers={"origin": own}).status_code == 200


@every
def test_a_query_parameter_the_route_does_not_have_is_refused(detached: Api, route: Route) -> None:
    response = send(detached, route, params={"Limit": "1", "b": "2"})

    assert_problem(response, 400, "unknown query parameters: Limit, b")


@every
def test_a_method_the_path_does_not_have_is_refused(detached: Api, route: Route) -> None:
    methods = {each.method for each in ROUTES if each.template == route.template}

    for method in {"GET", "PUT", "POST", "PATCH", "DELETE"} - methods:
        response = detached.request(method, route.path)
        if response.status_code != 400:  # another route with that method may match the path
            assert_problem(response, 405, "Method Not Allowed")


@with_body
def test_a_body_that_is_not_sent_as_json_is_refused(detached: Api, route: Route) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        response = send(detached, route, content=b"{}", headers={"content-type": kind})

        assert_problem(response, 415, "the body must be application/json")


@with_body
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "EOF while parsing an object at line 1 column 1"),
        (b"nonsense", "expected ident at line 1 column 2"),
        (b'{"a": NaN}', "expected value at line 1 column 7"),
        (b'{"a": Infinity}', "expected value at line 1 column 7"),
        (b'"\xff"', "invalid unicode code point at line 1 column 2"),
        (b'"\\ud800"', "unexpected end of hex escape at line 1 column 8"),
        (b"{} {}", "trailing characters at line 1 column 4"),
        (b"[" * 1000 + b"]" * 1000, "recursion limit exceeded at line 1 column 202"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_no_json_is_refused(
    detached: Api, route: Route, content: bytes, reason: str
) -> None:
    response = send(detached, route, content=content, headers=JSON)

    assert_problem(response, 400, f"the body is not JSON: {reason}")


@with_body
def test_a_body_is_required(detached: Api, route: Route) -> None:
    assert_invalid(send(detached, route, content=b"", headers=JSON), ("body", "a body is required"))


@with_body
@pytest.mark.parametrize("body", [[], "text", 5, True, None], ids=repr)
def test_a_body_is_an_object(detached: Api, route: Route, body: Any) -> None:
    assert faults(send(detached, route, json=body)) == ["body"]


@with_body
def test_a_field_the_route_does_not_know_is_refused(detached: Api, route: Route) -> None:
    assert route.body is not None
    response = send(detached, route, json={**route.body, "unheardOf": "a value"})

    assert_invalid(response, ("body.unheardOf", "Extra inputs are not permitted"))


@pytest.mark.parametrize(
    ("route", "name"),
    [
        (route, name)
        for route in WITH_BODY
        for name in ("forge", "data", "request", "project_id", "projectId", "a.b")
        if name not in (route.body or {})
    ],
    ids=str,
)
def test_a_field_is_refused_as_one_even_where_a_parameter_has_its_name(
    detached: Api, route: Route, name: str
) -> None:
    assert route.body is not None
    response = send(detached, route, json={**route.body, name: {"a": 1}})

    assert_invalid(response, (f"body.{name}", "Extra inputs are not permitted"))


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if "{projectId}" in route.template], ids=str
)
def test_a_project_id_that_can_be_none_is_refused(detached: Api, route: Route) -> None:
    response = send(detached, route, path=route.path.replace("no-such-project", "a%20b"))

    message = "Expected `str` matching regex '^[A-Za-z0-9_-]{1,64}$'"
    assert_invalid(response, ("path.projectId", message))


@pytest.mark.parametrize(
    "route",
    [
        route
        for route in ROUTES
        if "{projectId}/" in route.template and route.method in {"POST", "PUT"}
    ],
    ids=str,
)
def test_nothing_is_written_into_a_project_that_is_not_there(
    module_api: Api, store: Store, route: Route
) -> None:
    with unchanged(store, "/projects/no-such-project"):
        response = send(module_api, route)

    assert response.status_code == 404
    problem = response.json()
    assert problem["type"] == "urn:autoforge:problem:item-not-found"
    assert "no-such-project" in problem["detail"]


@lists
@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("0", "Expected `int` >= 1"),
        ("-1", "Expected `int` >= 1"),
        ("101", "Expected `int` <= 100"),
        ("1.5", "Expected `int`, got `str`"),
        ("many", "Expected `int`, got `str`"),
        ("", "Expected `int`, got `str`"),
    ],
)
def test_a_page_has_1_to_100_items(detached: Api, route: Route, limit: str, message: str) -> None:
    response = detached.get(route.path, params={"limit": limit})

    assert_invalid(response, ("query.limit", message))


@lists
def test_a_list_has_two_directions(detached: Api, route: Route) -> None:
    response = detached.get(route.path, params={"order": "up"})

    assert_invalid(response, ("query.order", "Input should be 'asc' or 'desc'"))


def closed() -> Iterator[tuple[Route, str]]:
    """Yield the query parameters that do not accept free text."""
    for route in ROUTES:
        operation = DOCUMENT["paths"][route.template][route.method.lower()]
        for each in operation["parameters"]:
            schema = each["schema"]
            is_text = schema.get("type") == "string" and not {"enum", "format"} & schema.keys()
            if each["in"] == "query" and not is_text:
                yield route, each["name"]


@pytest.mark.parametrize(("route", "name"), list(closed()), ids=str)
@pytest.mark.parametrize("value", ["null", "NULL", ""])
def test_no_parameter_is_null_or_empty(detached: Api, route: Route, name: str, value: str) -> None:
    """Litestar treats null as a missing parameter, so that a filter would match everything."""
    response = send(detached, route, params={name: value})

    assert response.status_code == 400
    assert f"query.{name}" in response.text or f"{name}: " in response.text


@pytest.mark.parametrize(("route", "name"), list(closed()), ids=str)
def test_a_parameter_that_takes_one_value_is_not_given_twice(
    detached: Api, route: Route, name: str
) -> None:
    response = send(detached, route, params={name: ["1", "1"]})

    assert faults(response) == [f"query.{name}"]


@pytest.mark.parametrize(("route", "name"), list(closed()), ids=str)
def test_a_parameter_with_few_values_names_them_where_it_has_another(
    detached: Api, route: Route, name: str
) -> None:
    operation = DOCUMENT["paths"][route.template][route.method.lower()]
    (schema,) = (each["schema"] for each in operation["parameters"] if each["name"] == name)
    named = DOCUMENT["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)

    message = send(detached, route, params={name: "unheard-of"}).json()

    for value in named.get("enum", ()):
        assert repr(value) in message["errors"][0]["message"]


@with_body
def test_a_field_with_few_values_names_them_where_it_has_another(
    detached: Api, route: Route
) -> None:
    assert route.body is not None
    for name, value in route.body.items():
        few = few_values(route, name)
        if few:
            response = send(detached, route, json={**route.body, name: f"not {value}"})
            (error,) = response.json()["errors"]
            assert error["where"] == f"body.{name}"
            assert all(repr(each) in error["message"] for each in few)
            assert "<" not in error["message"]


def few_values(route: Route, name: str) -> list[str]:
    """Return the members of the enumeration that a field of the body has; empty if it has none."""
    schemas = DOCUMENT["components"]["schemas"]
    operation = DOCUMENT["paths"][route.template][route.method.lower()]
    media = operation["requestBody"]["content"]["application/json"]["schema"]
    body = schemas[media["$ref"].rpartition("/")[2]]
    body = schemas[body["oneOf"][0]["$ref"].rpartition("/")[2]] if "oneOf" in body else body
    field = body["properties"][name]
    for each in (field, *field.get("anyOf", ())):
        named = schemas.get(each.get("$ref", "").rpartition("/")[2], each)
        if "enum" in named:
            return [str(value) for value in named["enum"]]
    return []


@lists
@pytest.mark.parametrize("cursor", ["", "nonsense", "e30.AAAA", "é", "a.b.c", "x" * 5000])
def test_a_cursor_that_was_not_issued_is_refused(detached: Api, route: Route, cursor: str) -> None:
    response = detached.get(route.path, params={"cursor": cursor})

    detail = "the cursor was not issued for this query"
    assert_problem(response, 400, detail, kind="invalid-cursor")


@pytest.mark.parametrize(
    ("route", "name"),
    [(route, name) for route in READS for name in MOMENTS if name in route.queries],
    ids=str,
)
@pytest.mark.parametrize(
    "text", ["", "noon", "2026-13-01", "2026-02-30", "1770206400", "9999-12-31T23:59:59-01:00"]
)
def test_what_is_no_moment_is_refused_by_the_name_of_the_parameter(
    detached: Api, route: Route, name: str, text: str
) -> None:
    response = detached.get(route.path, params={name: text})

    detail = f"{name}: {text!r} is not an ISO 8601 timestamp"
    assert_problem(response, 400, detail, kind="invalid-value")


TABLE_ROUTES = [route for route in ROUTES if route.operation not in {"get_health", "list_patterns"}]


@pytest.mark.parametrize("route", TABLE_ROUTES, ids=str)
def test_a_dynamodb_that_cannot_be_reached_is_unavailable(detached: Api, route: Route) -> None:
    response = send(detached, route)

    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"
    problem: JsonObject = response.json()
    assert (problem["type"], problem["title"], problem["status"]) == (
        "urn:autoforge:problem:unavailable",
        "Service Unavailable",
        503,
    )
    assert problem["detail"].startswith("DynamoDB cannot be reached")
    assert 503 in route.statuses


@pytest.mark.parametrize("route", TABLE_ROUTES, ids=str)
def test_a_table_that_is_not_there_is_unavailable(tableless: Api, route: Route) -> None:
    response = send(tableless, route)

    assert response.status_code == 503
    assert response.json()["type"] == "urn:autoforge:problem:table-not-found"
    assert response.headers["retry-after"] == "1"


def test_health_is_told_without_dynamodb(detached: Api) -> None:
    assert detached.get("/health").json() == {"status": "ok"}
    assert len(detached.get("/patterns").json()["items"]) > 20


def test_secrets_are_refused_where_there_is_no_key(store: Store) -> None:
    with serving(forge_of(store, cipher=None)) as api, unchanged(store, "/integrations/jira"):
        response = api.put("/integrations/jira", json={"config": {"token": "hidden"}})

    detail = (
        "no encryption key is configured; integration credentials are stored encrypted only: "
        "set AUTOFORGE_KMS_KEY_ID or AUTOFORGE_ENCRYPTION_SECRETS"
    )
    assert_problem(response, 501, detail, kind="configuration")


def test_an_item_of_more_than_400_kilobytes_is_refused(api: Api, store: Store) -> None:
    project_id = new_project(api)
    big = {"text": "x" * 409_600}
    path = f"/projects/{project_id}"

    with unchanged(store, path):
        answers = [
            api.patch(path, json={"config": big}),
            api.put(f"{path}/artefacts/raid_log", json={"content": big}),
            api.post(f"{path}/events", json={"eventType": "e", "summary": "s", "detail": big}),
            api.post(f"{path}/escalations", json={"title": "t", "context": big}),
            api.post(
                f"{path}/actions", json={"actionType": "a", "description": "d", "detail": big}
            ),
            api.put("/agent/config/too-big", json={"value": big}),
        ]

    for answer in answers:
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:autoforge:problem:item-too-large"
        assert answer.json()["title"] == "Request Entity Too Large"
        assert "is over the limit of 409,600 bytes" in answer.json()["detail"]
    assert api.get("/agent/config/too-big").status_code == 404
