"""Limits on what one client may use, over real sockets: bytes, seconds, connections."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import pytest
import uvicorn
from litestar import Litestar, Request, get, post
from uvicorn.server import ServerState

from autoforge import log
from autoforge.http.api.limits import Limits
from autoforge.http.server import _Server, server_config

#: Seconds after which a test fails that waits for the server.
_PATIENCE = 30

_GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
_POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
_ONE = _POST + b"Content-Length: 1\r\n\r\n1"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"

LIMITS = Limits(head_bytes=4096, head_seconds=1, body_seconds=1, connections=20)


@get("/", sync_to_thread=False)
def answer() -> dict[str, str]:
    return {"said": "hello"}


@post("/", status_code=200)
async def size(request: Request[Any, Any, Any]) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@dataclass
class Served:
    """A server with limits."""

    port: int
    server: uvicorn.Server

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), _PATIENCE)

    def answers(self) -> bool:
        """Whether the server answers a correct request."""
        with closing(self.connect()) as connection:
            connection.sendall(_GET)
            return status_of(connection.recv(65536)) == 200


@contextmanager
def serving(protocol: Literal["h11", "httptools"], limits: Limits) -> Iterator[Served]:
    config = server_config(Litestar([answer, size]), limits=limits, keep_alive=5, http=protocol)
    server = _Server(config, lambda: False)
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        listening = Served(listener.getsockname()[1], server)
        try:
            while not server.started:
                threading.Event().wait(0.01)
            yield listening
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module", params=["httptools", "h11"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A server with limits, on each of uvicorn's protocol implementations."""
    with serving(request.param, LIMITS) as served:
        yield served


def status_of(answered: bytes) -> int:
    return int(answered.split(b" ", 2)[1])


def rest(connection: socket.socket) -> bytes:
    """Receive until the server closes the connection."""
    received = b""
    while True:
        try:
            data = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not data:
            return received
        received += data


def assert_refused(answered: bytes, status: int, detail: str) -> None:
    """Check that an answer is a problem by the server itself, with a request id."""
    head, _, body = answered.partition(b"\r\n\r\n")
    assert status_of(answered) == status
    assert b"content-type: application/problem+json" in head
    assert b"x-request-id: " in head
    assert b"connection: close" in head
    problem = json.loads(body)
    assert (problem["status"], problem["detail"]) == (status, detail)


TOO_LONG = "the head of the request has more than 4,096 bytes"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 1000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a" * 5000 + b": b\r\n\r\n",
        b"a" * 5000,
    ],
    ids=["path", "value", "number", "name", "method"],
)
@pytest.mark.parametrize("piece", [100_000, 1000, 7])
def test_a_head_of_too_many_bytes_is_refused(served: Served, head: bytes, piece: int) -> None:
    with closing(served.connect()) as connection:
        for start in range(0, len(head), piece):
            try:
                connection.sendall(head[start : start + piece])
            except OSError:
                break  # the server has already refused it
        answered = rest(connection)

    if head != b"a" * 5000 or status_of(answered) == 431:
        assert_refused(answered, 431, TOO_LONG)
    else:
        assert_refused(answered, 400, "the request is not valid HTTP")
    assert served.answers()


@pytest.mark.parametrize("length", [4096, 4097])
@pytest.mark.parametrize("piece", [100_000, 1000, 1])
def test_a_head_may_have_exactly_as_many_bytes_as_is_said(
    served: Served, length: int, piece: int
) -> None:
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \r\n\r\n"
    head = head.replace(b"X: ", b"X: " + b"a" * (length - len(head)))
    with closing(served.connect()) as connection:
        for start in range(0, length, piece):
            connection.sendall(head[start : start + piece])
        answered = connection.recv(65536)

    assert status_of(answered) == (200 if length == 4096 else 431)


def test_heads_that_are_sent_before_the_answer_are_measured_too(served: Served) -> None:
    with closing(served.connect()) as connection:
        connection.sendall(_GET * 3 + b"GET / HTTP/1.1\r\nX: ")
        for _ in range(8):
            try:
                connection.sendall(b"a" * 1000)
            except OSError:
                break
        answered = rest(connection)

    # If an answer is being sent, the connection is closed without another answer.
    assert answered.count(b"HTTP/1.1 200 ") <= 3
    assert answered.count(b"HTTP/1.1 431 ") <= 1


