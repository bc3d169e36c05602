"""The creation of features: one, or an array with dependencies among them."""

from typing import Any, Final

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import timestamp_of
from tests.factories import (
    NOON,
)
from tests.http.features.backlogs import EVERYTHING, NO_FEATURES
from tests.http.serving import (
    NOON_TEXT,
    Api,
    JsonObject,
    assert_invalid,
    assert_problem,
    created,
    faults,
    fresh_name,
    new_feature,
    new_project,
    serving,
    unchanged,
)
from tests.servers import Engine
from tests.stores import forge_of, fresh
from tests.throttled import throttled_client

#: What a new feature shows if only its name is given.
NOTHING: Final[JsonObject] = {
    "description": None,
    "priority": 1000,
    "category": None,
    "steps": None,
    "status": "pending",
    "dependencies": [],
    "waitingOn": [],
    "assignedAgentId": None,
    "claimVersion": None,
    "leaseUntil": None,
    "linearIssueId": None,
    "linearIssueUrl": None,
    "completedAt": None,
    "unsettled": None,
    "version": 1,
    "createdAt": NOON_TEXT,
    "updatedAt": NOON_TEXT,
}


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's features."""
    return f"/projects/{new_project(api)}/features"


def test_a_name_is_all_a_feature_needs(api: Api, path: str) -> None:
    response = api.post(path, json={"name": "Sign in"})

    feature = created(response)
    assert feature == {
        "id": feature["id"],
        "projectId": path.split("/")[2],
        "name": "Sign in",
        **NOTHING,
    }
    assert timestamp_of(feature["id"]) == NOON
    assert response.headers["location"] == f"{path}/{feature['id']}"
    assert api.get(f"{path}/{feature['id']}").json() == feature


def test_a_feature_is_created_as_it_is_described_and_then_shown(api: Api, path: str) -> None:
    waited = sorted(new_feature(api, path)["id"] for _ in range(3))
    issue = fresh_name("ACM/")
    said = {"id": "feature-1", **EVERYTHING, "linearIssueId": issue}

    feature = created(api.post(path, json={**said, "dependencies": waited[::-1]}))

    graph = {"dependencies": waited, "waitingOn": waited}
    assert feature == {**NOTHING, **said, **graph, "projectId": path.split("/")[2]}
    assert api.get(f"{path}/feature-1").json() == feature
    assert api.get(f"/features/by-linear-issue/{issue}").json() == feature


def test_a_feature_that_says_the_same_under_its_id_is_created_once(api: Api, path: str) -> None:
    said = {"id": "feature-1", **EVERYTHING}
    feature = created(api.post(path, json=said))

    again = api.post(path, json=said)

    assert (again.status_code, again.json()) == (201, feature)
    assert again.headers["location"] == f"{path}/feature-1"


def test_a_feature_of_the_same_issue_is_that_feature(api: Api, store: Store, path: str) -> None:
    issue = {"linearIssueId": fresh_name()}
    feature = new_feature(api, path, **issue)

    with unchanged(store, path):
        again = api.post(path, json={"name": "Another", **issue})

    assert (again.status_code, again.json()) == (201, feature)
    assert again.headers["location"] == f"{path}/{feature['id']}"


def test_an_id_that_is_taken_is_refused_with_the_feature_that_has_it(
    api: Api, store: Store, path: str
) -> None:
    feature = new_feature(api, path)

    with unchanged(store, path):
        response = api.post(path, json={"id": feature["id"], "name": "Another"})

    detail = f"Feature with projectId '{feature['projectId']}', id '{feature['id']}' exists already"
    assert_problem(response, 409, detail, kind="item-exists", current=feature)


def test_an_issue_of_another_project_is_refused_with_its_feature(
    api: Api, store: Store, path: str
) -> None:
    issue = {"linearIssueId": fresh_name()}
    feature = new_feature(api, f"/projects/{new_project(api)}/features", **issue)

    with unchanged(store, path):
        response = api.post(path, json={"name": "Another", **issue})

    detail = f"Feature with linearIssueId '{issue['linearIssueId']}' exists already"
    assert_problem(response, 409, detail, kind="item-exists", current=feature)


def test_an_array_of_features_depends_by_position_and_by_id(api: Api, path: str) -> None:
    there = new_feature(api, path)["id"]

    response = api.post(
        path,
        json=[
            {"name": "last", "id": "last", "dependencies": [2, "middle"]},
            {"name": "middle", "id": "middle", "dependencies": [2]},
            {"name": "first", "dependencies": [there]},
        ],
    )

    assert response.status_code == 201
    assert "location" not in response.headers
    answer = response.json()
    last, middle, first = answer["items"]
    assert answer["created"] == 3
    assert [last["name"], middle["name"], first["name"]] == ["last", "middle", "first"]
    assert last["dependencies"] == last["waitingOn"] == sorted([first["id"], "middle"])
    assert (middle["dependencies"], first["dependencies"]) == ([first["id"]], [there])
    assert [api.get(f"{path}/{each['id']}").json() for each in answer["items"]] == answer["items"]


