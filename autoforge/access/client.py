"""Sends one request to DynamoDB: bounded, jittered retries, and errors by meaning.

botocore's own retries are off, so that there is one place that decides what is tried again, how
often, and what the caller learns. Only the Store uses this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import SystemRandom
from threading import Lock
from typing import Any, Final, Protocol

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.session import Session

from autoforge.access.request import Request
from autoforge.errors import (
    AutoforgeError,
    InvalidValueError,
    ItemTooLargeError,
    TableNotFoundError,
    ThrottledError,
    TransactionConflictError,
    UnavailableError,
)

#: Codes of AWS after which the same request may succeed, and what they mean when it never does.
TRANSIENT: Final[Mapping[str, type[UnavailableError]]] = {
    "InternalServerError": UnavailableError,
    "LimitExceededException": ThrottledError,
    "ProvisionedThroughputExceeded": ThrottledError,
    "ProvisionedThroughputExceededException": ThrottledError,
    "RequestLimitExceeded": ThrottledError,
    "RequestTimeout": UnavailableError,
    "RequestTimeoutException": UnavailableError,
    "ServiceUnavailable": UnavailableError,
    "Throttling": ThrottledError,
    "ThrottlingError": ThrottledError,
    "ThrottlingException": ThrottledError,
    "TransactionConflict": TransactionConflictError,
    "TransactionConflictException": TransactionConflictError,
    "TransactionInProgressException": TransactionConflictError,
}

#: Operations that consume capacity, and say how much.
METERED: Final = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    }
)

#: Codes that mean one thing, whatever was asked.
PERMANENT: Final[Mapping[str, type[AutoforgeError]]] = {
    "ResourceNotFoundException": TableNotFoundError,
    "IdempotentParameterMismatchException": InvalidValueError,
}

#: How often to begin anew what another caller's change got in the way of.
ROUNDS: Final = 64

_SERVER_ERROR: Final = 500


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is sent, and how long to wait between, with full jitter.

    Attributes:
        attempts: The most times a request is sent.
        base: Seconds; the longest first wait. It doubles with every attempt.
        cap: Seconds; the longest wait.
    """

    attempts: int = 6
    base: float = 0.05
    cap: float = 2.0

    def longest_wait(self, failures: int) -> float:
        """Seconds to wait at most after so many failures."""
        return min(self.cap, self.base * 2.0 ** (failures - 1))


@dataclass(frozen=True)
class Call:
    """What one request came to, for logs, counters and proofs. Never holds item contents."""

    operation: str
    #: Attempts it took.
    attempts: int
    #: DynamoDB's ConsumedCapacity, as it is: one object, or a list for batches and transactions.
    capacity: Any = None


class Observer(Protocol):
    """Is told of every request that was answered."""

    def __call__(self, call: Call, /) -> None:
        """Take note of a request."""


class ConditionRefusedError(Exception):
    """DynamoDB found a condition false.

    Attributes:
        items: For each write of the request, in order, whether it was refused and what is there.
        repeated: Whether an earlier attempt may have been carried out although no answer came.
    """

    def __init__(self, refusals: Sequence[Refusal], *, repeated: bool) -> None:
        self.refusals = tuple(refusals)
        self.repeated = repeated
        super().__init__("the condition of a write was false")


@dataclass(frozen=True)
class Refusal:
    """Whether a write's condition was false, and the item that is there."""

    refused: bool
    item: Mapping[str, Any] | None = None


class UncertainError(Exception):
    """No answer came, and a request that must not be carried out twice may have been once."""


@dataclass
class _Transient(Exception):  # noqa: N818 - never leaves this module
    """The request may be sent again."""

    meaning: type[UnavailableError]
    reason: str
    #: Whether DynamoDB may have carried the request out.
    perhaps_done: bool


