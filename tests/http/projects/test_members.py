"""Routes of a project's members: the owner, and users that were added."""

from datetime import timedelta

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.http.views import problem_item
from autoforge.testing.clock import Clock
from tests.factories import NOON, a_member, a_member_ref, new_id
from tests.http.serving import (
    NOON_TEXT,
    Api,
    JsonObject,
    assert_problem,
    faults,
    items_of,
    new_project,
    new_user,
    unchanged,
    walk,
)


def member(project_id: str, user_id: str, **over: object) -> JsonObject:
    """Return how a member that was added at noon is shown."""
    flags = {"owner": False, "member": True}
    moments = {"createdAt": NOON_TEXT, "updatedAt": NOON_TEXT}
    return {"projectId": project_id, "userId": user_id, **flags, **moments, **over}


def test_a_member_is_added_once_and_removed(api: Api, clock: Clock) -> None:
    project_id, user = new_project(api), new_user(api)
    path = f"/projects/{project_id}/members"
    own = f"{path}/{user['id']}"

    added = api.put(own)
    clock.now = NOON + timedelta(minutes=1)
    again = api.put(own)

    for response in (added, again):
        assert (response.status_code, response.content) == (204, b"")
    assert api.get(path).json() == {
        "items": [member(project_id, user["id"])],
        "nextCursor": None,
    }
    removed = api.delete(own)
    assert (removed.status_code, removed.content) == (204, b"")
    assert api.get(path).json() == {"items": [], "nextCursor": None}
    detail = f"there is no ProjectMember with userId '{user['id']}', projectId '{project_id}'"
    assert_problem(api.delete(own), 404, detail, kind="item-not-found")


def test_an_owner_is_shown_among_the_members_and_changes_with_the_project(
    api: Api, clock: Clock
) -> None:
    users = [new_user(api)["id"] for _ in range(2)]
    project_id = new_project(api, ownerId=users[0])
    path = f"/projects/{project_id}/members"
    assert api.put(f"{path}/{users[1]}").status_code == 204

    owner = member(project_id, users[0], owner=True, member=False)
    assert items_of(walk(api, path)) == [owner, member(project_id, users[1])]
    assert items_of(walk(api, path, order="desc", limit=1))[1] == owner

    clock.now = NOON + timedelta(minutes=1)
    changed = api.patch(f"/projects/{project_id}", json={"ownerId": users[1], "name": "Mine"})
    assert (changed.status_code, changed.json()["ownerId"]) == (200, users[1])
    assert changed.json() == api.get(f"/projects/{project_id}").json()
    assert api.delete(f"{path}/{users[1]}").status_code == 204
    moved = member(
        project_id, users[1], owner=True, member=False, updatedAt="2026-02-04T12:01:00.000Z"
    )
    assert items_of(walk(api, path)) == [moved]


def test_nobody_becomes_a_member_of_what_is_not_there_nor_who_is_no_user(
    api: Api, store: Store
) -> None:
    project_id, nowhere, nobody = new_project(api), new_id(), new_id()
    user = new_user(api)

    with unchanged(store, f"/users/{user['id']}"), unchanged(store, f"/projects/{project_id}"):
        for method in ("PUT", "DELETE"):
            response = api.request(method, f"/projects/{nowhere}/members/{user['id']}")
            detail = f"there is no Project with projectId '{nowhere}'"
            assert_problem(response, 404, detail, kind="item-not-found")
        response = api.put(f"/projects/{project_id}/members/{nobody}")
        detail = f"there is no User with userId '{nobody}'"
        assert_problem(response, 404, detail, kind="item-not-found")


@pytest.mark.parametrize("user_id", ["a%20b", "a%23b", "x" * 65])
def test_what_can_be_no_user_id_is_refused(detached: Api, user_id: str) -> None:
    for method in ("PUT", "DELETE"):
        response = detached.request(method, f"/projects/p/members/{user_id}")
        assert faults(response) == ["path.userId"]


def test_a_member_is_shown_in_a_problem_as_in_a_list() -> None:
    own = {"project_id": "p", "user_id": "u"}

    assert problem_item(a_member(**own)) == problem_item(a_member_ref(**own)) == member("p", "u")
