"""DynamoDB throttles, fails, conflicts and leaves work undone; callers see what it means."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from autoforge.access.actions import ActionById, execute_action
from autoforge.access.artefacts import ArtefactOfProject, revert_artefact, update_artefact
from autoforge.access.escalations import decide_escalation
from autoforge.access.events.patterns import EventsOfProject, record_event
from autoforge.access.projects.patterns import ProjectById, ProjectsByStatus, ProjectWithArtefacts
from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.dynamodb.client.worker_pool import WorkerPool
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import TransportName
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Delete, Put, Transaction
from autoforge.errors import (
    ConditionFailedError,
    IncompleteBatchError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    TableNotFoundError,
    ThrottledError,
    TransactionConflictError,
    UnavailableError,
    VersionConflictError,
)
from autoforge.models import Artefact, ArtefactType, Project, ProjectStatus
from tests.dynamodb.faults import Answer, Break, Fault, Lose, Pass, Refuse, injected
from tests.factories import (
    NOON,
    a_project,
    an_action,
    an_artefact,
    an_escalation,
    an_event,
    new_id,
)
from tests.servers import Engine
from tests.stores import Clock, Waits, client_of, store_of

_ATTEMPTS: Final = RetryPolicy().attempts
_THROTTLED: Final = Refuse("ProvisionedThroughputExceededException")
_LATER: Final = NOON + timedelta(minutes=1)

#: Ways in which an attempt fails and the next may succeed.
_PASSING: Final = [
    _THROTTLED,
    Refuse("ThrottlingException"),
    Refuse("RequestLimitExceeded"),
    Refuse("InternalServerError", 500),
    Refuse("SomethingUnheardOf", 503),
    Refuse("TransactionConflictException"),
    Break(EndpointConnectionError(endpoint_url="made up")),
    Break(ConnectTimeoutError(endpoint_url="made up")),
    Break(ConnectionClosedError(endpoint_url="made up")),
    Break(ReadTimeoutError(endpoint_url="made up")),
]


@pytest.fixture(scope="module", params=["auto", "botocore"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each way that requests may go, in turn."""
    way: TransportName = request.param
    return way


@pytest.fixture(scope="module")
def client(engine: Engine, transport: TransportName) -> Client:
    """A connection to the engine, by each way."""
    return client_of(engine, transport=transport)


@pytest.mark.parametrize("fault", _PASSING, ids=str)
def test_a_request_is_sent_again_after_what_passes(store: Store, fault: Fault) -> None:
    project = a_project()

    with injected(store.client, [fault, fault]) as attempts:
        store.save(Put(project))

    assert attempts.operations == ["PutItem"] * 3
    assert store.get(ProjectById(project.id)) == project


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        (_THROTTLED, ThrottledError),
        (Refuse("InternalServerError", 500), UnavailableError),
        (Refuse("TransactionConflictException"), TransactionConflictError),
        (Break(EndpointConnectionError(endpoint_url="made up")), UnavailableError),
    ],
    ids=str,
)
def test_what_never_passes_is_given_up_after_so_many_attempts(
    engine: Engine, transport: TransportName, fault: Fault, meaning: type[Exception]
) -> None:
    waits: list[float] = []
    store = _store(engine, transport=transport, sleep=waits.append, random=lambda: 1.0)

    with injected(store.client, lambda *_: fault) as attempts, pytest.raises(meaning) as caught:
        store.get(ProjectById("p"))

    assert type(caught.value) is meaning
    assert f"GetItem: {_said(fault)} (after 6 attempts)" in str(caught.value)
    assert len(attempts.operations) == _ATTEMPTS == 6
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8]


def test_waits_grow_to_a_bound_and_chance_decides_how_much_of_them_is_waited(
    engine: Engine, transport: TransportName
) -> None:
    waits: list[float] = []
    chances = iter([0.0, 1.0, 0.5, 0.25, 1.0, 1.0, 1.0])
    retries = RetryPolicy(attempts=8, base=0.5, cap=4.0)
    store = _store(
        engine,
        transport=transport,
        sleep=waits.append,
        random=lambda: next(chances),
        retries=retries,
    )

    with injected(store.client, lambda *_: _THROTTLED), pytest.raises(ThrottledError):
        store.get(ProjectById("p"))

    assert waits == [0.0, 1.0, 1.0, 1.0, 4.0, 4.0, 4.0]


def test_unless_given_chance_is_different_every_time(
    engine: Engine, transport: TransportName
) -> None:
    client = client_of(engine, transport=transport)
    drawn = {client.random() for _ in range(10)}

    assert len(drawn) == 10
    assert all(0 <= chance < 1 for chance in drawn)