@dataclass
class Client:
    """One connection to DynamoDB, safe under threads.

    Args:
        region: AWS region.
        endpoint_url: Another DynamoDB than AWS's; None for AWS.
        sleep: Waits a number of seconds.
        credentials: Access key and secret; None for botocore's own chain.
        retries: How often to try.
        chance: Draws from 0 to 1, for the jitter.
        observers: Told of every request.
    """

    region: str
    endpoint_url: str | None
    sleep: Callable[[float], None]
    credentials: tuple[str, str] | None = None
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    chance: Callable[[], float] = SystemRandom().random
    observers: list[Observer] = field(default_factory=list)
    _botocore: Any = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    @property
    def botocore(self) -> Any:
        """The botocore client underneath, for its events; made once, by whoever comes first."""
        with self._lock:
            if self._botocore is None:
                self._botocore = self._connect()
            return self._botocore

    def send(self, request: Request, *, repeatable: bool = True) -> dict[str, Any]:
        """Send a request and return DynamoDB's answer.

        Args:
            request: The request.
            repeatable: Whether carrying it out twice comes to the same as once.

        Raises:
            ConditionRefusedError: if the condition of a write was false.
            UncertainError: if a request that is not repeatable may have been carried out.
            UnavailableError: if no attempt was answered.
            AutoforgeError: of another kind, by meaning.
        """
        perhaps_done = False
        failure = _Transient(UnavailableError, "it was not tried", perhaps_done=False)
        for attempt in self.attempts():
            try:
                answer = self._send_once(request, repeated=perhaps_done)
            except _Transient as error:
                failure = error
                perhaps_done = perhaps_done or error.perhaps_done
                if perhaps_done and not repeatable:
                    raise UncertainError from error
                continue
            call = Call(request.operation, attempt, answer.get("ConsumedCapacity"))
            for observer in self.observers:
                observer(call)
            return answer
        raise failure.meaning(
            f"{request.operation}: {failure.reason} (after {self.retries.attempts} attempts)"
        ) from failure.__cause__

    def attempts(self) -> Iterator[int]:
        """Count attempts from 1, with a wait between two of them: longer each time, jittered."""
        for attempt in range(1, self.retries.attempts + 1):
            if attempt > 1:
                self.sleep(self.chance() * self.retries.longest_wait(attempt - 1))
            yield attempt

    def rounds(self, subject: str) -> Iterator[int]:
        """Count rounds of work that others may get in the way of; they then got their own done.

        So there are many, and the waits between them stay short.

        Raises:
            TransactionConflictError: after the last, naming the subject.
        """
        for number in range(1, ROUNDS + 1):
            if number > 1:
                self.sleep(self.chance() * self.retries.longest_wait(min(number - 1, 3)))
            yield number
        raise TransactionConflictError(f"others kept changing {subject} ({ROUNDS} rounds)")

    def _send_once(self, request: Request, *, repeated: bool) -> dict[str, Any]:
        counted = {"ReturnConsumedCapacity": "INDEXES"} if request.operation in METERED else {}
        operation = getattr(self.botocore, xform_name(request.operation))
        try:
            answer: dict[str, Any] = operation(**request.parameters, **counted)
        except ClientError as error:
            raise _meaning(error, repeated=repeated) from error
        except NoConnectionError as error:
            # There was no connection, so DynamoDB has certainly not seen the request.
            raise _Transient(UnavailableError, str(error), perhaps_done=False) from error
        except HTTPClientError as error:
            raise _Transient(UnavailableError, str(error), perhaps_done=True) from error
        _require_dynamodb(answer)
        return answer

    def _connect(self) -> Any:
        key, secret = self.credentials or (None, None)
        return Session().create_client(
            "dynamodb",
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                connect_timeout=5,
                read_timeout=10,
                max_pool_connections=50,
                parameter_validation=False,
            ),
        )


def _require_dynamodb(answer: Mapping[str, Any]) -> None:
    """Refuse what another server answered: botocore would read its page as an empty answer."""
    metadata = answer.get("ResponseMetadata", {})
    kind = metadata.get("HTTPHeaders", {}).get("content-type", "json")
    if "json" not in kind:
        raise _Transient(UnavailableError, f"{kind} is no answer of DynamoDB", perhaps_done=True)


def _meaning(error: ClientError, *, repeated: bool) -> Exception:
    """Say what a code of AWS means; an unknown code stays what it is."""
    response: Mapping[str, Any] = error.response
    _require_dynamodb(response)
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "ConditionalCheckFailedException":
        return ConditionRefusedError([Refusal(True, response.get("Item"))], repeated=repeated)
    if code == "TransactionCanceledException":
        return _cancellation(response.get("CancellationReasons", []), error, repeated=repeated)
    if code in TRANSIENT or status >= _SERVER_ERROR:
        meaning = TRANSIENT.get(code, UnavailableError)
        return _Transient(meaning, f"{code}: {message}", perhaps_done=status >= _SERVER_ERROR)
    if code == "ValidationException":
        return _validation(message)
    return PERMANENT[code](message or code) if code in PERMANENT else error


def _cancellation(
    reasons: Sequence[Mapping[str, Any]], error: ClientError, *, repeated: bool
) -> Exception:
    codes = [str(reason.get("Code")) for reason in reasons]
    if "ConditionalCheckFailed" in codes:
        refusals = [
            Refusal(code == "ConditionalCheckFailed", reason.get("Item"))
            for code, reason in zip(codes, reasons, strict=True)
        ]
        return ConditionRefusedError(refusals, repeated=repeated)
    for code, reason in zip(codes, reasons, strict=True):
        if code in TRANSIENT:
            return _Transient(
                TRANSIENT[code], f"{code}: {reason.get('Message')}", perhaps_done=False
            )
        if code == "ValidationError":
            return _validation(str(reason.get("Message")))
    return error


def _validation(message: str) -> AutoforgeError:
    if "item size" in message.lower():
        return ItemTooLargeError("the item", size=None, weights={})
    if "specified index" in message:
        return TableNotFoundError(message)
    return InvalidValueError(message)
