"""The requests of one call run concurrently if they do not depend on each other's answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from autoforge.access.features.patterns import FeatureStats, features_by_id
from autoforge.access.projects.patterns import ProjectById, ProjectOverview
from autoforge.access.runs.patterns import RunsOfAgent
from autoforge.access.tickets.patterns import LinearIssue, TicketByLinearIssue
from autoforge.access.tickets.sync import SyncTickets
from autoforge.dynamodb import Entity
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.client.worker_pool import WorkerPool
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport
from autoforge.errors import IncompleteBatchError
from autoforge.models import Project
from autoforge.testing.clock import Clock
from autoforge.testing.recording import WrappedTransport
from tests.factories import NOON, a_feature, a_project, a_run, a_run_ref, an_artefact, new_id
from tests.servers import Engine
from tests.stores import client_of, store_of

pytestmark = pytest.mark.one_engine

#: Seconds within which concurrent requests must meet.
_SOON: Final = 30


@dataclass
class Meeting(WrappedTransport):
    """A transport that holds requests of an operation until a number of them are in flight."""

    sound: Transport
    operation: str
    barrier: threading.Barrier

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if operation == self.operation:
            self.barrier.wait(_SOON)
        return self.sound.exchange(operation, parameters)


@pytest.fixture
def alone(engine: Engine, table_name: str, clock: Clock) -> Store:
    """A Store with its own client, whose transport a test may replace."""
    return store_of(client_of(engine), table_name, clock)


@contextmanager
def meeting(client: Client, operation: str, requests: int) -> Iterator[None]:
    """Require a number of requests of an operation to be in flight at the same time."""
    sound = client.active_transport
    client.active_transport = Meeting(sound, operation, threading.Barrier(requests))
    try:
        yield
    finally:
        client.active_transport = sound


def test_the_counts_of_feature_stats_are_asked_for_at_once(alone: Store) -> None:
    feature = a_feature()
    alone.put_all([feature])

    with meeting(alone.client, "Query", 5):
        assert alone.answer(FeatureStats(feature.project_id)).pending == 1


def test_the_parts_of_an_overview_are_asked_for_at_once(alone: Store) -> None:
    project = a_project()
    artefact = an_artefact(project_id=project.id)
    alone.put_all([project, artefact])
    operations = set[str]()
    both = threading.Barrier(2)

    @dataclass
    class Both(WrappedTransport):
        sound: Transport

        def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
            operations.add(operation)
            both.wait(_SOON)
            return self.sound.exchange(operation, parameters)

    alone.client.active_transport = Both(alone.client.active_transport)

    overview = alone.answer(ProjectOverview(project.id))

    assert overview is not None
    assert overview.artefacts == (artefact,)
    assert operations == {"BatchGetItem", "Query"}


def test_what_references_point_to_is_fetched_at_once_and_in_their_order(alone: Store) -> None:
    agent_id, project_id = new_id(), new_id()
    runs = [a_run(agent_id=agent_id, project_id=project_id) for _ in range(150)]
    refs = [a_run_ref(agent_id=agent_id, run_id=run.id, project_id=project_id) for run in runs]
    alone.put_all([*runs, *refs])

    with meeting(alone.client, "BatchGetItem", 2):
        page = alone.page(RunsOfAgent(agent_id, order="asc"), limit=200)

    assert [run.id for run in page.items] == sorted(run.id for run in runs)


def test_batches_are_written_at_once(alone: Store) -> None:
    projects = [a_project() for _ in range(100)]

    with meeting(alone.client, "BatchWriteItem", 4):
        assert alone.put_all(projects) == 100
    with meeting(alone.client, "BatchWriteItem", 4):
        assert alone.delete_all(_key(project) for project in projects) == 100


def test_tickets_are_synced_at_once_and_what_is_said_twice_of_one_in_order(alone: Store) -> None:
    project = a_project()
    alone.put_all([project])
    said = [
        LinearIssue(linear_issue_id=issue, linear_issue_url="u", title=title, status="Todo")
        for issue, title in [("a", "first"), ("b", "b"), ("a", "second"), ("c", "c")]
    ]

    with meeting(alone.client, "PutItem", 3):
        counts = SyncTickets(str(project.id), said, NOON, new_id).run(alone)

    assert (counts.created, counts.updated) == (3, 1)
    ticket = alone.get(TicketByLinearIssue("a"))
    assert ticket is not None
    assert ticket.title == "second"


def test_any_number_of_features_is_read_at_once(alone: Store) -> None:
    project_id = new_id()
    features = [a_feature(project_id=project_id) for _ in range(150)]
    alone.put_all(features)
    ids = [str(feature.id) for feature in features]

    with meeting(alone.client, "BatchGetItem", 2):
        found = list(features_by_id(alone, project_id, ids))

    assert [str(feature.id) for feature in found] == ids


@dataclass
class Overtaking(WrappedTransport):
    """A transport that delays the first batch until the last has been written."""

    sound: Transport
    written: list[int] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    last_is_written: threading.Event = field(default_factory=threading.Event)

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if operation != "BatchWriteItem":
            return self.sound.exchange(operation, parameters)
        ((_, members),) = parameters["RequestItems"].items()
        number = int(members[-1]["PutRequest"]["Item"]["name"]["S"])
        self.begun.append(number)
        if number == 1:
            assert self.last_is_written.wait(_SOON)
        answer = self.sound.exchange(operation, parameters)
        self.written.append(number)
        if number == 3:
            self.last_is_written.set()
        return answer


def test_of_two_writes_of_one_item_in_different_batches_the_later_is_made_last(
    alone: Store,
) -> None:
    def batch(number: int, *first: str) -> list[Entity]:
        ids = [*first, *(new_id() for _ in range(25 - len(first)))]
        return [a_project(id=each, name=str(number)) for each in ids]

    contended = new_id()
    wire = alone.client.active_transport = Overtaking(alone.client.active_transport)

    alone.put_all([*batch(1, contended), *batch(2, contended), *batch(3)])

    assert wire.written == [3, 1, 2]
    assert wire.begun.index(2) == 2
    found = alone.get(ProjectById(contended))
    assert found is not None
    assert found.name == "2"


def test_after_a_batch_that_is_left_undone_what_was_not_tried_is_named_too(
    alone: Store,
) -> None:
    projects = [a_project(name=str(number // 25)) for number in range(1000)]
    refused = _Refusing(alone.client.active_transport, lambda members: _name(members[0]) == "3")
    alone.client.active_transport = refused

    with pytest.raises(IncompleteBatchError) as caught:
        alone.put_all(projects)

    undone = {KeyValue(*key) for key in caught.value.unprocessed}
    there = {key for key in map(_key, projects) if alone.get(ProjectById(_id(key))) is not None}
    assert {_key(project) for project in projects[75:100]} <= undone
    assert undone | there == {_key(project) for project in projects}
    assert not undone & there


def test_after_a_batch_that_is_left_undone_no_other_is_begun(alone: Store) -> None:
    projects = [a_project(name=str(number // 25)) for number in range(200)]
    refused = _Refusing(alone.client.active_transport, lambda members: _name(members[0]) == "3")
    alone.client.active_transport = refused
    alone.client.worker_pool = WorkerPool(width=1)

    with pytest.raises(IncompleteBatchError) as caught:
        alone.put_all(projects)

    assert [KeyValue(*key) for key in caught.value.unprocessed] == list(map(_key, projects[75:]))
    assert alone.get(ProjectById(str(projects[74].id))) is not None
    assert alone.get(ProjectById(str(projects[100].id))) is None


@dataclass
class _Refusing(WrappedTransport):
    """A transport that leaves the items of some batches unprocessed on every attempt."""

    sound: Transport
    refused: Callable[[list[dict[str, Any]]], bool]

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "BatchWriteItem":
            ((_, members),) = parameters["RequestItems"].items()
            if self.refused(members):
                return {"UnprocessedItems": dict(parameters["RequestItems"])}
        return self.sound.exchange(operation, parameters)


def _name(member: Mapping[str, Any]) -> str:
    return str(member["PutRequest"]["Item"]["name"]["S"])


def _key(project: Project) -> KeyValue:
    value = Project.primary_key.render({"id": project.id})
    assert value is not None
    return value


def _id(key: KeyValue) -> str:
    return key.partition.removeprefix("PROJECT#")
