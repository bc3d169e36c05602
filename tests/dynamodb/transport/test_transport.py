"""Servers break off, lie and dawdle; on either way to DynamoDB callers learn what it means."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from threading import Barrier, Event
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from autoforge.dynamodb.client.client import (
    Client,
    Deadline,
    RetryPolicy,
    TooLateError,
    UncertainError,
)
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.transport.connections import IDLE_LIMIT
from autoforge.dynamodb.transport.http1 import Connection, GarbledAnswerError
from autoforge.dynamodb.transport.transport import Timeouts, TransportName
from autoforge.errors import InvalidValueError, UnavailableError
from autoforge.forge import Forge
from tests.dynamodb.misbehaving import (
    Behaviour,
    Served,
    Talk,
    always,
    client_at,
    http,
    serving,
    summed,
)

_GET: Final = Request("GetItem", {"TableName": "t", "Key": {"PK": {"S": "p"}}})
_FOUND: Final[dict[str, Any]] = {"Item": {"PK": {"S": "p"}, "data": {"B": "3q2+7w=="}}}
_BODY: Final = json.dumps(_FOUND).encode()
#: Long enough for an answer on a busy machine, and short enough to wait for in vain.
_SHORT: Final = Timeouts(connect=5, read=0.5)


@pytest.fixture(params=["auto", "botocore"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each way that requests may go, in turn."""
    way: TransportName = request.param
    return way


# Answers that are odd, and right -----------------------------------------------------------------


def _sends(data: bytes) -> Behaviour:
    """Answer one request, and close."""

    def behave(talk: Talk) -> None:
        talk.request()
        talk.send(data)

    return behave


def _in_pieces(data: bytes, size: int) -> Behaviour:
    def behave(talk: Talk) -> None:
        while talk.request():
            for place in range(0, len(data), size):
                talk.send(data[place : place + size])

    return behave


def _chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTRANSFER-ENCODING: Chunked\r\n\r\n"
    )
    return head + b"".join(b"%X;of=it\r\n%s\r\n" % (len(each), each) for each in chunks) + end


_UNTIL_CLOSED: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + _BODY

_RIGHT: Final[dict[str, Behaviour]] = {
    "of known length": always(http(_BODY)),
    "with its checksum": always(summed(_BODY)),
    "byte by byte": _in_pieces(http(_BODY), 1),
    "chunked": always(_chunked(_BODY[:1], _BODY[1:20], _BODY[20:])),
    "chunked, with trailers": always(_chunked(_BODY, end=b"0\r\nchecksum: 1\r\n\r\n")),
    "chunked, byte by byte": _in_pieces(_chunked(_BODY[:9], _BODY[9:]), 1),
    "after a hundred": always(b"HTTP/1.1 100 Continue\r\n\r\n" + http(_BODY)),
    "with names in capitals": always(http(_BODY).replace(b"Content-Length", b"CONTENT-LENGTH")),
    "until the end": _sends(_UNTIL_CLOSED),
    "of an old server": _sends(http(_BODY).replace(b"HTTP/1.1", b"HTTP/1.0")),
}


@pytest.mark.parametrize("behaviour", _RIGHT.values(), ids=_RIGHT)
def test_an_answer_is_read_however_it_is_sent(
    behaviour: Behaviour, transport: TransportName
) -> None:
    with serving(behaviour) as served:
        client = client_at(served, transport=transport, retries=RetryPolicy(attempts=1))

        assert [client.send(_GET), client.send(_GET)] == [_FOUND, _FOUND]


def test_an_answer_of_megabytes_is_read(transport: TransportName) -> None:
    large = {"Items": [{"PK": {"S": "p" * 100_000}}] * 40}

    with serving(always(http(large))) as served:
        assert client_at(served, transport=transport).send(Request("Query", {})) == large


# Answers that never come, or cannot be trusted ---------------------------------------------------


