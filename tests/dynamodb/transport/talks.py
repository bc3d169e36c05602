"""A request, its answer, and servers that send the answer or break off."""

from __future__ import annotations

import json
from typing import Any, Final

from autoforge.dynamodb.client.client import (
    Client,
)
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.transport.transport import Timeouts
from tests.dynamodb.misbehaving import (
    Behaviour,
    Talk,
    always,
    http,
)

GET: Final = Request("GetItem", {"TableName": "t", "Key": {"PK": {"S": "p"}}})


FOUND: Final[dict[str, Any]] = {"Item": {"PK": {"S": "p"}, "data": {"B": "3q2+7w=="}}}


BODY: Final = json.dumps(FOUND).encode()


#: Long enough for an answer on a busy machine, and short enough for tests that time out.
SHORT: Final = Timeouts(connect=5, read=0.5)


def sends(data: bytes) -> Behaviour:
    """Answer one request, then close."""

    def behave(talk: Talk) -> None:
        talk.request()
        talk.send(data)

    return behave


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTRANSFER-ENCODING: Chunked\r\n\r\n"
    )
    return head + b"".join(b"%X;of=it\r\n%s\r\n" % (len(each), each) for each in chunks) + end


def at_first(behaviour: Behaviour) -> Behaviour:
    """Use this behaviour on the first connection, and answer correctly on all others."""
    well = always(http(BODY))
    return lambda talk: well(talk) if talk.number else behaviour(talk)


def attempts_of(client: Client) -> list[int]:
    took: list[int] = []
    client.observers.append(lambda call: took.append(call.attempts))
    return took
