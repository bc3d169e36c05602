"""Sends one request to DynamoDB: bounded, jittered retries, and errors by meaning.

Nothing under it tries anything again, so that there is one place that decides what is sent again,
how often, and what the caller learns. Only the Store uses this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from secrets import SystemRandom
from threading import RLock
from time import monotonic
from typing import Any, Final, Protocol

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
    OutOfTimeError,
    ThrottledError,
    UnavailableError,
)
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.timestamps import utc_now
from autoforge.dynamodb.transport import choice as route
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

#: How often a wait is doubled at most; a float has an end.
_DOUBLED: Final = 64


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is sent, and how long to wait between, with full jitter.

    Attributes:
        attempts: The most times a request is sent.
        base: Seconds; the longest first wait. It doubles with every attempt.
        cap: Seconds; the longest wait.
        patience: Seconds that a bulk which is refused for throughput goes on while none of its
            requests is accepted, however often each is sent.
    """

    attempts: int = 6
    base: float = 0.05
    cap: float = 2.0
    patience: float = 60.0

    def longest_wait(self, failures: int) -> float:
        """Seconds to wait at most after so many failures."""
        return min(self.cap, self.base * 2.0 ** min(failures - 1, _DOUBLED))


@dataclass(frozen=True)
class Call:
    """What one request came to, for logs, counters and proofs. Never holds item contents."""

    operation: str
    #: Attempts it took.
    attempts: int
    #: DynamoDB's ConsumedCapacity, as it is: one object, or a list for batches and transactions.
    capacity: Any = None


@dataclass(frozen=True)
class Deadline:
    """Until when a request may be sent, and how long each attempt may take.

    Attributes:
        clock: Tells the time.
        last: The moment after which no attempt is begun.
        answer: Seconds to wait for an answer.
    """

    clock: Clock
    last: datetime
    answer: float

    def is_over(self) -> bool:
        """Whether no attempt may be begun any more."""
        return self.clock() > self.last


class Observer(Protocol):
    """Is told of every request that was answered."""

    def __call__(self, call: Call, /) -> None:
        """Take note of a request."""


@dataclass
class _Tries:
    """How often a request was sent, and whether it is sent again."""

    client: Client
    pace: Pace | None
    number: int = 0
    #: Failures that count by themselves, and those that only slow a bulk down.
    _failures: int = 0
    _refusals: int = 0

    def begin(self, operation: str) -> None:
        """Begin another attempt.

        Raises:
            OutOfTimeError: if the time limit of the bulk is over.
        """
        if self.pace is not None and self.pace.is_over():
            raise OutOfTimeError(f"{operation}: the time limit is over")
        self.number += 1

    def go_on(self, failure: Failure) -> bool:
        """Wait as long as the kind of failure asks for; or not, if it was the last."""
        if self.pace is not None and failure.error_type is ThrottledError:
            self._refusals += 1
            return self.client.waits(self._refusals, self.pace)
        self._failures += 1
        if failure.passed:
            return self._failures < self.client.retries.attempts
        return self.client.waits(self._failures)