def _resets(talk: Talk) -> None:
    talk.request()
    talk.send(http(_BODY)[:30])
    talk.reset()


def _dawdles(talk: Talk) -> None:
    talk.request()
    talk.send(http(_BODY)[:30])
    talk.request()  # never comes: waits for the caller to give up


_WRONG: Final[dict[str, Behaviour]] = {
    "closes before it reads": lambda _: None,
    "closes when it has read": lambda talk: talk.request(),
    "closes within the head": _sends(http(_BODY)[:30]),
    "closes within the answer": _sends(http(_BODY)[:-1]),
    "closes within a refusal": _sends(http({"__type": "Denied"}, status="400 No")[:-3]),
    "closes within a chunk": _sends(_chunked(_BODY)[:-9]),
    "closes before the last chunk": _sends(_chunked(_BODY, end=b"")),
    "resets": _resets,
    "dawdles": _dawdles,
    "speaks no HTTP": _sends(b"220 mail.example ESMTP\r\n\r\n"),
    "never ends its head": _sends(b"HTTP/1.1 200 OK\r\n" + b"X-Pad: %s\r\n" % (b"x" * 70_000)),
}

#: Whole answers that are not to be believed.
_UNBELIEVABLE: Final[dict[str, bytes]] = {
    "another's checksum": summed(_BODY, off_by=1),
    "a page": http(b"<html>Log in</html>", kind="text/html"),
    "a failure's page": http(b"<html>Oops</html>", status="500 Oops", kind="text/html"),
    "a failure": http(b"", status="503 Busy"),
    "no JSON": http(b"nonsense"),
    "nothing": http(b""),
    "a list": http(b"[]"),
}


def _at_first(behaviour: Behaviour) -> Behaviour:
    """Behave so on the first connection, and well on all others."""
    well = always(http(_BODY))
    return lambda talk: well(talk) if talk.number else behaviour(talk)


@pytest.mark.parametrize("behaviour", _WRONG.values(), ids=_WRONG)
def test_a_request_is_sent_again_on_another_connection(
    behaviour: Behaviour, transport: TransportName
) -> None:
    with serving(_at_first(behaviour)) as served:
        client = client_at(served, transport=transport, timeouts=_SHORT)
        took = _attempts(client)

        assert client.send(_GET) == _FOUND
        assert client.send(_GET) == _FOUND

    assert took == [2, 1]
    assert len(served.connections) == 2


@pytest.mark.parametrize("behaviour", _WRONG.values(), ids=_WRONG)
def test_whether_a_request_was_carried_out_is_then_unknown(
    behaviour: Behaviour, transport: TransportName
) -> None:
    with serving(_at_first(behaviour)) as served:
        client = client_at(served, transport=transport, timeouts=_SHORT)

        with pytest.raises(UncertainError):
            client.send(_GET, repeatable=False)

    assert len(served.connections) == 1


@pytest.mark.parametrize("data", _UNBELIEVABLE.values(), ids=_UNBELIEVABLE)
def test_what_is_not_to_be_believed_is_asked_for_again(
    data: bytes, transport: TransportName
) -> None:
    with serving(always(data, http(_BODY))) as served:
        assert client_at(served, transport=transport).send(_GET) == _FOUND

    with serving(always(data)) as served, pytest.raises(UncertainError):
        client_at(served, transport=transport).send(_GET, repeatable=False)


