"""Routes of users: a log-in creates one user, found by id, Auth0 id and e-mail address."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import timestamp_of
from autoforge.http.users import UserView
from autoforge.http.views import problem_item
from autoforge.testing.clock import Clock
from tests.factories import NOON, a_user, a_user_by_auth0_id, a_user_by_email, new_id
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
    new_user,
    unchanged,
    walk,
)


def profile(**over: Any) -> JsonObject:
    """Return the body of a new user's log-in."""
    name = fresh_name("ann")
    return {"auth0Id": f"auth0|{name}", "email": f"Ann.{name}@Example.org", "name": "Ann", **over}


def test_a_first_log_in_makes_a_user(api: Api) -> None:
    said = profile(picture="https://example.org/ann.png", role="admin")

    response = api.put("/users", json=said)

    user = created(response)
    assert user == {"id": user["id"], **said, "createdAt": NOON_TEXT, "updatedAt": NOON_TEXT}
    assert timestamp_of(user["id"]) == NOON
    assert response.headers["location"] == f"/users/{user['id']}"
    assert api.get(response.headers["location"]).json() == user


def test_a_later_log_in_keeps_the_user_as_it_says(api: Api, clock: Clock, store: Store) -> None:
    said = profile(picture="https://example.org/ann.png", role="admin")
    user = created(api.put("/users", json=said))
    clock.now = NOON + timedelta(minutes=1)

    with unchanged(store, f"/users/{user['id']}"):
        again = api.put("/users", json=said)
    del said["role"], said["picture"]
    changed = api.put("/users", json={**said, "email": "x" + said["email"], "name": "Ann B."})

    assert (again.status_code, again.json()) == (200, user)
    assert "location" not in again.headers
    expected = {
        **user,
        "email": "x" + said["email"],
        "name": "Ann B.",
        "picture": None,
        "updatedAt": "2026-02-04T12:01:00.000Z",
    }
    assert (changed.status_code, changed.json()) == (200, expected)
    assert api.get(f"/users/{user['id']}").json() == expected
    assert api.get(f"/users/by-email/{said['email']}").status_code == 404


def test_a_new_user_is_a_developer_without_a_picture_unless_it_is_said(api: Api) -> None:
    user = created(api.put("/users", json=profile()))

    assert (user["role"], user["picture"]) == ("developer", None)


@pytest.mark.parametrize(
    "auth0_id", ["auth0|x", "a#b", "a%23b", "a/b", "/a//b/", "a b", "\u00e9", "e\u0301", "projects"]
)
def test_a_user_is_found_by_an_auth0_id_however_it_is_written(api: Api, auth0_id: str) -> None:
    auth0_id = f"{auth0_id}{new_id()}{auth0_id}"
    user = created(api.put("/users", json=profile(auth0Id=auth0_id)))

    found = api.get(f"/users/by-auth0/{quote(auth0_id, safe='')}")

    assert (found.status_code, found.json()) == (200, user)
    assert found.json()["auth0Id"] == auth0_id
    other = api.get(f"/users/by-auth0/{quote(auth0_id.upper() + 'x', safe='')}")
    detail = f"there is no User with auth0Id {auth0_id.upper() + 'x'!r}"
    assert_problem(other, 404, detail, kind="item-not-found")


@pytest.mark.parametrize("local", ["Ann", "a#b", "a%23b", "a/b", "a+b", "a b", "\u00e9"])
def test_a_user_is_found_by_an_address_in_any_case(api: Api, local: str) -> None:
    email = f"{local}{new_id()}@Example.org"
    user = created(api.put("/users", json=profile(email=email)))

    for written in (email, email.upper(), email.replace("\u00e9", "e\u0301")):
        found = api.get(f"/users/by-email/{quote(written, safe='')}")
        assert (found.status_code, found.json()) == (200, user)
    other = api.get(f"/users/by-email/x{quote(email, safe='')}")
    detail = f"there is no User with email {'x' + email!r}"
    assert_problem(other, 404, detail, kind="item-not-found")


def test_an_address_of_somebody_else_is_refused_without_saying_whose(
    api: Api, store: Store
) -> None:
    ann = created(api.put("/users", json=profile(name="A secret name")))
    ben = profile()
    own = created(api.put("/users", json=ben))
    taken = ann["email"].upper()

    with unchanged(store, f"/users/{own['id']}"), unchanged(store, f"/users/{ann['id']}"):
        for body in ({**ben, "email": taken}, profile(email=taken)):
            response = api.put("/users", json=body)

            detail = f"User with email '{taken}' exists already"
            assert_problem(response, 409, detail, kind="item-exists")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("auth0Id", ""),
        ("auth0Id", "x" * 301),
        ("auth0Id", None),
        ("email", ""),
        ("email", "ann"),
        ("email", "@example.org"),
        ("email", "ann@"),
        ("email", f"{'x' * 320}@example.org"),
        ("email", 5),
        ("name", ""),
        ("name", "x" * 301),
        ("picture", 5),
        ("picture", "x" * 2001),
        ("role", "boss"),
        ("id", "u1"),
        ("createdAt", NOON_TEXT),
    ],
)
def test_a_log_in_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    assert faults(detached.put("/users", json=profile(**{field: value}))) == [f"body.{field}"]


def test_a_user_who_is_not_there_is_not_found(api: Api) -> None:
    user_id = new_id()

    detail = f"there is no User with userId '{user_id}'"
    assert_problem(api.get(f"/users/{user_id}"), 404, detail, kind="item-not-found")


@pytest.mark.parametrize("user_id", ["a%20b", "a%23b", "x" * 65])
def test_what_can_be_no_user_id_is_refused(detached: Api, user_id: str) -> None:
    assert faults(detached.get(f"/users/{user_id}")) == ["path.userId"]
    assert faults(detached.get(f"/users/{user_id}/projects")) == ["path.userId"]


def test_a_users_projects_are_those_they_own_and_those_they_are_a_member_of(api: Api) -> None:
    user = new_user(api)
    path = f"/users/{user['id']}/projects"
    owned = new_project(api, ownerId=user["id"])
    joined = new_project(api)
    new_project(api, ownerId="somebody-else")
    assert api.put(f"/projects/{joined}/members/{user['id']}").status_code == 204

    projects = [api.get(f"/projects/{each}").json() for each in (owned, joined)]
    assert items_of(walk(api, path)) == items_of(walk(api, path, limit=1)) == projects
    assert items_of(walk(api, path, order="desc")) == projects[::-1]

    api.patch(f"/projects/{owned}", json={"ownerId": None})
    assert items_of(walk(api, path)) == [projects[1]]
    api.delete(f"/projects/{joined}")
    assert items_of(walk(api, path)) == []


def test_an_item_of_a_user_is_shown_in_a_problem_as_its_routes_show_it() -> None:
    user = a_user()

    assert problem_item(user) == UserView.of(user).model_dump(by_alias=True)
    assert problem_item(a_user_by_auth0_id(user_id="u")) == {"userId": "u"}
    assert problem_item(a_user_by_email(user_id="u")) == {"userId": "u"}
