"""Actions that agents executed, propose, or hold for an objection; they expire after 90 days."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from autoforge.dynamodb.schema.choice_attributes import Boolean
from autoforge.dynamodb.schema.document_attributes import Document
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
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
    id: Id = Id()
    project_id: Id = Id()
    action_type: Text = Text()
    description: Text = Text()
    detail: Document[None] = Document(default=None)
    confidence: Document[None] = Document(default=None)
    executed: Boolean = Boolean(default=False)
    #: The time until which a person may object. Approving or cancelling the action removes it.
    held_until: Moment[None] = Moment(default=None)
    approved_at: Moment[None] = Moment(default=None)
    cancelled_at: Moment[None] = Moment(default=None)
    executed_at: Moment[None] = Moment(default=None)
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation: Text[None] = Text(default=None)
    created_at: Moment = Moment()
    updated_at: Moment[None] = Moment(default=None)

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
