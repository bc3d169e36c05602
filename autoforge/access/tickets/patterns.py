"""Tickets: what is asked of them, and what a sync makes of a Linear issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import primary_key
from autoforge.errors import InvalidValueError, shortened
from autoforge.models.tickets import Ticket

#: How old a ``synced_at`` may be before a sync that finds nothing changed writes it anew.
RECENT: Final = timedelta(minutes=5)

#: The priorities that Linear has.
PRIORITIES: Final = range(5)

#: What of a ticket comes from its issue.
CONTENT: Final = (
    "project_id",
    "feature_id",
    "linear_issue_url",
    "title",
    "description",
    "priority",
    "status",
    "labels",
)


@dataclass(frozen=True)
class TicketsOfProject(Query[Ticket]):
    """Which tickets has this project, the last synced first?

    A sync that finds nothing changed moves a ticket to the front only if minutes have passed.
    """

    source = "AutoForge design, tickets: by project"
    key = Ticket.of_project
    newest_first = True

    project_id: str


@dataclass(frozen=True)
class TicketByLinearIssue(Get[Ticket]):
    """Which ticket was made from this Linear issue?"""

    source = "AutoForge design, tickets: by Linear issue"
    key = Ticket.key

    linear_issue_id: str


@dataclass(frozen=True)
class TicketsByLinearIssue(Fetch[Ticket]):
    """Which tickets were made from these Linear issues?

    At most 100 of them.
    """

    source = "Part of the sync of many tickets"

    linear_issue_ids: tuple[str, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """The key of each, in the order of the issues."""
        return [primary_key(Ticket, {"linear_issue_id": each}) for each in self.linear_issue_ids]


@dataclass(frozen=True)
class LinearIssue:
    """What Linear says of an issue, whole.

    Attributes:
        linear_issue_id: Linear's id of the issue.
        linear_issue_url: Where people find it.
        title: Its title.
        status: The name of its workflow state.
        description: Its text; without one, the ticket loses its own.
        priority: As Linear counts: 0 for none, then 1 for urgent to 4 for low.
        labels: Their names. Their order is kept, but in another order they are no change.
        feature_id: The feature that is built for it. Without one, the ticket takes the feature
            that was made from the issue, or keeps the one it has.
        as_of: When Linear last changed the issue. What is older than what the ticket was made of
            changes nothing; without it, whoever comes last is right. A moment ahead of the
            present would outrank every later state, and is refused.
    """

    linear_issue_id: str
    linear_issue_url: str
    title: str
    status: str
    description: str | None = None
    priority: int = 0
    labels: Sequence[str] = ()
    feature_id: str | None = None
    as_of: datetime | None = None

    def ticket(self, project_id: str, *, id: str, at: datetime) -> Ticket:  # noqa: A002 - the attribute's name
        """The ticket that a sync at this moment would make of the issue, were there none.

        Raises:
            InvalidValueError: naming what a ticket cannot hold.
        """
        ticket = Ticket(
            id=id,
            linear_issue_id=self.linear_issue_id,
            project_id=project_id,
            feature_id=self.feature_id,
            linear_issue_url=self.linear_issue_url,
            title=self.title,
            description=self.description,
            priority=self.priority,
            status=self.status,
            labels=self.labels,
            source_updated_at=self.as_of,
            created_at=at,
            synced_at=at,
        )
        if self.priority not in PRIORITIES:
            raise InvalidValueError(f"priority is {shortened(self.priority)}, not 0 to 4")
        if not all(isinstance(label, str) for label in ticket.labels or ()):
            raise InvalidValueError(f"labels is {shortened(self.labels)}, not a list of texts")
        # What is missing, or too long for a key, is found before anything is asked.
        ticket.to_item()
        return ticket


def sync_ticket(wanted: Ticket, seen: Ticket) -> Update[Ticket] | None:
    """Make a ticket what Linear says; None if it is that already, and was synced just now.

    The write is refused where the ticket is not as it was seen any more.

    Args:
        wanted: The ticket that would be made of the issue, were there none.
        seen: The ticket that is there.
    """
    if _is_older(wanted, seen):
        return None
    changes = _changes(wanted, seen)
    if not changes and wanted.synced_at - seen.synced_at < RECENT:
        return None
    values = {**changes, "synced_at": wanted.synced_at}
    if changes:
        values["version"] = (seen.version or 0) + 1
    return Update(
        Ticket,
        {"linear_issue_id": wanted.linear_issue_id},
        wanted.synced_at,
        values=values,
        # The id besides: one that was deleted and made anew counts from the start again.
        expected={"id": seen.id, "version": seen.version},
        requires="as it was read",
    )


def _is_older(wanted: Ticket, seen: Ticket) -> bool:
    """Whether Linear has changed the issue since; a sync that does not say when is not older."""
    mine, theirs = wanted.source_updated_at, seen.source_updated_at
    return mine is not None and theirs is not None and mine < theirs


def _changes(wanted: Ticket, seen: Ticket) -> dict[str, Any]:
    """The attributes that are to be others."""
    kept = set()
    if wanted.feature_id is None and wanted.project_id == seen.project_id:
        kept.add("feature_id")
    if wanted.source_updated_at is None:
        kept.add("source_updated_at")
    values = {name: getattr(wanted, name) for name in (*CONTENT, "source_updated_at")}
    return {
        name: value
        for name, value in values.items()
        if name not in kept and _comparable(value) != _comparable(getattr(seen, name))
    }


def _comparable(value: Any) -> Any:
    """A value without the order of a list, in which labels mean the same."""
    return sorted(value, key=str) if isinstance(value, list) else value
