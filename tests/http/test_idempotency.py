"""Idempotency-Key: a request repeated under its key within a day takes effect once.

The routes come from the OpenAPI document: a new POST fails a test until it is listed here, or
listed as safe to repeat without a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import Any, Final

import pytest
from botocore.exceptions import ReadTimeoutError
from httpx import Response

from autoforge.access.events.recording import NOT_RECORDED, RecordBound
from autoforge.access.requests.once import LEASE
from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND, timestamp_text
from autoforge.http.idempotency import HEADER
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Break, Fault, Lose, Pass, injected
from tests.factories import new_id
from tests.http.serving import (
    DOCUMENT,
    ROUTES,
    Api,
    JsonObject,
    assert_problem,
    new_feature,
    new_project,
    serving,
)
from tests.servers import Engine
from tests.stores import client_of, forge_of, raw_items, store_of

_GONE: Final = Break(ReadTimeoutError(endpoint_url="made up"))
_READS: Final = {"GetItem", "Query", "BatchGetItem"}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Sent:
    """A request, and the body of a different request of the same kind."""

    path: str
    body: Any = None
    other: Any = None
    #: How many items of each entity the request creates.
    makes: dict[str, int] = field(default_factory=dict)


def _agent(api: Api, project: str) -> str:
    agent = api.post(f"{project}/agents", json={"name": "coder"}).json()
    return str(agent["id"])


def _run(api: Api, project: str) -> Sent:
    feature = new_feature(api, f"{project}/features")["id"]
    body = {"agentId": _agent(api, project), "featureId": feature}
    makes = {"AgentRun": 1, "AgentRunRef": 1}
    return Sent(f"{project}/runs", body, {**body, "role": "tester"}, makes)


def _features(api: Api, project: str) -> Sent:
    del api
    body = [{"name": "Sign in"}, {"name": "Sign out", "dependencies": [0]}]
    return Sent(f"{project}/features", body, body[:1], {"Feature": 2, "FeatureDependency": 1})


def _action(move: str, **body: Any) -> Callable[[Api, str], Sent]:
    held = {} if move in {"hold", "execute"} else {"heldUntil": "2026-02-05T12:00:00Z"}

    def prepared(api: Api, project: str) -> Sent:
        new = {"actionType": "update", "description": "Log", **held}
        action = api.post(f"{project}/actions", json=new)
        other = {"heldUntil": "2026-02-06T12:00:00Z"} if body else None
        return Sent(f"{action.headers['location']}/{move}", body or None, other)

    return prepared


def _decision(api: Api, project: str) -> Sent:
    escalation = api.post(f"{project}/escalations", json={"title": "Scope"})
    where = f"{escalation.headers['location']}/decide"
    return Sent(where, {"userDecision": "yes"}, {"userDecision": "no"})


def _revert(api: Api, project: str) -> Sent:
    place = f"{project}/artefacts/raid_log"
    tag = api.put(place, json={"content": {"v": 1}}).headers["etag"]
    api.put(place, json={"content": {"v": 2}}, headers={"If-Match": tag})
    return Sent(f"{place}/revert")


def _new(kind: str, entity: str, **body: Any) -> Callable[[Api, str], Sent]:
    changed = {name: f"{value}!" for name, value in body.items()}
    makes = {entity: 1}
    return lambda api, project: Sent(f"{project}/{kind}", body, changed, makes)


#: Every operation that takes the header, with a function that prepares a request of it.
_REPEATABLE: Final[dict[str, Callable[[Api, str], Sent]]] = {
    "create_project": lambda api, project: Sent(
        "/projects", {"name": "New"}, {"name": "Other"}, {"Project": 1}
    ),
    "create_features": _features,
    "create_agent": _new("agents", "Agent", name="coder"),
    "create_escalation": _new("escalations", "Escalation", title="Scope"),
    "create_action": _new("actions", "AgentAction", actionType="a", description="b"),
    "record_project_event": _new("events", "Event", eventType="started", summary="Now"),
    "record_event": lambda api, project: Sent(
        "/events",
        {"eventType": "started", "summary": "Now"},
        {"eventType": "started", "summary": "Later"},
        {"Event": 1},
    ),
    "start_run": _run,
    "decide_escalation": _decision,
    "hold_action": _action("hold", heldUntil="2026-02-05T12:00:00Z"),
    "approve_action": _action("approve"),
    "cancel_action": _action("cancel"),
    "execute_action": _action("execute"),
    "revert_artefact": _revert,
}
#: Operations that use the header as the id of a claim (``test_claims.py``).
_CLAIMS: Final = {"claim_next_feature", "claim_feature"}
#: Operations that have the same result when repeated without the header, because of the claim's
#: token, a final state, or what they read.
_SAME: Final = {
    "renew_claim",
    "release_feature",
    "review_feature",
    "pass_feature",
    "fail_feature",
    "reopen_feature",
    "repair_features",
    "finish_run",
}

#: Operations that also take If-Match.
_CONDITIONAL: Final = (
    "decide_escalation",
    "hold_action",
    "approve_action",
    "cancel_action",
    "execute_action",
    "revert_artefact",
)

every_route = pytest.mark.parametrize("operation", _REPEATABLE)


@dataclass
class World:
    """The API over a fresh table, over a connection whose requests tests can disturb."""

    api: Api
    store: Store
    clock: Clock

    def prepare(self, operation: str) -> Sent:
        """Create what the request needs, and return the request."""
        return _REPEATABLE[operation](self.api, f"/projects/{new_project(self.api)}")

    def post(
        self, sent: Sent, key: str | None, *, other: bool = False, tag: str | None = None
    ) -> Response:
        """Send a request with an idempotency key, and optionally with a tag for If-Match."""
        headers = {} if key is None else {HEADER: key}
        headers |= {} if tag is None else {"If-Match": tag}
        body = sent.other if other else sent.body
        given: dict[str, Any] = {} if body is None else {"json": body}
        return self.api.post(sent.path, headers=headers, **given)

    def counts(self) -> dict[str, int]:
        """Count the items of each entity, without the records of requests."""
        counts: dict[str, int] = {}
        for item in raw_items(self.store):
            name = item["EntityType"]["S"]
            is_taken = item.get("eventType") == {"S": NOT_RECORDED}
            if not is_taken and name not in {"RequestRecord", "TransactionMark"}:
                counts[name] = counts.get(name, 0) + 1
        return counts

    def made(self, before: dict[str, int]) -> dict[str, int]:
        """Return how many items of each entity were created since."""
        now = self.counts()
        return {name: now[name] - before.get(name, 0) for name in now}


@pytest.fixture(scope="module")
def module_world(engine: Engine, table_name: str) -> Iterator[World]:
    """The API over the table of this file, over a connection without retries."""
    clock = Clock()
    own = client_of(engine, retries=RetryPolicy(attempts=1))
    store = store_of(own, table_name, clock)
    with serving(forge_of(store)) as api:
        yield World(api, store, clock)
    own.close()


@pytest.fixture
def world(module_world: World) -> World:
    """The API over the table of this file, at noon; tests use different ids and keys."""
    module_world.clock.now = Clock().now
    return module_world


def test_every_post_of_the_document_is_made_once_or_comes_to_the_same() -> None:
    posts = {route.operation for route in ROUTES if route.method == "POST"}
    takes = {
        operation["operationId"]
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
        if any(each["name"] == HEADER for each in operation.get("parameters", []))
    }

    assert posts == {*_REPEATABLE} | _CLAIMS | _SAME
    assert takes == {*_REPEATABLE} | _CLAIMS


@every_route
def test_the_same_key_gives_the_same_answer(world: World, operation: str) -> None:
    sent, key = world.prepare(operation), new_id()
    first = world.post(sent, key)
    before = world.counts()

    again = world.post(sent, key)

    assert first.is_success
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers.get("location") == first.headers.get("location")
    assert world.counts() == before


@every_route
def test_another_body_under_the_key_is_refused(world: World, operation: str) -> None:
    sent, key = world.prepare(operation), new_id()
    if sent.other is None:
        pytest.skip("it takes no body")
    world.post(sent, key)
    before = raw_items(world.store)

    refused = world.post(sent, key, other=True)

    assert_problem(
        refused, 422, "the id of the request was used for another request", kind="request-reused"
    )
    assert raw_items(world.store) == before


@every_route
def test_wherever_it_is_cut_off_the_same_call_again_makes_it_once(
    world: World, operation: str
) -> None:
    """After each request that DynamoDB executed, the process ends and the answer is lost."""
    place, cut_off, tried = 0, True, 0
    while cut_off:
        sent, key = world.prepare(operation), new_id()
        before = world.counts()
        with injected(world.store.client, _gone_after(place)) as attempts:
            first = world.post(sent, key)
        cut_off = len(attempts.operations) > place
        if not cut_off or attempts.operations[place] not in _READS:
            world.clock.now += LEASE  # so that the first call's lease ends

            again = world.post(sent, key)

            assert again.is_success, (place, first.text, again.text)
            made = {name: count for name, count in world.made(before).items() if count}
            assert sent.makes.items() <= made.items(), place
            assert cut_off or again.json() == first.json()
            tried += 1
        place += 1
    assert tried > 3


@pytest.mark.parametrize("operation", _CONDITIONAL)
def test_wherever_it_is_cut_off_the_same_call_again_meets_its_condition(
    world: World, operation: str
) -> None:
    """The call's own write has changed the tag that the client sends."""
    place, cut_off = 0, True
    while cut_off:
        sent, key = world.prepare(operation), new_id()
        changed = sent.path.rpartition("/")[0]
        tag = world.api.get(changed).headers["etag"]
        world.clock.now += timedelta(seconds=1)
        with injected(world.store.client, _gone_after(place)) as attempts:
            world.post(sent, key, tag=tag)
        cut_off = len(attempts.operations) > place
        world.clock.now += LEASE

        again = world.post(sent, key, tag=tag)

        assert again.is_success, (place, again.text)
        assert world.api.get(changed).headers["etag"] != tag, place
        place += 1
    assert place > 3


