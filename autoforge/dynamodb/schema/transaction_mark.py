"""TransactionMark: the item that proves that a transaction was applied (ADR 0030)."""

from __future__ import annotations

from datetime import timedelta

from autoforge.dynamodb.schema.attributes import Id, Moment
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key


class TransactionMark(Entity):
    """Proves that a transaction was applied whose own writes would not show it.

    It is written as a member of the transaction. If the answer is lost, a Store reads it to learn
    whether the transaction was applied.
    """

    lifetime = timedelta(days=1)

    #: The idempotency token (ClientRequestToken) of the transaction.
    token: Id = Id()
    created_at: Moment = Moment()

    key = Key("TRANSACTION#{token}", "MARK")
