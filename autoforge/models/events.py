"""Events of a project or of the whole platform; they expire after 30 days."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.document_attributes import Document
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.models.indexes import GSI1


class Severity(StrEnum):
    """How much an event asks for attention."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Event(Entity):
    """Something that happened. An event without a project is stored in the global feed itself."""

    lifetime = timedelta(days=30)

    #: A ULID minted from ``created_at``, so that the id alone gives the key.
    id: Id = Id()
    project_id: Id[None] = Id(default=None)
    event_type: Text = Text()
    severity: Choice[Severity] = Choice(Severity, default=Severity.INFO)
    summary: Text = Text()
    detail: Document[None] = Document(default=None)
    created_at: Moment = Moment()

    key = Key("PROJECT#{project_id}|GLOBAL", "EVENT#{created_at}#{id}", shared="feed")
    by_date = Key("EVENT#{created_at:date}", "{created_at}#{id}", index=GSI1)


class GlobalEventRef(Entity):
    """The entry of a project's event in the global feed; it has all but the event's detail."""

    lifetime = Event.lifetime

    id: Id = Id()
    project_id: Id = Id()
    event_type: Text = Text()
    severity: Choice[Severity] = Choice(Severity)
    summary: Text = Text()
    created_at: Moment = Moment()

    # Ids are unique in the whole feed. An event without a project and a reference have the same
    # key only if a caller reuses an id; the second write is then refused.
    key = Key("GLOBAL", "EVENT#{created_at}#{id}", shared="feed")
