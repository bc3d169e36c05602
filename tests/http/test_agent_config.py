"""Settings of the agent over HTTP: any JSON value, unchanged."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoforge.testing.clock import Clock
from tests.factories import NOON
from tests.http.serving import (
    CONFUSABLE,
    NOON_TEXT,
    Api,
    assert_problem,
    created,
    faults,
    fresh_name,
    items_of,
    new_project,
    walk,
)
from tests.strategies import documents, json_values


def test_names_of_settings_stay_what_they_are(fresh_api: Api) -> None:
    paths = [f"/agent/config/{quote(name, safe='').replace('.', '%2E')}" for name in CONFUSABLE]

    written = [
        fresh_api.put(path, json={"value": number}).json() for number, path in enumerate(paths)
    ]

    assert [each["key"] for each in written] == CONFUSABLE
    assert [fresh_api.get(path).json() for path in paths] == written
    listed = items_of(walk(fresh_api, "/agent/config", limit=7))
    assert [each["key"] for each in listed] == sorted(CONFUSABLE)


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
        ("1e126", "value is 1.0000E+126, outside DynamoDB's range of numbers"),
        ("1e-131", "value is 1.0000E-131, outside DynamoDB's range of numbers"),
        ('{"a": {"": 1}}', "value.a has a member named ''; a name must be a non-empty text"),
        ("[" * 32 + "]" * 32, f"value{'.0' * 31} is nested deeper than 32 levels"),
    ],
    ids=lambda each: each[:20],
)
def test_what_dynamodb_cannot_hold_exactly_is_refused(
    detached: Api, text: str, reason: str
) -> None:
    body = f'{{"value": {text}}}'.encode()

    response = detached.put(
        "/agent/config/k", content=body, headers={"content-type": "application/json"}
    )

    assert_problem(response, 400, reason, kind="invalid-value")
