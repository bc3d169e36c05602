"""Connections are reused for a limited time, and shared by threads but not by processes."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event

import pytest

from autoforge.dynamodb.client.client import (
    Client,
)
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.transport.connections import IDLE_LIMIT
from autoforge.dynamodb.transport.http1 import Connection
from autoforge.dynamodb.transport.transport import TransportName
from autoforge.errors import UnavailableError
from autoforge.forge import Forge
from tests.dynamodb.misbehaving import (
    Served,
    Talk,
    always,
    client_at,
    http,
    serving,
)
from tests.dynamodb.transport.talks import (
    BODY,
    FOUND,
    GET,
    attempts_of,
    chunked,
)


def test_a_connection_is_used_again(transport: TransportName) -> None:
    with serving(always(http(BODY))) as served:
        client = client_at(served, transport=transport)
        for _ in range(5):
            client.send(GET)

    assert (len(served.connections), len(served.requests)) == (1, 5)


@pytest.mark.parametrize("has_poll", [True, False], ids=["poll", "select"])
def test_what_came_unasked_or_an_end_makes_a_connection_stale(
    monkeypatch: pytest.MonkeyPatch, *, has_poll: bool
) -> None:
    if not has_poll:
        monkeypatch.delattr(select, "poll")

    for change in (lambda server: server.send(b"x"), socket.socket.close):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            connection = Connection(ours)
            assert not connection.is_stale()
            change(theirs)
            assert connection.is_stale()


def test_a_connection_that_was_closed_meanwhile_is_not_used_again(
    transport: TransportName,
) -> None:
    closed = Event()

    def behave(talk: Talk) -> None:
        talk.request()
        talk.send(http(BODY))
        talk.socket.close()
        closed.set()

    with serving(behave) as served:
        client = client_at(served, transport=transport)
        took = attempts_of(client)
        for _ in range(3):
            closed.clear()
            client.send(GET)
            assert closed.wait(10)

    assert took == [1, 1, 1]
    assert len(served.connections) == 3


def test_what_nobody_asked_for_is_not_taken_for_an_answer(transport: TransportName) -> None:
    sent = Event()

    def behave(talk: Talk) -> None:
        talk.request()
        talk.send(http(BODY))
        talk.send(http({"Item": {"PK": {"S": "another's"}}}))
        sent.set()
        talk.request()

    with serving(behave) as served:
        client = client_at(served, transport=transport)
        answers = []
        for _ in range(2):
            sent.clear()
            answers.append(client.send(GET))
            assert sent.wait(10)

    assert answers == [FOUND, FOUND]
    assert len(served.connections) == 2


@pytest.mark.parametrize(
    "data",
    [
        http(BODY, more="Connection: Close\r\n"),
        http(BODY, more="Connection: x, close\r\n"),
        http(BODY).replace(b"HTTP/1.1", b"HTTP/1.0"),
        http(BODY, more="Connection: x\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
        http(BODY) + b"more than was announced",
        http(BODY) + http(BODY),
        http(BODY) + http(BODY)[:-5],
        chunked(BODY) + b"more than was announced",
    ],
    ids=[
        "close",
        "close among others",
        "an old server",
        "an older one",
        "too much",
        "another answer",
        "the beginning of another",
        "too much in chunks",
    ],
)
def test_a_connection_that_will_not_go_on_is_not_used_again(data: bytes) -> None:
    with serving(always(data)) as served:
        client = client_at(served)
        took = attempts_of(client)

        assert [client.send(GET), client.send(GET)] == [FOUND, FOUND]

    assert took == [1, 1]
    assert len(served.connections) == 2


def test_an_old_server_may_keep_a_connection() -> None:
    old = http(BODY, more="Connection: Keep-Alive\r\n").replace(b"HTTP/1.1", b"HTTP/1.0")

    with serving(always(old)) as served:
        client = client_at(served)
        client.send(GET)
        client.send(GET)

    assert len(served.connections) == 1


def test_closing_closes_what_is_idle_and_the_next_request_opens_another(
    transport: TransportName,
) -> None:
    ended = Event()

    def behave(talk: Talk) -> None:
        always(http(BODY))(talk)
        ended.set()

    with serving(behave) as served:
        client = client_at(served, transport=transport)
        client.send(GET)
        client.close()
        assert ended.wait(10)

        assert client.send(GET) == FOUND

    assert len(served.connections) == 2


def test_what_was_never_used_can_be_closed(transport: TransportName) -> None:
    client = client_at(Served("http://127.0.0.1:9"), transport=transport)

    client.close()
    assert client.active_transport is not None
    client.close()

    assert not client._botocore


def test_a_warm_connection_is_the_first_requests() -> None:
    connected = Event()

    def behave(talk: Talk) -> None:
        connected.set()
        always(http(BODY))(talk)

    with serving(behave) as served:
        forge = Forge.connect(table_name="t", region="eu-west-1", endpoint_url=served.url)
        forge.warm()
        assert connected.wait(10)
        assert served.requests == []
        forge.store.client.send(GET)
        forge.close()

    assert len(served.connections) == 1


def test_warming_says_so_if_nothing_is_there() -> None:
    with pytest.raises(UnavailableError, match="Could not connect"):
        client_at(Served("http://127.0.0.1:9")).warm()


class _Interrupted(BaseException):
    pass


def test_an_interrupted_answer_is_not_taken_for_the_next_ones(transport: TransportName) -> None:
    caller = threading.get_ident()

    def interrupt(*_: object) -> None:
        raise _Interrupted

    def behave(talk: Talk) -> None:
        talk.request()
        if talk.number:
            talk.send(http(BODY))
        else:
            first = http({"Item": {"PK": {"S": "the first one's"}}})
            talk.send(first[:-9])
            signal.pthread_kill(caller, signal.SIGUSR1)
            if talk.request():
                talk.send(first[-9:])
        talk.request()

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with serving(behave) as served:
            client = client_at(served, transport=transport)
            with pytest.raises(_Interrupted):
                client.send(GET)
            took = attempts_of(client)

            assert client.send(GET) == FOUND
            assert took == [1]
    finally:
        signal.signal(signal.SIGUSR1, before)


def _body(talk: Talk) -> bytes:
    return talk.requests[-1].partition(b"\r\n\r\n")[2]


def test_threads_get_their_own_answers_over_a_bounded_number_of_connections() -> None:
    barrier = Barrier(16)

    def behave(talk: Talk) -> None:
        own = Talk(talk.number, talk.socket, [])  # requests of this connection only
        while own.request():
            talk.requests.append(own.requests[-1])
            key = json.loads(_body(own))["Key"]
            pad = "x" * (int(key["PK"]["S"].split("-")[1]) * 997 % 70_000)
            talk.send(http({"Item": key | {"pad": {"S": pad}}}))

    def ask(client: Client, thread: int) -> list[str]:
        barrier.wait()
        keys = [f"{thread}-{number}" for number in range(100)]
        asked = (Request("GetItem", {"Key": {"PK": {"S": key}}}) for key in keys)
        return [client.send(request)["Item"]["PK"]["S"] for request in asked]

    with serving(behave) as served, ThreadPoolExecutor(16) as pool:
        client = client_at(served)
        answers = list(pool.map(partial(ask, client), range(16)))

    assert answers == [[f"{thread}-{number}" for number in range(100)] for thread in range(16)]
    assert len(served.requests) == 1600
    assert len(served.connections) <= 16
    assert not client._botocore


def test_of_the_connections_of_a_burst_a_bounded_number_is_kept() -> None:
    together = Barrier(IDLE_LIMIT + 2)
    ended: list[int] = []
    two_ended = Event()

    def behave(talk: Talk) -> None:
        talk.request()
        together.wait(30)
        talk.send(http(BODY))
        talk.request()
        ended.append(talk.number)
        if len(ended) == 2:
            two_ended.set()

    with serving(behave) as served, ThreadPoolExecutor(IDLE_LIMIT + 2) as pool:
        client = client_at(served)
        list(pool.map(client.send, [GET] * (IDLE_LIMIT + 2)))
        assert two_ended.wait(10)

        assert len(ended) == 2


def test_threads_that_come_first_together_choose_one_way(transport: TransportName) -> None:
    barrier = Barrier(16)

    def look(client: Client) -> tuple[int, int]:
        barrier.wait()
        return id(client.active_transport), id(client.botocore)

    with ThreadPoolExecutor(16) as pool:
        client = client_at(Served("http://127.0.0.1:9"), transport=transport)

        assert len(set(pool.map(look, [client] * 16))) == 1


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the test server runs threads
def test_after_a_fork_parent_and_child_have_connections_of_their_own() -> None:
    reading, writing = os.pipe()

    with serving(always(http(BODY))) as served:
        client = client_at(served)
        client.send(GET)
        child = os.fork()
        if child == 0:
            try:
                client.send(GET)
                os.write(writing, json.dumps(client.send(GET)).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        told = json.loads(os.read(reading, 1000))
        answer = client.send(GET)
        os.close(reading)
        os.close(writing)

    assert told == answer == FOUND
    # The parent reuses its first connection; the child opened one for its two requests.
    assert (len(served.connections), len(served.requests)) == (2, 4)
