"""Routes of claims: one agent at a time holds a feature, and its token authorizes changes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, Final

import httpx
import pytest
from litestar.exceptions import ClientException

from autoforge.dynamodb.store.store import Store
from autoforge.forge import Forge, NewFeature
from autoforge.http.api.bodies import JsonRequest
from autoforge.http.app import create_app
from autoforge.http.idempotency import given_key
from autoforge.testing.clock import Clock
from tests.factories import NOON, new_id
from tests.http.features.backlogs import MOVES, NO_FEATURES
from tests.http.serving import (
    Api,
    JsonObject,
    assert_problem,
    listening,
    new_feature,
    new_project,
    unchanged,
)
from tests.servers import Engine

moves = pytest.mark.parametrize("move", MOVES)


@pytest.fixture
def path(api: Api) -> str:
    """The path of a project's features."""
    return f"/projects/{new_project(api)}/features"


def claimed(api: Api, path: str, agent_id: str = "coder-1", **given: Any) -> JsonObject:
    """Claim a feature, or the next of a list, by its path; return the claimed feature."""
    answer = api.post(f"{path}/claim", json={"agentId": agent_id, **given})
    assert answer.status_code == 200, answer.text
    body: JsonObject = answer.json()
    return body


def test_the_next_feature_is_the_ready_one_of_the_highest_priority(api: Api, path: str) -> None:
    features = [new_feature(api, path, priority=priority) for priority in (5, 1, 5, 0)]
    api.put(f"{path}/{features[3]['id']}/dependencies/{features[0]['id']}")

    in_order = [claimed(api, path, f"coder-{n}") for n in range(3)]

    assert [each["id"] for each in in_order] == [features[n]["id"] for n in (1, 0, 2)]
    assert in_order[0] == {
        **features[1],
        "status": "in_progress",
        "assignedAgentId": "coder-0",
        "claimVersion": 2,
        "version": 2,
    }
    assert api.get(f"{path}/{in_order[0]['id']}").json() == in_order[0]


