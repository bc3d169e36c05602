"""Artefacts: the documents that agents maintain, at most one of each type in a project."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    Choice,
    Document,
    Id,
    Integer,
    Moment,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key


class ArtefactType(StrEnum):
    """The documents a project may have."""

    DELIVERY_STATE = "delivery_state"
    RAID_LOG = "raid_log"
    BACKLOG_SUMMARY = "backlog_summary"
    DECISION_LOG = "decision_log"


class Artefact(Entity):
    """A document of a project, with its current and its previous content."""

    id: Id = Id()
    project_id: Id = Id()
    type: Choice[ArtefactType] = Choice(ArtefactType)
    content: Document = Document()
    #: The content that the last update replaced; absent before the first update.
    previous_version: Document[None] = Document(default=None)
    #: Starts at 1; each update and revert adds 1. Optimistic locking compares it.
    version: Integer = Integer(default=1)
    created_at: Moment = Moment()
    updated_at: Moment = Moment()

    key = Key("PROJECT#{project_id}", "ARTEFACT#{type}")
