"""Artefacts: the documents that agents maintain, at most one of each type in a project."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    Choice,
    Document,
    Id,
    Integer,
    Moment,
    optional,
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

    id = Id()
    project_id = Id()
    type = Choice(ArtefactType)
    content = Document()
    #: The content that the last update replaced; absent before the first update.
    previous_version = optional(Document())
    #: Starts at 1; each update and revert adds 1. Optimistic locking compares it.
    version = Integer(default_for_new=1)
    created_at = Moment()
    updated_at = Moment()

    key = Key("PROJECT#{project_id}", "ARTEFACT#{type}")
