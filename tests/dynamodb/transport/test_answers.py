"""Servers break off, send wrong answers and stall; both transports raise the right error."""

from __future__ import annotations

from typing import Final

import pytest
from botocore.exceptions import ConnectionClosedError

from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.client.failures import UncertainError
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.transport.http1 import GarbledAnswerError
from autoforge.dynamodb.transport.transport import TransportName
from autoforge.errors import UnavailableError
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
from tests.dynamodb.transport.talks import (
    BODY,
    FOUND,
    GET,
    SHORT,
    at_first,
    attempts_of,
    chunked,
    sends,
)


def _in_pieces(data: bytes, size: int) -> Behaviour:
    def behave(talk: Talk) -> None:
        while talk.request():
            for place in range(0, len(data), size):
                talk.send(data[place : place + size])

    return behave


_UNTIL_CLOSED: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY


_RIGHT: Final[dict[str, Behaviour]] = {
    "of known length": always(http(BODY)),
    "with its checksum": always(summed(BODY)),
    "byte by byte": _in_pieces(http(BODY), 1),
    "chunked": always(chunked(BODY[:1], BODY[1:20], BODY[20:])),
    "chunked, with trailers": always(chunked(BODY, end=b"0\r\nchecksum: 1\r\n\r\n")),
    "chunked, byte by byte": _in_pieces(chunked(BODY[:9], BODY[9:]), 1),
    "after a hundred": always(b"HTTP/1.1 100 Continue\r\n\r\n" + http(BODY)),
    "with names in capitals": always(http(BODY).replace(b"Content-Length", b"CONTENT-LENGTH")),
    "until the end": sends(_UNTIL_CLOSED),
    "of an old server": sends(http(BODY).replace(b"HTTP/1.1", b"HTTP/1.0")),
}


@pytest.mark.parametrize("behaviour", _RIGHT.values(), ids=_RIGHT)
def test_an_answer_is_read_however_it_is_sent(
    behaviour: Behaviour, transport: TransportName
) -> None:
    with serving(behaviour) as served:
        client = client_at(served, transport=transport, retries=RetryPolicy(attempts=1))

        assert [client.send(GET), client.send(GET)] == [FOUND, FOUND]


def test_an_answer_of_megabytes_is_read(transport: TransportName) -> None:
    large = {"Items": [{"PK": {"S": "p" * 100_000}}] * 40}

    with serving(always(http(large))) as served:
        assert client_at(served, transport=transport).send(Request("Query", {})) == large


def _resets(talk: Talk) -> None:
    talk.request()
    talk.send(http(BODY)[:30])
    talk.reset()


def _dawdles(talk: Talk) -> None:
    talk.request()
    talk.send(http(BODY)[:30])
    talk.request()  # no request comes: waits until the client closes


_WRONG: Final[dict[str, Behaviour]] = {
    "closes before it reads": lambda _: None,
    "closes when it has read": lambda talk: talk.request(),
    "closes within the head": sends(http(BODY)[:30]),
    "closes within the answer": sends(http(BODY)[:-1]),
    "closes within a refusal": sends(http({"__type": "Denied"}, status="400 No")[:-3]),
    "closes within a chunk": sends(chunked(BODY)[:-9]),
    "closes before the last chunk": sends(chunked(BODY, end=b"")),
    "resets": _resets,
    "dawdles": _dawdles,
    "speaks no HTTP": sends(b"220 mail.example ESMTP\r\n\r\n"),
    "never ends its head": sends(b"HTTP/1.1 200 OK\r\n" + b"X-Pad: %s\r\n" % (b"x" * 70_000)),
}


#: Complete answers that the client must not trust.
_UNBELIEVABLE: Final[dict[str, bytes]] = {
    "another's checksum": summed(BODY, off_by=1),
    "a page": http(b"<html>Log in</html>", kind="text/html"),
    "a failure's page": http(b"<html>Oops</html>", status="500 Oops", kind="text/html"),
    "a failure": http(b"", status="503 Busy"),
    "no JSON": http(b"nonsense"),
    "nothing": http(b""),
    "a list": http(b"[]"),
}


