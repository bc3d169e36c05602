"""Routes of configuration: secrets that go in and never come out, and settings of any JSON."""

import json
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoforge.dynamodb.store.store import Store
from autoforge.forge import Forge
from autoforge.http.configuration import IntegrationSecret
from tests.factories import NOON
from tests.http.serving import (
    NOON_TEXT,
    Api,
    assert_problem,
    created,
    faults,
    fresh_name,
    items_of,
    new_project,
    unchanged,
    walk,
)
from tests.stores import Clock, raw_items
from tests.strategies import documents, json_values

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

    detail = "a configuration has at most 4,096 bytes as JSON, not 4,097"
    assert_problem(response, 400, detail, kind="invalid-value")


def test_an_integration_that_was_never_configured_is_not_found(api: Api) -> None:
    name = fresh_name("jira")

    response = api.get(f"/integrations/{name}")

    detail = f"there is no IntegrationConfig with integration '{name}'"
    assert_problem(response, 404, detail, kind="item-not-found")


#: Texts that a careless path would take for one another.
NAMES = [
    "a", "a/b", "a//b", "a/", "/a", "a%2Fb", "a%", "a%25", "a#b", "a b", "a+b", "a?b=1", "a&b",
    "é", "e\u0301", "\U0001f600", "a;b", "a\\b", "A", "\n", "config", "a,b", "..", ".", "*", '"',
]  # fmt: skip


def test_names_of_integrations_stay_what_they_are(fresh_api: Api) -> None:
    paths = [f"/integrations/{quote(name, safe='').replace('.', '%2E')}" for name in NAMES]

    answers = [fresh_api.put(path, json={"config": {}}) for path in paths]

    assert [each.headers["location"] for each in answers] == paths
    written = [each.json() for each in answers]
    assert [each["integration"] for each in written] == NAMES
    assert [fresh_api.get(path).json() for path in paths] == written
    assert len({each["id"] for each in written}) == len(NAMES)


def test_names_of_settings_stay_what_they_are(fresh_api: Api) -> None:
    paths = [f"/agent/config/{quote(name, safe='').replace('.', '%2E')}" for name in NAMES]

    written = [
        fresh_api.put(path, json={"value": number}).json() for number, path in enumerate(paths)
    ]

    assert [each["key"] for each in written] == NAMES
    assert [fresh_api.get(path).json() for path in paths] == written
    listed = items_of(walk(fresh_api, "/agent/config", limit=7))
    assert [each["key"] for each in listed] == sorted(NAMES)


def test_a_setting_is_set_and_shown(api: Api, clock: Clock) -> None:
    name = fresh_name("polling")
    path = f"/agent/config/{name}"

    first = api.put(path, json={"value": 15})
    clock.now = NOON + timedelta(seconds=1)
    second = api.put(path, json={"value": None})

    expected = {"key": name, "value": 15, "createdAt": NOON_TEXT, "updatedAt": NOON_TEXT}
    assert (first.status_code, first.json()) == (201, expected)
    assert first.headers["location"] == path
    assert "location" not in second.headers
    changed = {**expected, "value": None, "updatedAt": "2026-02-04T12:00:01.000Z"}
    assert (second.status_code, second.json()) == (200, changed)
    assert api.get(path).json() == changed


def test_a_setting_that_was_never_set_is_not_found(api: Api) -> None:
    name = fresh_name("polling")

    response = api.get(f"/agent/config/{name}")

    detail = f"there is no AgentConfig with key '{name}'"
    assert_problem(response, 404, detail, kind="item-not-found")


def test_a_setting_needs_a_value(detached: Api) -> None:
    assert faults(detached.put("/agent/config/k", json={})) == ["body.value"]


EXACT: list[Any] = [
    10**38 - 1,
    -(10**38) + 1,
    10**125,
    2**53 + 1,
    0.1,
    0.1 + 0.2,
    1e-130,
    True,
    False,
    None,
    "",
    [],
    {},
    [[]],
    [{}],
    {"a": {"b": [{}, [], "", None, {"c": []}]}},
    {"S": "x"},
    {"N": "1"},
    {"PK": "x", "TTL": 1, "EntityType": "Project"},
    "\0",
    "é\U0001f600",
    "2026-02-04T10:30:00Z",
]


@pytest.mark.parametrize("value", EXACT, ids=lambda value: repr(value)[:40])
def test_a_value_comes_back_as_it_went_in(api: Api, value: Any) -> None:
    path = f"/agent/config/{fresh_name('value')}"

    written = api.put(path, json={"value": value}).json()["value"]
    shown = api.get(path).json()["value"]

    for answer in (written, shown):
        assert answer == value
        assert type(answer) is type(value)


@settings(max_examples=25)
@given(document=documents(), value=json_values(), options=st.lists(json_values(), max_size=3))
def test_documents_come_back_as_they_went_in(
    module_api: Api, document: dict[str, Any], value: Any, options: list[Any]
) -> None:
    project_id = new_project(module_api)
    question = {"title": "?", "context": document, "options": options}
    path = f"/projects/{project_id}/escalations"

    escalation = created(module_api.post(path, json=question))
    artefact = f"/projects/{project_id}/artefacts/raid_log"
    created(module_api.put(artefact, json={"content": document}))
    setting = module_api.put(f"/agent/config/drawn-{project_id}", json={"value": value}).json()

    shown = module_api.get(f"{path}/{escalation['id']}").json()
    assert shown == escalation
    assert (shown["context"], shown["options"]) == (document, options)
    assert module_api.get(artefact).json()["content"] == document
    assert setting["value"] == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1" + "0" * 37 + "1", "value has more than 38 significant digits"),
        ("1e126", "value is 1.0000E+126, beyond what DynamoDB can hold"),
        ("1e-131", "value is 1.0000E-131, beyond what DynamoDB can hold"),
        ('{"a": {"": 1}}', "value.a has the name ''; names are texts"),
        ("[" * 32 + "]" * 32, f"value{'.0' * 31} is nested deeper than 32 levels"),
    ],
    ids=lambda each: each[:20],
)
def test_what_dynamodb_cannot_hold_exactly_is_refused(
    detached: Api, text: str, reason: str
) -> None:
    body = f'{{"value": {text}}}'.encode()

    response = detached.put("/agent/config/k", content=body, headers=JSON)

    assert_problem(response, 400, reason, kind="invalid-value")
