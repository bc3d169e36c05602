"""RequestRecord: the outcome of a request with an idempotency key, so that it can be repeated."""

from __future__ import annotations

from datetime import timedelta

from autoforge.dynamodb.schema.document_attributes import Array
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment


class RequestRecord(Entity):
    """A request that its caller may repeat for a day, and its outcome.

    It holds a hash of the request's content, never the content. The record of a request within a
    project is in the project's partition and is deleted with the project.
    """

    lifetime = timedelta(days=1)

    #: A hash of the caller's request id, the operation and the items it is applied to.
    id: Id = Id()
    project_id: Id[None] = Id(default=None)
    #: A hash of the request's content; the same request id with other content is refused.
    content: Text = Text()
    #: The time at which the request takes effect, whichever attempt completes it.
    moment: Moment = Moment()
    #: The first id that the request mints; its further ids count on from this one.
    minted: Id = Id()
    #: The attempt that runs now, and the end of its lease.
    runner: Id[None] = Id(default=None)
    running_until: Moment[None] = Moment(default=None)
    #: The outcome; absent until the request is complete.
    status: Integer[None] = Integer(default=None)
    location: Text[None] = Text(default=None)
    ids: Array[None] = Array(default=None)
    created: Integer[None] = Integer(default=None)
    created_at: Moment = Moment()

    key = Key("PROJECT#{project_id}|REQUEST#{id}", "REQUEST#{id}")
