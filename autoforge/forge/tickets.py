"""``forge.tickets``: copies of Linear issues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal

from autoforge.access.tickets.patterns import LinearIssue, TicketByLinearIssue, TicketsOfProject
from autoforge.access.tickets.sync import SyncCounts, SyncedTicket, SyncTicket, SyncTickets
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.tickets import Ticket


class Tickets(Resource):
    """Syncs and reads tickets, the copies of Linear issues as of their latest sync."""

    def sync(
        self,
        project_id: str,
        linear_issue_id: str,
        *,
        linear_issue_url: str,
        title: str,
        status: str,
        description: str | None = None,
        priority: int = 0,
        labels: Sequence[str] = (),
        feature_id: str | None = None,
        as_of: datetime | None = None,
        expected: Expected[Ticket] | None = None,
    ) -> SyncedTicket:
        """Create or update the ticket of a Linear issue, and return it with the kind of change.

        Nothing is written if nothing changed and the last sync was less than 5 minutes ago.

        Args:
            project_id: The ticket's project; a ticket of another project moves to this one.
            linear_issue_id: Linear's id of the issue.
            linear_issue_url: The URL of the issue.
            title: The issue's title.
            status: The name of the issue's workflow state.
            description: The issue's text; None removes the ticket's.
            priority: Linear's scale: 0 for none, then 1 for urgent to 4 for low.
            labels: The names of the labels.
            feature_id: The feature that implements the issue. None takes the feature that was
                created from the issue, or else keeps the ticket's.
            as_of: When Linear last changed the issue, so that a late notice of an older state
                changes nothing; at most 2 seconds ahead of the present. With None the last sync
                wins.
            expected: The ticket as the caller read it, or a test that it must pass; the test gets
                None if there is no ticket. None accepts any state.

        Raises:
            VersionConflictError: if it is not as expected; ``item`` is the ticket.
            InvalidValueError: if a value cannot be stored, or ``as_of`` is ahead of the present.
            ItemNotFoundError: if there is no such project.
            TransactionConflictError: if other callers kept changing the ticket.
        """
        issue = LinearIssue(
            linear_issue_id,
            linear_issue_url,
            title,
            status,
            description=description,
            priority=priority,
            labels=labels,
            feature_id=feature_id,
            as_of=as_of,
        )
        now = self._now()
        return SyncTicket(project_id, issue, self._context.new_id(now), now, expected).run(
            self._store
        )

    def sync_all(
        self,
        project_id: str,
        issues: Iterable[LinearIssue],
        *,
        progress: Callable[[SyncCounts], object] | None = None,
    ) -> SyncCounts:
        """Create or update the tickets of any number of Linear issues, and return the counts.

        After an interruption, repeat the call with the same issues: an unchanged ticket costs only
        a read. If the table throttles, the call slows down.

        Args:
            project_id: The project of all the tickets.
            issues: The issues, read 100 at a time. If one issue is given twice, the later state
                wins.
            progress: Called with the counts so far after each 100 issues.

        Raises:
            ItemNotFoundError: if there is no such project, or it is deleted during the sync.
            UnavailableError: if DynamoDB could not answer, after retries.
        """
        sync = SyncTickets(project_id, issues, self._now(), self._context.new_id, progress)
        return sync.run(self._store)

    def get(self, linear_issue_id: str, *, consistent: bool = False) -> Ticket:
        """Return the ticket of a Linear issue.

        Raises:
            ItemNotFoundError: if there is no such ticket.
        """
        return self._store.require(TicketByLinearIssue(linear_issue_id), consistent=consistent)

    def of_project(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Ticket]:
        """Return a page of a project's tickets, the last synced first."""
        query = TicketsOfProject(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)
