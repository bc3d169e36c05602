"""Syncing tickets with Linear: one issue, or thousands, each written only where it differs.

Syncs of one issue that meet are put in order by conditions: whoever finds the ticket changed since
it was read compares anew. So there is one ticket, and it is what the last of them said, or, where
they say when Linear changed the issue, the newest.
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
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Put
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    UnreadableItemError,
)
from autoforge.models.features import FeatureByLinearIssueLookup
from autoforge.models.tickets import Ticket

#: Issues that are read, and then written, before progress is told.
CHUNK: Final = BATCH_READ


class Synced(StrEnum):
    """What a sync made of a ticket."""

    CREATED = "created"
    UPDATED = "updated"
    #: It was what Linear says, or newer; at most it was noted when and as of when it was synced.
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class SyncedTicket:
    """A ticket after its sync, and what the sync made of it."""

    ticket: Ticket
    synced: Synced


@dataclass(frozen=True)
class RefusedIssue:
    """An issue that cannot be a ticket, and why."""

    linear_issue_id: str
    reason: str


@dataclass(frozen=True)
class SyncCounts:
    """How many tickets a sync created, updated and left as they were, and which it refused."""

    created: int
    updated: int
    unchanged: int
    refused: tuple[RefusedIssue, ...]


@dataclass(frozen=True)
class SyncTicket:
    """Create or update the ticket of a Linear issue.

    An issue that moved takes its ticket along: the ticket then is one of the given project.
    """

    project_id: str
    issue: LinearIssue
    #: The ticket's id if it is new.
    id: str
    at: datetime
    #: What the ticket is expected to be; None to sync whatever is there.
    expected: Expected[Ticket] | None = None

    def run(self, store: Store) -> SyncedTicket:
        """Read the ticket and write what differs.

        Raises:
            InvalidValueError: if a value cannot be stored, or ``as_of`` is ahead of the present.
            ItemNotFoundError: if there is no such project.
            VersionConflictError: if the ticket is not as expected.
            TransactionConflictError: if others never stopped changing the ticket.
        """
        wanted = self.issue.ticket(self.project_id, id=self.id, at=self.at)
        require_not_ahead("asOf", wanted.source_updated_at, self.at)
        store.require(ProjectById(self.project_id), consistent=True)
        issue_id = wanted.linear_issue_id
        seen = store.get(TicketByLinearIssue(issue_id), consistent=True)
        if wanted.feature_id is None:
            _link(wanted, store.get(FeatureOfLinearIssue(issue_id), consistent=True))
        return _settled(store, wanted, seen, self.expected)


@dataclass(frozen=True)
class SyncTickets:
    """Create or update the tickets of any number of Linear issues of a project.

    Issues are taken 100 at a time: two batches read what there is, and only tickets that are new
    or differ are written. So a run that was cut off is simply begun again. Of one issue that comes
    twice the later is right, as if each were synced alone.

    Attributes:
        project_id: The project of them all.
        issues: What Linear says; read as it is needed.
        at: The moment of the sync.
        new_id: Mints the id of a ticket from the moment.
        progress: Is told the counts so far after each 100 issues.
    """

    project_id: str
    issues: Iterable[LinearIssue]
    at: datetime
    new_id: Callable[[datetime], str]
    progress: Callable[[SyncCounts], object] | None = None

    def run(self, store: Store) -> SyncCounts:
        """Sync all and return what became of them; an issue that is refused stops no other.

        Raises:
            ItemNotFoundError: if there is no such project, or it is deleted meanwhile.
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
        """Sync some issues, in order."""
        store.require(ProjectById(self.project_id), consistent=True)
        wanted: list[Ticket] = []
        # Linear may have changed an issue since this sync began, which may be minutes ago.
        now = max(self.at, store.clock())
        for issue in chunk:
            try:
                ticket = issue.ticket(self.project_id, id=self.new_id(self.at), at=self.at)
                require_not_ahead("asOf", ticket.source_updated_at, now)
                wanted.append(ticket)
            except InvalidValueError as error:
                yield RefusedIssue(issue.linear_issue_id, str(error))
        seen = _seen(store, wanted)
        # What several issues of one id say is written in order, all else at once.
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
    """Write what one issue was said to be, in the order it was said."""
    outcomes: list[Synced | RefusedIssue] = []
    for ticket in wanted:
        try:
            result = _settled(store, ticket, seen)
        except (InvalidValueError, ItemExistsError, UnreadableItemError) as error:
            outcomes.append(RefusedIssue(ticket.linear_issue_id, str(error)))
        else:
            seen = result.ticket
            outcomes.append(result.synced)
    return outcomes


def _seen(store: Store, wanted: Sequence[Ticket]) -> dict[str, Ticket]:
    """The tickets that are there, by issue; those wanted take the features made from theirs."""
    ids = tuple(ticket.linear_issue_id for ticket in wanted)
    tickets = store.fetch(TicketsByLinearIssue(ids), consistent=True)
    without = tuple(ticket.linear_issue_id for ticket in wanted if ticket.feature_id is None)
    lookups = store.fetch(FeaturesOfLinearIssues(without), consistent=True)
    made = {each.linear_issue_id: each for each in lookups}
    for ticket in wanted:
        _link(ticket, made.get(ticket.linear_issue_id))
    return {ticket.linear_issue_id: ticket for ticket in tickets}


def _link(wanted: Ticket, made: FeatureByLinearIssueLookup | None) -> None:
    """Have a ticket that names no feature name the one made from its issue, if of its project."""
    if wanted.feature_id is None and made is not None and made.project_id == wanted.project_id:
        wanted.feature_id = made.feature_id


def _settled(
    store: Store,
    wanted: Ticket,
    seen: Ticket | None,
    expected: Expected[Ticket] | None = None,
) -> SyncedTicket:
    """Write what differs, comparing anew as long as others change the ticket meanwhile.

    Raises:
        ItemExistsError: if something that is no ticket has its place.
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
            # Perhaps it went with its project, and the project is the one asked for.
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
