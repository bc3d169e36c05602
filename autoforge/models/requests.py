"""RequestRecord: what a request with an id of its caller's came to, so that it may be repeated."""

from __future__ import annotations

from datetime import timedelta

from autoforge.dynamodb.schema.attributes import (
    IdAttribute,
    IntegerAttribute,
    ListAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key


class RequestRecord(Entity):
    """A request that a caller may repeat for a day, and what it came to.

    It never holds what was sent, only a hash of it. That of a request within a project lies in the
    project's partition, and goes with it.
    """

    lifetime = timedelta(days=1)

    #: A hash of the caller's id, the operation and what it is made on.
    id = IdAttribute()
    project_id = optional(IdAttribute())
    #: A hash of what was sent: another request with the same id is refused.
    content = TextAttribute()
    #: The moment at which the request is made, by whichever run makes it.
    moment = TimestampAttribute()
    #: The id that the request mints; others that it mints count on from it.
    minted = IdAttribute()
    #: Who runs the request at the moment, and until when nobody else does.
    runner = optional(IdAttribute())
    running_until = optional(TimestampAttribute())
    #: What it came to; absent until then.
    status = optional(IntegerAttribute())
    location = optional(TextAttribute())
    ids = optional(ListAttribute())
    created = optional(IntegerAttribute())
    created_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}|REQUEST#{id}", "REQUEST#{id}")