@pytest.mark.parametrize(
    "trailers",
    [b"0\r\n" + b"a" * 300_000, b"0\r\nX: " + b"a" * 300_000, b"0\r\n" + b"a: b\r\n" * 50_000],
    ids=["name", "value", "number"],
)
def test_trailers_of_a_body_are_measured_too(served: Served, trailers: bytes) -> None:
    with closing(served.connect()) as connection:
        connection.sendall(_CHUNKED + b"2\r\n{}\r\n")
        for start in range(0, len(trailers), 1000):
            try:
                connection.sendall(trailers[start : start + 1000])
            except OSError:
                break
        answered = rest(connection)

    assert status_of(answered) in {400, 431}
    assert served.answers()


def test_a_body_may_be_larger_than_a_head(served: Served) -> None:
    body = b"1" * 1_000_000
    with closing(served.connect()) as connection:
        connection.sendall(_POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert connection.recv(65536).endswith(b'{"bytes":1000000}')
        chunk = b"1000\r\n" + b"1" * 0x1000 + b"\r\n"
        connection.sendall(_CHUNKED + 100 * chunk + b"0\r\n\r\n")
        assert connection.recv(65536).endswith(b'{"bytes":409600}')
        connection.sendall(_GET)
        assert status_of(connection.recv(65536)) == 200


@pytest.mark.parametrize("left", [1, 2, 3])
@pytest.mark.parametrize("before", [b"", _GET, _ONE], ids=["first", "after head", "after body"])
def test_a_head_may_end_in_the_bytes_that_begin_a_large_body(
    served: Served, before: bytes, left: int
) -> None:
    body = b"1" * 10_000
    head = _POST + b"Content-Length: %d\r\n\r\n" % len(body)
    with closing(served.connect()) as connection:
        if before:
            # The answer shows that the server has received everything before.
            connection.sendall(before[:-1])
            connection.sendall(before[-1:] + head[:-left])
            assert status_of(connection.recv(65536)) == 200
        else:
            connection.sendall(head[:-left])
        connection.sendall(head[-left:] + body)
        answered = connection.recv(65536)

    assert answered.endswith(b'{"bytes":10000}')


class _Heard(asyncio.Transport):
    """A connection that records what the server sends."""

    said = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += bytes(data)

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass


@pytest.mark.parametrize("protocol", ["httptools", "h11"])
def test_a_head_that_ends_byte_by_byte_may_be_followed_by_a_large_body(
    protocol: Literal["h11", "httptools"],
) -> None:
    config = server_config(Litestar([size]), limits=LIMITS, keep_alive=5, http=protocol)
    head = _POST + b"Content-Length: 10000\r\n\r\n"

    async def said() -> bytes:
        connection = _Heard()
        made: Any = config.http_protocol_class
        receiving = made(config=config, server_state=ServerState(), app_state={})
        receiving.connection_made(connection)
        receiving.data_received(head[:-4])
        for byte in head[-4:-1]:
            receiving.data_received(bytes([byte]))
        receiving.data_received(head[-1:] + b"1" * 10_000)
        return connection.said

    assert asyncio.run(said()) == b""


#: Incomplete requests, each with the part that is missing.
UNFINISHED: Final = (
    (b"G", "head"),
    (_GET[:-2], "head"),
    (_POST + b"Content-Length: 10\r\n\r\n", "body"),
    (_POST + b"Content-Length: 10\r\n\r\n{", "body"),
    (_CHUNKED, "body"),
    (_CHUNKED + b"1\r\n{\r\n", "body"),
    (_CHUNKED + b"1\r\n{\r\n0\r\n", "body"),
)


def test_what_is_not_sent_to_its_end_in_time_is_refused(served: Served) -> None:
    with ExitStack() as stack:
        waiting = []
        for sent, part in UNFINISHED:
            connection = stack.enter_context(closing(served.connect()))
            connection.sendall(sent)
            waiting.append((connection, part))
        for connection, part in waiting:
            answered = rest(connection)

            refused = answered[answered.rindex(b"HTTP/1.1") :]
            detail = f"the {part} of the request was not complete after 1 seconds"
            assert_refused(refused, 408, detail)


def test_a_head_that_begins_in_the_bytes_that_end_another_is_timed_too() -> None:
    with (
        serving("httptools", LIMITS) as served,
        closing(served.connect()) as connection,
    ):
        connection.sendall(_GET + b"G")
        answered = rest(connection)

    assert b"HTTP/1.1 408 " in answered


@pytest.mark.parametrize("sent", [b"", _POST + b"Content-Length: 100000\r\n\r\n"])
def test_a_byte_now_and_then_does_not_buy_time(served: Served, sent: bytes) -> None:
    with closing(served.connect()) as connection:
        connection.sendall(sent)
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"G" if sent else b"1")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            assert status_of(connection.recv(65536)) in {400, 408}
        finally:
            stop.set()
            thread.join()


