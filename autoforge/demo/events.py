"""Makes events of commits and tags: in their order and spacing, moved so that they end now.

Events expire after 30 days, and an older history would expire as it is written. So all of it is
moved by the same time; commits and tags more than 30 days before its end are still omitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from autoforge.access.events.patterns import record_event
from autoforge.demo.history import Commit, Tag
from autoforge.demo.texts import cut
from autoforge.dynamodb import Entity
from autoforge.dynamodb.timestamps import timestamp_text
from autoforge.dynamodb.writes.put import Put
from autoforge.models import Event, Severity

_SUMMARY: Final = 200
_BODY: Final = 4000
_FILES: Final = 50
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Occurrence:
    """A commit or a tag of a repository, at its original time."""

    moment: datetime
    event_type: str
    summary: str
    severity: Severity = Severity.INFO
    detail: dict[str, Any] = field(default_factory=dict)


def occurrences_of(commits: Iterable[Commit], tags: Iterable[Tag]) -> list[Occurrence]:
    """Return commits and tags by time; those of the same second keep their order."""
    happened = [_of_commit(commit) for commit in commits] + [_of_tag(tag) for tag in tags]
    return sorted(happened, key=lambda each: each.moment)


def events_of(
    occurrences: Iterable[Occurrence],
    project_id: str,
    *,
    ends_at: datetime,
    now: datetime,
    new_id: Callable[[datetime], str],
) -> list[Event]:
    """Make events of commits and tags, with ``ends_at`` moved to ``now``; omit expired ones."""
    events = []
    for each in occurrences:
        age = ends_at - each.moment
        # An expiry is truncated to whole seconds, so an event may expire a second early.
        if age + _SECOND > Event.lifetime:
            continue
        created_at = now - age
        event = Event(
            id=new_id(created_at),
            project_id=project_id,
            event_type=each.event_type,
            severity=each.severity,
            summary=each.summary,
            detail=each.detail,
            created_at=created_at,
        )
        events.append(event)
    return events


def with_references(events: Iterable[Event]) -> Iterator[Entity]:
    """Yield each event and its reference in the global feed, as recording an event writes them."""
    for event in events:
        writes = record_event(event).writes
        yield from (write.item for write in writes if isinstance(write, Put))


def _of_commit(commit: Commit) -> Occurrence:
    needs_attention = commit.is_revert or commit.is_fix
    return Occurrence(
        moment=commit.moment,
        event_type="merge_recorded" if commit.is_merge else "commit_recorded",
        summary=cut(commit.subject or f"{commit.short_hash}, without a message", _SUMMARY),
        # A fix or a revert means that something was wrong before.
        severity=Severity.WARNING if needs_attention else Severity.INFO,
        detail={
            "hash": commit.hash,
            "parents": list(commit.parents),
            "author": commit.author,
            "createdAt": timestamp_text(commit.moment),
            "files": list(commit.files[:_FILES]),
            "fileCount": len(commit.files),
            "insertions": commit.insertions,
            "deletions": commit.deletions,
            "body": cut(commit.body, _BODY),
        },
    )


def _of_tag(tag: Tag) -> Occurrence:
    return Occurrence(
        moment=tag.moment,
        event_type="tag_created",
        summary=cut(f"{tag.name}: {tag.subject}" if tag.subject else tag.name, _SUMMARY),
        detail={"name": tag.name, "hash": tag.commit, "createdAt": timestamp_text(tag.moment)},
    )
