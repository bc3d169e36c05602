"""Patterns of tickets, and the write that syncs a ticket with its Linear issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.identity import primary_key
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import InvalidValueError, shortened
from autoforge.models.tickets import Ticket

#: The age from which a sync without changes updates ``synced_at``.
RECENT: Final = timedelta(minutes=5)

#: Linear's priorities.
PRIORITIES: Final = range(5)

#: The attributes of a ticket that come from its issue.
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
    """The complete state of an issue in Linear.

    Attributes:
        linear_issue_id: Linear's id of the issue.
        linear_issue_url: The URL of the issue.
        title: The issue's title.
        status: The name of the issue's workflow state.
        description: The issue's text; None removes the ticket's.
        priority: Linear's scale: 0 for none, then 1 for urgent to 4 for low.
        labels: The names of the labels. Their order is kept, but another order is not a change.
        feature_id: The feature that implements the issue. None takes the feature that was created
            from the issue, or else keeps the ticket's.
        as_of: When Linear last changed the issue. A state that is older than the ticket's changes
            nothing. With None the last sync wins. A time ahead of the present would outrank every
            later state, so it is refused.
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
        """The new ticket of the issue, if none is stored.

        Args:
            project_id: The ticket's project.
            id: The ticket's id.
            at: The time of the sync.

        Raises:
            InvalidValueError: naming a value that a ticket cannot hold.
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
        # Refuses missing values, and values too long for a key, before the first request.
        ticket.to_item()
        return ticket


def sync_ticket(wanted: Ticket, seen: Ticket) -> Update[Ticket] | None:
    """The update that gives a ticket its issue's state; None if no update is needed.

    None is returned if the ticket has the state and was synced recently, or has a newer one. The
    update is refused if the ticket has changed since it was read.

    Args:
        wanted: The new ticket of the issue, if none were stored.
        seen: The stored ticket.
    """
    if _is_older(wanted, seen):
        return None
    changes = _changes(wanted, seen)
    if not changes and wanted.synced_at - seen.synced_at < RECENT:
        return None
    values = {**changes, "synced_at": wanted.synced_at}
    if changes:
        values["version"] = seen.version + 1
    return Update(
        Ticket,
        {"linear_issue_id": wanted.linear_issue_id},
        wanted.synced_at,
        changes=values,
        # The id too, since a ticket that was deleted and created again restarts its version.
        expected={"id": seen.id, "version": seen.version},
        found=changed_since_read,
    )


def _is_older(wanted: Ticket, seen: Ticket) -> bool:
    """Whether the stored ticket has a newer state of the issue; False if either has no time."""
    new, stored = wanted.source_updated_at, seen.source_updated_at
    return new is not None and stored is not None and new < stored


def _changes(wanted: Ticket, seen: Ticket) -> dict[str, Any]:
    """The attributes with a new value."""
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
    """A value with its list sorted, since the order of labels has no meaning."""
    return sorted(value, key=str) if isinstance(value, list) else value
