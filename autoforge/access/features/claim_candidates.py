"""Candidates of a claim: features of which only the attributes that a claim needs are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import TTL
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.errors import InvalidValueError
from autoforge.models.features import Feature, is_free

#: The attributes of every candidate, and the optional ones, by their names in the table.
_NEEDED: Final = ("projectId", "id", "priority", "version", "status")
_OPTIONAL: Final = ("waitingOn", "assignedAgentId", "leaseUntil", "unsettled", TTL)


@dataclass(frozen=True)
class Candidate:
    """A feature that may be ready, as read from an index or from the table."""

    project_id: str
    id: str
    priority: int
    version: int
    status: str
    waiting_on: frozenset[str] = frozenset()
    holder: str | None = None
    lease_until: datetime | None = None
    unsettled: bool = False

    @classmethod
    def of(cls, feature: Feature) -> Candidate:
        """The candidate with the attributes of a feature."""
        return cls(
            str(feature.project_id),
            str(feature.id),
            int(feature.priority),
            int(feature.version),
            str(feature.status),
            feature.waiting_on,
            feature.assigned_agent_id,
            feature.lease_until,
            feature.unsettled is not None,
        )

    @property
    def name(self) -> tuple[str, str]:
        """The identity of the feature."""
        return self.project_id, self.id

    @property
    def place(self) -> tuple[int, str]:
        """The sort order of ready features: by priority, then by age."""
        return self.priority, self.id

    def is_ready(self, now: datetime) -> bool:
        """Whether it can be claimed, by the attributes that were read."""
        return not self.waiting_on and is_free(self.status, self.holder, self.lease_until, now)


def candidates(
    store: Store, query: Query[Feature], now: datetime, *, page_size: int | None = None
) -> Iterator[Candidate]:
    """The features that a query reads, as candidates; pages are read as they are needed.

    Items that lack an attribute of every feature, and items past their expiry, are skipped.

    Args:
        store: The Store to read with.
        query: The query; strongly consistent where its index offers it.
        now: The current time.
        page_size: How many items to read per request; None for as many as DynamoDB returns.
    """
    rows = store.items_in(query.condition(now), *_NEEDED, *_OPTIONAL, page_size=page_size)
    return (each for each in (_candidate(row, now) for row in rows) if each is not None)


def _candidate(row: Item, now: datetime) -> Candidate | None:
    values: dict[str, Any] = {name: next(iter(wire.values())) for name, wire in row.items()}
    try:
        project_id, feature_id, priority, version, status = (values[name] for name in _NEEDED)
        if TTL in values and int(values[TTL]) <= as_timestamp(now).timestamp():
            return None
        lease = values.get("leaseUntil")
        return Candidate(
            project_id,
            feature_id,
            int(priority),
            int(version),
            status,
            frozenset(values.get("waitingOn", ())),
            values.get("assignedAgentId"),
            None if lease is None else as_timestamp(lease),
            "unsettled" in values,
        )
    except (KeyError, ValueError, InvalidValueError):
        return None
