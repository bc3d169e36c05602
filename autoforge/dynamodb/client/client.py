"""Sends one request to DynamoDB, with bounded, jittered retries, and maps failures to errors.

The layers below never retry. So this module alone decides what is sent again, how often, and which
error the caller gets. Only the Store uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from secrets import SystemRandom
from threading import RLock
from time import monotonic
from typing import Any, Final, NamedTuple, Protocol

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.session import Session

from autoforge.dynamodb.client.failures import (
    ConditionRefusedError,
    Failure,
    TooLateError,
    UncertainError,
    failure_of,
)
from autoforge.dynamodb.client.pace import Pace, Timer
from autoforge.dynamodb.client.worker_pool import WorkerPool
from autoforge.dynamodb.errors import (
    ConfigurationError,
    OutOfTimeError,
    ThrottledError,
    UnavailableError,
)
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.timestamps import utc_now
from autoforge.dynamodb.transport import choice
from autoforge.dynamodb.transport.botocore import BotocoreTransport, botocore_client
from autoforge.dynamodb.transport.signing import Clock
from autoforge.dynamodb.transport.transport import (
    Timeouts,
    Transport,
    TransportName,
    answered_within,
)

__all__ = [
    "METERED",
    "Call",
    "Client",
    "ConditionRefusedError",
    "Deadline",
    "Observer",
    "RetryPolicy",
    "TooLateError",
    "UncertainError",
]

#: Operations that consume capacity, and can report how much.
METERED: Final = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)

#: The most times a wait is doubled, so that a float can hold it.
_MOST_DOUBLINGS: Final = 64


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is sent, and how long to wait between attempts, with full jitter.

    Attributes:
        attempts: The most times a request is sent.
        base: Seconds; the longest first wait. It doubles with every attempt.
        cap: Seconds; the longest wait.
        patience: Seconds that a throttled bulk continues while none of its requests is accepted,
            regardless of ``attempts``.

    Raises:
        ConfigurationError: if there is no attempt, or a time is negative.

    Examples:
        >>> patient = RetryPolicy(attempts=10, cap=5.0)
        >>> [patient.longest_wait(failures) for failures in (1, 2, 9)]
        [0.05, 0.1, 5.0]
        >>> library.connect(region="eu-central-1", retries=patient).client.retries.attempts
        10
    """

    attempts: int = 6
    base: float = 0.05
    cap: float = 2.0
    patience: float = 60.0

    def __post_init__(self) -> None:
        """Check that there is an attempt, and that no wait is negative."""
        attempts: object = self.attempts
        if not (isinstance(attempts, int) and attempts >= 1):
            raise ConfigurationError(
                f"a request has {self.attempts!r} attempts; it must have at least 1"
            )
        for name in ("base", "cap", "patience"):
            seconds: object = getattr(self, name)
            if not (isinstance(seconds, int | float) and seconds >= 0):
                raise ConfigurationError(f"{name} is {seconds!r}; expected seconds, from 0")

    def longest_wait(self, failures: int) -> float:
        """Return the longest wait after so many failures, in seconds.

        Args:
            failures: The number of failed attempts, from 1.

        Examples:
            >>> RetryPolicy().longest_wait(3)
            0.2
        """
        return min(self.cap, self.base * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))


class Call(NamedTuple):
    """A request that was answered, for logs and counters. It never holds item contents."""

    operation: str
    #: Attempts that the request took.
    attempts: int
    #: DynamoDB's ConsumedCapacity: one object, or a list for batches and transactions.
    capacity: Any = None


class Deadline(NamedTuple):
    """Until when a request may be sent, and how long each attempt may take.

    Attributes:
        clock: Returns the current time.
        last: The time after which no attempt is started.
        answer: Seconds that an attempt waits for its answer.
    """

    clock: Clock
    last: datetime
    answer: float

    def is_over(self) -> bool:
        """Whether the time to start an attempt has passed."""
        return self.clock() > self.last


class Observer(Protocol):
    """Called after every request that was answered."""

    def __call__(self, call: Call, /) -> None:
        """Record a request."""


