"""Routes of events: recorded once, found by time, and expired after 30 days."""

from datetime import timedelta
from typing import Any

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import timestamp_of
from autoforge.testing.clock import Clock
from autoforge.testing.recording import watching
from tests.factories import NOON, new_id
from tests.http.serving import (
    NOON_TEXT,
    Api,
    JsonObject,
    assert_invalid,
    assert_problem,
    created,
    faults,
    items_of,
    new_project,
    unchanged,
    walk,
)

EVENT: JsonObject = {"eventType": "signal_detected", "summary": "MCU-156 is in progress"}
EXPIRY_TEXT = "2026-03-06T12:00:00.000Z"


def at(api: Api, path: str, *moments: str) -> list[str]:
    """Record events at timestamps and return their ids."""
    return [
        str(created(api.post(path, json={**EVENT, "createdAt": moment}))["id"])
        for moment in moments
    ]


def ids(api: Api, path: str, **parameters: Any) -> list[str]:
    """Return the ids that a list shows, over all its pages."""
    return [item["id"] for item in items_of(walk(api, path, **parameters))]


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's events."""
    return f"/projects/{new_project(api)}/events"


def test_an_event_is_recorded_now_unless_said(api: Api, path: str) -> None:
    response = api.post(path, json=EVENT)

    event = created(response)
    assert event == {
        "id": event["id"],
        "projectId": path.split("/")[2],
        **EVENT,
        "severity": "info",
        "detail": None,
        "createdAt": NOON_TEXT,
        "expiresAt": EXPIRY_TEXT,
    }
    assert timestamp_of(event["id"]) == NOON
    assert response.headers["location"] == f"{path}/{event['id']}"
    shown = api.get(response.headers["location"])
    assert (shown.status_code, shown.json()) == (200, event)


def test_an_event_is_recorded_as_it_is_described(api: Api, path: str) -> None:
    event_id = new_id()
    given = {**EVENT, "id": event_id, "severity": "critical", "detail": {"a": [], "b": None}}

    event = created(api.post(path, json=given))

    assert event == {
        **given,
        "projectId": path.split("/")[2],
        "createdAt": NOON_TEXT,
        "expiresAt": EXPIRY_TEXT,
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-04T10:30:00Z", "2026-02-04T10:30:00.000Z"),
        ("2026-02-04t10:30:00z", "2026-02-04T10:30:00.000Z"),
        ("2026-02-04T10:30Z", "2026-02-04T10:30:00.000Z"),
        ("2026-02-04 10:30:00", "2026-02-04T10:30:00.000Z"),
        ("2026-02-04T10:30:00.123456Z", "2026-02-04T10:30:00.123Z"),
        ("2026-02-04T21:00:00+10:30", "2026-02-04T10:30:00.000Z"),
        ("2026-02-04T05:30:00-05:00", "2026-02-04T10:30:00.000Z"),
        ("20260204T103000Z", "2026-02-04T10:30:00.000Z"),
        ("2026-W06-3T10:30:00Z", "2026-02-04T10:30:00.000Z"),
        ("2026-02-04", "2026-02-04T00:00:00.000Z"),
    ],
)
def test_a_moment_is_taken_in_any_form_of_iso_8601(
    api: Api, path: str, text: str, moment: str
) -> None:
    (event_id,) = at(api, path, text)

    assert api.get(f"{path}/{event_id}").json()["createdAt"] == moment
    for bound in ("from", "to"):
        assert ids(api, path, **{bound: text}) == ([event_id] if bound == "from" else [])
    assert ids(api, path, **{"from": text, "to": "2026-02-04T10:30:00.124Z"}) == [event_id]


@pytest.mark.parametrize("text", ["", "noon", "2026-02-30", 1770206400, True, {}])
def test_what_is_no_moment_of_an_event_is_refused(detached: Api, text: Any) -> None:
    response = detached.post("/events", json={**EVENT, "createdAt": text})

    assert faults(response) == ["body.createdAt"]


