"""Requests that are made once: reserved under the id of their caller's, run, and remembered.

The record of a request is written before it is run, with the id and the moment that it works with,
and completed afterwards. Whoever takes over from a run that ended half-way works with the same id
and at the same moment, so what that run has made is found to be made. A refusal is not remembered:
the record goes, and the request may be made again, with other content too.
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
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Put
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    RequestRunningError,
)
from autoforge.models.requests import RequestRecord

T = TypeVar("T")

#: How long a run that says nothing more is waited for. Two that overlap do no harm: they work with
#: the same id and at the same moment.
LEASE: Final = timedelta(seconds=30)

#: What the caller did wrong, or came too late for: nothing was done.
_REFUSALS: Final = (
    ConditionFailedError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
)


@dataclass(frozen=True)
class Outcome:
    """What a request came to.

    Attributes:
        status: The status of its answer.
        ids: Of what it created or changed.
        location: Where that is.
        created: How many of several it created.
    """

    status: int
    ids: Sequence[str]
    location: str | None = None
    created: int | None = None


@dataclass(frozen=True)
class Run:
    """One run of a request.

    Attributes:
        moment: When the first run began; every run says it is then.
        first_id: The id that the request mints first.
        again: Whether an earlier run may have got somewhere.
    """

    moment: datetime
    first_id: str
    again: bool


#: Says whether a run that is taken over may not be made at its moment any more.
Lapsed = Callable[[Run], bool]


@dataclass(frozen=True)
class Once:
    """Makes a request once.

    Args:
        request: What it is known by.
        now: The moment.
        first_id: The id that it mints first, if this is its first run.
        runner: What this run is known by.
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
        """Run the request, and return what it made and came to; or only what it came to before.

        Args:
            store: Where the record is.
            run: Makes the request.
            lapsed: Whether nothing came, or will come, of a run that was cut off, and it is too
                late to make it as it was: then it begins anew.

        Raises:
            RequestReusedError: if it was made with other content.
            RequestRunningError: if it is being run.
            AutoforgeError: as the run does.
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
            # It is not known what was done: whoever calls again takes over.
            with suppress(Exception):
                store.write(self._change({"running_until": self.now}))
            raise
        values = {
            "status": outcome.status,
            "ids": list(outcome.ids),
            "location": outcome.location,
            "created": outcome.created,
        }
        # What cannot be noted is found by the run that takes over.
        with suppress(Exception):
            store.write(self._change(values))
        return made, outcome

    def _reserved(self, store: Store, lapsed: Lapsed) -> tuple[RequestRecord, bool]:
        """The record of the request, which this run holds unless it is complete."""
        new = self.request.new_record(self.first_id, self.now)
        new.runner, new.running_until = self.runner, self.now + LEASE

        def attempt() -> tuple[RequestRecord, bool]:
            try:
                return store.save(Put(new, expired_by=self.now)), False
            except ItemExistsError:
                there = self.request.record(store)
            if there is None:
                raise StaleReadError  # It was refused, or it expired, since it was found there.
            if there.status is not None:
                return there, True
            if there.running_until is not None and there.running_until > self.now:
                raise RequestRunningError("the same request is being run")
            anew = lapsed(Run(there.moment, there.minted, again=True))
            with suppress(ConditionFailedError, ItemNotFoundError):
                return self._taken_over(store, there, anew=anew), not anew
            raise StaleReadError

        return store.retry_on_conflict("the record of a request", attempt)

    def _taken_over(self, store: Store, there: RequestRecord, *, anew: bool) -> RequestRecord:
        values = {"runner": self.runner, "running_until": self.now + LEASE}
        if anew:
            values |= {"moment": self.now, "minted": self.first_id}
        return store.save(self._change(values, held_by=there.runner))

    def _forget(self, store: Store) -> None:
        store.write(self._change({"expires_at": self.now}))

    def _change(
        self, values: dict[str, object], held_by: str | None = None
    ) -> Update[RequestRecord]:
        """Change the record, if it is this run's, or the one's that is taken over."""
        given = {"runner": held_by or self.runner, "status": None}
        return Update(
            RequestRecord, self._key, self.now, values=values, expected=given, requires="this run's"
        )

    @property
    def _key(self) -> dict[str, str | None]:
        return {"project_id": self.request.project_id, "id": self.request.id}
