"""Unprocessed items of a batch are sent again, and listed if they stay unprocessed."""

from __future__ import annotations

import json
from typing import Final

import pytest

from autoforge.access.projects.patterns import ProjectById, ProjectWithArtefacts
from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.client.worker_pool import WorkerPool
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import TransportName
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import (
    IncompleteBatchError,
    UnavailableError,
)
from autoforge.testing.clock import Clock, Waits
from autoforge.testing.faults import Answer, Fault, Lose, Pass, Refuse, injected
from tests.factories import (
    a_project,
    new_id,
)
from tests.servers import Engine
from tests.stores import client_of, fresh, store_of

_ATTEMPTS: Final = RetryPolicy().attempts
_THROTTLED: Final = Refuse("ProvisionedThroughputExceededException")


def test_what_a_batch_leaves_unwritten_is_sent_again_until_done(store: Store) -> None:
    projects = [a_project() for _ in range(3)]
    members = [{"PutRequest": {"Item": each.to_item()}} for each in projects]
    partly = Answer({"UnprocessedItems": {store.table_name: members[1:]}})

    with injected(store.client, [partly, partly]) as attempts:
        count = store.put_all(projects)

    sent = [json.loads(body)["RequestItems"][store.table_name] for body in attempts.bodies]
    assert (count, sent) == (3, [members, members[1:], members[1:]])
    assert store.get(ProjectById(projects[2].id)) == projects[2]


def test_what_a_batch_never_writes_is_listed_exactly(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.client, "worker_pool", WorkerPool(width=1))
    projects = [a_project() for _ in range(60)]
    items = [each.to_item() for each in projects]
    left = [{"PutRequest": {"Item": item}} for item in items[40:50]]
    stuck = Answer({"UnprocessedItems": {store.table_name: left}})

    with (
        injected(store.client, lambda number, _: stuck if number else Pass()) as attempts,
        pytest.raises(IncompleteBatchError, match="20 items") as caught,
    ):
        store.put_all(projects)

    # The first 25 are written, 10 of the next 25 are unprocessed, and the last 10 were never sent.
    undone = [*projects[40:50], *projects[50:]]
    assert caught.value.unprocessed == tuple(
        (each.rendered()["PK"], each.rendered()["SK"]) for each in undone
    )
    assert len(attempts.operations) > 1 + _ATTEMPTS  # a bulk keeps trying for a set time


def test_what_a_batch_never_deletes_is_listed_exactly(store: Store) -> None:
    keys = [ProjectById(new_id()).primary_key() for _ in range(2)]
    left = [{"DeleteRequest": {"Key": {"PK": {"S": keys[1].partition}, "SK": {"S": "METADATA"}}}}]
    stuck = Answer({"UnprocessedItems": {store.table_name: left}})

    with (
        injected(store.client, lambda *_: stuck),
        pytest.raises(IncompleteBatchError) as caught,
    ):
        store.delete_all(keys)

    assert caught.value.unprocessed == ((keys[1].partition, "METADATA"),)


def test_between_the_rounds_of_a_batch_there_are_jittered_waits(
    engine: Engine, transport: TransportName
) -> None:
    time, waits = Waits(), list[float]()

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    store = fresh(
        client_of(engine, transport=transport, sleep=sleep, timer=time.timer, random=lambda: 0.5)
    )
    stuck = Answer(
        {"UnprocessedItems": {store.table_name: [{"PutRequest": {"Item": a_project().to_item()}}]}}
    )

    with injected(store.client, lambda *_: stuck), pytest.raises(IncompleteBatchError):
        store.put_all([a_project()])

    assert waits[:7] == [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0]
    assert {*waits[7:]} == {1.0}
    patience = RetryPolicy().patience
    assert patience < sum(waits) <= patience + 1


def test_keys_a_batch_leaves_unread_are_asked_for_again_until_done(store: Store) -> None:
    project = a_project()
    store.save(Put(project))
    pattern = ProjectWithArtefacts(project.id)
    asked = pattern.request(store.table_name).parameters["RequestItems"]
    nothing = Answer({"Responses": {}, "UnprocessedKeys": asked})

    with injected(store.client, [nothing, nothing]) as attempts:
        found = store.fetch(pattern)

    assert found == (project,)
    assert [json.loads(body)["RequestItems"] for body in attempts.bodies] == [asked] * 3


def test_keys_a_batch_never_reads_are_listed_exactly(store: Store) -> None:
    pattern = ProjectWithArtefacts("p")
    asked = pattern.request(store.table_name).parameters["RequestItems"]
    keys = asked[store.table_name]["Keys"][2:]
    stuck = Answer({"Responses": {}, "UnprocessedKeys": {store.table_name: {"Keys": keys}}})

    with (
        injected(store.client, lambda *_: stuck),
        pytest.raises(IncompleteBatchError) as caught,
    ):
        store.fetch(pattern)

    expected = tuple((key["PK"]["S"], key["SK"]["S"]) for key in keys)
    assert caught.value.unprocessed == expected
    assert len(expected) == 3


def test_a_batch_that_is_throttled_as_a_whole_is_sent_again(store: Store) -> None:
    project = a_project()

    with injected(store.client, [_THROTTLED, Refuse("InternalServerError", 500), Lose()]):
        assert store.put_all([project]) == 1

    assert store.get(ProjectById(project.id)) == project


def test_a_table_that_never_becomes_ready_is_unavailable(
    engine: Engine, transport: TransportName
) -> None:
    store = store_of(client_of(engine, transport=transport), f"slow-{new_id()}", Clock())
    creating = Answer({"Table": {"TableStatus": "CREATING"}})

    def slow(number: int, operation: str) -> Fault:
        return creating if operation == "DescribeTable" and number else Pass()

    with (
        injected(store.client, slow) as attempts,
        pytest.raises(UnavailableError, match="is not ready"),
    ):
        store.create_table()

    assert attempts.operations.count("DescribeTable") == 1 + _ATTEMPTS


def test_creating_a_table_that_is_there_changes_nothing(store: Store) -> None:
    with injected(store.client, []) as attempts:
        store.create_table()

    assert attempts.operations == ["DescribeTable"]