def test_an_observer_learns_how_many_attempts_a_request_took(
    engine: Engine, transport: TransportName
) -> None:
    store = _store(engine, transport=transport)
    calls: list[tuple[str, int]] = []
    store.client.observers.append(lambda call: calls.append((call.operation, call.attempts)))

    with injected(store.client, [_THROTTLED, _THROTTLED]):
        store.get(ProjectById("p"))
        store.get(ProjectById("p"))

    assert calls == [("GetItem", 3), ("GetItem", 1)]


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnrecognizedClientException"])
def test_a_code_of_aws_that_has_no_meaning_here_propagates_unchanged(
    store: Store, code: str
) -> None:
    with injected(store.client, [Refuse(code)]) as attempts, pytest.raises(ClientError) as caught:
        store.get(ProjectById("p"))

    assert caught.value.response["Error"]["Code"] == code
    assert len(attempts.operations) == 1


def test_what_botocore_raises_before_it_sends_propagates_unchanged(store: Store) -> None:
    with (
        injected(store.client, [Break(NoCredentialsError())]) as attempts,
        pytest.raises(NoCredentialsError),
    ):
        store.get(ProjectById("p"))

    assert len(attempts.operations) == 1


def test_what_dynamodb_calls_invalid_is_an_invalid_value(store: Store) -> None:
    error_for = Refuse("ValidationException", message="Type mismatch for key")

    with (
        injected(store.client, [error_for]),
        pytest.raises(InvalidValueError, match="Type mismatch for key"),
    ):
        store.get(ProjectById("p"))


def test_a_missing_table_is_named_so(engine: Engine, transport: TransportName) -> None:
    store = store_of(client_of(engine, transport=transport), "there-is-no-such-table", Clock())

    with pytest.raises(TableNotFoundError):
        store.get(ProjectById("p"))
    with pytest.raises(TableNotFoundError):
        store.save(Put(a_project()))
    with pytest.raises(TableNotFoundError):
        store.put_all([a_project()])
    with pytest.raises(TableNotFoundError):
        store.transact(Transaction((Put(a_project()),)))
    with pytest.raises(TableNotFoundError):
        store.is_ready()


def test_a_missing_index_is_a_missing_table(store: Store) -> None:
    message = "The table does not have the specified index: GSI1"

    with (
        injected(store.client, [Refuse("ValidationException", message=message)]),
        pytest.raises(TableNotFoundError, match="GSI1"),
    ):
        store.page(ProjectsByStatus(ProjectStatus.ACTIVE), limit=1)


def test_an_answer_of_html_is_not_taken_for_one_of_dynamodb(transport: TransportName) -> None:
    with _serving(200) as url:
        store = store_of(_client_at(url, transport), "some-table", Clock())

        with pytest.raises(
            UnavailableError, match="the answer is text/html; expected a JSON object"
        ):
            store.get(ProjectById("p"))
        with pytest.raises(UnavailableError):
            store.save(Put(a_project()))
        with pytest.raises(UnavailableError):
            store.page(EventsOfProject("p"), limit=1)


@pytest.mark.parametrize("status", [403, 404, 502])
def test_an_error_of_html_is_not_taken_for_one_of_dynamodb(
    status: int, transport: TransportName
) -> None:
    with _serving(status) as url:
        store = store_of(_client_at(url, transport), "some-table", Clock())

        with pytest.raises(UnavailableError):
            store.get(ProjectById("p"))


def test_nothing_listening_is_unavailable(transport: TransportName) -> None:
    with _serving(200) as url:
        pass

    with pytest.raises(UnavailableError, match="after 6 attempts"):
        store_of(_client_at(url, transport), "some-table", Clock()).get(ProjectById("p"))


# An answer that is lost after the request was carried out ----------------------------------------


def test_a_put_whose_answer_was_lost_is_reported_as_made(store: Store) -> None:
    # The numbers come back from DynamoDB written in another way.
    project = a_project(
        config={"small": 1e-7, "whole": 2.0, "large": 1e30, "nested": [{"a": 1.50}]}
    )

    with injected(store.client, [Lose()]) as attempts:
        saved = store.save(Put(project))

    assert saved == project
    assert attempts.operations == ["PutItem", "PutItem"]


def test_an_answer_is_still_known_to_be_lost_when_the_next_attempt_was_throttled(
    store: Store,
) -> None:
    project = a_project()

    with injected(store.client, [Lose(), _THROTTLED]):
        assert store.save(Put(project)) == project


def test_a_put_that_meets_another_item_after_a_lost_answer_is_refused(store: Store) -> None:
    mine = a_project()
    rival = a_project(id=mine.id, name="Another")
    store.save(Put(rival))

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(ItemExistsError) as caught,
    ):
        store.save(Put(mine))

    assert caught.value.item == rival