@pytest.mark.parametrize("behaviour", _WRONG.values(), ids=_WRONG)
def test_a_request_is_sent_again_on_another_connection(
    behaviour: Behaviour, transport: TransportName
) -> None:
    with serving(at_first(behaviour)) as served:
        client = client_at(served, transport=transport, timeouts=SHORT)
        took = attempts_of(client)

        assert client.send(GET) == FOUND
        assert client.send(GET) == FOUND

    assert took == [2, 1]
    assert len(served.connections) == 2


@pytest.mark.parametrize("behaviour", _WRONG.values(), ids=_WRONG)
def test_whether_a_request_was_carried_out_is_then_unknown(
    behaviour: Behaviour, transport: TransportName
) -> None:
    with serving(at_first(behaviour)) as served:
        client = client_at(served, transport=transport, timeouts=SHORT)

        with pytest.raises(UncertainError):
            client.send(GET, repeatable=False)

    assert len(served.connections) == 1


@pytest.mark.parametrize("data", _UNBELIEVABLE.values(), ids=_UNBELIEVABLE)
def test_what_is_not_to_be_believed_is_asked_for_again(
    data: bytes, transport: TransportName
) -> None:
    with serving(always(data, http(BODY))) as served:
        assert client_at(served, transport=transport).send(GET) == FOUND

    with serving(always(data)) as served, pytest.raises(UncertainError):
        client_at(served, transport=transport).send(GET, repeatable=False)


#: Answers that botocore and our parser read differently.
_GARBLED: Final[dict[str, bytes]] = {
    "a length that is no number": http(BODY).replace(b"Length: ", b"Length: +"),
    "two lengths": http(BODY, more="Content-Length: 1\r\n"),
    "a header without a name": http(BODY, more=": x\r\n"),
    "a header without a colon": http(BODY, more="nonsense\r\n"),
    "a header that goes on": http(BODY, more="X-A: x\r\n y\r\n"),
    "another encoding": chunked(BODY).replace(b"Chunked", b"gzip, chunked"),
    "a size that is no number": chunked(BODY).replace(b";of=it", b"_0"),
    "a size that is negative": chunked(BODY).replace(b"\r\n\r\n", b"\r\n\r\n-", 1),
    "a chunk that goes on": chunked(BODY).replace(b"}}\r\n", b"}}--"),
    "a chunk without a size": chunked(BODY, end=b"x" * 70_000),
    "trailers without an end": chunked(BODY, end=b"0\r\n" + b"X-Pad: x\r\n" * 20_000),
    "a chunk extension without an end": chunked(BODY, end=b"1;" + b"x" * 200_000),
    "interim answers without an end": b"HTTP/1.1 100 Continue\r\n\r\n" * 8_000,
    "a length and chunks": chunked(BODY).replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n", 1),
    "another protocol": http(BODY, status="101 On", more="Upgrade: x\r\nConnection: upgrade\r\n"),
    "a head without an end": b"HTTP/1.1 200 OK\r\n" + b"X-Pad: %s\r\n" % (b"x" * 70_000),
    "a status of two digits": http(BODY, status="20 OK"),
    "a later version": http(BODY).replace(b"HTTP/1.1", b"HTTP/2.0"),
}


@pytest.mark.parametrize("data", _GARBLED.values(), ids=_GARBLED)
def test_an_answer_that_is_no_http_is_not_read(data: bytes) -> None:
    with serving(at_first(sends(data))) as served:
        with pytest.raises(UncertainError) as caught:
            client_at(served, timeouts=SHORT).send(GET, repeatable=False)

        assert client_at(served).send(GET) == FOUND

    broken = caught.value.__cause__
    assert isinstance(broken, ConnectionClosedError)
    assert isinstance(broken.__cause__, GarbledAnswerError)


def test_without_a_connection_a_request_was_certainly_not_carried_out(
    transport: TransportName,
) -> None:
    with serving(always(http())) as served:
        pass

    with pytest.raises(UnavailableError, match="Could not connect"):
        client_at(served, transport=transport).send(GET, repeatable=False)


def test_a_name_that_nobody_has_is_unavailable(transport: TransportName) -> None:
    nowhere = Served("http://nobody.invalid:8000")

    with pytest.raises(UnavailableError, match="Could not connect"):
        client_at(nowhere, transport=transport).send(GET, repeatable=False)
