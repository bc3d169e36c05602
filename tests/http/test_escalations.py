"""Routes of escalations: created, and decided once."""

from datetime import timedelta
from typing import Any

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import timestamp_of
from autoforge.testing.clock import Clock
from tests.factories import NOON, new_id
from tests.http.serving import (
    NOON_TEXT,
    Api,
    JsonObject,
    assert_problem,
    created,
    faults,
    items_of,
    new_project,
    unchanged,
    walk,
)

QUESTION: JsonObject = {
    "title": "Defer MCU-160?",
    "context": {"sprint": 12},
    "options": ["Defer", {"label": "Accept"}, []],
    "agentRecommendation": "Defer",
    "agentRationale": "The sprint is 62% complete",
}


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's escalations."""
    return f"/projects/{new_project(api)}/escalations"


def test_a_decision_that_is_none_of_the_options_is_refused(
    api: Api, store: Store, path: str
) -> None:
    own = f"{path}/{created(api.post(path, json=QUESTION))['id']}"

    with unchanged(store, path):
        response = api.post(f"{own}/decide", json={"userDecision": "Perhaps"})

    detail = "userDecision is 'Perhaps'; the options are: 'Defer', 'Accept', '[]'"
    assert_problem(response, 400, detail, kind="invalid-value")


def test_a_question_is_pending_until_it_is_decided(api: Api, clock: Clock, path: str) -> None:
    response = api.post(path, json=QUESTION)

    escalation = created(response)
    assert escalation == {
        "id": escalation["id"],
        "projectId": path.split("/")[2],
        **QUESTION,
        "status": "pending",
        "userDecision": None,
        "userNotes": None,
        "decidedBy": None,
        "decidedAt": None,
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }
    assert timestamp_of(escalation["id"]) == NOON
    own = f"{path}/{escalation['id']}"
    assert response.headers["location"] == own
    assert api.get(own).json() == escalation

    clock.now = NOON + timedelta(minutes=1)
    answer = {"userDecision": "Accept", "userNotes": "It is small", "decidedBy": "Ann"}
    decided = api.post(f"{own}/decide", json=answer)

    moment = "2026-02-04T12:01:00.000Z"
    expected = {
        **escalation,
        **answer,
        "status": "decided",
        "decidedAt": moment,
        "updatedAt": moment,
    }
    assert (decided.status_code, decided.json()) == (200, expected)
    assert api.get(own).json() == expected


def test_a_title_is_all_a_question_needs(api: Api, path: str) -> None:
    escalation = created(api.post(path, json={"id": "question-1", "title": "Why?"}))

    assert escalation["id"] == "question-1"
    assert [escalation[name] for name in QUESTION] == ["Why?", None, None, None, None]


def test_a_second_decision_learns_of_the_first(api: Api, store: Store, path: str) -> None:
    own = f"{path}/{created(api.post(path, json=QUESTION))['id']}"
    first = api.post(f"{own}/decide", json={"userDecision": "Accept", "decidedBy": "Ann"}).json()

    with unchanged(store, path):
        response = api.post(f"{own}/decide", json={"userDecision": "Defer", "decidedBy": "Ben"})

    detail = (
        f"Escalation {first['id']} of project {first['projectId']} is decided; "
        "only a pending escalation can be decided"
    )
    assert_problem(response, 409, detail, kind="condition-failed", current=first)
    assert first["decidedBy"] == "Ann"


def test_an_id_that_is_taken_is_refused_with_the_escalation_that_has_it(
    api: Api, store: Store, path: str
) -> None:
    escalation = created(api.post(path, json=QUESTION))

    with unchanged(store, path):
        response = api.post(path, json={"id": escalation["id"], "title": "Another"})

    detail = (
        f"Escalation with projectId '{escalation['projectId']}', "
        f"id '{escalation['id']}' exists already"
    )
    assert_problem(response, 409, detail, kind="item-exists", current=escalation)


def test_an_escalation_that_is_not_there_is_not_found(api: Api, path: str) -> None:
    missing = f"{path}/{new_id()}"

    for response in (
        api.get(missing),
        api.post(f"{missing}/decide", json={"userDecision": "Defer"}),
    ):
        assert response.status_code == 404
        assert response.json()["type"] == "urn:autoforge:problem:item-not-found"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 2001),
        ("title", None),
        ("context", []),
        ("options", {}),
        ("options", "text"),
        ("agentRecommendation", 5),
        ("agentRationale", 5),
        ("id", "a b"),
        ("status", "decided"),
    ],
)
def test_a_question_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    response = detached.post("/projects/p/escalations", json={**QUESTION, field: value})

    assert faults(response) == [f"body.{field}"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("userDecision", ""),
        ("userDecision", None),
        ("userNotes", 5),
        ("decidedBy", 5),
        ("status", "expired"),
    ],
)
def test_a_decision_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    path = "/projects/p/escalations/e/decide"

    assert faults(detached.post(path, json={"userDecision": "Defer", field: value})) == [
        f"body.{field}"
    ]


@pytest.mark.parametrize("escalation_id", ["a%20b", "a%23b", "x" * 65])
def test_what_can_be_no_escalation_id_is_refused(detached: Api, escalation_id: str) -> None:
    path = f"/projects/p/escalations/{escalation_id}"

    assert faults(detached.get(path)) == ["path.escalationId"]
    answer = detached.post(f"{path}/decide", json={"userDecision": "Defer"})
    assert faults(answer) == ["path.escalationId"]


def test_escalations_are_listed_by_status_pending_ones_oldest_first_unless_said(
    fresh_api: Api, clock: Clock
) -> None:
    paths = [f"/projects/{new_project(fresh_api)}/escalations" for _ in range(2)]
    asked = []
    for hours, path in enumerate([*paths, *paths]):
        clock.now = NOON + timedelta(hours=hours)
        asked.append(created(fresh_api.post(path, json={"title": str(hours)})))
    decided = f"{paths[1]}/{asked[1]['id']}/decide"
    answered = fresh_api.post(decided, json={"userDecision": "Yes"}).json()

    def listed(**parameters: str) -> list[JsonObject]:
        return items_of(walk(fresh_api, "/escalations", **parameters))

    pending = [asked[0], asked[2], asked[3]]
    assert listed() == pending
    assert listed(status="pending", order="desc") == pending[::-1]
    assert listed(status="decided") == [answered]
    assert listed(status="expired") == listed(status="superseded") == []
    assert fresh_api.get(paths[1]).json() == {"items": [answered, asked[3]], "nextCursor": None}


def test_a_status_that_no_escalation_has_is_refused(detached: Api) -> None:
    assert faults(detached.get("/escalations", params={"status": "open"})) == ["query.status"]
