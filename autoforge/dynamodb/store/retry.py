"""Optimistic locking over several items: read, decide, and write if nothing has changed since.

Who decides again after a refusal counts with ``Client.rounds``, so that there is an end to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autoforge.dynamodb.errors import ConditionFailedError, ItemExistsError, ItemNotFoundError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.write import Transaction, Write


def written(store: Store, writes: Sequence[Write[Any]]) -> bool:
    """Make writes that were decided on by what was read, all or none, and say whether they were.

    They are refused if what was read has changed: then it is time to read and decide again.
    """
    try:
        store.transact(Transaction(tuple(writes)))
    except (ConditionFailedError, ItemExistsError, ItemNotFoundError):
        return False
    return True
