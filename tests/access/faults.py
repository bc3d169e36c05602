"""DynamoDB's bad days, made up between the client and the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from autoforge.access.client import Client


@dataclass(frozen=True)
class Refuse:
    """DynamoDB refuses the request, which never takes effect."""

    code: str
    status: int = 400
    message: str = "made up"
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """DynamoDB answers this without doing anything."""

    content: dict[str, Any]


@dataclass(frozen=True)
class Break:
    """The connection breaks before the request is carried out."""

    error: Exception


@dataclass(frozen=True)
class Lose:
    """The request is carried out, and its answer lost."""

    error: Exception = field(default_factory=lambda: ReadTimeoutError(endpoint_url="made up"))


@dataclass(frozen=True)
class Pass:
    """Nothing happens to the request."""


Fault = Refuse | Answer | Break | Lose | Pass


@dataclass
class Attempts:
    """What was sent while faults were injected, one entry for each attempt."""

    bodies: list[bytes] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)


@contextmanager
def injected(
    client: Client, faults: Sequence[Fault] | Callable[[int, str], Fault]
) -> Iterator[Attempts]:
    """Let attempts meet these faults in turn, and after the last of them none.

    Args:
        client: The connection.
        faults: The faults, or what says the fault of an attempt by its number and operation.
    """
    attempts = Attempts()
    lost: list[Exception] = []

    def fault_of(number: int, operation: str) -> Fault:
        if callable(faults):
            return faults(number, operation)
        return faults[number] if number < len(faults) else Pass()

    def before(model: Any, params: dict[str, Any], **_: Any) -> Any:
        attempts.operations.append(model.name)
        attempts.bodies.append(params["body"])
        fault = fault_of(len(attempts.bodies) - 1, model.name)
        match fault:
            case Break(error):
                raise error
            case Lose(error):
                lost.append(error)
            case Refuse(code, status, message, more):
                parsed = {"Error": {"Code": code, "Message": message}, **more}
                return _response(status), {**parsed, "ResponseMetadata": {"HTTPStatusCode": status}}
            case Answer(content):
                return _response(200), {**content, "ResponseMetadata": {"HTTPStatusCode": 200}}
        return None

    def after(**_: Any) -> None:
        if lost:
            raise lost.pop()

    events = client.botocore.meta.events
    events.register("before-call.dynamodb", before)
    events.register("after-call.dynamodb", after)
    try:
        yield attempts
    finally:
        events.unregister("before-call.dynamodb", before)
        events.unregister("after-call.dynamodb", after)


def _response(status: int) -> AWSResponse:
    return AWSResponse("made up", status, HTTPHeaders(), None)