#: Things botocore reads in its own way.
_GARBLED: Final[dict[str, bytes]] = {
    "a length that is no number": http(_BODY).replace(b"Length: ", b"Length: +"),
    "two lengths": http(_BODY, more="Content-Length: 1\r\n"),
    "a header without a name": http(_BODY, more=": x\r\n"),
    "a header without a colon": http(_BODY, more="nonsense\r\n"),
    "a header that goes on": http(_BODY, more="X-A: x\r\n y\r\n"),
    "another encoding": _chunked(_BODY).replace(b"Chunked", b"gzip, chunked"),
    "a size that is no number": _chunked(_BODY).replace(b";of=it", b"_0"),
    "a size that is negative": _chunked(_BODY).replace(b"\r\n\r\n", b"\r\n\r\n-", 1),
    "a chunk that goes on": _chunked(_BODY).replace(b"}}\r\n", b"}}--"),
    "a chunk without a size": _chunked(_BODY, end=b"x" * 70_000),
    "trailers without an end": _chunked(_BODY, end=b"0\r\n" + b"X-Pad: x\r\n" * 20_000),
    "a chunk that says too much of itself": _chunked(_BODY, end=b"1;" + b"x" * 200_000),
    "hundreds without an end": b"HTTP/1.1 100 Continue\r\n\r\n" * 8_000,
    "a length and chunks": _chunked(_BODY).replace(
        b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n", 1
    ),
    "another protocol": http(_BODY, status="101 On", more="Upgrade: x\r\nConnection: upgrade\r\n"),
    "a head without an end": b"HTTP/1.1 200 OK\r\n" + b"X-Pad: %s\r\n" % (b"x" * 70_000),
    "a status of two digits": http(_BODY, status="20 OK"),
    "a later version": http(_BODY).replace(b"HTTP/1.1", b"HTTP/2.0"),
}


@pytest.mark.parametrize("data", _GARBLED.values(), ids=_GARBLED)
def test_an_answer_that_is_no_http_is_not_read(data: bytes) -> None:
    with serving(_at_first(_sends(data))) as served:
        with pytest.raises(UncertainError) as caught:
            client_at(served, timeouts=_SHORT).send(_GET, repeatable=False)

        assert client_at(served).send(_GET) == _FOUND

    broken = caught.value.__cause__
    assert isinstance(broken, ConnectionClosedError)
    assert isinstance(broken.__cause__, GarbledAnswerError)


def test_without_a_connection_a_request_was_certainly_not_carried_out(
    transport: TransportName,
) -> None:
    with serving(always(http())) as served:
        pass

    with pytest.raises(UnavailableError, match="Could not connect"):
        client_at(served, transport=transport).send(_GET, repeatable=False)


def test_a_name_that_nobody_has_is_unavailable(transport: TransportName) -> None:
    nowhere = Served("http://nobody.invalid:8000")

    with pytest.raises(UnavailableError, match="Could not connect"):
        client_at(nowhere, transport=transport).send(_GET, repeatable=False)


# Connections are kept, and not for too long ------------------------------------------------------


def test_a_connection_is_used_again(transport: TransportName) -> None:
    with serving(always(http(_BODY))) as served:
        client = client_at(served, transport=transport)
        for _ in range(5):
            client.send(_GET)

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
        talk.send(http(_BODY))
        talk.socket.close()
        closed.set()

    with serving(behave) as served:
        client = client_at(served, transport=transport)
        took = _attempts(client)
        for _ in range(3):
            closed.clear()
            client.send(_GET)
            assert closed.wait(10)

    assert took == [1, 1, 1]
    assert len(served.connections) == 3


def test_what_nobody_asked_for_is_not_taken_for_an_answer(transport: TransportName) -> None:
    sent = Event()

    def behave(talk: Talk) -> None:
        talk.request()
        talk.send(http(_BODY))
        talk.send(http({"Item": {"PK": {"S": "another's"}}}))
        sent.set()
        talk.request()

    with serving(behave) as served:
        client = client_at(served, transport=transport)
        answers = []
        for _ in range(2):
            sent.clear()
            answers.append(client.send(_GET))
            assert sent.wait(10)

    assert answers == [_FOUND, _FOUND]
    assert len(served.connections) == 2


