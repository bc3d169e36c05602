"""Routes of the service itself, its documentation, and requests from other origins."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from autoforge.access.catalogue import CATALOGUE
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.forge import Forge
from autoforge.http.api import openapi
from autoforge.testing.clock import Clock
from tests.http.serving import Api, World, assert_problem, serving
from tests.stores import forge_of, store_of

DASHBOARD = "https://dashboard.example"


def test_the_service_is_healthy_and_its_table_ready(api: Api) -> None:
    for path in ("/health", "/ready"):
        response = api.get(path)

        assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_table_that_is_being_made_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge = forge_of(store_of(client, "half-made", Clock()))
    monkeypatch.setattr(type(forge.store), "is_ready", lambda _: False)
    with serving(forge) as api:
        response = api.get("/ready")

    assert_problem(response, 503, "table half-made is not active", kind="unavailable")
    assert response.headers["retry-after"] == "1"


def test_every_pattern_of_the_catalogue_is_listed(detached: Api) -> None:
    response = detached.get("/patterns")

    def in_json(name: str) -> dict[str, object]:
        (pattern,) = [each for each in CATALOGUE if each.__name__ == name]
        described = asdict(entry(pattern))
        parameters = [dict(each) for each in described.pop("parameters")]
        # The list has no place for a description, and no parameter of the platform has one.
        assert {each.pop("description") for each in parameters} <= {""}
        answers = list(described.pop("answers"))
        plain = {camel_case(key): value for key, value in described.items()}
        return {**plain, "parameters": parameters, "answers": answers}

    body = response.json()
    assert [each["name"] for each in body["items"]] == [each.__name__ for each in CATALOGUE]
    assert body == {
        "items": [in_json(each["name"]) for each in body["items"]],
        "nextCursor": None,
    }


def test_the_root_leads_to_the_documentation(detached: Api) -> None:
    response = detached.get("/")

    assert (response.status_code, response.headers["location"]) == (302, "/docs")


def test_the_documentation_asks_no_other_server_for_anything(detached: Api) -> None:
    page = detached.get("/docs")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r"""(?:src|href)=["']([^"']*)["']""", page.text)
    assert loaded
    for path in filter(None, loaded):
        assert path.startswith("/docs/assets/"), path
        assert detached.get(path).status_code == 200
    assert not re.findall(r"https?://[^\s\"']*(?:cdn|unpkg|jsdelivr|googleapis)", page.text)


def test_an_installation_without_swagger_ui_says_so_and_answers_all_else(
    detached: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openapi, "SWAGGER_UI", tmp_path)

    page = detached.get("/docs")
    document = detached.get("/docs/openapi.json")

    assert_problem(
        page,
        501,
        "autoforge was installed without Swagger UI: install it from a wheel, or run make in the "
        "checkout; the document itself is at /docs/openapi.json",
        kind="configuration",
    )
    assert document.json()["info"]["title"] == "autoforge"
    assert detached.get("/health").status_code == 200


def test_the_documentation_is_also_there_for_machines(detached: Api) -> None:
    document = detached.get("/docs/openapi.json").json()

    assert document["info"]["title"] == "autoforge"
    assert "/projects/{projectId}/overview" in document["paths"]


def test_the_list_of_a_route_is_the_same_with_a_slash_behind_it(world: World) -> None:
    assert world.api.get("/projects/").json() == world.api.get("/projects").json()


def test_pages_of_allowed_origins_may_call_and_read_the_headers_they_need(
    client: Client, table_name: str
) -> None:
    forge = forge_of(store_of(client, table_name, Clock()))
    with serving(forge, allowed_origins=[DASHBOARD]) as api:
        preflight = api.options(
            "/projects",
            headers={
                "origin": DASHBOARD,
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type,if-match",
            },
        )
        made = api.post("/projects", json={"name": "Portal"}, headers={"origin": DASHBOARD})
        missing = api.get("/projects/no-such-project", headers={"origin": DASHBOARD})
        refused = api.get("/projects/no-such-project", headers={"origin": "https://evil.example"})

    assert preflight.status_code == 204
    assert "if-match" in preflight.headers["access-control-allow-headers"]
    assert made.status_code == 201
    assert missing.status_code == 404
    for response in (preflight, made, missing):
        assert response.headers["access-control-allow-origin"] == DASHBOARD
    exposed = made.headers["access-control-expose-headers"].lower()
    assert {"etag", "location"} <= {each.strip() for each in exposed.split(",")}
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


def test_no_other_origin_is_allowed_unless_said(detached: Api) -> None:
    response = detached.options(
        "/projects", headers={"origin": DASHBOARD, "access-control-request-method": "POST"}
    )

    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "forge.internal"])
def test_the_api_answers_to_names_of_loopback_and_to_those_that_are_allowed(host: str) -> None:
    with serving(_unconnected(), allowed_hosts=["forge.internal"]) as api:
        assert api.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", ""])
def test_the_api_does_not_answer_to_the_name_of_another_site(host: str) -> None:
    with serving(_unconnected(), allowed_hosts=["forge.internal"]) as api:
        response = api.get("/health", headers={"host": host})

    assert_problem(response, 403, "requests to this host are not allowed")


def _unconnected() -> Forge:
    return Forge.connect(table_name="none", region="eu-west-1", endpoint_url="http://127.0.0.1:9")