def test_when_nothing_is_ready_there_is_no_content(api: Api, path: str) -> None:
    waited = new_feature(api, path)["id"]
    new_feature(api, path, dependencies=[waited])
    claimed(api, path)

    answer = api.post(f"{path}/claim", json={"agentId": "coder-2"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers


def test_nothing_is_claimed_in_a_project_that_is_not_there(api: Api) -> None:
    project_id = new_id()

    answer = api.post(f"/projects/{project_id}/features/claim", json={"agentId": "coder-1"})

    detail = f"there is no Project with projectId '{project_id}'"
    assert_problem(answer, 404, detail, kind="item-not-found")


def test_a_feature_is_claimed_by_its_id_and_only_once(api: Api, store: Store, path: str) -> None:
    new_feature(api, path)
    feature = new_feature(api, path, id="feature-1")
    held = claimed(api, f"{path}/feature-1", leaseSeconds=60)
    assert held == {
        **feature,
        "status": "in_progress",
        "assignedAgentId": "coder-1",
        "claimVersion": 2,
        "leaseUntil": "2026-02-04T12:01:00.000Z",
        "version": 2,
    }

    with unchanged(store, path):
        second = api.post(f"{path}/feature-1/claim", json={"agentId": "coder-2"})

    detail = (
        f"Feature feature-1 of project {path.split('/')[2]} is held by coder-1 by claim 2 "
        "until 2026-02-04T12:01:00.000Z; only a ready feature can be claimed"
    )
    assert_problem(second, 409, detail, kind="held-by-another", current=held)


@pytest.mark.parametrize("named", [False, True])
def test_a_claim_that_is_sent_again_under_its_key_is_the_same_claim(
    api: Api, path: str, *, named: bool
) -> None:
    first, _ = (new_feature(api, path) for _ in range(2))
    where = f"{path}/{first['id']}/claim" if named else f"{path}/claim"
    sent: dict[str, Any] = {
        "json": {"agentId": "coder-1"},
        "headers": {"Idempotency-Key": new_id()},
    }
    claimed = api.post(where, **sent)
    api.patch(f"{path}/{first['id']}", json={"name": "Edited"})

    again = api.post(where, **sent)

    assert (claimed.status_code, again.status_code) == (200, 200)
    assert again.json()["version"] == claimed.json()["version"]
    assert (again.json()["id"], again.json()["name"]) == (first["id"], "Edited")
    other = api.post(where, **{**sent, "json": {"agentId": "coder-2"}})
    used = "the id of the request was used for another request"
    assert_problem(other, 422, used, kind="request-reused")
    api.post(f"{path}/{first['id']}/release", json={"version": again.json()["version"]})
    ended = api.post(where, **sent)
    assert (ended.status_code, ended.json()["current"]["status"]) == (409, "pending")


@pytest.mark.parametrize("key", ["", " ", "\t", "x" * 256, "é".encode()])
def test_a_key_that_is_none_is_refused(api: Api, path: str, key: str | bytes) -> None:
    headers: Any = [("Idempotency-Key", key)]
    answer = api.post(f"{path}/claim", json={"agentId": "coder-1"}, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == "header.Idempotency-Key"


def test_two_keys_are_none() -> None:
    """The test client would join the two headers."""
    twice: Any = {"type": "http", "headers": [(b"idempotency-key", b"a")] * 2}

    with pytest.raises(
        ClientException, match="has 2 Idempotency-Key headers; at most one is allowed"
    ):
        given_key(JsonRequest(twice), "a")


def test_what_waits_is_not_claimed(api: Api, store: Store, path: str) -> None:
    waited = new_feature(api, path)["id"]
    waiting = new_feature(api, path, dependencies=[waited])

    with unchanged(store, path):
        refused = api.post(f"{path}/{waiting['id']}/claim", json={"agentId": "coder-1"})

    detail = (
        f"Feature {waiting['id']} of project {waiting['projectId']} is pending and waits for "
        f"{waited}; only a ready feature can be claimed"
    )
    assert_problem(refused, 409, detail, kind="condition-failed", current=waiting)


def test_who_lost_a_feature_with_its_lease_learns_who_has_it(
    api: Api, store: Store, clock: Clock, path: str
) -> None:
    new_feature(api, path)
    first = claimed(api, path, "coder-1", leaseSeconds=60)
    own = f"{path}/{first['id']}"
    clock.now = NOON + timedelta(seconds=60)
    second = claimed(api, path, "coder-2", leaseSeconds=60)
    assert (second["id"], second["version"]) == (first["id"], 3)

    with unchanged(store, path):
        late = {
            move: api.post(f"{own}/{move}", json={"version": first["version"]}) for move in MOVES
        }
        renewed = api.post(f"{own}/renew", json={"version": 2, "leaseSeconds": 60})
        reopened = api.post(f"{own}/reopen")

    detail = (
        f"Feature {first['id']} of project {first['projectId']} is held by coder-2 by claim 3 "
        "until 2026-02-04T12:02:00.000Z"
    )
    for answer in (*late.values(), renewed):
        ended = f"{detail}; claim 2 has ended"
        assert_problem(answer, 409, ended, kind="held-by-another", current=second)
    needed = f"{detail}; only a failing or review_ready feature can be reopened"
    assert_problem(reopened, 409, needed, kind="held-by-another", current=second)
    assert second["assignedAgentId"] == "coder-2"
    passed = api.post(f"{own}/pass", json={"version": second["version"]})
    assert (passed.status_code, passed.json()["status"]) == (200, "passing")


@moves
def test_the_holder_moves_a_feature_by_its_version(
    api: Api, clock: Clock, path: str, move: str
) -> None:
    feature = new_feature(api, path)
    held = claimed(api, path)
    own = f"{path}/{feature['id']}"
    clock.now = NOON + timedelta(minutes=1)

    answer = api.post(f"{own}/{move}", json={"version": held["version"]})

    moment = "2026-02-04T12:01:00.000Z"
    moved = answer.json()
    assert (answer.status_code, moved["status"]) == (200, MOVES[move])
    assert moved == {
        **feature,
        "status": MOVES[move],
        "claimVersion": 2,
        "completedAt": moment if move == "pass" else None,
        "version": moved["version"],
        "updatedAt": moment,
    }
    assert api.get(own).json() == moved
    again = api.post(f"{own}/{move}", json={"version": held["version"]})
    assert (again.status_code, again.json()) == (200, moved)


@moves
def test_what_another_holds_is_moved_by_force_only(
    api: Api, store: Store, path: str, move: str
) -> None:
    new_feature(api, path)
    own = f"{path}/{claimed(api, path)['id']}"

    with unchanged(store, path):
        answers = [
            api.post(f"{own}/{move}", json=body)
            for body in ({}, {"force": False}, {"version": 1}, {"version": None}, {"version": 3})
        ]
    forced = api.post(f"{own}/{move}", json={"force": True})

    for answer in answers:
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:autoforge:problem:held-by-another"
    assert (forced.status_code, forced.json()["status"]) == (200, MOVES[move])


@pytest.mark.parametrize("move", ["review", "pass", "fail"])
def test_a_pending_feature_is_not_moved(api: Api, store: Store, path: str, move: str) -> None:
    feature = new_feature(api, path)

    with unchanged(store, path):
        answers = [
            api.post(f"{path}/{feature['id']}/{move}", json=body) for body in ({}, {"version": 1})
        ]

    for answer in answers:
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (
            409,
            "urn:autoforge:problem:condition-failed",
        )
        assert problem["current"] == feature


def test_a_claim_is_renewed_by_its_version(api: Api, clock: Clock, path: str) -> None:
    new_feature(api, path)
    held = claimed(api, path, leaseSeconds=60)
    own = f"{path}/{held['id']}"
    clock.now = NOON + timedelta(seconds=59)

    renewed = api.post(f"{own}/renew", json={"version": 2, "leaseSeconds": 1.5})
    endless = api.post(f"{own}/renew", json={"version": 2, "leaseSeconds": None})

    at = {"updatedAt": "2026-02-04T12:00:59.000Z"}
    until = {"leaseUntil": "2026-02-04T12:01:00.500Z"}
    assert (renewed.status_code, renewed.json()) == (200, {**held, **at, **until})
    assert (endless.status_code, endless.json()) == (200, {**held, **at, "leaseUntil": None})


def test_what_nobody_holds_is_not_renewed(api: Api, store: Store, path: str) -> None:
    feature = new_feature(api, path)

    with unchanged(store, path):
        answer = api.post(f"{path}/{feature['id']}/renew", json={"version": 1, "leaseSeconds": 60})

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:autoforge:problem:condition-failed"
    assert answer.json()["current"] == feature


def test_what_passes_lets_others_be_claimed_until_it_is_reopened(api: Api, path: str) -> None:
    waited = new_feature(api, path)["id"]
    waiting = new_feature(api, path, dependencies=[waited])["id"]

    api.post(f"{path}/{waited}/pass", json={"force": True})
    ready = api.get(f"{path}/ready").json()["items"]
    reopened = api.post(f"{path}/{waited}/reopen")
    stats = api.get(f"{path}/stats").json()

    assert [each["id"] for each in ready] == [waiting]
    assert (reopened.status_code, reopened.json()["status"]) == (200, "pending")
    assert reopened.json()["completedAt"] is None
    assert api.get(f"{path}/{waiting}").json()["waitingOn"] == [waited]
    assert stats == {**NO_FEATURES, "pending": 2, "total": 2}


def test_a_feature_is_counted_in_the_status_it_is_in(api: Api, path: str) -> None:
    ids = [new_feature(api, path)["id"] for _ in range(5)]
    claimed(api, f"{path}/{ids[0]}")
    for feature_id, move in zip(ids[1:], ("review", "pass", "fail"), strict=False):
        held = claimed(api, f"{path}/{feature_id}")
        api.post(f"{path}/{feature_id}/{move}", json={"version": held["version"]})

    assert api.get(f"{path}/stats").json() == {
        "pending": 1,
        "inProgress": 1,
        "reviewReady": 1,
        "passing": 1,
        "failing": 1,
        "total": 5,
    }


@pytest.mark.parametrize("content", [None, b"", b"{}"], ids=["none", "empty", "object"])
def test_to_reopen_takes_no_body(api: Api, path: str, content: bytes | None) -> None:
    feature = new_feature(api, path)
    failing = api.post(f"{path}/{feature['id']}/fail", json={"force": True}).json()

    answer = api.post(
        f"{path}/{feature['id']}/reopen",
        content=content,
        headers={"content-type": "application/json"},
    )

    assert failing["status"] == "failing"
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")


def test_the_limit_of_a_project_is_respected_where_that_is_asked(api: Api, store: Store) -> None:
    path = f"/projects/{new_project(api, maxConcurrency=2)}/features"
    ids = [new_feature(api, path)["id"] for _ in range(4)]
    for _ in range(2):
        claimed(api, path, respectLimit=True)
    polite = {"agentId": "coder-2", "respectLimit": True}

    with unchanged(store, path):
        answers = [
            api.post(f"{path}/claim", json=polite),
            api.post(f"{path}/{ids[2]}/claim", json=polite),
        ]

    detail = f"2 features of project {path.split('/')[2]} are in progress; it allows at most 2"
    for answer in answers:
        assert_problem(answer, 409, detail, kind="limit-reached")
    assert claimed(api, path, respectLimit=False)["id"] == ids[2]
    for feature_id in ids[:2]:
        api.post(f"{path}/{feature_id}/pass", json={"force": True})
    assert claimed(api, path, respectLimit=True)["id"] == ids[3]


def test_a_feature_that_is_not_there_is_not_found(api: Api, store: Store, path: str) -> None:
    own = f"{path}/no-such-feature"

    with unchanged(store, path):
        answers = [
            api.post(f"{own}/claim", json={"agentId": "coder-1"}),
            api.post(f"{own}/claim", json={"agentId": "coder-1", "respectLimit": True}),
            api.post(f"{own}/renew", json={"version": 1, "leaseSeconds": 1}),
            api.post(f"{own}/reopen"),
            *(api.post(f"{own}/{move}", json={"version": 1}) for move in MOVES),
            *(api.post(f"{own}/{move}", json={"force": True}) for move in MOVES),
        ]

    for answer in answers:
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:autoforge:problem:item-not-found"
        assert "no-such-feature" in answer.json()["detail"]


_CALLERS: Final = 20


def test_of_callers_at_once_each_claims_features_of_its_own(
    forge: Forge, engine: Engine, path: str
) -> None:
    if engine.name == "moto":
        pytest.skip("moto decides no races")
    new = [NewFeature(name=f"feature {n}") for n in range(30)]
    features = forge.features.create_many(path.split("/")[2], new).features
    barrier = Barrier(_CALLERS)

    def work(url: str, agent_id: str) -> list[tuple[str, str, int]]:
        """Claim until no feature is ready; return the id, agent and token of each claim."""
        mine = []
        with httpx.Client(base_url=url, timeout=60) as caller:
            barrier.wait()
            while (answer := caller.post(f"{path}/claim", json={"agentId": agent_id})).content:
                assert answer.status_code == 200, answer.text
                feature = answer.json()
                mine.append((feature["id"], feature["assignedAgentId"], feature["version"]))
            assert answer.status_code == 204
        return mine

    with listening(create_app(forge, version="0")) as url, ThreadPoolExecutor(_CALLERS) as pool:
        agents = [f"coder-{n}" for n in range(_CALLERS)]
        claims = list(pool.map(work, [url] * _CALLERS, agents))

    assert all(agent == agents[n] for n, mine in enumerate(claims) for _, agent, _ in mine)
    flat = [each for mine in claims for each in mine]
    assert sorted(feature_id for feature_id, _, _ in flat) == [each.id for each in features]
    assert {version for _, _, version in flat} == {2}
