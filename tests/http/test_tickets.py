"""Routes of tickets: synced by Linear issue, and listed by project."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Pass, Refuse, injected
from tests.factories import NOON, a_feature_by_linear_issue, a_ticket, new_id
from tests.http.serving import (
    NOON_TEXT,
    Api,
    JsonObject,
    assert_problem,
    created,
    faults,
    fresh_name,
    items_of,
    new_project,
    unchanged,
    walk,
)
from tests.stores import put_raw

ISSUE: JsonObject = {
    "linearIssueUrl": "https://linear.app/acme/issue/ENG-7",
    "title": "Passkeys",
    "description": "",
    "priority": 2,
    "status": "Todo",
    "labels": ["security", "frontend"],
    "featureId": "passkeys",
}


@pytest.fixture
def project_id(api: Api) -> str:
    """The id of a project that exists."""
    return new_project(api)


@pytest.fixture
def path() -> str:
    """The path of a ticket whose issue was never synced."""
    return f"/tickets/{fresh_name('ENG')}"


def test_an_issue_becomes_a_ticket_and_the_ticket_follows_it(
    api: Api, clock: Clock, project_id: str, path: str
) -> None:
    first = api.put(path, json={**ISSUE, "projectId": project_id, "asOf": "2026-02-04T13:00+01:00"})

    ticket = created(first)
    assert ticket == {
        "id": ticket["id"],
        "linearIssueId": path.removeprefix("/tickets/"),
        "projectId": project_id,
        **ISSUE,
        "sourceUpdatedAt": NOON_TEXT,
        "createdAt": NOON_TEXT,
        "syncedAt": NOON_TEXT,
    }
    assert first.headers["location"] == path
    assert api.get(path).json() == ticket

    clock.now = NOON + timedelta(minutes=1)
    changes: JsonObject = {"status": "Done", "labels": [], "description": None, "priority": 0}
    second = api.put(path, json={**ISSUE, "projectId": project_id, **changes})

    changed = {**ticket, **changes, "syncedAt": "2026-02-04T12:01:00.000Z"}
    assert (second.status_code, second.json()) == (200, changed)
    assert "location" not in second.headers
    assert api.get(path).json() == changed


def test_what_is_left_out_is_none(api: Api, project_id: str, path: str) -> None:
    required = {name: ISSUE[name] for name in ("linearIssueUrl", "title", "status")}

    ticket = created(api.put(path, json={**required, "projectId": project_id}))

    assert [ticket[name] for name in ("description", "priority", "labels", "featureId")] == [
        None,
        0,
        [],
        None,
    ]
    assert ticket["sourceUpdatedAt"] is None


def test_what_changes_nothing_writes_nothing(
    api: Api, store: Store, clock: Clock, project_id: str, path: str
) -> None:
    body = {**ISSUE, "projectId": project_id, "asOf": NOON_TEXT}
    ticket = created(api.put(path, json=body))

    clock.now = NOON + timedelta(minutes=4)
    with unchanged(store, path):
        same = api.put(path, json={**body, "labels": ISSUE["labels"][::-1]})
        late = api.put(path, json={**body, "title": "Before", "asOf": "2026-02-04T11:59:59.999Z"})

    assert (same.status_code, same.json()) == (200, ticket)
    assert (late.status_code, late.json()) == (200, ticket)


def test_a_ticket_takes_the_feature_made_from_its_issue(
    api: Api, store: Store, project_id: str, path: str
) -> None:
    issue_id = path.removeprefix("/tickets/")
    lookup = a_feature_by_linear_issue(linear_issue_id=issue_id, project_id=project_id)
    store.save(Put(lookup))

    ticket = created(api.put(path, json={**ISSUE, "projectId": project_id, "featureId": None}))

    assert ticket["featureId"] == lookup.feature_id


def test_a_ticket_moves_with_its_issue(api: Api, project_id: str, path: str) -> None:
    other = new_project(api)
    created(api.put(path, json={**ISSUE, "projectId": project_id}))

    moved = api.put(path, json={**ISSUE, "projectId": other})

    assert (moved.status_code, moved.json()["projectId"]) == (200, other)
    assert api.get(f"/projects/{project_id}/tickets").json()["items"] == []
    assert api.get(f"/projects/{other}/tickets").json()["items"] == [moved.json()]


def test_tickets_are_listed_by_project_the_last_synced_first(
    api: Api, clock: Clock, project_id: str
) -> None:
    tickets = []
    for minutes in range(3):
        clock.now = NOON + timedelta(minutes=minutes)
        body = {**ISSUE, "projectId": project_id}
        tickets.append(created(api.put(f"/tickets/{fresh_name('ENG')}", json=body)))
    created(api.put(f"/tickets/{fresh_name('ENG')}", json={**ISSUE, "projectId": new_project(api)}))

    path = f"/projects/{project_id}/tickets"

    assert items_of(walk(api, path, limit=2)) == tickets[::-1]
    assert items_of(walk(api, path, limit=2, order="asc")) == tickets
    assert api.get(f"/projects/{new_id()}/tickets").status_code == 404


def test_nothing_is_synced_into_a_project_that_is_not_there(
    api: Api, store: Store, project_id: str, path: str
) -> None:
    created(api.put(path, json={**ISSUE, "projectId": project_id}))
    detail = "there is no Project with projectId 'no-such-project'"

    for each in (path, f"{path}-new"):
        with unchanged(store, each):
            response = api.put(each, json={**ISSUE, "projectId": "no-such-project"})
            assert_problem(response, 404, detail, kind="item-not-found")


def test_an_issue_without_a_ticket_is_not_found(api: Api, path: str) -> None:
    detail = f"there is no Ticket with linearIssueId '{path.removeprefix('/tickets/')}'"

    assert_problem(api.get(path), 404, detail, kind="item-not-found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("projectId", None),
        ("projectId", "a b"),
        ("linearIssueUrl", ""),
        ("linearIssueUrl", "x" * 2001),
        ("title", ""),
        ("title", "x" * 2001),
        ("title", None),
        ("status", ""),
        ("status", 5),
        ("status", "x" * 201),
        ("description", 5),
        ("priority", 5),
        ("priority", -1),
        ("priority", "2"),
        ("priority", True),
        ("priority", 1.5),
        ("priority", None),
        ("labels", "security"),
        ("labels", None),
        ("labels", ["x"] * 1001),
        ("featureId", "a b"),
        ("asOf", "noon"),
        ("asOf", 1770206400),
        ("id", "chosen"),
        ("syncedAt", NOON_TEXT),
        ("linearIssueId", "ENG-7"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_a_value_that_is_not_allowed_is_refused(detached: Api, field: str, value: Any) -> None:
    response = detached.put("/tickets/ENG-7", json={**ISSUE, "projectId": "p", field: value})

    assert faults(response) == [f"body.{field}"]


def test_a_label_that_is_no_text_is_refused(detached: Api) -> None:
    response = detached.put("/tickets/E", json={**ISSUE, "projectId": "p", "labels": ["a", 5]})

    assert faults(response) == ["body.labels.1"]


@pytest.mark.parametrize("field", ["projectId", "linearIssueUrl", "title", "status"])
def test_what_every_ticket_has_is_required(detached: Api, field: str) -> None:
    body = {name: value for name, value in {**ISSUE, "projectId": "p"}.items() if name != field}

    assert faults(detached.put("/tickets/ENG-7", json=body)) == [f"body.{field}"]


def test_what_is_too_large_for_an_item_is_refused(
    api: Api, store: Store, project_id: str, path: str
) -> None:
    with unchanged(store, path):
        body = {**ISSUE, "projectId": project_id, "description": "x" * 409_600}
        response = api.put(path, json=body)

    assert response.status_code == 413
    assert response.json()["type"] == "urn:autoforge:problem:item-too-large"


def test_a_ticket_that_others_never_stop_changing_is_unavailable(
    api: Api, store: Store, project_id: str, path: str
) -> None:
    body = {**ISSUE, "projectId": project_id}
    created(api.put(path, json=body))
    item = a_ticket(title="Other").to_item()
    refused = Refuse("ConditionalCheckFailedException", more={"Item": item})

    with injected(store.client, lambda _, name: refused if name == "UpdateItem" else Pass()):
        response = api.put(path, json={**body, "status": "Done"})

    assert response.status_code == 503
    assert response.json()["type"] == "urn:autoforge:problem:transaction-conflict"
    assert response.headers["retry-after"] == "1"


def test_what_is_in_a_tickets_place_and_is_none_is_a_conflict(
    api: Api, store: Store, project_id: str, path: str
) -> None:
    stranger = a_ticket(linear_issue_id=path.removeprefix("/tickets/")).to_item()
    put_raw(store, {**stranger, "EntityType": {"S": "Note"}})

    with unchanged(store, path):
        response = api.put(path, json={**ISSUE, "projectId": project_id})

    assert response.status_code == 409
    assert response.json()["type"] == "urn:autoforge:problem:item-exists"
    assert "current" not in response.json()
    assert api.get(path).status_code == 404


#: Ids that collide in a path without proper escaping.
IDS = [
    "ENG#1", "ENG%231", "ENG%25231", "ENG", "ENG/1", "ENG//1", "ENG%2F1", "/ENG", "ENG/", "ENG?a=b",
    "ENG 1", "ENG+1", "é", "e\u0301", "%C3%A9", "..", "\0", "\U0001f600", "tickets", "ENG/TICKET",
]  # fmt: skip


def test_free_text_in_a_path_stays_what_it_is(fresh_api: Api) -> None:
    project_id = new_project(fresh_api)
    # httpx resolves dots in a path, but leaves %2E%2E unchanged.
    paths = [f"/tickets/{quote(each, safe='')}".replace("..", "%2E%2E") for each in IDS]

    written = [
        created(fresh_api.put(each, json={**ISSUE, "projectId": project_id})) for each in paths
    ]

    assert [each["linearIssueId"] for each in written] == IDS
    assert [fresh_api.get(each).json() for each in paths] == written
    listed = items_of(walk(fresh_api, f"/projects/{project_id}/tickets", limit=100))
    assert sorted(str(each) for each in listed) == sorted(map(str, written))


def test_a_path_without_an_issue_is_not_found(detached: Api) -> None:
    for path in ("/tickets", "/tickets/", "//tickets/ENG-7"):
        assert detached.get(path).status_code == 404


@pytest.mark.parametrize(
    ("issue_id", "detail"),
    [
        ("x" * 2049, "over the limit of 2048"),
        ("%FF", "'\\udcff' cannot be written in UTF-8"),
    ],
    ids=lambda each: each[:10],
)
def test_what_can_be_no_id_of_an_issue_is_refused(
    detached: Api, issue_id: str, detail: str
) -> None:
    body = {**ISSUE, "projectId": "p"}
    path = f"/tickets/{issue_id}"
    for response in (detached.get(path), detached.put(path, json=body)):
        assert response.status_code == 400
        assert response.json()["type"] == "urn:autoforge:problem:invalid-value"
    assert detached.get(path).json()["detail"].endswith(detail)