def test_a_second_put_of_an_equal_item_is_refused_when_no_answer_was_lost(store: Store) -> None:
    project = a_project()
    store.save(Put(project))

    with injected(store.client, [_THROTTLED]), pytest.raises(ItemExistsError):
        store.save(Put(project))


@pytest.mark.parametrize("expected_version", [1, None])
def test_an_update_whose_answer_was_lost_is_made_once(
    store: Store, expected_version: int | None
) -> None:
    artefact = _stored(store)
    write = update_artefact(
        artefact.project_id,
        artefact.type,
        {"new": 1e-7},
        expected_version=expected_version,
        at=_LATER,
    )

    with injected(store.client, [Lose()]):
        saved = store.save(write)

    assert saved == _artefact(store, artefact)
    assert (saved.version, saved.content, saved.previous_version, saved.updated_at) == (
        2,
        {"new": 1e-7},
        artefact.content,
        _LATER,
    )


def test_an_update_that_adds_is_made_once_though_nothing_counts_it(store: Store) -> None:
    project = a_project(max_concurrency=3)
    store.save(Put(project))
    more = Project.max_concurrency.set(Project.max_concurrency + 1)
    write = Update(Project, {"id": project.id}, _LATER, actions=[more])

    with injected(store.client, [Lose()]):
        saved = store.save(write)

    assert saved.max_concurrency == 4
    assert store.require(ProjectById(project.id), consistent=True) == saved


@pytest.mark.parametrize("expected_version", [2, None])
def test_a_revert_whose_answer_was_lost_is_made_once(
    store: Store, expected_version: int | None
) -> None:
    artefact = _stored(store)
    identity = artefact.project_id, artefact.type
    store.save(update_artefact(*identity, {"new": True}, expected_version=1, at=NOON))

    with injected(store.client, [Lose()]):
        saved = store.save(revert_artefact(*identity, expected_version=expected_version, at=_LATER))

    assert saved == _artefact(store, artefact)
    assert (saved.version, saved.content, saved.previous_version) == (
        3,
        artefact.content,
        {"new": True},
    )


def test_an_update_that_was_not_made_is_made_when_its_fate_is_known(store: Store) -> None:
    artefact = _stored(store)
    write = update_artefact(
        artefact.project_id, artefact.type, {"new": True}, expected_version=None, at=_LATER
    )

    with injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]) as attempts:
        saved = store.save(write)

    assert attempts.operations == ["UpdateItem", "GetItem", "UpdateItem"]
    assert (saved.version, saved.previous_version) == (2, artefact.content)


def test_an_update_whose_fate_is_unknown_and_whose_item_is_gone_finds_none(store: Store) -> None:
    write = update_artefact(
        new_id(), ArtefactType.RAID_LOG, {"new": True}, expected_version=None, at=_LATER
    )

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(ItemNotFoundError),
    ):
        store.save(write)


def test_a_rivals_update_after_a_lost_answer_is_a_version_conflict(store: Store) -> None:
    artefact = _stored(store)
    identity = artefact.project_id, artefact.type
    store.save(update_artefact(*identity, {"rival": True}, expected_version=1, at=NOON))
    write = update_artefact(*identity, {"mine": True}, expected_version=1, at=_LATER)

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(VersionConflictError) as caught,
    ):
        store.save(write)

    assert caught.value.item == _artefact(store, artefact)


def test_an_answer_lost_while_the_version_went_further_is_a_version_conflict(store: Store) -> None:
    """The same content at the same moment, and still not this write's version."""
    artefact = _stored(store)
    identity = artefact.project_id, artefact.type
    store.save(update_artefact(*identity, {"same": True}, expected_version=1, at=_LATER))
    store.save(update_artefact(*identity, {"same": True}, expected_version=2, at=_LATER))
    write = update_artefact(*identity, {"same": True}, expected_version=1, at=_LATER)

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(VersionConflictError),
    ):
        store.save(write)


def test_a_decision_whose_answer_was_lost_is_reported_as_made(store: Store) -> None:
    escalation = an_escalation()
    store.save(Put(escalation))

    with injected(store.client, [Lose()]):
        decided = store.save(
            decide_escalation(escalation.project_id, escalation.id, decision="yes", at=_LATER)
        )

    assert (decided.user_decision, decided.decided_at) == ("yes", _LATER)


def test_a_state_that_another_caller_reached_is_not_taken_for_ones_own(store: Store) -> None:
    action = an_action()
    store.save(Put(action))
    store.save(execute_action(action.project_id, action.id, at=NOON))

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(ConditionFailedError),
    ):
        store.save(execute_action(action.project_id, action.id, at=_LATER))

    executed = store.require(ActionById(action.project_id, action.id))
    assert executed.executed_at == NOON


