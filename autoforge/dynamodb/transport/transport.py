"""The interface between the client and the network: one request, sent once, and its answer."""

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

#: The choice of a transport: "auto" is the direct one wherever that is known to be right.
TransportName: TypeAlias = Literal["auto", "botocore"]


_patience: Final[ContextVar[float | None]] = ContextVar("patience", default=None)


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """Limit the time that transports wait for the answer to a request of this context."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def patience() -> float | None:
    """Seconds that a transport may take for a request of this context; None for its timeouts."""
    return _patience.get()


class Transport(Protocol):
    """Carries requests to DynamoDB over connections that it keeps."""

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request once and return the JSON of DynamoDB's answer.

        Binary values are base64 text in the answer, and bytes or base64 text in the request.

        Raises:
            ClientError: if DynamoDB refuses the request.
            ConnectionError: botocore's, if no connection was opened: the request was not applied.
            HTTPClientError: if no valid answer arrived: the request may have been applied.
            BotoCoreError: another subclass, if the request could not be sent.
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
    """The answer is not DynamoDB's; it may be the log-in page of a proxy."""

    fmt = "the answer is {kind}; expected a JSON object of DynamoDB"


class CorruptAnswerError(HTTPClientError):
    """The checksum of an answer is not the one that DynamoDB computed."""

    fmt = "the checksum of an answer from {endpoint_url} is wrong"


class ClockSkewedError(ClientError):
    """DynamoDB refused a signature because our clock is wrong; the difference is now known.

    Nothing was applied. The same request, sent again at once, is signed with the right time.
    """


def encode(parameters: Mapping[str, Any]) -> bytes:
    """Encode the parameters of a request as JSON: bytes as base64, sets and tuples as lists.

    Raises:
        InvalidValueError: if a value has no form in JSON, such as half of a surrogate pair.
    """
    try:
        return orjson.dumps(parameters, _plain)
    except orjson.JSONEncodeError as error:
        raise InvalidValueError(f"the request cannot be written as JSON: {error}") from error


def _plain(value: object) -> object:
    match value:
        case bytes() | bytearray() | memoryview():
            return b64encode(value).decode()
        case Mapping():
            return dict(value)
        case AbstractSet():
            return list(value)
    raise TypeError
