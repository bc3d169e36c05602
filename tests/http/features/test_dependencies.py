"""Routes of dependencies: added, removed and listed, and cycles refused."""

from datetime import timedelta

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.testing.clock import Clock
from tests.factories import NOON, new_id
from tests.http.serving import (
    NOON_TEXT,
    Api,
    assert_problem,
    faults,
    items_of,
    new_feature,
    new_project,
    unchanged,
    walk,
)


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's features."""
    return f"/projects/{new_project(api)}/features"


def test_a_feature_waits_for_another_until_the_dependency_is_removed(
    api: Api, clock: Clock, path: str
) -> None:
    waited, waiting = new_feature(api, path)["id"], new_feature(api, path)
    own = f"{path}/{waiting['id']}"
    clock.now = NOON + timedelta(minutes=1)

    added = api.put(f"{own}/dependencies/{waited}")

    moment = "2026-02-04T12:01:00.000Z"
    expected = {
        **waiting,
        "dependencies": [waited],
        "waitingOn": [waited],
        "version": 2,
        "updatedAt": moment,
    }
    assert (added.status_code, added.json()) == (200, expected)
    assert api.get(own).json() == expected
    assert [each["id"] for each in api.get(f"{path}/ready").json()["items"]] == [waited]

    removed = api.delete(f"{own}/dependencies/{waited}")

    assert (removed.status_code, removed.content) == (204, b"")
    assert api.get(own).json() == {**waiting, "version": 3, "updatedAt": moment}
    assert len(api.get(f"{path}/ready").json()["items"]) == 2


def test_a_dependency_on_what_passes_is_no_wait(api: Api, path: str) -> None:
    passing, feature = new_feature(api, path)["id"], new_feature(api, path)["id"]
    api.post(f"{path}/{passing}/pass", json={"force": True})

    added = api.put(f"{path}/{feature}/dependencies/{passing}").json()

    assert (added["dependencies"], added["waitingOn"]) == ([passing], [])


def test_what_depends_on_a_feature_is_listed(api: Api, path: str) -> None:
    waited = new_feature(api, path)["id"]
    dependents = sorted(new_feature(api, path, dependencies=[waited])["id"] for _ in range(3))
    edges = [
        {
            "projectId": path.split("/")[2],
            "featureId": each,
            "dependsOnId": waited,
            "createdAt": NOON_TEXT,
        }
        for each in dependents
    ]

    of = f"{path}/{waited}/dependents"
    assert items_of(walk(api, of, limit=2)) == edges
    assert items_of(walk(api, of, order="desc")) == edges[::-1]
    assert api.get(f"{path}/{dependents[0]}/dependents").json() == {
        "items": [],
        "nextCursor": None,
    }


def test_a_dependency_that_is_there_is_refused(api: Api, store: Store, path: str) -> None:
    waited = new_feature(api, path)["id"]
    waiting = new_feature(api, path, dependencies=[waited])["id"]

    with unchanged(store, path):
        again = api.put(f"{path}/{waiting}/dependencies/{waited}")

    detail = f"FeatureDependency with featureId '{waiting}', dependsOnId '{waited}' exists already"
    assert_problem(again, 409, detail, kind="item-exists")


def test_a_cycle_is_refused_and_named(api: Api, store: Store, path: str) -> None:
    for name, dependencies in (("a", []), ("b", ["a"]), ("c", ["b"])):
        new_feature(api, path, id=name, dependencies=dependencies)

    with unchanged(store, path):
        around = api.put(f"{path}/a/dependencies/c")
        itself = api.put(f"{path}/a/dependencies/a")

    said = "features would wait for each other:"
    assert_problem(around, 409, f"{said} a -> c -> b -> a", kind="cyclic-dependency")
    assert_problem(itself, 409, f"{said} a -> a", kind="cyclic-dependency")


def test_what_the_project_lacks_is_not_found(api: Api, store: Store, path: str) -> None:
    here = new_feature(api, path)["id"]
    elsewhere = new_feature(api, f"/projects/{new_project(api)}/features")["id"]

    with unchanged(store, path):
        answers = {
            (one, other, method): api.request(method, f"{path}/{one}/dependencies/{other}")
            for method in ("PUT", "DELETE")
            for one, other in ((here, elsewhere), (elsewhere, here), (here, "no-such-feature"))
        }

    for (one, other, method), answer in answers.items():
        assert answer.status_code == 404
        problem = answer.json()
        assert problem["type"] == "urn:autoforge:problem:item-not-found"
        lacking = one if one == elsewhere else other
        assert lacking in problem["detail"], method


def test_a_dependency_that_is_not_there_is_not_removed(api: Api, store: Store, path: str) -> None:
    one, other = new_feature(api, path)["id"], new_feature(api, path)["id"]

    with unchanged(store, path):
        response = api.delete(f"{path}/{one}/dependencies/{other}")

    detail = f"there is no FeatureDependency with featureId '{one}', dependsOnId '{other}'"
    assert_problem(response, 404, detail, kind="item-not-found")


def test_a_feature_that_is_not_there_has_no_dependents(api: Api, path: str) -> None:
    answer = api.get(f"{path}/{new_id()}/dependents")

    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("there is no Feature with projectId")


@pytest.mark.parametrize("wrong", ["a%20b", "a%23b", "x" * 65, "%C3%A9"])
def test_what_can_be_no_id_is_refused_by_its_name(detached: Api, wrong: str) -> None:
    of = "/projects/p/features"

    for method in ("PUT", "DELETE"):
        one = detached.request(method, f"{of}/{wrong}/dependencies/f")
        other = detached.request(method, f"{of}/f/dependencies/{wrong}")
        assert faults(one) == ["path.featureId"]
        assert faults(other) == ["path.dependsOnId"]
    assert faults(detached.get(f"{of}/{wrong}/dependents")) == ["path.featureId"]