@pytest.mark.parametrize(
    "data",
    [
        http(_BODY, more="Connection: Close\r\n"),
        http(_BODY, more="Connection: x, close\r\n"),
        http(_BODY).replace(b"HTTP/1.1", b"HTTP/1.0"),
        http(_BODY, more="Connection: x\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
        http(_BODY) + b"more than was announced",
        http(_BODY) + http(_BODY),
        http(_BODY) + http(_BODY)[:-5],
        _chunked(_BODY) + b"more than was announced",
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
        took = _attempts(client)

        assert [client.send(_GET), client.send(_GET)] == [_FOUND, _FOUND]

    assert took == [1, 1]
    assert len(served.connections) == 2


def test_an_old_server_may_keep_a_connection() -> None:
    old = http(_BODY, more="Connection: Keep-Alive\r\n").replace(b"HTTP/1.1", b"HTTP/1.0")

    with serving(always(old)) as served:
        client = client_at(served)
        client.send(_GET)
        client.send(_GET)

    assert len(served.connections) == 1


def test_closing_closes_what_is_idle_and_the_next_request_opens_another(
    transport: TransportName,
) -> None:
    ended = Event()

    def behave(talk: Talk) -> None:
        always(http(_BODY))(talk)
        ended.set()

    with serving(behave) as served:
        client = client_at(served, transport=transport)
        client.send(_GET)
        client.close()
        assert ended.wait(10)

        assert client.send(_GET) == _FOUND

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
        always(http(_BODY))(talk)

    with serving(behave) as served:
        forge = Forge.connect(table_name="t", region="eu-west-1", endpoint_url=served.url)
        forge.warm()
        assert connected.wait(10)
        assert served.requests == []
        forge.store.client.send(_GET)
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
            talk.send(http(_BODY))
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
                client.send(_GET)
            took = _attempts(client)

            assert client.send(_GET) == _FOUND
            assert took == [1]
    finally:
        signal.signal(signal.SIGUSR1, before)


# Threads and processes ---------------------------------------------------------------------------


def _body(talk: Talk) -> bytes:
    return talk.requests[-1].partition(b"\r\n\r\n")[2]


def test_threads_get_their_own_answers_over_a_bounded_number_of_connections() -> None:
    barrier = Barrier(16)

    def behave(talk: Talk) -> None:
        own = Talk(talk.number, talk.socket, [])  # what this connection carries, and no other
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
        talk.send(http(_BODY))
        talk.request()
        ended.append(talk.number)
        if len(ended) == 2:
            two_ended.set()

    with serving(behave) as served, ThreadPoolExecutor(IDLE_LIMIT + 2) as pool:
        client = client_at(served)
        list(pool.map(client.send, [_GET] * (IDLE_LIMIT + 2)))
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


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the threads are the server's
def test_after_a_fork_parent_and_child_have_connections_of_their_own() -> None:
    reading, writing = os.pipe()

    with serving(always(http(_BODY))) as served:
        client = client_at(served)
        client.send(_GET)
        child = os.fork()
        if child == 0:
            try:
                client.send(_GET)
                os.write(writing, json.dumps(client.send(_GET)).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        told = json.loads(os.read(reading, 1000))
        answer = client.send(_GET)
        os.close(reading)
        os.close(writing)

    assert told == answer == _FOUND
    # The parent's first carries on, and the child had one for its two requests.
    assert (len(served.connections), len(served.requests)) == (2, 4)


# Refusals ----------------------------------------------------------------------------------------

_REFUSALS: Final[dict[str, bytes]] = {
    "a condition": http(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "message": "The conditional request failed",
            "Item": {"PK": {"S": "p"}, "data": {"B": "3q2+7w=="}, "set": {"BS": ["AA==", "/w=="]}},
        },
        status="400 Bad Request",
        more="x-amzn-RequestId: 4KBN\r\n",
    ),
    "a transaction": http(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled",
            "CancellationReasons": [
                {"Code": "None"},
                {"Code": "ConditionalCheckFailed", "Message": "m", "Item": {"B": {"B": "AA=="}}},
            ],
        },
        status="400 Bad Request",
    ),
    "a code alone": http(
        {"__type": "com.amazon.coral.service#SerializationException"}, status="400"
    ),
    "with a link": http({"__type": "Throttling:http://internal.amazon.com/"}, status="400 No"),
    "nothing": http(b"", status="403 Forbidden"),
    "nothing, and no fault of ours": http(b"", status="503 Service Unavailable"),
    "text": http(b"not now", status="429 Too Many Requests"),
    "a redirect": http(b"{}", status="301 Moved Permanently", more="Location: /there\r\n"),
}


@pytest.mark.parametrize("data", _REFUSALS.values(), ids=_REFUSALS)
def test_a_refusal_says_the_same_on_both_ways(data: bytes) -> None:
    with serving(always(data)) as served:
        said = [_refusal(client_at(served, transport=way)) for way in ("auto", "botocore")]

    assert said[0] == said[1]


def _refusal(client: Client) -> tuple[str, str, Any]:
    with pytest.raises(ClientError) as caught:
        client.active_transport.exchange("PutItem", {"TableName": "t"})
    error = caught.value
    return error.operation_name, str(error), error.response


@pytest.mark.parametrize("transport", ["auto", "botocore"])
def test_half_of_a_surrogate_pair_is_refused_before_it_is_sent(transport: TransportName) -> None:
    with (
        serving(always(http())) as served,
        pytest.raises(InvalidValueError, match="surrogates"),
    ):
        client_at(served, transport=transport).send(Request("PutItem", {"Item": {"a": "\ud800"}}))

    assert served.requests == []


# The time ----------------------------------------------------------------------------------------

_NOW: Final = datetime(2026, 2, 4, 10, 30, tzinfo=UTC)


def _wants_time(
    clock: Callable[[], datetime], code: str = "InvalidSignatureException"
) -> Behaviour:
    """Refuse signatures that are not of the server's own time, give or take five minutes."""

    def behave(talk: Talk) -> None:
        while talk.request():
            head = talk.requests[-1].partition(b"\r\n\r\n")[0].decode()
            stamp = next(line for line in head.split("\r\n") if line.startswith("X-Amz-Date"))
            signed = datetime.strptime(stamp[12:], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            date = f"Date: {format_datetime(clock(), usegmt=True)}\r\n"
            if abs(signed - clock()) <= timedelta(minutes=5):
                talk.send(http(_BODY, more=date))
            else:
                talk.send(http({"__type": code, "message": "no"}, status="400 No", more=date))

    return behave


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=-3)], ids=str)
@pytest.mark.parametrize(
    "code", ["InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired"]
)
def test_a_clock_that_is_wrong_is_allowed_for_at_once(ahead: timedelta, code: str) -> None:
    waits: list[float] = []
    with serving(_wants_time(lambda: _NOW + ahead, code)) as served:
        client = client_at(served, clock=lambda: _NOW, sleep=waits.append)
        took = _attempts(client)

        assert client.send(_GET, repeatable=False) == _FOUND
        assert client.send(_GET, repeatable=False) == _FOUND

    assert took == [2, 1]
    assert waits == []


