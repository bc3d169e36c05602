"""Escalations: questions that a person must answer."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    Array,
    Choice,
    Document,
    Id,
    Moment,
    Text,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.models.indexes import GSI1


class EscalationStatus(StrEnum):
    """What became of an escalation."""

    PENDING = "pending"
    DECIDED = "decided"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Escalation(Entity):
    """A question an agent asks a person, and the answer."""

    id = Id()
    project_id = Id()
    status = Choice(EscalationStatus, default_for_new=EscalationStatus.PENDING)
    title = Text()
    context = optional(Document())
    options = optional(Array())
    agent_recommendation = optional(Text())
    agent_rationale = optional(Text())
    user_decision = optional(Text())
    user_notes = optional(Text())
    #: Who decided, as the caller names them.
    decided_by = optional(Text())
    decided_at = optional(Moment())
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation = optional(Text())
    created_at = Moment()
    updated_at = optional(Moment())

    key = Key("PROJECT#{project_id}", "ESCALATION#{id}")
    by_status = Key("ESCALATION#{status}", "{created_at}#{id}", index=GSI1)