@dataclass
class _Attempts:
    """Counts the attempts of one request, and decides whether there is another."""

    client: Client
    pace: Pace | None
    number: int = 0
    #: Failures that count towards the limit, and throttled attempts, which only slow a bulk down.
    _failures: int = 0
    _throttled: int = 0

    def begin(self, operation: str) -> None:
        """Begin another attempt.

        Raises:
            OutOfTimeError: if the time limit of the bulk has passed.
        """
        if self.pace is not None and self.pace.is_over():
            raise OutOfTimeError(f"{operation}: the time limit is over")
        self.number += 1

    def wait_after(self, failure: Failure) -> bool:
        """Wait as the kind of failure requires; False, without a wait, after the last attempt."""
        if self.pace is not None and failure.error_type is ThrottledError:
            self._throttled += 1
            return self.client.waits(self._throttled, self.pace)
        self._failures += 1
        if failure.passed:
            return self._failures < self.client.retries.attempts
        return self.client.waits(self._failures)


@dataclass
class Client:
    """Connections to one DynamoDB; thread-safe, and usable after a fork.

    ``Store.connect`` makes one, as ``store.client``.

    Args:
        region: AWS region.
        endpoint_url: URL of a DynamoDB other than AWS's; None for AWS.
        sleep: Waits a number of seconds.
        credentials: Access key and secret; None for botocore's credential chain.
        retries: How often a request is sent, and how long to wait between attempts.
        random: Returns a random number from 0 to 1, for the jitter.
        observers: Called after every request that was answered.
        transport: "botocore" to send every request through botocore; "auto" to send requests
            directly where possible.
        clock: Returns the time that requests are signed with.
        timer: Returns seconds since an arbitrary start, for bulks.
        timeouts: How long to wait for the network, in seconds.
        worker_pool: Sends independent requests concurrently.

    Raises:
        ConfigurationError: if the endpoint is not a URL that a request can be sent to.

    Examples:
        >>> client = library.connect(region="eu-central-1").client
        >>> client.region, client.retries.attempts
        ('eu-central-1', 6)
    """

    region: str
    endpoint_url: str | None
    sleep: Callable[[float], None]
    credentials: tuple[str, str] | None = None
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    random: Callable[[], float] = SystemRandom().random
    observers: list[Observer] = field(default_factory=list)
    transport: TransportName = "auto"
    clock: Clock = utc_now
    timer: Timer = monotonic
    timeouts: Timeouts = field(default_factory=Timeouts)
    worker_pool: WorkerPool = field(default_factory=WorkerPool)
    _session: Session | None = field(default=None, init=False, repr=False)
    #: botocore clients by their timeout in seconds; None for ``timeouts``.
    _botocore: dict[float | None, Any] = field(default_factory=dict, init=False, repr=False)
    _active_transport: Transport | None = field(default=None, init=False, repr=False)
    #: Held while one of the above is created; reentrant, since creating one may require another.
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    @property
    def botocore(self) -> Any:
        """A botocore client for the same DynamoDB, created at its first use."""
        return self._botocore_within(None)

    @property
    def active_transport(self) -> Transport:
        """The transport of the requests, chosen at the first request; it may be replaced."""
        if self._active_transport is None:
            with self._lock:
                if self._active_transport is None:
                    self._active_transport = self._chosen()
        return self._active_transport

    @active_transport.setter
    def active_transport(self, transport: Transport) -> None:
        self._active_transport = transport

    def warm(self) -> None:
        """Resolve credentials and open a connection now, instead of at the first request.

        Raises:
            UnavailableError: if no connection can be opened.
            NoCredentialsError: botocore's, if no credentials are found.
        """
        try:
            self.active_transport.warm()
        except NoConnectionError as error:
            raise UnavailableError(str(error)) from error

    def close(self) -> None:
        """Close idle connections and stop threads; a later request opens and starts new ones.

        Examples:
            >>> store.client.close()
            >>> store.is_ready()
            True
        """
        if self._active_transport is not None:
            self._active_transport.close()
        self.worker_pool.close()

    def pace(self, limit: float | None = None) -> Pace:
        """Start the pace of a bulk of requests.

        Args:
            limit: Seconds after which none of its requests is sent; None for no limit.
        """
        return Pace(self.timer, self.retries.patience, limit)

    def send(
        self,
        request: Request,
        *,
        repeatable: bool = True,
        deadline: Deadline | None = None,
        pace: Pace | None = None,
    ) -> dict[str, Any]:
        """Send a request and return the JSON of DynamoDB's answer.

        Args:
            request: The request.
            repeatable: Whether applying it twice has the same effect as applying it once.
            deadline: Until when it may be sent; None for as many attempts as the retry policy has.
            pace: The pace of the bulk that the request belongs to. While the bulk advances,
                throttled attempts do not count as failures.

        Raises:
            ConditionRefusedError: if the condition of a write was false.
            TooLateError: if the deadline passes before an attempt is answered.
            UncertainError: if a request that is not repeatable may have been applied.
            UnavailableError: if no attempt succeeds.
            OutOfTimeError: if the time limit of the bulk passes before an attempt is sent.
            AutoforgeError: another subclass, for another cause.
        """
        operation, parameters = request.operation, request.parameters
        if operation in METERED:
            parameters = {**parameters, "ReturnConsumedCapacity": "INDEXES"}
        transport = self._active_transport or self.active_transport
        attempts = _Attempts(self, pace)
        perhaps_done = False
        while True:
            attempts.begin(operation)
            try:
                answer = _exchange(transport, operation, parameters, deadline)
            except (ClientError, NoConnectionError, HTTPClientError) as error:
                failure = failure_of(error, repeated=perhaps_done)
                perhaps_done = perhaps_done or failure.perhaps_done
                if perhaps_done and not repeatable:
                    raise UncertainError from error
                if not attempts.wait_after(failure):
                    raise failure.error_type(
                        f"{operation}: {failure.reason} (after {attempts.number} attempts)"
                    ) from error
            else:
                if pace is not None and not _is_partial(answer):
                    pace.advance()
                if self.observers:
                    self._notify(Call(operation, attempts.number, answer.get("ConsumedCapacity")))
                return answer

    def attempts(self, pace: Pace | None = None) -> Iterator[int]:
        """Yield the numbers of attempts from 1, with growing, jittered waits between them.

        Args:
            pace: The pace of the bulk that they belong to, which then decides how many there are.
        """
        for attempt in count(1):
            if attempt > 1 and not self.waits(attempt - 1, pace):
                return
            yield attempt

    def waits(self, failures: int, pace: Pace | None = None) -> bool:
        """Wait after so many failures; return False, without a wait, if no attempt is left."""
        if pace is None and failures >= self.retries.attempts:
            return False
        wait = self.random() * self.retries.longest_wait(failures)
        if pace is not None and not pace.allows(wait):
            return False
        self.sleep(wait)
        return True

    def _notify(self, call: Call) -> None:
        for observer in self.observers:
            observer(call)

    def _configured(self) -> Session:
        """A botocore session with the configuration of AWS's tools, read once."""
        if self._session is None:
            # Only botocore's clients need the handlers, which take most of the time to register.
            self._session = Session(include_builtin_handlers=False)
        return self._session

    def _botocore_within(self, seconds: float | None) -> Any:
        """The botocore client with a timeout in seconds, created at its first use."""
        if seconds not in self._botocore:
            with self._lock:
                if seconds not in self._botocore:
                    self._botocore[seconds] = botocore_client(
                        Session(),
                        region=self.region,
                        endpoint_url=self.endpoint_url,
                        credentials=self.credentials,
                        timeouts=self.timeouts if seconds is None else Timeouts(seconds, seconds),
                    )
        return self._botocore[seconds]

    def _chosen(self) -> Transport:
        if self.transport == "botocore":
            return BotocoreTransport(self._botocore_within)
        return choice.transport(
            self._configured(),
            self._botocore_within,
            region=self.region,
            endpoint_url=self.endpoint_url,
            credentials=self.credentials,
            clock=self.clock,
            timeouts=self.timeouts,
        )


def _exchange(
    transport: Transport, operation: str, parameters: Mapping[str, Any], deadline: Deadline | None
) -> dict[str, Any]:
    """Send one attempt, unless the deadline has passed.

    Raises:
        TooLateError: if it has.
    """
    if deadline is None:
        return transport.exchange(operation, parameters)
    if deadline.is_over():
        raise TooLateError
    with answered_within(deadline.answer):
        return transport.exchange(operation, parameters)


def _is_partial(answer: Mapping[str, Any]) -> bool:
    """Whether DynamoDB left some of a batch unprocessed, perhaps all of it."""
    return bool(answer.get("UnprocessedItems") or answer.get("UnprocessedKeys"))