def test_threads_that_learn_of_a_wrong_clock_together_allow_for_it_once() -> None:
    barrier = Barrier(8)
    ahead = timedelta(hours=1)

    def behave(talk: Talk) -> None:
        talk.request()
        barrier.wait(10)
        date = f"Date: {format_datetime(_NOW + ahead, usegmt=True)}\r\n"
        talk.send(http({"__type": "InvalidSignatureException"}, status="400 No", more=date))
        _wants_time(lambda: _NOW + ahead)(talk)

    with serving(behave) as served, ThreadPoolExecutor(8) as pool:
        client = client_at(served, clock=lambda: _NOW)

        assert list(pool.map(client.send, [_GET] * 8)) == [_FOUND] * 8


@pytest.mark.parametrize(
    "more",
    [f"Date: {format_datetime(_NOW, usegmt=True)}\r\n", "", "Date: nonsense\r\n"],
    ids=["right", "no", "nonsense"],
)
def test_a_signature_that_is_wrong_for_another_reason_is_an_error(more: str) -> None:
    refused = http({"__type": "InvalidSignatureException"}, status="400 No", more=more)

    with serving(always(refused)) as served:
        client = client_at(served, clock=lambda: _NOW)
        with pytest.raises(ClientError, match="InvalidSignatureException"):
            client.send(_GET)

    assert len(served.requests) == 1


