"""Faults of DynamoDB and the network, injected between a Store's client and the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from botocore.exceptions import ClientError, ReadTimeoutError

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport, encode
from autoforge.testing.recording import WrappedTransport

#: The members of a batch, and what DynamoDB calls those that it did not process.
_BATCHES: Final = {"BatchWriteItem": "UnprocessedItems", "BatchGetItem": "UnprocessedKeys"}


@dataclass(frozen=True)
class Refuse:
    """DynamoDB refuses the request and does not carry it out.

    Attributes:
        code: DynamoDB's code of the error.
        status: The HTTP status.
        message: The message.
        more: Further members of the answer, such as ``CancellationReasons``.

    Examples:
        >>> from autoforge.testing import Refuse, injected
        >>> with injected(store, [Refuse("ResourceNotFoundException")]):
        ...     store.get(BookByIsbn("b1"))
        Traceback (most recent call last):
        autoforge.dynamodb.errors.TableNotFoundError: ...
    """

    code: str
    status: int = 400
    message: str = "made up"
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Throttle(Refuse):
    """DynamoDB throttles the request and does not carry it out.

    Attributes:
        code: DynamoDB's code of the error.
        status: The HTTP status.
        message: The message.
        more: Further members of the answer.

    Examples:
        >>> from autoforge.testing import Throttle, injected
        >>> with injected(store, lambda attempt, operation: Throttle()):
        ...     store.get(BookByIsbn("b1"))
        Traceback (most recent call last):
        autoforge.dynamodb.errors.ThrottledError: ...
    """

    code: str = "ProvisionedThroughputExceededException"


@dataclass(frozen=True)
class Answer:
    """DynamoDB returns this answer without carrying the request out.

    Attributes:
        content: The JSON of the answer.

    Examples:
        >>> from autoforge.testing import Answer, injected
        >>> with injected(store, [Answer({})]):
        ...     store.get(BookByIsbn("b1"))
    """

    content: dict[str, Any]


@dataclass(frozen=True)
class Break:
    """The connection breaks before the request is carried out.

    Attributes:
        error: The error that the transport raises.

    Examples:
        >>> from botocore.exceptions import EndpointConnectionError
        >>> from autoforge.testing import Break, injected
        >>> broken = Break(EndpointConnectionError(endpoint_url="http://127.0.0.1"))
        >>> with injected(store, [broken]):
        ...     store.require(BookByIsbn("b1")).title  # sent again
        'Dynamo'
    """

    error: Exception


@dataclass(frozen=True)
class Lose:
    """The request is carried out, and its answer is lost.

    Attributes:
        error: The error that the transport raises; a time-out unless given.

    Examples:
        >>> from autoforge.testing import Lose, injected
        >>> with injected(store, [Lose()]):
        ...     store.save(Put(Member(id="eve", email="eve@example.com"))).id  # recognised
        'eve'
    """

    error: Exception = field(default_factory=lambda: ReadTimeoutError(endpoint_url="made up"))


@dataclass(frozen=True)
class Unprocessed:
    """DynamoDB leaves the last members of a batch unprocessed, and carries the others out.

    Attributes:
        members: How many members of the batch it leaves.

    Examples:
        >>> from autoforge.testing import Unprocessed, injected
        >>> with injected(store, [Unprocessed()]):
        ...     len(store.fetch(Books(("b1", "b2"))))  # the rest is asked for again
        2
    """

    members: int = 1


@dataclass(frozen=True)
class Pass:
    """The request is sent without a fault.

    Examples:
        >>> from autoforge.testing import Pass, Throttle, injected
        >>> with injected(store, [Pass(), Throttle()]):
        ...     store.count(LoansOfBook("b1")), store.count(LoansOfBook("b2"))
        (2, 0)
    """


#: What may happen to a request, for ``injected``.
Fault = Refuse | Answer | Break | Lose | Unprocessed | Pass


@dataclass
class Attempts:
    """The attempts sent while faults were injected, one entry for each."""

    bodies: list[bytes] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)


@contextmanager
def injected(
    store: Store | Client,
    faults: Sequence[Fault] | Mapping[int, Fault] | Callable[[int, str], Fault],
) -> Iterator[Attempts]:
    """Inject faults into the attempts that a Store, or its client, sends in the block.

    Args:
        store: The Store or the client.
        faults: The faults of the attempts, in turn; those after the last have none. Or the faults
            by the number of the attempt, from 1. Or a function from the number of an attempt, from
            0, and its operation to its fault.

    Examples:
        >>> from autoforge.testing import Throttle, injected
        >>> with injected(store, {1: Throttle()}) as attempts:
        ...     store.require(BookByIsbn("b1")).title
        'Dynamo'
    """
    client = store.client if isinstance(store, Store) else store
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
    faults: Sequence[Fault] | Mapping[int, Fault] | Callable[[int, str], Fault]
    attempts: Attempts
    #: Numbers the attempts one at a time, because requests may be concurrent.
    noting: Lock = field(default_factory=Lock)

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        with self.noting:
            number = len(self.attempts.operations)
            self.attempts.operations.append(operation)
            self.attempts.bodies.append(encode(parameters))
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
            case Unprocessed(members) if operation in _BATCHES:
                return self._partly(operation, parameters, members)
        return self.sound.exchange(operation, parameters)

    def _fault_of(self, number: int, operation: str) -> Fault:
        if callable(self.faults):
            return self.faults(number, operation)
        if isinstance(self.faults, Mapping):
            return self.faults.get(number + 1, Pass())
        return self.faults[number] if number < len(self.faults) else Pass()

    def _partly(
        self, operation: str, parameters: Mapping[str, Any], members: int
    ) -> dict[str, Any]:
        """Send a batch without its last members, which the answer names as unprocessed."""
        ((table, wanted),) = parameters["RequestItems"].items()
        keys = operation == "BatchGetItem"
        listed = wanted["Keys"] if keys else wanted
        now, later = listed[:-members], listed[-members:]

        def batch(some: Sequence[Any]) -> dict[str, Any]:
            return {table: {**wanted, "Keys": some} if keys else some}

        answer: dict[str, Any] = {"Responses": {}} if keys else {}
        if now:
            answer = self.sound.exchange(operation, {**parameters, "RequestItems": batch(now)})
        return {**answer, _BATCHES[operation]: batch(later)}
