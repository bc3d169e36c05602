"""TransactionMark: shows that a transaction was made whose own writes would not show it."""

from __future__ import annotations

from datetime import timedelta

from autoforge.dynamodb.schema.attributes import IdAttribute, TimestampAttribute
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key


class TransactionMark(Entity):
    """Written with a transaction, and looked for when its answer was lost."""

    lifetime = timedelta(days=1)

    #: The client request token of the transaction.
    token = IdAttribute()
    created_at = TimestampAttribute()

    key = Key("TRANSACTION#{token}", "MARK")
