"""Events: what happened, newest first, in a project or across projects; gone after 30 days."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    DocumentAttribute,
    EnumAttribute,
    IdAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI1
from autoforge.dynamodb.schema.keys import Key


class Severity(StrEnum):
    """How much an event asks for attention."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Event(Entity):
    """Something that happened; one that belongs to no project lies in the global feed itself."""

    lifetime = timedelta(days=30)

    #: A ULID minted from ``created_at``, so that the key follows from the id alone.
    id = IdAttribute()
    project_id = optional(IdAttribute())
    event_type = TextAttribute()
    severity = EnumAttribute(Severity, default_for_new=Severity.INFO)
    summary = TextAttribute()
    detail = optional(DocumentAttribute())
    created_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}|GLOBAL", "EVENT#{created_at}#{id}", shared="feed")
    by_date = Key("EVENT#{created_at:date}", "{created_at}#{id}", index=GSI1)


class GlobalEventRef(Entity):
    """The trace of a project's event in the global feed; it lacks the event's detail."""

    lifetime = Event.lifetime

    id = IdAttribute()
    project_id = IdAttribute()
    event_type = TextAttribute()
    severity = EnumAttribute(Severity)
    summary = TextAttribute()
    created_at = TimestampAttribute()

    # Ids are unique over the whole feed, so an event of no project and a reference only meet
    # when a caller reuses an id, and then the second write is refused.
    key = Key("GLOBAL", "EVENT#{created_at}#{id}", shared="feed")
