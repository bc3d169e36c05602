"""RequestRecord: the outcome of a request with an idempotency key, so that it can be repeated."""

from __future__ import annotations

from datetime import timedelta

from autoforge.dynamodb.schema.attributes import (
    Array,
    Id,
    Integer,
    Moment,
    Text,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key


class RequestRecord(Entity):
    """A request that its caller may repeat for a day, and its outcome.

    It holds a hash of the request's content, never the content. The record of a request within a
    project is in the project's partition and is deleted with the project.
    """

    lifetime = timedelta(days=1)

    #: A hash of the caller's request id, the operation and the items it is applied to.
    id = Id()
    project_id = optional(Id())
    #: A hash of the request's content; the same request id with other content is refused.
    content = Text()
    #: The time at which the request takes effect, whichever attempt completes it.
    moment = Moment()
    #: The first id that the request mints; its further ids count on from this one.
    minted = Id()
    #: The attempt that runs now, and the end of its lease.
    runner = optional(Id())
    running_until = optional(Moment())
    #: The outcome; absent until the request is complete.
    status = optional(Integer())
    location = optional(Text())
    ids = optional(Array())
    created = optional(Integer())
    created_at = Moment()

    key = Key("PROJECT#{project_id}|REQUEST#{id}", "REQUEST#{id}")