def test_a_connection_that_says_nothing_is_closed(served: Served) -> None:
    with closing(served.connect()) as connection:
        assert status_of(rest(connection)) == 408


def test_a_connection_between_two_requests_is_not_taken_for_a_slow_one(served: Served) -> None:
    with closing(served.connect()) as connection:
        connection.sendall(_GET)
        assert status_of(connection.recv(65536)) == 200
        connection.settimeout(2.5)
        with pytest.raises(TimeoutError):  # neither an answer nor a close
            connection.recv(1)
        connection.sendall(_GET)
        connection.settimeout(_PATIENCE)
        assert status_of(connection.recv(65536)) == 200


def test_slow_clients_of_any_number_keep_nobody_from_being_answered(served: Served) -> None:
    with ExitStack() as stack:
        for number in range(3 * LIMITS.connections):
            connection = stack.enter_context(closing(served.connect()))
            connection.sendall(_GET[: 1 + number % (len(_GET) - 1)])

            assert served.answers()


def test_of_too_many_connections_the_one_idle_for_longest_is_closed(served: Served) -> None:
    with ExitStack() as stack:
        opened = []
        for _ in range(LIMITS.connections + 1):
            opened.append(stack.enter_context(closing(served.connect())))
            opened[-1].sendall(_GET)
            assert status_of(opened[-1].recv(65536)) == 200

        assert rest(opened[0]) == b""
        opened[1].sendall(_GET)
        assert status_of(opened[1].recv(65536)) == 200


def test_a_connection_that_was_answered_before_its_body_came_is_not_idle(served: Served) -> None:
    early = _GET[:-2] + b"Content-Length: 2\r\n\r\n{"
    with ExitStack() as stack:
        opened = []
        for sent in (early, *[_GET] * LIMITS.connections):
            opened.append(stack.enter_context(closing(served.connect())))
            opened[-1].sendall(sent)
            assert status_of(opened[-1].recv(65536)) == 200

        assert rest(opened[1]) == b""
        opened[0].sendall(b"}" + _GET)
        assert status_of(opened[0].recv(65536)) == 200


def test_where_none_is_idle_a_connection_too_many_is_refused(served: Served) -> None:
    with ExitStack() as stack:
        for _ in range(LIMITS.connections):
            busy = stack.enter_context(closing(served.connect()))
            busy.sendall(_POST + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n")
            assert status_of(busy.recv(65536)) == 100  # its request is being answered
        refused = rest(stack.enter_context(closing(served.connect())))

    assert_refused(refused, 503, "too many connections are open")
    assert b"retry-after: 1" in refused


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"HELO there\r\n\r\n", b"GET / FTP/1.1\r\n\r\n"]
)
def test_what_is_no_http_is_refused_with_a_problem(served: Served, garbage: bytes) -> None:
    with closing(served.connect()) as connection:
        connection.sendall(garbage)
        assert_refused(rest(connection), 400, "the request is not valid HTTP")


def test_each_refusal_is_one_line_in_the_log_with_the_id_that_was_answered(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    with log.configured(level="INFO", json=True), closing(served.connect()) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        answered = rest(connection)

    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["event"], line["level"], line["status"]) == ("http.refused", "warning", 400)
    assert f"x-request-id: {line['request_id']}\r\n".encode() in answered


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_server_may_have_as_many_files_open_as_it_may_have_connections() -> None:
    import resource  # noqa: PLC0415

    from autoforge.http.server import allow_files  # noqa: PLC0415

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        allow_files(1000)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 1512
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_server_starts_where_nothing_limits_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    from autoforge.http.server import allow_files  # noqa: PLC0415

    monkeypatch.setitem(sys.modules, "resource", None)

    allow_files(1000)
