"""Integrations over HTTP: a secret is stored and never returned."""

import json
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.forge import Forge
from autoforge.http.integrations import IntegrationSecret
from autoforge.testing.clock import Clock
from tests.factories import NOON
from tests.http.serving import (
    CONFUSABLE,
    NOON_TEXT,
    Api,
    assert_problem,
    fresh_name,
    unchanged,
)
from tests.stores import raw_items

SECRET = "s3cr3t-t0ken"


JSON = {"content-type": "application/json"}


def test_an_integration_shows_its_status_and_dates_only(api: Api, clock: Clock) -> None:
    name = fresh_name("jira")
    path = f"/integrations/{name}"

    first = api.put(path, json={"config": {"token": SECRET}})
    clock.now = NOON + timedelta(seconds=1)
    second = api.put(path, json={"config": {"token": SECRET}, "status": "inactive"})

    expected = {
        "id": first.json()["id"],
        "integration": name,
        "status": "active",
        "lastHealthCheck": None,
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }
    assert (first.status_code, first.json()) == (201, expected)
    assert first.headers["location"] == path
    assert "location" not in second.headers
    changed = {**expected, "status": "inactive", "updatedAt": "2026-02-04T12:00:01.000Z"}
    assert (second.status_code, second.json()) == (200, changed)
    assert api.get(path).json() == changed


def test_a_secret_is_revealed_in_python_and_stored_as_cipher_text(
    api: Api, forge: Forge, store: Store
) -> None:
    name = fresh_name("jira")
    config = {"token": SECRET, "nested": [{"n": 10**37}, None, 0.1, ""]}

    api.put(f"/integrations/{name}", json={"config": config})

    assert forge.integrations.reveal(name) == config
    assert SECRET not in json.dumps(raw_items(store))


@pytest.mark.parametrize(
    "body",
    [
        {"config": SECRET},
        {"config": [SECRET]},
        {"config": {"token": SECRET}, "status": SECRET},
        {"config": {"token": SECRET}, "password": SECRET},
        {"config": {"token": SECRET}, "forge": SECRET},
        {"token": SECRET},
        [SECRET],
        SECRET,
        {"config": {"token": SECRET * 400}},
        {"config": {"token": SECRET, "n": 1e999}},
        {"config": {"token": SECRET}},
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_secret_is_neither_answered_nor_logged(
    api: Api, store: Store, caplog: pytest.LogCaptureFixture, body: Any
) -> None:
    path = f"/integrations/{fresh_name('jira')}"
    with caplog.at_level(logging.DEBUG):
        written = api.put(path, content=json.dumps(body).encode(), headers=JSON)
        cut = api.put(path, content=json.dumps(body).encode()[:-1], headers=JSON)
        typed = api.put(path, content=json.dumps(body).encode())
        shown = api.get(path)

    assert written.status_code == (201 if body == {"config": {"token": SECRET}} else 400)
    assert (cut.status_code, typed.status_code) == (400, 415)
    for response in (written, cut, typed, shown):
        assert SECRET not in response.text
        assert SECRET not in str(response.headers)
    ours = [each for each in caplog.records if each.name.startswith("autoforge")]
    assert ours
    assert not [each for each in ours if SECRET in str(vars(each))]


def test_a_secret_is_in_no_repr() -> None:
    body = IntegrationSecret(config={"token": SECRET})

    assert SECRET not in repr(body)
    assert SECRET not in str(body)


def test_a_secret_has_at_most_4096_bytes(api: Api, store: Store) -> None:
    path = f"/integrations/{fresh_name('jira')}"
    longest = {"t": "x" * (4096 - len('{"t": ""}'))}
    assert api.put(path, json={"config": longest}).status_code == 201

    with unchanged(store, path):
        response = api.put(path, json={"config": {"t": longest["t"] + "x"}})

    detail = "the configuration has 4,097 bytes as JSON; it may have at most 4,096"
    assert_problem(response, 400, detail, kind="invalid-value")


def test_an_integration_that_was_never_configured_is_not_found(api: Api) -> None:
    name = fresh_name("jira")

    response = api.get(f"/integrations/{name}")

    detail = f"there is no IntegrationConfig with integration '{name}'"
    assert_problem(response, 404, detail, kind="item-not-found")


def test_names_of_integrations_stay_what_they_are(fresh_api: Api) -> None:
    paths = [f"/integrations/{quote(name, safe='').replace('.', '%2E')}" for name in CONFUSABLE]

    answers = [fresh_api.put(path, json={"config": {}}) for path in paths]

    assert [each.headers["location"] for each in answers] == paths
    written = [each.json() for each in answers]
    assert [each["integration"] for each in written] == CONFUSABLE
    assert [fresh_api.get(path).json() for path in paths] == written
    assert len({each["id"] for each in written}) == len(CONFUSABLE)
