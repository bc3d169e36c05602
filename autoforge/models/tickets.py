"""Tickets: copies of Linear issues, as of the latest sync."""

from __future__ import annotations

from autoforge.dynamodb.schema.document_attributes import Array
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.models.indexes import GSI1


class Ticket(Entity):
    """A Linear issue as of its latest sync."""

    id: Id = Id()
    linear_issue_id: Text = Text()
    project_id: Id = Id()
    feature_id: Id[None] = Id(default=None)
    linear_issue_url: Text = Text()
    title: Text = Text()
    description: Text[None] = Text(default=None)
    #: Linear's scale: 0 for none, then 1 for urgent to 4 for low.
    priority: Integer = Integer(default=0)
    #: The name of the workflow state in Linear; every team defines its own.
    status: Text = Text()
    labels: Array[None] = Array(default=None)
    #: When Linear last changed the issue, if a sync gave that. Notices may arrive out of order.
    source_updated_at: Moment[None] = Moment(default=None)
    created_at: Moment[None] = Moment(default=None)
    #: When a sync last confirmed the ticket, accurate to a few minutes.
    synced_at: Moment = Moment()
    #: Each sync that changes anything but ``synced_at`` adds 1.
    version: Integer = Integer(default=1)

    key = Key("LINEAR#{linear_issue_id}", "TICKET")
    of_project = Key("PROJECT#{project_id}#TICKET", "{synced_at}#{linear_issue_id}", index=GSI1)
