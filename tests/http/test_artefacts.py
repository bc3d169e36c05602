"""Routes of artefacts: their versions, and the ETags that protect them."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from autoforge.dynamodb.store.store import Store
from autoforge.testing.clock import Clock
from tests.factories import NOON
from tests.http.serving import (
    NOON_TEXT,
    Api,
    JsonObject,
    assert_invalid,
    assert_problem,
    created,
    faults,
    new_project,
    unchanged,
)

LATER = "2026-02-04T12:00:01.000Z"


@pytest.fixture
def path(api: Api) -> str:
    """The path of a new project's RAID log, which does not exist yet."""
    return f"/projects/{new_project(api)}/artefacts/raid_log"


def _match(seen: Response) -> dict[str, str]:
    """Return the If-Match header with the tag of an answer."""
    return {"if-match": seen.headers["etag"]}


def _conflict(current: JsonObject) -> str:
    name = f"Artefact raid_log of project {current['projectId']}"
    return f"{name} is not as the caller expects it: it is in version {current['version']}"


def test_an_artefact_is_created_in_version_1(api: Api, path: str) -> None:
    response = api.put(path, json={"content": {"risks": []}})

    artefact = created(response)
    assert artefact == {
        "id": artefact["id"],
        "projectId": path.split("/")[2],
        "type": "raid_log",
        "content": {"risks": []},
        "previousVersion": None,
        "version": 1,
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }
    assert response.headers["location"] == path
    shown = api.get(path)
    assert (shown.status_code, shown.json()) == (200, artefact)
    assert shown.headers["etag"] == response.headers["etag"]


def test_the_version_that_was_read_is_replaced_and_kept(api: Api, clock: Clock, path: str) -> None:
    first = api.put(path, json={"content": {"n": 1}})
    artefact = created(first)
    clock.now = NOON + timedelta(seconds=1)

    response = api.put(path, json={"content": {"n": 2}}, headers=_match(first))

    assert response.status_code == 200
    assert "location" not in response.headers
    assert response.headers["etag"] == api.get(path).headers["etag"] != first.headers["etag"]
    replaced = {
        **artefact,
        "content": {"n": 2},
        "previousVersion": {"n": 1},
        "version": 2,
        "updatedAt": LATER,
    }
    assert response.json() == replaced
    assert api.get(path).json() == replaced


def test_another_version_than_the_one_that_was_read_is_left_alone(
    api: Api, store: Store, path: str
) -> None:
    first = api.put(path, json={"content": {"n": 1}})
    current = api.put(path, json={"content": {"n": 2}}, headers=_match(first)).json()

    with unchanged(store, path):
        response = api.put(path, json={"content": {"n": 3}}, headers=_match(first))

    detail = _conflict(current)
    assert_problem(response, 412, detail, kind="version-conflict", current=current)


def test_any_version_is_replaced_where_the_client_says_so(api: Api, path: str) -> None:
    api.put(path, json={"content": {"n": 1}})

    response = api.put(path, json={"content": {"n": 2}}, headers={"if-match": " * "})

    assert (response.status_code, response.json()["version"]) == (200, 2)


@pytest.mark.parametrize(
    "tag", ["1", '"0"', '"01"', '"-1"', 'W/"1"', '"1", "2"', '""', "", '"1', '"1000000000000000"']
)
def test_an_if_match_that_names_another_tag_or_none_is_a_failed_precondition(
    api: Api, store: Store, path: str, tag: str
) -> None:
    current = created(api.put(path, json={"content": {"n": 1}}))

    with unchanged(store, path):
        responses = [
            api.put(path, json={"content": {"n": 2}}, headers={"if-match": tag}),
            api.post(f"{path}/revert", headers={"if-match": tag}),
        ]

    for response in responses:
        detail = _conflict(current)
        assert_problem(response, 412, detail, kind="version-conflict", current=current)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 428), ({"if-none-match": '"bogus"'}, 428), ({"if-none-match": "*"}, 412)],
    ids=["nothing", "another tag", "a star"],
)
def test_what_a_client_has_not_seen_it_does_not_overwrite(
    api: Api, store: Store, path: str, headers: dict[str, str], status: int
) -> None:
    first = api.put(path, json={"content": {"n": 1}}, headers=headers)
    current = created(first)

    with unchanged(store, path):
        response = api.put(path, json={"content": {"n": 2}}, headers=headers)

    tag = first.headers["etag"]
    exists = f"Artefact with projectId '{current['projectId']}', type 'raid_log' exists already"
    if status == 412:
        assert_problem(response, status, exists, kind="version-conflict", current=current)
    else:
        detail = f"{exists}: send If-Match: {tag} to replace it as it is now"
        assert_problem(response, status, detail, current=current)
    assert response.headers["etag"] == tag