def test_a_revert_that_is_cut_off_is_not_undone_by_the_same_call_again(world: World) -> None:
    place, cut_off = 0, True
    while cut_off:
        sent, key = world.prepare("revert_artefact"), new_id()
        world.clock.now += timedelta(seconds=1)
        with injected(world.store.client, _gone_after(place)) as attempts:
            world.post(sent, key)
        cut_off = len(attempts.operations) > place
        world.clock.now += LEASE

        again = world.post(sent, key).json()

        assert (again["content"], again["version"]) == ({"v": 1}, 3), place
        place += 1
    assert place > 2


@every_route
def test_of_two_at_once_one_is_made_and_the_other_told_to_wait(
    world: World, operation: str
) -> None:
    sent, key = world.prepare(operation), new_id()

    with _halfway(world) as (halfway, go_on), ThreadPoolExecutor(1) as pool:
        first = pool.submit(world.post, sent, key)
        assert halfway.wait(10)
        second = world.post(sent, key)
        go_on.set()

    detail = "the same request is still running; repeat it later"
    assert_problem(second, 409, detail, kind="request-running")
    assert second.headers["retry-after"] == "1"
    assert first.result().is_success
    assert world.post(sent, key).json() == first.result().json()


def test_a_run_that_was_given_up_is_taken_over_at_once(world: World) -> None:
    sent, key = world.prepare("create_agent"), new_id()
    with injected(world.store.client, [Pass(), _GONE]):
        assert world.post(sent, key).status_code == 503

    assert world.post(sent, key).status_code == 201