@dataclass
class Client:
    """Connections to one DynamoDB, safe under threads and after a fork.

    Args:
        region: AWS region.
        endpoint_url: Another DynamoDB than AWS's; None for AWS.
        sleep: Waits a number of seconds.
        credentials: Access key and secret; None for botocore's own chain.
        retries: How often to try.
        chance: Draws from 0 to 1, for the jitter.
        observers: Told of every request.
        transport: "botocore" to send every request through botocore.
        clock: Tells the time that signatures bear.
        timer: Tells how many seconds have passed, for bulks.
        timeouts: How long to wait for the network.
        worker_pool: Makes requests at once that do not need each other's answers.
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
    #: By the seconds they wait.
    _botocore: dict[float | None, Any] = field(default_factory=dict, init=False, repr=False)
    _active_transport: Transport | None = field(default=None, init=False, repr=False)
    #: Held while the above are made, which is once each; making one asks for another.
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    @property
    def botocore(self) -> Any:
        """A botocore client for the same DynamoDB; made once, by whoever comes first."""
        return self._botocore_within(None)

    @property
    def active_transport(self) -> Transport:
        """What carries the requests; chosen at the first, and may be replaced."""
        if self._active_transport is None:
            with self._lock:
                if self._active_transport is None:
                    self._active_transport = self._chosen()
        return self._active_transport

    @active_transport.setter
    def active_transport(self, transport: Transport) -> None:
        self._active_transport = transport

    def warm(self) -> None:
        """Resolve credentials and open a connection now, rather than at the first request.

        Raises:
            UnavailableError: if there is no connection to be had.
            NoCredentialsError: botocore's, if there are no credentials.
        """
        try:
            self.active_transport.warm()
        except NoConnectionError as error:
            raise UnavailableError(str(error)) from error

    def close(self) -> None:
        """Close idle connections and threads; a later request opens and starts others."""
        if self._active_transport is not None:
            self._active_transport.close()
        self.worker_pool.close()

    def pace(self, limit: float | None = None) -> Pace:
        """What the requests of a bulk that begins now have in common.

        Args:
            limit: Seconds after which nothing more of it is sent.
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
        """Send a request and return DynamoDB's answer as its JSON says it.

        Args:
            request: The request.
            repeatable: Whether carrying it out twice comes to the same as once.
            deadline: Until when it may be sent; unless given, as often as the retries say.
            pace: The bulk that it is one of: while that advances, being refused for throughput is
                no failure.

        Raises:
            ConditionRefusedError: if the condition of a write was false.
            TooLateError: if the deadline is over before an attempt that is answered.
            UncertainError: if a request that is not repeatable may have been carried out.
            UnavailableError: if no attempt was answered.
            OutOfTimeError: if the time limit of its bulk is over; this attempt was not sent.
            AutoforgeError: of another kind, by meaning.
        """
        operation, parameters = request.operation, request.parameters
        if operation in METERED:
            parameters = {**parameters, "ReturnConsumedCapacity": "INDEXES"}
        transport = self._active_transport or self.active_transport
        tries = _Tries(self, pace)
        perhaps_done = False
        while True:
            tries.begin(operation)
            try:
                answer = _exchanged(transport, operation, parameters, deadline)
            except (ClientError, NoConnectionError, HTTPClientError) as error:
                failure = failure_of(error, repeated=perhaps_done)
                perhaps_done = perhaps_done or failure.perhaps_done
                if perhaps_done and not repeatable:
                    raise UncertainError from error
                if not tries.go_on(failure):
                    raise failure.error_type(
                        f"{operation}: {failure.reason} (after {tries.number} attempts)"
                    ) from error
            else:
                if pace is not None and not _is_partial(answer):
                    pace.advance()
                if self.observers:
                    self._tell(Call(operation, tries.number, answer.get("ConsumedCapacity")))
                return answer

    def attempts(self, pace: Pace | None = None) -> Iterator[int]:
        """Count attempts from 1, with a wait between two of them: longer each time, jittered.

        Args:
            pace: The bulk that they are of, which decides how many there are.
        """
        for attempt in count(1):
            if attempt > 1 and not self.waits(attempt - 1, pace):
                return
            yield attempt

    def waits(self, failures: int, pace: Pace | None = None) -> bool:
        """Wait after so many failures, unless there were as many as there may be."""
        if pace is None and failures >= self.retries.attempts:
            return False
        wait = self.random() * self.retries.longest_wait(failures)
        if pace is not None and not pace.allows(wait):
            return False
        self.sleep(wait)
        return True

    def _tell(self, call: Call) -> None:
        for observer in self.observers:
            observer(call)

    def _configured(self) -> Session:
        """What is configured for AWS's tools, read once."""
        if self._session is None:
            # The handlers are for clients, and take longer to register than all the rest.
            self._session = Session(include_builtin_handlers=False)
        return self._session

    def _botocore_within(self, seconds: float | None) -> Any:
        """The botocore client that waits for so many seconds; made once, by whoever comes first."""
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
        return route.transport(
            self._configured(),
            self._botocore_within,
            region=self.region,
            endpoint_url=self.endpoint_url,
            credentials=self.credentials,
            clock=self.clock,
            timeouts=self.timeouts,
        )


def _exchanged(
    transport: Transport, operation: str, parameters: Mapping[str, Any], deadline: Deadline | None
) -> dict[str, Any]:
    """Make an attempt, unless the deadline is over.

    Raises:
        TooLateError: if it is.
    """
    if deadline is None:
        return transport.exchange(operation, parameters)
    if deadline.is_over():
        raise TooLateError
    with answered_within(deadline.answer):
        return transport.exchange(operation, parameters)


def _is_partial(answer: Mapping[str, Any]) -> bool:
    """Whether some of a batch was left, and perhaps all of it."""
    return bool(answer.get("UnprocessedItems") or answer.get("UnprocessedKeys"))
