"""Patterns of escalations, and the writes that close a pending one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import InvalidValueError, shortened
from autoforge.models.escalations import Escalation, EscalationStatus


@dataclass(frozen=True)
class EscalationById(Get[Escalation]):
    """Which escalation of this project has this id?"""

    source = "Design, access patterns: one escalation"
    key = Escalation.key
    renames = {"id": "escalation_id"}

    project_id: str
    escalation_id: str


@dataclass(frozen=True)
class EscalationsOfProject(Query[Escalation]):
    """Which escalations has this project, in the order of their ids?

    For ULIDs that is the order of creation.
    """

    source = "Database analysis §4.1, get project escalations"
    key = Escalation.key

    project_id: str


@dataclass(frozen=True)
class EscalationsByStatus(Query[Escalation]):
    """Which escalations of all projects are in this status, oldest first?"""

    source = "Database analysis §4.2, get pending escalations (global)"
    key = Escalation.by_status

    status: EscalationStatus


def decide_escalation(
    project_id: str,
    escalation_id: str,
    *,
    decision: str,
    notes: str | None = None,
    decided_by: str | None = None,
    at: datetime,
) -> Update[Escalation]:
    """Answer a pending escalation; the error of a second answer carries the first."""
    return _close(
        project_id,
        escalation_id,
        EscalationStatus.DECIDED,
        at,
        user_decision=decision,
        user_notes=notes,
        decided_by=decided_by,
        decided_at=at,
    )


def require_option(options: Sequence[Any] | None, decision: str) -> None:
    """Refuse a decision that names no option of an escalation that has options.

    A text option is named by itself, an object by its ``id`` or ``label`` (database analysis), and
    any other option by its JSON. An ``id`` or ``label`` that is not text is also named by its JSON.

    Raises:
        InvalidValueError: naming the options.
    """
    names = [_names(each) for each in options or ()]
    if names and not any(decision in each for each in names):
        known = ", ".join(shortened(" or ".join(each)) for each in names)
        raise InvalidValueError(f"userDecision is {shortened(decision)}; the options are: {known}")


def _names(option: Any) -> list[str]:
    """The texts that name an option."""
    if isinstance(option, str):
        return [option]
    given = [option.get(name) for name in ("id", "label")] if isinstance(option, Mapping) else []
    named = [each for each in given if each is not None] or [option]
    return [each if isinstance(each, str) else json.dumps(each) for each in named]


def expire_escalation(project_id: str, escalation_id: str, *, at: datetime) -> Update[Escalation]:
    """Close a pending escalation as expired, without an answer."""
    return _close(project_id, escalation_id, EscalationStatus.EXPIRED, at)


def supersede_escalation(
    project_id: str, escalation_id: str, *, at: datetime
) -> Update[Escalation]:
    """Close a pending escalation as superseded by another one."""
    return _close(project_id, escalation_id, EscalationStatus.SUPERSEDED, at)


def _close(
    project_id: str, escalation_id: str, status: EscalationStatus, at: datetime, **values: object
) -> Update[Escalation]:
    return Update(
        Escalation,
        {"project_id": project_id, "id": escalation_id},
        at,
        changes={"status": status, **values},
        condition=Escalation.status == EscalationStatus.PENDING,
        requires=f"only a pending escalation can be {status}",
        found=lambda escalation: f"is {escalation.status}",
    )
