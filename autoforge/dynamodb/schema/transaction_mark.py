"""TransactionMark: the item that proves that a transaction was applied (ADR 0030)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import DEFAULT_LAYOUT, Layout
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id
from autoforge.dynamodb.schema.time_attributes import Moment


class TransactionMark(Entity):
    """Proves that a transaction was applied whose own writes would not show it.

    It is written as a member of the transaction, and expires after a day. If the answer is lost, a
    Store reads it to learn whether the transaction was applied (ADR 0030).

    Examples:
        >>> TransactionMark(token="01KGKR2T40R6BAX8A0B1RTCDKN", created_at=NOON)
        <TransactionMark TRANSACTION#01KGKR2T40R6BAX8A0B1RTCDKN / MARK>
    """

    lifetime = timedelta(days=1)

    #: The idempotency token (ClientRequestToken) of the transaction.
    token: Id = Id()
    created_at: Moment = Moment()

    key = Key("TRANSACTION#{token}", "MARK")


@cache
def mark_in(layout: Layout) -> type[TransactionMark] | None:
    """Return the entity of the marks in a table with a layout; None if it can have no marks.

    A mark needs a text in each key attribute, and an expiry that removes it.
    """
    if layout == DEFAULT_LAYOUT:
        return TransactionMark
    sort_key = "" if layout.sort_key is None else "MARK"
    members = {
        "__doc__": TransactionMark.__doc__,
        "type_name": TransactionMark.type_name,
        "layout": layout,
        "key": Key("TRANSACTION#{token}", sort_key),
    }
    try:
        return type("TransactionMark", (TransactionMark,), members)
    except DeclarationError:
        return None
