"""What the reads and the writes of a Store share: the table, its client and the retries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Self, TypeVar

from autoforge.dynamodb.client.client import Client, Deadline
from autoforge.dynamodb.client.pace import Pace
from autoforge.dynamodb.client.worker_pool import Task
from autoforge.dynamodb.errors import DeclarationError, TransactionConflictError
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import DEFAULT_LAYOUT, Layout

T = TypeVar("T")

#: The most attempts of an optimistic retry.
ATTEMPTS: Final = 64
#: The attempt after which the waits stop growing: the caller that caused a conflict has finished.
_LONGEST_WAIT: Final = 3

_log = logging.getLogger("autoforge.dynamodb")


class StaleReadError(Exception):
    """Data that an attempt read has changed; ``retry_on_conflict`` starts another attempt.

    It is raised by the attempt, and never reaches the caller of ``retry_on_conflict``.

    Examples:
        >>> attempts = iter([1, 2])
        >>> def attempt() -> str:
        ...     if next(attempts) == 1:
        ...         raise StaleReadError
        ...     return "done"
        >>> store.retry_on_conflict("nothing", attempt)
        'done'
    """


@dataclass(frozen=True)
class TableConnection:
    """A table, the client that reaches it, and the settings that all requests share."""

    table_name: str
    client: Client
    cursors: Cursors
    clock: Callable[[], datetime]
    new_token: Callable[[], str]
    #: The design of the table, or a function that returns it and is called when it is first needed.
    design: Design | Callable[[], Design]
    repeated: bool = False
    #: The pace that the requests of a bulk share; None if each request is retried by itself.
    pace: Pace | None = None
    #: Whether reads also return items past their expiry.
    expired: bool = False

    @property
    def layout(self) -> Layout:
        """The layout of the table; the default one if the Store learns the design later.

        Examples:
            >>> store.layout.partition_key
            'PK'
        """
        return self.design.layout if isinstance(self.design, Design) else DEFAULT_LAYOUT

    @cached_property
    def _known_design(self) -> Design:
        """The design of the table."""
        return self.design() if callable(self.design) else self.design

    def paced(self, limit: float | None = None) -> Self:
        """The same Store for a bulk of requests, which throttling slows down but does not fail.

        It continues as long as DynamoDB keeps accepting some of the requests (ADR 0034). A Store
        that is already paced is returned unchanged.

        Args:
            limit: Seconds after which no request is sent: each raises an OutOfTimeError instead.
                None for no limit.

        Examples:
            >>> bulk = store.paced(limit=60)
            >>> bulk.put_all([Book(isbn="b3", title="Emma")])
            1
        """
        return self if self.pace is not None else replace(self, pace=self.client.pace(limit))

    def with_expired(self) -> Self:
        """The same Store, which also returns items past their expiry; used to finish deletions.

        Its clock is unchanged: patterns that depend on the current time still use that.

        Examples:
            >>> gone = Book(isbn="b3", title="Emma", expires_at=NOON)
            >>> store.write(Put(gone))
            <Book BOOK#b3 / BOOK>
            >>> store.get(BookByIsbn("b3"))
            >>> store.with_expired().get(BookByIsbn("b3")).title
            'Emma'
        """
        return replace(self, expired=True)

    def retry_on_conflict(self, subject: str, attempt: Callable[[], T]) -> T:
        """Repeat an attempt until no other caller interferes, and return its result.

        This is optimistic locking: an attempt reads, decides and writes, and raises a
        StaleReadError if another caller has changed what it read. The waits between attempts are
        short, because the caller that caused a conflict has finished.

        Args:
            subject: What the attempt changes, for the error message.
            attempt: Called again after each StaleReadError.

        Raises:
            TransactionConflictError: after 64 attempts.

        Examples:
            >>> def buy_a_copy() -> int:
            ...     book = store.require(BookByIsbn("b1"), consistent=True)
            ...     buy = Update(
            ...         Book,
            ...         {"isbn": "b1"},
            ...         NOON,
            ...         {"copies": book.copies + 1},
            ...         expected=[Book.copies.equals(book.copies)],
            ...     )
            ...     if not store.try_transact([buy]):
            ...         raise StaleReadError
            ...     return book.copies + 1
            >>> store.retry_on_conflict("book b1", buy_a_copy)
            2
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
        """Run independent tasks, several at a time, and return their results in order.

        Args:
            tasks: Functions without parameters. At most as many run at the same time as the
                client's worker pool is wide.

        Raises:
            Exception: the first exception of a task, in the order of the tasks.

        Examples:
            >>> from functools import partial
            >>> tasks = [partial(store.count, LoansOfBook(isbn)) for isbn in ("b1", "b2")]
            >>> store.run_concurrently(tasks)
            [2, 0]
        """
        return self.client.worker_pool.run(tasks)

    def _require_own(self, entity: type[Entity]) -> None:
        """Refuse an entity outside the design: its keys are not checked against the others'."""
        design = self._known_design
        if not design.admits(entity):
            raise DeclarationError(f"{entity.__name__} is not an entity of {design.name}")

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
            details = {
                "operation": request.operation,
                "subject": type(subject).__name__,
                "table": self.table_name,
                "items": answer.get("Count"),
                "capacity": answer.get("ConsumedCapacity"),
            }
            _log.debug("dynamodb.request", extra=details)
        return answer
