"""DynamoDB throttles and fails: requests are sent again, and callers get the right error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
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

from autoforge.access.events.patterns import EventsOfProject
from autoforge.access.projects.patterns import ProjectById, ProjectsByStatus
from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import TransportName
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.errors import (
    InvalidValueError,
    TableNotFoundError,
    ThrottledError,
    TransactionConflictError,
    UnavailableError,
)
from autoforge.models import ProjectStatus
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Break, Fault, Refuse, injected
from tests.factories import (
    a_project,
)
from tests.servers import Engine
from tests.stores import client_of, fresh, store_of

pytestmark = pytest.mark.one_engine

_ATTEMPTS: Final = RetryPolicy().attempts


_THROTTLED: Final = Refuse("ProvisionedThroughputExceededException")


#: Faults after which the next attempt may succeed.
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
    store = fresh(client_of(engine, transport=transport, sleep=waits.append, random=lambda: 1.0))

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
    store = fresh(
        client_of(
            engine,
            transport=transport,
            sleep=waits.append,
            random=lambda: next(chances),
            retries=retries,
        )
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
    store = fresh(client_of(engine, transport=transport))
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
    """A server other than DynamoDB, which answers every request with a page."""
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