def test_an_event_that_was_not_stored_in_time_is_recorded_at_another_moment(
    world: World,
) -> None:
    """Polls have passed the time of the first call, and would not deliver the event."""
    sent, key = world.prepare("record_project_event"), new_id()
    with injected(world.store.client, _gone_after(0)):
        world.post(sent, key)
    world.clock.now += LEASE

    made = world.post(sent, key)

    assert made.status_code == 201
    assert made.json()["createdAt"] == timestamp_text(world.clock.now)
    assert world.post(sent, key).json() == made.json()


def test_an_event_that_may_still_be_stored_is_waited_for(world: World) -> None:
    bound = RecordBound()
    sent, key = world.prepare("record_project_event"), new_id()
    moment = world.clock.now
    with injected(world.store.client, [Pass(), _GONE]):
        assert world.post(sent, key).status_code == 503

    for age in (bound.sending / 2 + MILLISECOND, bound.sending, bound.complete):
        world.clock.now = moment + age
        early = world.post(sent, key)
        assert (early.status_code, early.headers["retry-after"]) == (409, "1"), age

    world.clock.now += MILLISECOND
    assert world.post(sent, key).json()["createdAt"] == timestamp_text(world.clock.now)


def test_a_refusal_is_not_remembered(world: World) -> None:
    sent, key = world.prepare("create_agent"), new_id()
    sent = Sent("/projects/later/agents", sent.body)
    refused = world.post(sent, key)
    world.api.post("/projects", json={"id": "later", "name": "Later"})

    made = world.post(sent, key)

    assert (refused.status_code, made.status_code) == (404, 201)
    world.api.delete("/projects/later")