@pytest.mark.parametrize("tag", ['"1"', "*"])
def test_an_artefact_that_is_not_there_is_not_found(
    api: Api, store: Store, path: str, tag: str
) -> None:
    with unchanged(store, path):
        responses = [
            api.get(path),
            api.post(f"{path}/revert", headers={"if-match": tag}),
            api.post(f"{path}/revert"),
        ]
        # Without If-Match the request would create the artefact, so If-Match cannot match.
        replaced = api.put(path, json={"content": {}}, headers={"if-match": tag})

    detail = f"there is no Artefact with projectId '{path.split('/')[2]}', type 'raid_log'"
    for response in responses:
        assert_problem(response, 404, detail, kind="item-not-found")
    detail = f"{detail}; If-Match requires it to exist"
    assert_problem(replaced, 412, detail, kind="version-conflict")


def test_reverting_swaps_the_content_and_the_one_before_it(
    api: Api, clock: Clock, path: str
) -> None:
    first = api.put(path, json={"content": {"n": 1}})
    second = api.put(path, json={"content": {"n": 2}}, headers=_match(first))
    clock.now = NOON + timedelta(seconds=1)

    response = api.post(f"{path}/revert", headers=_match(second))

    swapped = {
        **second.json(),
        "content": {"n": 1},
        "previousVersion": {"n": 2},
        "version": 3,
        "updatedAt": LATER,
    }
    assert (response.status_code, response.json()) == (200, swapped)
    assert response.headers["etag"] == api.get(path).headers["etag"]
    again = api.post(f"{path}/revert")
    assert again.json() == {**second.json(), "version": 4, "updatedAt": LATER}


def test_reverting_another_version_than_was_read_is_refused(
    api: Api, store: Store, path: str
) -> None:
    first = api.put(path, json={"content": {"n": 1}})
    current = api.put(path, json={"content": {"n": 2}}, headers=_match(first)).json()

    with unchanged(store, path):
        response = api.post(f"{path}/revert", headers=_match(first))

    detail = _conflict(current)
    assert_problem(response, 412, detail, kind="version-conflict", current=current)


def test_a_first_version_cannot_be_reverted(api: Api, store: Store, path: str) -> None:
    current = created(api.put(path, json={"content": {"n": 1}}))

    with unchanged(store, path):
        response = api.post(f"{path}/revert")

    detail = (
        f"Artefact raid_log of project {current['projectId']} has no previous version; "
        "only an artefact that was updated can be reverted"
    )
    assert_problem(response, 409, detail, kind="condition-failed", current=current)


def test_a_type_that_no_artefact_has_is_refused(detached: Api) -> None:
    path = "/projects/p/artefacts/diary"

    responses = [
        detached.get(path),
        detached.put(path, json={"content": {}}),
        detached.post(f"{path}/revert"),
    ]

    for response in responses:
        types = "'delivery_state', 'raid_log', 'backlog_summary' or 'decision_log'"
        assert_invalid(response, ("path.type", f"Input should be {types}"))


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body.content"),
        ({"content": None}, "body.content"),
        ({"content": []}, "body.content"),
        ({"content": "text"}, "body.content"),
        ({"content": {}, "version": 2}, "body.version"),
    ],
    ids=repr,
)
def test_a_content_that_is_no_object_is_refused(detached: Api, body: Any, where: str) -> None:
    assert faults(detached.put("/projects/p/artefacts/raid_log", json=body)) == [where]


def test_artefacts_are_listed_by_type(api: Api) -> None:
    path = f"/projects/{new_project(api)}/artefacts"
    kinds = ["raid_log", "backlog_summary", "delivery_state", "decision_log"]
    artefacts: list[JsonObject] = [
        created(api.put(f"{path}/{kind}", json={"content": {"of": kind}})) for kind in kinds
    ]

    listed = api.get(path).json()

    assert listed == {"items": [artefacts[at] for at in (1, 3, 2, 0)], "nextCursor": None}
