"""Actions: what agents did, mean to do, or may do only after a hold; gone after 90 days."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    BooleanAttribute,
    DocumentAttribute,
    IdAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI1
from autoforge.dynamodb.schema.keys import Key


class ActionState(StrEnum):
    """Where an action is in its life; follows from its attributes and is not stored."""

    PROPOSED = "proposed"
    HELD = "held"
    APPROVED = "approved"
    EXECUTED = "executed"
    CANCELLED = "cancelled"


class AgentAction(Entity):
    """Something an agent did or means to do."""

    lifetime = timedelta(days=90)

    #: A ULID minted from ``created_at``, so that the key follows from the id alone.
    id = IdAttribute()
    project_id = IdAttribute()
    action_type = TextAttribute()
    description = TextAttribute()
    detail = optional(DocumentAttribute())
    confidence = optional(DocumentAttribute())
    executed = BooleanAttribute(default_for_new=False)
    #: Until when a person may object. Approving or cancelling ends the hold and removes it.
    held_until = optional(TimestampAttribute())
    approved_at = optional(TimestampAttribute())
    cancelled_at = optional(TimestampAttribute())
    executed_at = optional(TimestampAttribute())
    #: A hash of what it was created with: created with the same again, it is the same.
    creation = optional(TextAttribute())
    created_at = TimestampAttribute()
    updated_at = optional(TimestampAttribute())

    key = Key("PROJECT#{project_id}", "ACTION#{created_at}#{id}")
    held = Key("ACTION#held", "{held_until}#{id}", index=GSI1, where={"executed": False})

    @property
    def state(self) -> ActionState:
        """Where the action is in its life."""
        marks: list[tuple[bool | datetime | None, ActionState]] = [
            (self.executed, ActionState.EXECUTED),
            (self.cancelled_at, ActionState.CANCELLED),
            (self.held_until, ActionState.HELD),
            (self.approved_at, ActionState.APPROVED),
        ]
        return next((state for mark, state in marks if mark), ActionState.PROPOSED)