def test_a_wrong_clock_explains_no_other_refusal() -> None:
    date = f"Date: {format_datetime(_NOW + timedelta(hours=1), usegmt=True)}\r\n"
    refused = http({"__type": "AccessDeniedException"}, status="400 No", more=date)

    with serving(always(refused)) as served:
        client = client_at(served, clock=lambda: _NOW)
        with pytest.raises(ClientError, match="AccessDeniedException"):
            client.send(_GET)

    assert len(served.requests) == 1


def test_a_server_that_never_agrees_on_the_time_is_given_up() -> None:
    moments = (_NOW + timedelta(hours=hours) for hours in range(1, 100))

    def behave(talk: Talk) -> None:
        while talk.request():
            date = f"Date: {format_datetime(next(moments), usegmt=True)}\r\n"
            talk.send(http({"__type": "RequestTimeTooSkewed"}, status="400 No", more=date))

    with (
        serving(behave) as served,
        pytest.raises(UnavailableError, match="RequestTimeTooSkewed"),
    ):
        client_at(served, clock=lambda: _NOW).send(_GET)

    assert len(served.requests) == RetryPolicy().attempts


def _attempts(client: Client) -> list[int]:
    took: list[int] = []
    client.observers.append(lambda call: took.append(call.attempts))
    return took


# Deadlines ---------------------------------------------------------------------------------------


def _dribbled(talk: Talk) -> None:
    """Answer over two seconds, never silent for long; whoever connects next, at once."""
    never = Event()
    talk.request()
    answer = http(_BODY)
    if talk.number:
        talk.send(answer)
        return
    for start in range(0, len(answer), 8):
        talk.send(answer[start : start + 8])
        never.wait(0.1)


def test_an_attempt_with_a_deadline_is_given_up_in_time_however_the_answer_dribbles() -> None:
    now = datetime(2026, 2, 4, 12, tzinfo=UTC)
    deadline = Deadline(lambda: now, last=now, answer=0.5)

    with serving(_dribbled) as served:
        client = client_at(served)
        with pytest.raises(UncertainError):
            client.send(_GET, repeatable=False, deadline=deadline)
        # What a deadline shortened is as it was, for those who have none.
        assert client.send(_GET) == _FOUND
        client.close()


def test_nothing_is_sent_after_a_deadline() -> None:
    now = datetime(2026, 2, 4, 12, tzinfo=UTC)
    deadline = Deadline(lambda: now, last=now - timedelta(milliseconds=1), answer=5)

    with serving(always(http(_BODY))) as served, pytest.raises(TooLateError):
        client_at(served).send(_GET, deadline=deadline)

    assert served.requests == []


def test_attempts_end_with_the_deadline(transport: TransportName) -> None:
    moments = iter(datetime(2026, 2, 4, 12, 0, second, tzinfo=UTC) for second in range(60))
    deadline = Deadline(lambda: next(moments), datetime(2026, 2, 4, 12, 0, 2, tzinfo=UTC), 5)
    throttled = http(b'{"__type": "x#ThrottlingException"}', status="400 Bad Request")

    with serving(always(throttled)) as served:
        client = client_at(served, transport=transport)
        with pytest.raises(TooLateError):
            client.send(_GET, repeatable=False, deadline=deadline)
        client.close()

    assert len(served.requests) == 3