def test_an_array_that_is_sent_again_creates_what_is_missing(api: Api, path: str) -> None:
    some = [{"name": str(n), "id": f"feature-{n}"} for n in range(3)]
    first = api.post(path, json=some[1:2])

    rest = api.post(path, json=some)
    again = api.post(path, json=some)

    assert (first.status_code, first.json()["created"]) == (201, 1)
    assert (rest.status_code, rest.json()["created"]) == (201, 2)
    assert rest.json()["items"][1] == first.json()["items"][0]
    assert (again.status_code, again.json()) == (201, {**rest.json(), "created": 0})


def test_an_array_of_one_is_answered_as_an_array(api: Api, path: str) -> None:
    answer = api.post(path, json=[{"name": "alone"}])

    assert answer.status_code == 201
    assert {**answer.json(), "items": len(answer.json()["items"])} == {"items": 1, "created": 1}


def test_a_thousand_features_are_created_each_waiting_for_the_one_before(
    client: Client, engine: Engine
) -> None:
    if engine.name == "moto":
        pytest.skip("moto copies the table for every transaction")
    thousand: list[JsonObject] = [{"name": "0"}]
    thousand += [{"name": str(n), "dependencies": [n - 1]} for n in range(1, 1000)]

    with serving(forge_of(fresh(client))) as api:
        path = f"/projects/{new_project(api)}/features"
        answer = api.post(path, json=thousand)
        ids = [each["id"] for each in answer.json()["items"]]
        stats = api.get(f"{path}/stats").json()
        ready = api.get(f"{path}/ready").json()["items"]
        cycle = api.put(f"{path}/{ids[0]}/dependencies/{ids[-1]}")

    assert (answer.status_code, answer.json()["created"]) == (201, 1000)
    assert [each["waitingOn"] for each in answer.json()["items"]] == [
        [],
        *([each] for each in ids[:-1]),
    ]
    assert stats == {**NO_FEATURES, "pending": 1000, "total": 1000}
    assert [each["id"] for each in ready] == ids[:1]
    way = " -> ".join([ids[0], *ids[::-1]])
    assert_problem(
        cycle, 409, f"features would wait for each other: {way}", kind="cyclic-dependency"
    )


def test_an_array_holds_a_thousand_features_at_most(detached: Api) -> None:
    refused = detached.post("/projects/p/features", json=[{"name": "Sign in"}] * 1001)

    message = "List should have at most 1000 items after validation, not 1001"
    assert_invalid(refused, ("body", message))


def test_an_array_with_a_fault_creates_nothing_and_names_its_place(
    api: Api, store: Store, path: str
) -> None:
    wrong = [
        {"name": "good"},
        {"name": "", "priority": True},
        {"name": "good", "dependencies": [0, True, "a b"]},  # one fault per list is reported
        {"name": "good", "dependencies": [0, "a b"]},
        {"name": "good", "dependencies": [1.5]},
        {"name": "good", "dependencies": [None]},
        5,
        {"name": "good", "unheard.of": 1},
    ]

    with unchanged(store, path):
        response = api.post(path, json=wrong)

    assert faults(response) == [
        "body.1.name",
        "body.1.priority",
        "body.2.dependencies.1",
        "body.3.dependencies.1",
        "body.4.dependencies.0",
        "body.5.dependencies.0",
        "body.6",
        "body.7.unheard.of",
    ]


def test_an_array_holds_something(detached: Api) -> None:
    response = detached.post("/projects/p/features", json=[])

    message = "List should have at least 1 item after validation, not 0"
    assert_invalid(response, ("body", message))


@pytest.mark.parametrize("position", [-1, 2, 10**40])
def test_a_position_outside_the_array_is_refused(
    api: Api, store: Store, path: str, position: int
) -> None:
    new = [{"name": "a"}, {"name": "b", "dependencies": [position]}]

    with unchanged(store, path):
        response = api.post(path, json=new)

    detail = f"dependency {position} is not a position in a batch of 2"
    assert_problem(response, 400, detail, kind="invalid-value")