def test_an_event_before_1970_is_refused(detached: Api) -> None:
    response = detached.post("/events", json={**EVENT, "createdAt": "1969-12-31"})

    detail = "1969-12-31T00:00:00.000Z is before 1970, so no ULID can hold it"
    assert_problem(response, 400, detail, kind="invalid-value")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("eventType", ""),
        ("eventType", "x" * 201),
        ("eventType", None),
        ("summary", "x" * 2001),
        ("summary", None),
        ("severity", "fatal"),
        ("severity", None),
        ("detail", []),
        ("detail", "text"),
        ("id", "no-ulid"),
        ("id", "01kgkr2t40r6bax8a0b1rtcdkn"),
        ("id", "01KGKR2T40R6BAX8A0B1RTCDKN\n"),
        ("projectId", "another"),
    ],
)
def test_an_event_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    for path in ("/events", "/projects/p/events"):
        assert faults(detached.post(path, json={**EVENT, field: value})) == [f"body.{field}"]


def test_recording_the_same_event_again_changes_nothing(
    api: Api, clock: Clock, store: Store, path: str
) -> None:
    given = {**EVENT, "id": new_id(), "detail": {"n": 1.0}}
    event = created(api.post(path, json=given))
    clock.now = NOON + timedelta(hours=1)

    with unchanged(store, path):
        response = api.post(path, json=given)

    assert (response.status_code, response.json()) == (201, event)


def test_another_event_under_the_same_id_is_refused_with_the_one_that_has_it(
    api: Api, store: Store, path: str
) -> None:
    event = created(api.post(path, json={**EVENT, "id": new_id()}))

    with unchanged(store, path):
        response = api.post(path, json={**EVENT, "id": event["id"], "summary": "Another"})

    assert response.status_code == 409
    problem = response.json()
    assert problem["type"] == "urn:autoforge:problem:item-exists"
    assert problem["current"] == event
    assert problem["detail"].endswith("exists already")


def test_a_moment_in_the_future_is_refused_by_the_name_of_its_field(
    api: Api, store: Store, path: str
) -> None:
    late = "2026-02-04T12:00:02.001Z"
    project_id = path.split("/")[2]
    ticket = {"projectId": project_id, "linearIssueUrl": "u", "title": "t", "status": "s"}
    value = {"checkpointValue": late, "onlyForward": True}
    future = f"{late}, ahead of the present ({NOON_TEXT}); it may be at most 2 seconds ahead"

    with unchanged(store, path):
        answers = {
            "createdAt": api.post(path, json={**EVENT, "createdAt": late}),
            "asOf": api.put("/tickets/LIN-1", json={**ticket, "asOf": late}),
            "checkpointValue": api.put(f"/projects/{project_id}/checkpoints/jira/k", json=value),
        }

    for field, response in answers.items():
        assert_problem(response, 400, f"{field} is {future}", kind="invalid-value")


def test_an_id_that_was_minted_at_another_moment_is_refused(
    api: Api, store: Store, path: str
) -> None:
    event_id = new_id(NOON + timedelta(milliseconds=1))

    with unchanged(store, path):
        response = api.post(path, json={**EVENT, "id": event_id, "createdAt": NOON_TEXT})

    detail = (
        f"the id {event_id} was minted at 2026-02-04T12:00:00.001000+00:00, "
        "not at createdAt 2026-02-04T12:00:00+00:00"
    )
    assert_problem(response, 400, detail, kind="invalid-value")


@pytest.mark.parametrize("path", ["/events", "/projects/p/events"])
def test_an_id_past_the_year_9999_is_refused(detached: Api, path: str) -> None:
    latest = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
    detail = f"the time of '{latest}' is past the year 9999"

    shown = detached.get(f"{path}/{latest}")
    polled = detached.get(path, params={"after": latest})

    for response in (shown, polled):
        assert_problem(response, 400, detail, kind="invalid-value")


def test_an_event_is_not_found_elsewhere(api: Api, path: str) -> None:
    event_id = created(api.post(path, json=EVENT))["id"]
    other = f"/projects/{new_project(api)}/events"

    for elsewhere in (f"{other}/{event_id}", f"/events/{event_id}", f"{path}/{new_id()}"):
        response = api.get(elsewhere)

        assert response.status_code == 404
        assert response.json()["type"] == "urn:autoforge:problem:item-not-found"


@pytest.mark.parametrize("event_id", ["nope", "01kgkr2t40r6bax8a0b1rtcdk"])
def test_what_is_no_event_id_is_refused(detached: Api, event_id: str) -> None:
    for path in ("/events", "/projects/p/events"):
        response = detached.get(f"{path}/{event_id}")
        assert_problem(response, 400, f"'{event_id}' is not a ULID", kind="invalid-value")
        after = detached.get(path, params={"after": event_id})
        assert faults(after) == ["query.after"]


