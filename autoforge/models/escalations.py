"""Escalations: questions that a person must answer."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    DocumentAttribute,
    EnumAttribute,
    IdAttribute,
    ListAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI1
from autoforge.dynamodb.schema.keys import Key


class EscalationStatus(StrEnum):
    """What became of an escalation."""

    PENDING = "pending"
    DECIDED = "decided"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Escalation(Entity):
    """A question an agent asks a person, and the answer."""

    id = IdAttribute()
    project_id = IdAttribute()
    status = EnumAttribute(EscalationStatus, default_for_new=EscalationStatus.PENDING)
    title = TextAttribute()
    context = optional(DocumentAttribute())
    options = optional(ListAttribute())
    agent_recommendation = optional(TextAttribute())
    agent_rationale = optional(TextAttribute())
    user_decision = optional(TextAttribute())
    user_notes = optional(TextAttribute())
    #: Who decided, as the caller names them.
    decided_by = optional(TextAttribute())
    decided_at = optional(TimestampAttribute())
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation = optional(TextAttribute())
    created_at = TimestampAttribute()
    updated_at = optional(TimestampAttribute())

    key = Key("PROJECT#{project_id}", "ESCALATION#{id}")
    by_status = Key("ESCALATION#{status}", "{created_at}#{id}", index=GSI1)