@pytest.mark.parametrize(("name", "called"), [("id", "id"), ("linearIssueId", "linear_issue_id")])
def test_two_features_of_an_array_with_one_name_are_refused(
    api: Api, store: Store, path: str, name: str, called: str
) -> None:
    value = fresh_name()

    with unchanged(store, path):
        response = api.post(path, json=[{"name": "a", name: value}, {"name": "b", name: value}])

    detail = f"two of the features have the {called} {value!r}"
    assert_problem(response, 400, detail, kind="invalid-value")


def test_a_cycle_in_an_array_creates_nothing(api: Api, store: Store, path: str) -> None:
    cycle = [
        {"name": "a", "id": "a", "dependencies": ["b"]},
        {"name": "b", "id": "b", "dependencies": [2]},
        {"name": "c", "id": "c", "dependencies": ["a"]},
        {"name": "free"},
    ]

    with unchanged(store, path):
        response = api.post(path, json=cycle)

    problem = response.json()
    assert (response.status_code, problem["type"]) == (
        409,
        "urn:autoforge:problem:cyclic-dependency",
    )
    said, _, way = problem["detail"].partition(": ")
    assert said == "features would wait for each other"
    ids = way.split(" -> ")
    assert ids[0] == ids[-1]
    assert way in "a -> b -> c -> a -> b -> c"
    assert api.get(f"{path}/stats").json() == NO_FEATURES


def test_a_feature_that_waits_for_itself_is_refused(api: Api, store: Store, path: str) -> None:
    with unchanged(store, path):
        response = api.post(path, json={"name": "a", "id": "a", "dependencies": ["a"]})

    detail = "features would wait for each other: a -> a"
    assert_problem(response, 409, detail, kind="cyclic-dependency")


def test_a_dependency_on_what_the_project_lacks_creates_nothing(
    api: Api, store: Store, path: str
) -> None:
    elsewhere = new_feature(api, f"/projects/{new_project(api)}/features")["id"]
    for missing in (elsewhere, "no-such-feature"):
        with unchanged(store, path):
            response = api.post(
                path, json=[{"name": "a"}, {"name": "b", "dependencies": [0, missing]}]
            )

        assert response.status_code == 404
        assert response.json()["type"] == "urn:autoforge:problem:item-not-found"
        assert missing in response.json()["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "a b"),
        ("id", "a#b"),
        ("id", "a\n"),
        ("id", "x" * 65),
        ("id", 5),
        ("id", "ready"),
        ("id", "stats"),
        ("id", "claim"),
        ("id", "repair"),
        ("dependencies", "feature-1"),
        ("dependencies", None),
        ("dependencies", {}),
        ("dependencies", ["a"] * 1001),
        ("linearIssueId", ""),
        ("linearIssueId", "x" * 301),
        ("linearIssueId", 5),
        ("projectId", "p"),
        ("assignedAgentId", "coder-1"),
        ("expectedVersion", 1),
    ],
)
def test_a_feature_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    one = {"name": "Sign in", field: value}

    assert faults(detached.post("/projects/p/features", json=one)) == [f"body.{field}"]
    assert faults(detached.post("/projects/p/features", json=[one])) == [f"body.0.{field}"]


@pytest.mark.parametrize("steps", [[5], [None], [["nested"]]])
def test_steps_are_texts(detached: Api, steps: list[Any]) -> None:
    response = detached.post("/projects/p/features", json={"name": "Sign in", "steps": steps})

    assert faults(response) == ["body.steps.0"]


def test_a_feature_of_more_than_400_kilobytes_is_refused(api: Api, store: Store, path: str) -> None:
    feature = new_feature(api, path)
    big = {"description": "x" * 409_600}

    with unchanged(store, path):
        answers = [
            api.post(path, json={"name": "a", **big}),
            api.post(path, json=[{"name": "a"}, {"name": "b", "dependencies": [0], **big}]),
            api.patch(f"{path}/{feature['id']}", json=big),
        ]

    for answer in answers:
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:autoforge:problem:item-too-large"


def test_many_features_on_a_small_table_are_created_over_several_requests(engine: Engine) -> None:
    client, table = throttled_client(engine)
    store = fresh(client)
    asked = [{"name": f"n{number}", "id": f"n{number}"} for number in range(400)]
    stored: list[int] = []

    with serving(forge_of(store), bulk_seconds=8) as api:
        path = f"/projects/{new_project(api)}/features"
        while (answer := api.post(path, json=asked)).status_code == 503:
            assert answer.headers["retry-after"] == "1"
            problem = answer.json()
            assert problem["type"] == "urn:autoforge:problem:incomplete-creation"
            stored.append(int(problem["detail"].split()[0]))

    assert answer.status_code == 201
    assert len(answer.json()["items"]) == 400
    assert stored == sorted({*stored})
    assert stored
    assert table.time.seconds <= 8 * (len(stored) + 1)
