"""Running a request once: reserve it under the caller's request id, run it, store its outcome.

The record of a request is stored before the run, with the id and the time that the run uses, and
completed after it. A run that takes over from an interrupted one uses the same id and time, so its
writes are recognised as already applied. A refusal is not stored: the record is removed, and the
caller may repeat the request, even with other content.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    RequestRunningError,
)
from autoforge.models.requests import RequestRecord

T = TypeVar("T")

#: How long a run reserves its request. Two runs that overlap do no harm, since they use the same id
#: and the same time.
LEASE: Final = timedelta(seconds=30)

#: Errors after which nothing was changed: the request is invalid or was refused.
_REFUSALS: Final = (
    ConditionFailedError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a request.

    Attributes:
        status: The HTTP status of its answer.
        ids: The ids of the items it created or changed.
        location: The URL of the item; None if there is none.
        created: How many items it created; None if it is not for several items.
    """

    status: int
    ids: Sequence[str]
    location: str | None = None
    created: int | None = None


@dataclass(frozen=True)
class Run:
    """One run of a request.

    Attributes:
        moment: The time at which the first run began; every run takes it as the current time.
        first_id: The first id that the request mints.
        again: Whether an earlier run may have applied some writes.
    """

    moment: datetime
    first_id: str
    again: bool


#: Says whether an interrupted run can no longer be completed with its own time and ids.
Lapsed = Callable[[Run], bool]


@dataclass(frozen=True)
class Once:
    """Runs a request once.

    Args:
        request: Identifies the request.
        now: The current time.
        first_id: The first id that the request mints, if this is its first run.
        runner: Identifies this run.
    """

    request: RepeatableRequest
    now: datetime
    first_id: str
    runner: str

    def make(
        self,
        store: Store,
        run: Callable[[Run], tuple[T, Outcome]],
        lapsed: Lapsed = lambda _: False,
    ) -> tuple[T | None, Outcome]:
        """Run the request and return its result and outcome, or None and the stored outcome.

        Args:
            store: Stores the record.
            run: Runs the request.
            lapsed: Whether an interrupted run applied nothing, can no longer apply anything, and
                is too late to complete; the request then starts again with a new time and ids.

        Raises:
            RequestReusedError: if the request id was used with other content.
            RequestRunningError: if another run of the request is in progress.
            AutoforgeError: the errors of the run.
        """
        record, again = self._reserved(store, lapsed)
        if record.status is not None:
            ids = tuple(record.ids or ())
            return None, Outcome(record.status, ids, record.location, record.created)
        try:
            made, outcome = run(Run(record.moment, record.minted, again))
        except _REFUSALS:
            with suppress(Exception):
                self._forget(store)
            raise
        except Exception:
            # Some writes may be applied: the next call takes over at once.
            with suppress(Exception):
                store.write(self._change({"running_until": self.now}))
            raise
        values = {
            "status": outcome.status,
            "ids": list(outcome.ids),
            "location": outcome.location,
            "created": outcome.created,
        }
        # If this fails, the next call runs the request again and finds its writes applied.
        with suppress(Exception):
            store.write(self._change(values))
        return made, outcome

    def _reserved(self, store: Store, lapsed: Lapsed) -> tuple[RequestRecord, bool]:
        """Reserve the request for this run, unless it is complete.

        Returns:
            The record, and whether an earlier run may have applied some writes.
        """
        new = self.request.new_record(self.first_id, self.now)
        new.runner, new.running_until = self.runner, self.now + LEASE

        def attempt() -> tuple[RequestRecord, bool]:
            try:
                return store.save(Put(new, expired_by=self.now)), False
            except ItemExistsError:
                stored = self.request.record(store)
            if stored is None:
                raise StaleReadError  # The record was removed or expired in between.
            if stored.status is not None:
                return stored, True
            if stored.running_until is not None and stored.running_until > self.now:
                raise RequestRunningError("the same request is still running; repeat it later")
            restart = lapsed(Run(stored.moment, stored.minted, again=True))
            with suppress(ConditionFailedError, ItemNotFoundError):
                return self._taken_over(store, stored, restart=restart), not restart
            raise StaleReadError

        return store.retry_on_conflict("the record of a request", attempt)

    def _taken_over(self, store: Store, stored: RequestRecord, *, restart: bool) -> RequestRecord:
        values = {"runner": self.runner, "running_until": self.now + LEASE}
        if restart:
            values |= {"moment": self.now, "minted": self.first_id}
        return store.save(self._change(values, reserved_by=stored.runner))

    def _forget(self, store: Store) -> None:
        store.write(self._change({"expires_at": self.now}))

    def _change(
        self, values: dict[str, object], reserved_by: str | None = None
    ) -> Update[RequestRecord]:
        """The update of the record, if it is reserved by this run or the given one."""
        given = {"runner": reserved_by or self.runner, "status": None}
        return Update(
            RequestRecord,
            self._key,
            self.now,
            changes=values,
            expected=given,
            requires="only the run that reserved the request can change it",
            found=lambda there: f"is reserved by run {there.runner}",
        )

    @property
    def _key(self) -> dict[str, str | None]:
        return {"project_id": self.request.project_id, "id": self.request.id}
