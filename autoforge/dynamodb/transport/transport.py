"""The seam between the client and the network: one request, sent once, answered as JSON says it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

import orjson
from botocore.exceptions import ClientError, HTTPClientError

from autoforge.dynamodb.errors import InvalidValueError

#: Which way requests go: "auto" takes our own wherever it is known to be right.
TransportName: TypeAlias = Literal["auto", "botocore"]


_patience: Final[ContextVar[float | None]] = ContextVar("patience", default=None)


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """Have transports give up a request of this context that is not answered in so many seconds."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def patience() -> float | None:
    """Seconds a transport may take for a request of this context; None for as long as it likes."""
    return _patience.get()


class Transport(Protocol):
    """Carries requests to DynamoDB over connections that it keeps."""

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request once and return DynamoDB's answer as its JSON says it.

        Binary values are base64 text in the answer, and bytes or base64 text in the request.

        Raises:
            ClientError: if DynamoDB refuses.
            ConnectionError: botocore's, if there was no connection: certainly nothing was done.
            HTTPClientError: if no answer came that can be trusted: it may have been done.
            BotoCoreError: of another kind, if nothing could be sent at all.
            InvalidValueError: if the parameters cannot be written as JSON.
        """

    def warm(self) -> None:
        """Open a connection before the first request."""

    def close(self) -> None:
        """Close the idle connections; the next request opens another."""


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for the network, in seconds.

    Attributes:
        connect: For a connection, and for its TLS handshake.
        read: For the next piece of an answer.
    """

    connect: float = 5.0
    read: float = 10.0


class NotDynamoDBError(HTTPClientError):
    """Something answered that is no DynamoDB, such as a proxy with a page to log in."""

    fmt = "{kind} is no answer of DynamoDB"


class CorruptAnswerError(HTTPClientError):
    """An answer is not the one that DynamoDB computed the checksum of."""

    fmt = "the checksum of an answer from {endpoint_url} is wrong"


class ClockSkewedError(ClientError):
    """DynamoDB refused a signature because of our clock, whose error is now known and allowed for.

    Nothing was done. The same request, sent again at once, is signed at the right time.
    """


def encode(parameters: Mapping[str, Any]) -> bytes:
    """The parameters of a request as JSON: bytes as base64, sets and tuples as lists.

    Raises:
        InvalidValueError: if something in them has no JSON, such as half of a surrogate pair.
    """
    try:
        return orjson.dumps(parameters, _plain)
    except orjson.JSONEncodeError as error:
        raise InvalidValueError(f"cannot be written as JSON: {error}") from error


def _plain(value: object) -> object:
    match value:
        case bytes() | bytearray() | memoryview():
            return b64encode(value).decode()
        case Mapping():
            return dict(value)
        case AbstractSet():
            return list(value)
    raise TypeError