def test_events_are_listed_newest_first_from_a_moment_up_to_another(api: Api, path: str) -> None:
    moments = ["2026-02-03T23:59:59.999Z", "2026-02-04T00:00:00Z", "2026-02-04T11:00:00Z"]
    oldest, middle, newest = at(api, path, *moments)

    assert ids(api, path) == [newest, middle, oldest]
    assert ids(api, path, order="asc") == [oldest, middle, newest]
    assert ids(api, path, **{"from": moments[1]}) == [newest, middle]
    assert ids(api, path, to=moments[1]) == [oldest]
    assert ids(api, path, **{"from": moments[1], "to": moments[2]}) == [middle]
    assert ids(api, path, **{"from": moments[1], "to": moments[1]}) == []


@pytest.mark.parametrize("path", ["/events", "/projects/p/events", "/events?date=2026-02-04"])
def test_a_stretch_that_ends_before_it_begins_is_refused(detached: Api, path: str) -> None:
    separator = "&" if "?" in path else "?"

    response = detached.get(f"{path}{separator}from=2026-02-05&to=2026-02-04")

    found = "from is 2026-02-05T00:00:00.000Z and to is 2026-02-04T00:00:00.000Z"
    detail = f"{found}; from must not be after to"
    assert_problem(response, 400, detail, kind="invalid-value")


def test_polling_returns_what_is_newer_and_costs_one_request(api: Api, store: Store) -> None:
    path = f"/projects/{new_project(api)}/events"
    first, second, third = (created(api.post(path, json=EVENT))["id"] for _ in range(3))

    assert ids(api, path, after=first) == [third, second]
    assert ids(api, path, after=second, order="asc", limit=1) == [third]
    with watching(store.client) as watched:
        response = api.get(path, params={"after": third})
    assert response.json() == {"items": [], "nextCursor": None, "pollCursor": None}
    assert watched.operations == ["Query"]


def test_a_poll_delivers_what_was_not_delivered_before_oldest_first(
    api: Api, clock: Clock, path: str
) -> None:
    for each in (path, "/events"):
        first = api.get(each, params={"limit": 2})
        cursor = first.json()["pollCursor"]
        recorded = [created(api.post(path, json=EVENT))["id"] for _ in range(5)]

        delivered = []
        for _ in range(4):
            answer = api.get(each, params={"after": cursor, "limit": 2}).json()
            delivered += [event["id"] for event in answer["items"]]
            assert answer["nextCursor"] is None
            cursor = answer["pollCursor"]
        assert delivered == recorded

        clock.now += timedelta(days=1)
        assert api.get(each, params={"after": cursor}).json()["items"] == []


def test_an_event_stored_behind_others_that_were_read_is_delivered(
    api: Api, clock: Clock, path: str
) -> None:
    """As if it was written more slowly than they were."""
    cursor = api.get(path).json()["pollCursor"]
    (newer,) = at(api, path, "2026-02-04T12:00:00.002Z")
    polled = api.get(path, params={"after": cursor}).json()
    (older,) = at(api, path, "2026-02-04T12:00:00.001Z")

    late = api.get(path, params={"after": polled["pollCursor"]}).json()

    assert [[event["id"] for event in each["items"]] for each in (polled, late)] == [
        [newer],
        [older],
    ]
    assert ids(api, path, after=newer) == []  # the plain id misses it


def test_a_quiet_feed_is_answered_with_304(api: Api, clock: Clock, path: str) -> None:
    created(api.post(path, json=EVENT))
    clock.now += timedelta(minutes=1)
    page = api.get(path)
    polled = api.get(path, params={"after": page.json()["pollCursor"]})
    clock.now += timedelta(minutes=1)

    for before in (page, polled):
        again = api.get(str(before.request.url), headers={"If-None-Match": before.headers["etag"]})
        assert again.status_code == 304


@pytest.mark.parametrize("name", ["from", "to", "cursor"])
def test_a_poll_takes_nothing_that_would_pass_over_events(api: Api, path: str, name: str) -> None:
    cursor = api.get(path).json()["pollCursor"]
    given = {"after": cursor, name: "2026-02-04"}

    response = api.get(path, params=given)

    detail = f"{name} was given with a pollCursor as after; expected one of them"
    assert_problem(response, 400, detail, kind="invalid-value")
    assert api.get(path, params={"after": cursor, "order": "asc"}).status_code == 200
    assert api.get(path, params={"after": cursor, "order": "desc"}).status_code == 400


