"""Faults of DynamoDB and the network, injected between the client and the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import orjson
from botocore.exceptions import ClientError, ReadTimeoutError

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.transport.transport import Transport
from tests.transports import WrappedTransport


@dataclass(frozen=True)
class Refuse:
    """DynamoDB refuses the request and does not carry it out."""

    code: str
    status: int = 400
    message: str = "made up"
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """DynamoDB returns this answer without carrying the request out."""

    content: dict[str, Any]


@dataclass(frozen=True)
class Break:
    """The connection breaks before the request is carried out."""

    error: Exception


@dataclass(frozen=True)
class Lose:
    """The request is carried out, and its answer is lost."""

    error: Exception = field(default_factory=lambda: ReadTimeoutError(endpoint_url="made up"))


@dataclass(frozen=True)
class Pass:
    """The request is sent without a fault."""


Fault = Refuse | Answer | Break | Lose | Pass


@dataclass
class Attempts:
    """The attempts sent while faults were injected, one entry for each."""

    bodies: list[bytes] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)


@contextmanager
def injected(
    client: Client, faults: Sequence[Fault] | Callable[[int, str], Fault]
) -> Iterator[Attempts]:
    """Inject these faults into the attempts in turn; the attempts after the last have none.

    Args:
        client: The client whose attempts get the faults.
        faults: The faults, or a function from the number and operation of an attempt to its fault.
    """
    attempts = Attempts()
    sound = client.active_transport
    client.active_transport = _Faulty(sound, faults, attempts)
    try:
        yield attempts
    finally:
        client.active_transport = sound


@dataclass
class _Faulty(WrappedTransport):
    """A transport that injects faults into attempts."""

    sound: Transport
    faults: Sequence[Fault] | Callable[[int, str], Fault]
    attempts: Attempts
    #: Numbers the attempts one at a time, because requests may be concurrent.
    noting: Lock = field(default_factory=Lock)

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        with self.noting:
            number = len(self.attempts.operations)
            self.attempts.operations.append(operation)
            self.attempts.bodies.append(orjson.dumps(parameters))
        match self._fault_of(number, operation):
            case Break(error):
                raise error
            case Lose(error):
                with suppress(ClientError):  # the answer is lost even if it is a refusal
                    self.sound.exchange(operation, parameters)
                raise error
            case Refuse(code, status, message, more):
                said: Any = {"Error": {"Code": code, "Message": message}, **more}
                said["ResponseMetadata"] = {"HTTPStatusCode": status}
                raise ClientError(said, operation)
            case Answer(content):
                return content
        return self.sound.exchange(operation, parameters)

    def _fault_of(self, number: int, operation: str) -> Fault:
        if callable(self.faults):
            return self.faults(number, operation)
        return self.faults[number] if number < len(self.faults) else Pass()
