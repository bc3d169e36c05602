"""What the reads and the writes of a Store have in common: the table and the way to it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self, TypeVar

from autoforge.dynamodb.client.client import Client, Deadline
from autoforge.dynamodb.client.pace import Pace
from autoforge.dynamodb.client.worker_pool import Task
from autoforge.dynamodb.errors import TransactionConflictError
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.design import Design

T = TypeVar("T")

#: The most attempts of an optimistic retry.
ATTEMPTS: Final = 64
#: After how many attempts the waits between them grow no more: whoever caused a conflict is done.
_LONGEST_WAIT: Final = 3

_log = logging.getLogger("autoforge.dynamodb")


class StaleReadError(Exception):
    """What an attempt has read has changed since: ``retry_on_conflict`` makes another attempt."""


@dataclass(frozen=True)
class TableConnection:
    """A table, the connection to it, and what every request is sent with."""

    table_name: str
    client: Client
    cursors: Cursors
    clock: Callable[[], datetime]
    new_token: Callable[[], str]
    repeated: bool = False
    #: What the requests of a bulk have in common; None where each stands for itself.
    pace: Pace | None = None
    #: Whether items past their expiry are returned, too.
    expired: bool = False
    design: Design | Callable[[], Design] | None = None

    def paced(self, limit: float | None = None) -> Self:
        """The same Store for a bulk: being refused for throughput slows it down, and no more.

        It goes on as long as DynamoDB accepts something of it now and then. A Store that is paced
        already stays as it is.

        Args:
            limit: Seconds after which nothing more is sent; each request then is an OutOfTimeError.
        """
        return self if self.pace is not None else replace(self, pace=self.client.pace(limit))

    def with_expired(self) -> Self:
        """The same Store that returns items past their expiry, too: for who finishes deletions.

        Its clock tells the time all the same: what is asked about the present is asked about that.
        """
        return replace(self, expired=True)

    def retry_on_conflict(self, subject: str, attempt: Callable[[], T]) -> T:
        """Return what an attempt returns, after as many attempts as others get in the way of.

        An attempt reads, decides and writes. If another caller changed in between what it has
        read, it raises a StaleReadError and is made again. The waits between attempts are short,
        since whoever caused a conflict has finished.

        Args:
            subject: What the attempt changes, for the error.
            attempt: Is called again after each StaleReadError.

        Raises:
            TransactionConflictError: after 64 attempts.
        """
        for failures in range(ATTEMPTS):
            if failures:
                self.client.waits(min(failures, _LONGEST_WAIT))
            with suppress(StaleReadError):
                return attempt()
        raise TransactionConflictError(
            f"other callers kept changing {subject}; {ATTEMPTS} attempts failed"
        )

    def run_concurrently(self, tasks: Iterable[Task[T]]) -> list[T]:
        """Run tasks that do not need each other's results, several at a time, in their order.

        Raises:
            Exception: the first that a task raised, in the order of the tasks.
        """
        return self.client.worker_pool.run(tasks)

    def _send(
        self,
        request: Request,
        subject: object,
        *,
        repeatable: bool = True,
        deadline: Deadline | None = None,
        pace: Pace | None = None,
    ) -> dict[str, Any]:
        answer = self.client.send(
            request, repeatable=repeatable, deadline=deadline, pace=pace or self.pace
        )
        if _log.isEnabledFor(logging.DEBUG):
            said = {
                "operation": request.operation,
                "subject": type(subject).__name__,
                "table": self.table_name,
                "items": answer.get("Count"),
                "capacity": answer.get("ConsumedCapacity"),
            }
            _log.debug("dynamodb.request", extra=said)
        return answer
