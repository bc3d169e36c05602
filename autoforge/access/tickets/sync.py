"""Syncing of tickets with Linear, for one issue or thousands; only changed tickets are written.

Conditional writes order concurrent syncs of one issue: a sync that finds the ticket changed since
it was read compares it again. So an issue has one ticket, with the state of the last sync, or with
the newest state if the syncs give the time of the issue's last change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final

from autoforge.access.clocks import require_not_ahead
from autoforge.access.features.patterns import FeatureOfLinearIssue, FeaturesOfLinearIssues
from autoforge.access.projects.patterns import ProjectById
from autoforge.access.tickets.patterns import (
    CONTENT,
    LinearIssue,
    TicketByLinearIssue,
    TicketsByLinearIssue,
    sync_ticket,
)
from autoforge.dynamodb.patterns.fetch import BATCH_READ
from autoforge.dynamodb.store.batch import chunks
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, look, require_expected, with_condition
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    UnreadableItemError,
)
from autoforge.models.features import FeatureByLinearIssueLookup
from autoforge.models.tickets import Ticket

#: Issues that are read and written between two progress reports.
CHUNK: Final = BATCH_READ


class Synced(StrEnum):
    """What a sync made of a ticket."""

    CREATED = "created"
    UPDATED = "updated"
    #: The ticket had this state or a newer one; at most ``synced_at`` and the time of Linear's
    #: last change were updated.
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class SyncedTicket:
    """A ticket after its sync, and the kind of change."""

    ticket: Ticket
    synced: Synced


@dataclass(frozen=True)
class RefusedIssue:
    """An issue that could not be synced, and why."""

    linear_issue_id: str
    reason: str


@dataclass(frozen=True)
class SyncCounts:
    """The number of tickets that a sync created, updated and left unchanged, and the refusals."""

    created: int
    updated: int
    unchanged: int
    refused: tuple[RefusedIssue, ...]


@dataclass(frozen=True)
class SyncTicket:
    """Creates or updates the ticket of a Linear issue.

    The ticket of an issue that moved to another project moves to the given project.
    """

    project_id: str
    issue: LinearIssue
    #: The id of the ticket if this creates it.
    id: str
    at: datetime
    #: The state that the caller expects of the ticket; None to accept any.
    expected: Expected[Ticket] | None = None

    def run(self, store: Store) -> SyncedTicket:
        """Read the ticket and write what differs; return the stored ticket.

        Raises:
            InvalidValueError: if a value cannot be stored, or ``as_of`` is ahead of the present.
            ItemNotFoundError: if there is no such project.
            VersionConflictError: if the ticket is not as expected.
            TransactionConflictError: if other callers kept changing the ticket.
        """
        wanted = self.issue.ticket(self.project_id, id=self.id, at=self.at)
        require_not_ahead("asOf", wanted.source_updated_at, self.at)
        store.require(ProjectById(self.project_id), consistent=True)
        issue_id = wanted.linear_issue_id
        seen = store.get(TicketByLinearIssue(issue_id), consistent=True)
        if wanted.feature_id is None:
            _link(wanted, store.get(FeatureOfLinearIssue(issue_id), consistent=True))
        return _written(store, wanted, seen, self.expected)


@dataclass(frozen=True)
class SyncTickets:
    """Creates or updates the tickets of any number of Linear issues of a project.

    Issues are synced 100 at a time: two batch reads fetch the stored items, and only new or changed
    tickets are written. So an interrupted sync is simply repeated. If one issue is given twice, the
    later state wins, as if each were synced alone.

    Attributes:
        project_id: The project of all the tickets.
        issues: The issues; the iterable is read as needed.
        at: The time of the sync.
        new_id: Mints the id of a ticket from a time.
        progress: Called with the counts so far after each 100 issues.
    """

    project_id: str
    issues: Iterable[LinearIssue]
    at: datetime
    new_id: Callable[[datetime], str]
    progress: Callable[[SyncCounts], object] | None = None

    def run(self, store: Store) -> SyncCounts:
        """Sync all issues and return the counts; a refused issue does not stop the others.

        Raises:
            ItemNotFoundError: if there is no such project, or it is deleted during the sync.
            UnavailableError: if DynamoDB could not answer, after retries.
        """
        store = store.paced()
        counts = Counter[Synced]()
        refused: list[RefusedIssue] = []
        for chunk in chunks(self.issues, CHUNK):
            for outcome in self._sync(store, chunk):
                if isinstance(outcome, RefusedIssue):
                    refused.append(outcome)
                else:
                    counts[outcome] += 1
            if self.progress is not None:
                self.progress(_counted(counts, refused))
        return _counted(counts, refused)

    def _sync(self, store: Store, chunk: Sequence[LinearIssue]) -> Iterator[Synced | RefusedIssue]:
        """Sync some issues; yield the results in their order."""
        store.require(ProjectById(self.project_id), consistent=True)
        wanted: list[Ticket] = []
        # Linear may have changed an issue after this sync began, which may be minutes ago.
        now = max(self.at, store.clock())
        for issue in chunk:
            try:
                ticket = issue.ticket(self.project_id, id=self.new_id(self.at), at=self.at)
                require_not_ahead("asOf", ticket.source_updated_at, now)
                wanted.append(ticket)
            except InvalidValueError as error:
                yield RefusedIssue(issue.linear_issue_id, str(error))
        seen = _seen(store, wanted)
        # States of the same issue are written in order, different issues concurrently.
        by_issue: dict[str, list[Ticket]] = {}
        for ticket in wanted:
            by_issue.setdefault(ticket.linear_issue_id, []).append(ticket)
        synced = store.run_concurrently(
            [partial(_sync_each, store, said, seen.get(issue)) for issue, said in by_issue.items()]
        )
        outcomes = dict(zip(by_issue, map(iter, synced), strict=True))
        for ticket in wanted:
            yield next(outcomes[ticket.linear_issue_id])


def _sync_each(
    store: Store, wanted: Sequence[Ticket], seen: Ticket | None
) -> list[Synced | RefusedIssue]:
    """Sync the given states of one issue, in their order."""
    outcomes: list[Synced | RefusedIssue] = []
    for ticket in wanted:
        try:
            result = _written(store, ticket, seen)
        except (InvalidValueError, ItemExistsError, UnreadableItemError) as error:
            outcomes.append(RefusedIssue(ticket.linear_issue_id, str(error)))
        else:
            seen = result.ticket
            outcomes.append(result.synced)
    return outcomes


def _seen(store: Store, wanted: Sequence[Ticket]) -> dict[str, Ticket]:
    """The stored tickets by issue; also sets the features of wanted tickets that name none."""
    ids = tuple(ticket.linear_issue_id for ticket in wanted)
    tickets = store.fetch(TicketsByLinearIssue(ids), consistent=True)
    without = tuple(ticket.linear_issue_id for ticket in wanted if ticket.feature_id is None)
    lookups = store.fetch(FeaturesOfLinearIssues(without), consistent=True)
    by_issue = {each.linear_issue_id: each for each in lookups}
    for ticket in wanted:
        _link(ticket, by_issue.get(ticket.linear_issue_id))
    return {ticket.linear_issue_id: ticket for ticket in tickets}


def _link(wanted: Ticket, lookup: FeatureByLinearIssueLookup | None) -> None:
    """Set the feature of a ticket that names none to the one of its issue in the same project."""
    if wanted.feature_id is None and lookup is not None and lookup.project_id == wanted.project_id:
        wanted.feature_id = lookup.feature_id


def _written(
    store: Store,
    wanted: Ticket,
    seen: Ticket | None,
    expected: Expected[Ticket] | None = None,
) -> SyncedTicket:
    """Write what differs; compare again each time another caller has changed the ticket.

    Raises:
        ItemExistsError: if an item that is not a ticket has the key.
        VersionConflictError: if the ticket is not as expected.
    """
    pattern = TicketByLinearIssue(wanted.linear_issue_id)
    condition = None

    def attempt() -> SyncedTicket:
        nonlocal seen, condition
        if expected is not None:
            seen, condition = look(store, pattern, at=wanted.synced_at)
            require_expected(seen, expected, f"Ticket {wanted.linear_issue_id}")
        write: Put[Ticket] | Update[Ticket] | None
        if seen is None:
            write = Put(wanted)
        else:
            write = sync_ticket(wanted, seen)
            if write is None:
                return SyncedTicket(seen, Synced.UNCHANGED)
            write = with_condition(write, condition)
        try:
            return SyncedTicket(store.save(write), _made_by(write))
        except (ItemExistsError, ConditionFailedError) as error:
            if error.item is None:
                raise
            seen = error.item
            raise StaleReadError from error
        except ItemNotFoundError as error:
            # The ticket may have been deleted with its project, which may be the given one.
            store.require(ProjectById(wanted.project_id), consistent=True)
            seen = None
            raise StaleReadError from error

    return store.retry_on_conflict(f"the ticket of {wanted.linear_issue_id}", attempt)


def _made_by(write: Put[Ticket] | Update[Ticket]) -> Synced:
    if isinstance(write, Put):
        return Synced.CREATED
    return Synced.UPDATED if {*CONTENT} & {*write.values} else Synced.UNCHANGED


def _counted(counts: Counter[Synced], refused: Sequence[RefusedIssue]) -> SyncCounts:
    return SyncCounts(**{str(each): counts[each] for each in Synced}, refused=tuple(refused))