def test_a_poll_cursor_is_good_for_its_own_feed_only(api: Api, path: str) -> None:
    mine = api.get(path).json()["pollCursor"]
    other = f"/projects/{new_project(api)}/events"

    for wrong, where in ((mine, other), (mine, "/events"), (mine[:-1] + "_", path)):
        response = api.get(where, params={"after": wrong})
        detail = "the poll cursor was not issued for this feed"
        assert_problem(response, 400, detail, kind="invalid-cursor")


@pytest.mark.parametrize(
    "parameters",
    [{"from": "2026-02-04"}, {"to": "2026-02-05"}, {"order": "asc"}, {"after": new_id()}],
)
def test_a_page_of_a_part_of_a_feed_has_no_poll_cursor(
    api: Api, path: str, parameters: dict[str, str]
) -> None:
    assert api.get(path, params=parameters).json()["pollCursor"] is None


def test_polling_goes_with_a_stretch(api: Api, path: str) -> None:
    early, middle, late = at(
        api, path, "2026-02-04T09:00:00Z", "2026-02-04T10:00:00Z", "2026-02-04T11:00:00Z"
    )

    assert ids(api, path, after=early, to="2026-02-04T11:00:00Z") == [middle]
    assert ids(api, path, after=early, **{"from": "2026-02-04T10:00:00.001Z"}) == [late]


def test_an_event_is_gone_after_30_days(api: Api, clock: Clock, path: str) -> None:
    event_id = created(api.post(path, json=EVENT))["id"]

    clock.now = NOON + timedelta(days=30, milliseconds=-1)
    assert api.get(f"{path}/{event_id}").status_code == 200
    assert ids(api, path) == [event_id]

    clock.now = NOON + timedelta(days=30)
    assert api.get(f"{path}/{event_id}").status_code == 404
    assert ids(api, path) == []


def test_the_feed_shows_what_happened_in_all_projects_and_in_none(fresh_api: Api) -> None:
    project_id = new_project(fresh_api)
    of_project = {**EVENT, "severity": "warning", "detail": {"n": 1}}
    inside = created(fresh_api.post(f"/projects/{project_id}/events", json=of_project))
    response = fresh_api.post("/events", json=of_project)
    alone = created(response)

    assert alone == {**inside, "id": alone["id"], "projectId": None}
    assert response.headers["location"] == f"/events/{alone['id']}"
    assert fresh_api.get(response.headers["location"]).json() == alone
    feed = fresh_api.get("/events").json()
    assert (feed["items"], feed["nextCursor"]) == ([alone, {**inside, "detail": None}], None)
    day = fresh_api.get("/events", params={"date": "2026-02-04"}).json()
    assert day == {"items": [alone, inside], "nextCursor": None, "pollCursor": None}


def test_the_feed_reaches_over_midnight_and_a_day_does_not(fresh_api: Api) -> None:
    path = f"/projects/{new_project(fresh_api)}/events"
    before, after = at(fresh_api, path, "2026-02-03T23:59:59.999Z", "2026-02-04T00:00:00Z")
    (alone,) = at(fresh_api, "/events", "2026-02-04T11:00:00Z")

    assert ids(fresh_api, "/events") == [alone, after, before]
    assert ids(fresh_api, "/events", order="asc", limit=1) == [before, after, alone]
    assert ids(fresh_api, "/events", after=before) == [alone, after]
    night = {"from": "2026-02-03T23:00:00Z", "to": "2026-02-04T01:00:00Z"}
    assert ids(fresh_api, "/events", **night) == [after, before]
    assert ids(fresh_api, "/events", date="2026-02-03") == [before]
    assert ids(fresh_api, "/events", date="2026-02-04") == [alone, after]
    assert ids(fresh_api, "/events", date="2026-02-04", **night) == [after]
    assert ids(fresh_api, "/events", date="2026-02-05") == []


@pytest.mark.parametrize("day", ["", "today", "2026-02-30", "2026-02-04T00:00:00", "1770206400"])
def test_what_is_no_day_is_refused(detached: Api, day: str) -> None:
    response = detached.get("/events", params={"date": day})

    assert_invalid(response, ("query.date", "Invalid RFC3339 encoded date"))


def test_polling_does_not_go_with_a_day(detached: Api) -> None:
    response = detached.get("/events", params={"date": "2026-02-04", "after": new_id()})

    detail = "after was given with date; expected one of them"
    assert_problem(response, 400, detail, kind="invalid-value")
