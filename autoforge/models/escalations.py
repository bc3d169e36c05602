"""Escalations: questions that a person must answer."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.document_attributes import Array, Document
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.models.indexes import GSI1


class EscalationStatus(StrEnum):
    """What became of an escalation."""

    PENDING = "pending"
    DECIDED = "decided"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Escalation(Entity):
    """A question an agent asks a person, and the answer."""

    id: Id = Id()
    project_id: Id = Id()
    status: Choice[EscalationStatus] = Choice(EscalationStatus, default=EscalationStatus.PENDING)
    title: Text = Text()
    context: Document[None] = Document(default=None)
    options: Array[None] = Array(default=None)
    agent_recommendation: Text[None] = Text(default=None)
    agent_rationale: Text[None] = Text(default=None)
    user_decision: Text[None] = Text(default=None)
    user_notes: Text[None] = Text(default=None)
    #: Who decided, as the caller names them.
    decided_by: Text[None] = Text(default=None)
    decided_at: Moment[None] = Moment(default=None)
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation: Text[None] = Text(default=None)
    created_at: Moment = Moment()
    updated_at: Moment[None] = Moment(default=None)

    key = Key("PROJECT#{project_id}", "ESCALATION#{id}")
    by_status = Key("ESCALATION#{status}", "{created_at}#{id}", index=GSI1)
