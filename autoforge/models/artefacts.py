"""Artefacts: the documents that agents maintain, at most one of each type in a project."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.document_attributes import Document
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id
from autoforge.dynamodb.schema.time_attributes import Moment


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