def test_a_delete_whose_answer_was_lost_is_reported_as_made(store: Store) -> None:
    project = a_project()
    store.save(Put(project))

    with injected(store.client, [Lose()]) as attempts:
        store.write(Delete(Project, {"id": project.id}))

    assert attempts.operations == ["DeleteItem", "DeleteItem"]
    assert store.get(ProjectById(project.id)) is None


def test_a_transaction_whose_answer_was_lost_is_made_once(store: Store) -> None:
    event = an_event()

    with injected(store.client, [Lose()]) as attempts:
        store.transact(record_event(event))

    assert len({json.loads(body)["ClientRequestToken"] for body in attempts.bodies}) == 1
    assert store.page(EventsOfProject(event.project_id or ""), limit=9).items == (event,)


def test_an_update_in_a_transaction_whose_answer_was_lost_is_made_once(store: Store) -> None:
    artefact = _stored(store)
    write = update_artefact(
        artefact.project_id, artefact.type, {"new": 1}, expected_version=None, at=_LATER
    )

    with injected(store.client, [Lose()]):
        store.transact(Transaction((write,)))

    assert _artefact(store, artefact).version == 2


def test_a_conflicting_transaction_is_sent_again_under_the_same_token(store: Store) -> None:
    event = an_event()
    reasons = [{"Code": "None"}, {"Code": "TransactionConflict", "Message": "made up"}]
    conflict = Refuse("TransactionCanceledException", more={"CancellationReasons": reasons})

    with injected(store.client, [conflict, conflict, conflict]) as attempts:
        store.transact(record_event(event))

    tokens = [json.loads(body)["ClientRequestToken"] for body in attempts.bodies]
    assert (len(tokens), len(set(tokens))) == (4, 1)
    assert store.page(EventsOfProject(event.project_id or ""), limit=9).items == (event,)


def test_two_transactions_have_two_tokens(store: Store) -> None:
    with injected(store.client, []) as attempts:
        store.transact(record_event(an_event()))
        store.transact(record_event(an_event()))

    assert len({json.loads(body)["ClientRequestToken"] for body in attempts.bodies}) == 2


def test_a_transaction_that_never_stops_conflicting_is_given_up(store: Store) -> None:
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    conflict = Refuse("TransactionCanceledException", more={"CancellationReasons": reasons})

    with (
        injected(store.client, lambda *_: conflict) as attempts,
        pytest.raises(TransactionConflictError),
    ):
        store.transact(record_event(an_event()))

    assert len(attempts.operations) == _ATTEMPTS


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ({"Code": "ProvisionedThroughputExceeded"}, ThrottledError),
        ({"Code": "ValidationError", "Message": "made up"}, InvalidValueError),
        ({"Code": "SomethingUnheardOf"}, ClientError),
    ],
    ids=str,
)
def test_a_cancelled_transaction_says_why(
    store: Store, reason: dict[str, str], meaning: type[Exception]
) -> None:
    more = {"CancellationReasons": [{"Code": "None"}, reason]}
    cancelled = Refuse("TransactionCanceledException", more=more)

    with injected(store.client, lambda *_: cancelled), pytest.raises(meaning):
        store.transact(record_event(an_event()))


def test_a_token_used_for_another_transaction_is_an_invalid_value(store: Store) -> None:
    with (
        injected(store.client, [Refuse("IdempotentParameterMismatchException")]),
        pytest.raises(InvalidValueError),
    ):
        store.transact(record_event(an_event()))


# Work that is left undone -----------------------------------------------------------------------


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

    # The first 25 are written, 10 of the next 25 are left, and the last 10 were not tried.
    undone = [*projects[40:50], *projects[50:]]
    assert caught.value.unprocessed == tuple((each.PK, each.SK) for each in undone)
    assert len(attempts.operations) > 1 + _ATTEMPTS  # as long as a bulk is patient


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

    store = _store(engine, transport=transport, sleep=sleep, timer=time.timer, random=lambda: 0.5)
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


def _store(engine: Engine, **given: Any) -> Store:
    """A Store with a connection of its own, on the engine's table."""
    store = store_of(client_of(engine, **given), "autoforge-faults", Clock())
    store.create_table()
    return store


def _stored(store: Store) -> Artefact:
    return store.save(Put(an_artefact()))


def _artefact(store: Store, artefact: Artefact) -> Artefact:
    return store.require(ArtefactOfProject(artefact.project_id, artefact.type), consistent=True)


def _said(fault: Fault) -> str:
    match fault:
        case Refuse(code, _, message):
            return f"{code}: {message}"
        case Break(error):
            return str(error)
    raise AssertionError(fault)


def _client_at(url: str, transport: TransportName) -> Client:
    return client_of(Engine("none", url), transport=transport)


@contextmanager
def _serving(status: int) -> Iterator[str]:
    """A server that knows nothing of DynamoDB and answers every request with a page."""
    page = b"<html><body>Please log in</body></html>"

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
