"""Transaction, several writes that are all applied or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from autoforge.dynamodb.errors import DeclarationError, InvalidTransactionError, shortened
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.item_size import LIMIT
from autoforge.dynamodb.schema.key_value import shown_key
from autoforge.dynamodb.writes.write import Write

#: The largest number of writes in a transaction, and of their bytes (AWS, "TransactWriteItems").
TRANSACTION_ITEMS: Final = 100
TRANSACTION_BYTES: Final = 4 * 1024 * 1024
#: So many writes are never too large together, because none is larger than an item may be.
_SURELY_FIT: Final = TRANSACTION_BYTES // LIMIT


@dataclass(frozen=True)
class Transaction:
    """Several writes, all applied or none.

    Args:
        writes: The writes, in any iterable.
        marked: Whether to add a TransactionMark. It is needed if other callers may soon change all
            the items, which then no longer prove that the transaction was applied.

    Raises:
        DeclarationError: if a member is not a write.
        InvalidTransactionError: if DynamoDB never accepts it: it has no writes or more than 100,
            two on the same item, or more than 4 MB.

    Examples:
        >>> take_back = Update(Loan, {"isbn": "b1", "id": "l2"}, NOON, {"returned": True})
        >>> shelve = Update(Book, {"isbn": "b1"}, NOON, {"shelf": "A 3"})
        >>> store.transact(Transaction([take_back, shelve]))
        >>> list(store.each(LoansDue()))
        []
    """

    writes: Sequence[Write[Any]]
    marked: bool = False

    @property
    def made_once(self) -> bool:
        """Whether the transaction can be sent again after a lost answer without a TransactionMark.

        DynamoDB recognises a repeated transaction by its idempotency token; an engine that was
        restarted does not. So one of the writes must be refused if it was applied before, and its
        item must prove that; or applying all of the writes twice must have the same effect as once
        (ADR 0030).
        """
        return any(write.refused_twice and write.tells for write in self.writes) or all(
            write.repeatable and not write.refused_twice for write in self.writes
        )

    def __post_init__(self) -> None:
        """Refuse what DynamoDB would refuse, before a request is sent."""
        given = self.writes
        if not isinstance(given, Iterable):
            raise DeclarationError(f"a Transaction takes its writes in a list, not {given}")
        object.__setattr__(self, "writes", tuple(given))
        for write in self.writes:
            if not isinstance(write, Write):
                raise DeclarationError(
                    f"a Transaction consists of writes, such as Put(...), not {shortened(write)}"
                )
        if not 0 < len(self.writes) <= TRANSACTION_ITEMS:
            raise InvalidTransactionError(
                f"a transaction has 1 to {TRANSACTION_ITEMS} writes, not {len(self.writes)}"
            )
        keys = [write.primary_key() for write in self.writes]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise InvalidTransactionError(f"{shown_key(twice)} is written twice in one transaction")
        if len(self.writes) <= _SURELY_FIT:
            return
        size = sum(write.size() for write in self.writes)
        if size > TRANSACTION_BYTES:
            raise InvalidTransactionError(
                f"a transaction has at most {TRANSACTION_BYTES:,} bytes, not {size:,}"
            )

    def with_mark(self, mark: Write[Any]) -> Transaction:
        """Return the transaction with a write that proves that it was applied.

        Raises:
            InvalidTransactionError: if it has 100 writes already.
        """
        if len(self.writes) == TRANSACTION_ITEMS:
            raise InvalidTransactionError(
                f"a transaction of {TRANSACTION_ITEMS} writes has no room for a TransactionMark: "
                "send fewer writes, or one that is refused if it was applied before and stores its "
                "time, such as a Put"
            )
        return Transaction((*self.writes, mark))

    def request(self, table_name: str, *, token: str) -> Request:
        """Return the TransactWriteItems request.

        Args:
            table_name: The table to write.
            token: The idempotency token (ClientRequestToken); DynamoDB applies requests with the
                same token once.
        """
        return Request(
            "TransactWriteItems",
            {
                "TransactItems": [write.transact_item(table_name) for write in self.writes],
                "ClientRequestToken": token,
            },
        )
