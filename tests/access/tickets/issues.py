"""Linear issues, and the two ways to sync them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from autoforge.access.clocks import CLOCK_SKEW
from autoforge.access.tickets.patterns import (
    LinearIssue,
    TicketByLinearIssue,
)
from autoforge.access.tickets.sync import (
    SyncCounts,
    Synced,
    SyncedTicket,
    SyncTicket,
    SyncTickets,
)
from autoforge.dynamodb.store.store import Store
from autoforge.models import Ticket
from tests.factories import NOON, new_id

#: The newest timestamp that a state synced at noon may have.
NEWER: Final = NOON + CLOCK_SKEW


def an_issue(**over: Any) -> LinearIssue:
    """Return an issue as Linear sends it; each call returns a different issue."""
    given = {
        "linear_issue_id": f"LIN-{new_id()}",
        "linear_issue_url": "https://linear.app/acme/issue/ACM-7",
        "title": "Passkeys",
        "status": "Todo",
    }
    return LinearIssue(**{**given, **over})


def sync(store: Store, project_id: str, issue: LinearIssue, *, minutes: float = 0) -> SyncedTicket:
    """Sync an issue a number of minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    return SyncTicket(project_id, issue, new_id(), at).run(store)


def sync_all(store: Store, project_id: str, *issues: LinearIssue, minutes: float = 0) -> SyncCounts:
    """Sync several issues together, a number of minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    return SyncTickets(project_id, issues, at, new_id).run(store)


def counts(**over: Any) -> SyncCounts:
    """Return counts that are zero except for those given."""
    return SyncCounts(**{"created": 0, "updated": 0, "unchanged": 0, "refused": (), **over})


def ticket_of(store: Store, issue: LinearIssue) -> Ticket:
    """Return the stored ticket of an issue."""
    return store.require(TicketByLinearIssue(issue.linear_issue_id), consistent=True)


def is_there(store: Store, issue: LinearIssue) -> bool:
    """Whether the issue has a ticket."""
    return store.get(TicketByLinearIssue(issue.linear_issue_id), consistent=True) is not None


#: One of the two ways to sync; it returns the ticket and what was done with it.
Way = Callable[..., SyncedTicket]


def together(
    store: Store, project_id: str, issue: LinearIssue, *, minutes: float = 0
) -> SyncedTicket:
    told = sync_all(store, project_id, issue, minutes=minutes)
    (outcome,) = [each for each in Synced if getattr(told, each)]
    return SyncedTicket(ticket_of(store, issue), outcome)


both_ways: Final = pytest.mark.parametrize("way", [sync, together], ids=["alone", "together"])