@pytest.mark.parametrize("operation", ["create_project", "create_agent", "create_features"])
def test_what_was_changed_since_is_shown_as_it_is(world: World, operation: str) -> None:
    sent, key = world.prepare(operation), new_id()
    first = world.post(sent, key)
    place = first.headers.get("location") or _place_of_first(sent, first)
    world.api.patch(place, json={"name": "Theirs"})

    again = world.post(sent, key)

    shown: JsonObject = again.json()
    assert again.status_code == first.status_code
    assert again.headers.get("location") == first.headers.get("location")
    assert (shown["items"][0] if "items" in shown else shown)["name"] == "Theirs"


def test_what_was_deleted_since_is_gone_and_is_not_made_again(world: World) -> None:
    sent, key = world.prepare("create_project"), new_id()
    place = world.post(sent, key).headers["location"]
    world.api.delete(place)

    again = world.post(sent, key)

    assert again.status_code == 410
    assert again.json()["type"] == "urn:autoforge:problem:outcome-gone"
    assert again.headers["location"] == place
    assert world.api.get(place).status_code == 404


def test_the_same_key_on_another_path_is_another_request(world: World) -> None:
    key = new_id()
    agents = [world.prepare("create_agent") for _ in range(2)]

    made = [world.post(sent, key).json()["id"] for sent in agents]

    assert len({*made}) == 2


def test_a_key_is_forgotten_after_a_day(world: World) -> None:
    sent, key = world.prepare("create_agent"), new_id()
    first = world.post(sent, key)
    world.clock.now += _DAY

    again = world.post(sent, key)

    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]


def test_a_body_is_the_same_however_it_is_written(world: World) -> None:
    project = new_project(world.api)
    headers = {HEADER: new_id(), "Content-Type": "application/json"}
    bodies = [b'{"name": "a", "role": "coder"}', b'{"role":"coder",\n"name":"a"}']

    ids = [
        world.api.post(f"/projects/{project}/agents", content=body, headers=headers).json()["id"]
        for body in bodies
    ]

    assert ids[0] == ids[1]


def test_a_record_holds_nothing_of_what_was_sent(world: World) -> None:
    sent, key = world.prepare("record_project_event"), "a-key-to-look-for"
    world.post(sent, key)

    (record,) = (
        item
        for item in raw_items(world.store)
        if item["EntityType"] == {"S": "RequestRecord"} and item["PK"]["S"].startswith("PROJECT")
        if item["createdAt"]["S"] and item["projectId"]["S"] in sent.path
    )
    assert set(record) == {
        *("PK", "SK", "EntityType", "TTL", "id", "projectId", "content", "minted", "createdAt"),
        *("moment", "runner", "runningUntil", "status", "location", "ids"),
    }
    assert key not in str(record)
    assert "Now" not in str(record)


def _place_of_first(sent: Sent, answer: Response) -> str:
    return f"{sent.path}/{answer.json()['items'][0]['id']}"


def _gone_after(place: int) -> Callable[[int, str], Fault]:
    """Lose the answer to one request, and fail all later ones."""

    def fault(number: int, operation: str) -> Fault:
        del operation
        if number == place:
            return Lose()
        return Pass() if number < place else _GONE

    return fault


@contextmanager
def _halfway(world: World) -> Iterator[tuple[Event, Event]]:
    """Hold the second request that is sent until ``go_on`` is set; yield both events."""
    halfway, go_on = Event(), Event()

    def hold(number: int, operation: str) -> Fault:
        del operation
        if number == 1:
            halfway.set()
            assert go_on.wait(10)
        return Pass()

    with injected(world.store.client, hold):
        yield halfway, go_on
