"""Actions that agents executed, propose, or hold for an objection; they expire after 90 days."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    Boolean,
    Document,
    Id,
    Moment,
    Text,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.models.indexes import GSI1


class ActionState(StrEnum):
    """Where an action is in its life; follows from its attributes and is not stored."""

    PROPOSED = "proposed"
    HELD = "held"
    APPROVED = "approved"
    EXECUTED = "executed"
    CANCELLED = "cancelled"


class AgentAction(Entity):
    """An action that an agent executed or proposes."""

    lifetime = timedelta(days=90)

    #: A ULID minted from ``created_at``, so that the id alone gives the key.
    id = Id()
    project_id = Id()
    action_type = Text()
    description = Text()
    detail = optional(Document())
    confidence = optional(Document())
    executed = Boolean(default_for_new=False)
    #: The time until which a person may object. Approving or cancelling the action removes it.
    held_until = optional(Moment())
    approved_at = optional(Moment())
    cancelled_at = optional(Moment())
    executed_at = optional(Moment())
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation = optional(Text())
    created_at = Moment()
    updated_at = optional(Moment())

    key = Key("PROJECT#{project_id}", "ACTION#{created_at}#{id}")
    held = Key("ACTION#held", "{held_until}#{id}", index=GSI1, where={"executed": False})

    @property
    def state(self) -> ActionState:
        """The state that the attributes give."""
        marks: list[tuple[bool | datetime | None, ActionState]] = [
            (self.executed, ActionState.EXECUTED),
            (self.cancelled_at, ActionState.CANCELLED),
            (self.held_until, ActionState.HELD),
            (self.approved_at, ActionState.APPROVED),
        ]
        return next((state for mark, state in marks if mark), ActionState.PROPOSED)
