"""The writes of a Store that have conditions: single writes and transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar, cast

from autoforge.dynamodb.client.client import Deadline
from autoforge.dynamodb.client.failures import ConditionRefusedError, UncertainError
from autoforge.dynamodb.errors import (
    ConditionFailedError,
    DeclarationError,
    ItemExistsError,
    ItemNotFoundError,
    NotUniqueError,
    UnavailableError,
    UnreadableItemError,
    VersionConflictError,
)
from autoforge.dynamodb.patterns.request import get_request
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.unique_item import UniqueItem
from autoforge.dynamodb.store.batch_writes import BatchWrites
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.mistakes import require_put, require_transaction, require_write
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.uniqueness import (
    handed_over,
    is_stale,
    needs_item,
    needs_look_up_items,
    with_look_up_items,
)
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write

E = TypeVar("E", bound=Entity)


class Writes(BatchWrites):
    """Applies writes; one that may have been applied already is looked up first."""

    def write(self, write: Write[E]) -> E | None:
        """Apply a write and return the item as it is afterwards; None if it is deleted.

        A write whose answer was lost is sent again if that is safe; otherwise the Store reads the
        item to learn whether it was applied (ADR 0009).

        Args:
            write: A ``Put``, ``Update`` or ``Delete``.

        Raises:
            DeclarationError: if it is not a write, or the Store's design does not have the entity
                of the item.
            ItemNotFoundError: if an ``Update`` or ``Delete`` finds no item.
            ItemExistsError: if a ``Put`` finds an item; ``NotUniqueError`` if another item has a
                unique value.
            ConditionFailedError: if the condition is false; ``VersionConflictError`` for the
                version. Nothing is changed.
            ItemTooLargeError: if the item would have more than 400 KB.
            UnavailableError: if it is not known whether the write was applied, too.

        Examples:
            >>> store.write(Put(Book(isbn="b3", title="Emma")))
            <Book BOOK#b3 / BOOK>
            >>> store.write(Delete(Book, {"isbn": "b3"}))
        """
        try:
            self._require_own(write.entity)
        except (AttributeError, TypeError):
            require_write(write)
            raise
        if needs_look_up_items(write):
            self._transact_with_look_up_items(Transaction((write,)))
            return self._after(write)
        if self.repeated and not write.repeatable:
            return self._write_once(write)
        try:
            answer = self._send(write.request(self.table_name), write, repeatable=write.repeatable)
        except UncertainError as error:
            return self._write_once(write, because=error)
        except ConditionRefusedError as error:
            return self._refused(write, error)
        if isinstance(write, Put):
            return cast("E", write.item)
        return write.entity.from_item(answer["Attributes"]) if isinstance(write, Update) else None

    def save(self, write: Put[E] | Update[E]) -> E:
        """Apply a write that leaves an item, and return that item.

        Args:
            write: A ``Put`` or ``Update``.

        Raises:
            DeclarationError: if it leaves no item; it is not applied.
            AutoforgeError: as ``write`` does.

        Examples:
            >>> store.save(Update(Book, {"isbn": "b1"}, NOON, {"shelf": "B 1"})).shelf
            'B 1'
        """
        if type(write) is Delete:  # type: ignore[comparison-overlap]  # of a caller
            raise DeclarationError("a Delete leaves no item to return: apply it by store.write(…)")
        entity = self.write(write)
        if entity is None:
            raise UnreadableItemError(
                f"the write of {write.entity.type_name} returned no item; expected one"
            )
        return entity

    def transact(self, transaction: Transaction, *, deadline: Deadline | None = None) -> None:
        """Apply several writes, all or none.

        A transaction whose answer was lost is sent again with the same idempotency token. An engine
        that was restarted has forgotten the token and refuses the writes; a refused write whose
        item shows that it was applied then proves that all were. If no write can prove it, a
        TransactionMark is written with them (ADR 0030).

        Args:
            transaction: The writes.
            deadline: Until when it may be sent; None for as many attempts as the retry policy has.
                With one, it is not sent again once an attempt may have been applied: the caller
                decides.

        Raises:
            TooLateError: if the deadline has passed and no attempt was applied.
            UncertainError: with a deadline, if an attempt may have been applied.
            InvalidTransactionError: if the transaction has no room for the mark.
            TransactionConflictError: if other requests kept changing the same items.
            AutoforgeError: as ``write`` does, for the first write that was refused.

        Examples:
            >>> lend = Update(
            ...     Book, {"isbn": "b2"}, NOON, [Book.lent.add(1)], condition=Book.lent.below(2)
            ... )
            >>> loan = Loan(isbn="b2", id="l3", member="ann", due_at=NOON + timedelta(days=14))
            >>> store.transact(Transaction([lend, Put(loan)]))
            >>> store.require(BookByIsbn("b2")).lent
            1
        """
        try:
            for write in transaction.writes:
                self._require_own(write.entity)
        except (AttributeError, TypeError):
            require_transaction(transaction)
            raise
        if any(map(needs_look_up_items, transaction.writes)):
            self._transact_with_look_up_items(transaction, deadline=deadline)
        else:
            self._transact(transaction, deadline=deadline)

    def _transact_with_look_up_items(
        self, transaction: Transaction, *, deadline: Deadline | None = None
    ) -> None:
        """Apply writes together with those of the look-up items of unique values.

        Which look-up items an item has follows from the item, so it is read first, and the write
        requires that the unique values have not changed since.
        """
        others: set[KeyValue | None] = set()

        def attempt() -> None:
            read = [(write, self._read_before(write)) for write in transaction.writes]
            writes = handed_over(
                each
                for write, before in read
                for each in (
                    with_look_up_items(write, before, others)
                    if needs_look_up_items(write)
                    else (write,)
                )
            )
            if not writes:  # there was nothing to delete
                return
            try:
                self._transact(Transaction(writes, transaction.marked), deadline=deadline)
            except NotUniqueError:
                raise
            except (ConditionFailedError, ItemExistsError, ItemNotFoundError) as error:
                found = getattr(error, "item", None)
                if isinstance(found, UniqueItem):  # it is of another item, or no longer
                    others.symmetric_difference_update({_key_of(found)})
                if self._is_stale(read, found):
                    raise StaleReadError from error
                raise

        self.retry_on_conflict("a unique value", attempt)

    def _is_stale(
        self, read: Sequence[tuple[Write[Any], Entity | None]], found: Entity | None
    ) -> bool:
        """Whether writes were refused because an item was no longer as it was read.

        Args:
            read: The writes, each with its item as it was read.
            found: The item that the refused write found; None if there was none.
        """
        if isinstance(found, UniqueItem):  # another caller moved it
            return True
        return any(
            is_stale(before, self._read_before(write) if found is None else found)
            for write, before in read
            if needs_look_up_items(write)
            and needs_item(write)
            and (found is None or write.primary_key() == _key_of(found))
        )

    def _read_before(self, write: Write[Any]) -> Entity | None:
        """Read the item that a write changes, if its look-up items must be known."""
        if not (needs_look_up_items(write) and needs_item(write)):
            return None
        return self._existing(self.item_at(write.primary_key()), write)

    def _after(self, write: Write[E]) -> E | None:
        """Return the item of a write that was applied in a transaction, which answers nothing."""
        if isinstance(write, Put):
            return cast("E", write.item)
        return self._existing(self.item_at(write.primary_key()), write)

    def _transact(self, transaction: Transaction, *, deadline: Deadline | None = None) -> None:
        """Apply writes whose look-up items are among them."""
        token = self.new_token()
        unmarked = transaction
        if transaction.marked or not transaction.made_once:
            transaction = self._marked(transaction, token)
        try:
            self._send(
                transaction.request(self.table_name, token=token),
                transaction,
                repeatable=deadline is None,
                deadline=deadline,
            )
        except ConditionRefusedError as error:
            refused = [
                (write, reason.item)
                for write, reason in zip(transaction.writes, error.reasons, strict=True)
                if reason.refused
            ]
            repeated = error.repeated or self.repeated
            if repeated and any(w.tells and w.proves(item) for w, item in refused):
                return
            if self._clear_all(refused, error):
                self._transact(unmarked, deadline=deadline)
                return
            applied = {write.primary_key() for write, _ in refused}
            rest = [write for write in unmarked.writes if write.primary_key() not in applied]
            if not all(write.idempotent for write in rest):
                write, item = refused[0]
                raise write.error_for(self._existing(item, write)) from error
            if rest:
                self._transact(replace(unmarked, writes=rest), deadline=deadline)

    def try_transact(self, writes: Sequence[Write[Any]]) -> bool:
        """Apply writes that depend on data that was read, all or none; False if it has changed.

        The caller then reads the data again and decides again, as ``retry_on_conflict`` helps to
        do.

        Args:
            writes: The writes, of which those that depend on the data have a condition on it.

        Raises:
            AutoforgeError: as ``write`` does, if they are refused for another reason.

        Examples:
            >>> book = store.require(BookByIsbn("b2"))
            >>> as_read = Book.copies.equals(book.copies)
            >>> buy = Update(Book, {"isbn": "b2"}, NOON, {"copies": 3}, expected=[as_read])
            >>> store.try_transact([buy]), store.try_transact([buy])
            (True, False)
        """
        try:
            self.transact(Transaction(writes))
        except (ConditionFailedError, ItemExistsError, ItemNotFoundError):
            return False
        return True

    def is_stored(self, put: Put[Any]) -> bool:
        """Whether the item is stored as the Put would store it, read strongly consistently.

        Args:
            put: The Put.

        Raises:
            ItemExistsError: if a different item has its key.

        Examples:
            >>> store.is_stored(Put(Book(isbn="b3", title="Emma")))
            False
            >>> store.is_stored(Put(Member(id="ann", email="ann@example.com")))
            True
        """
        try:
            primary = put.entity.layout.primary
            request = get_request(self.table_name, put.primary_key(), primary, consistent=True)
        except (AttributeError, TypeError):
            require_put(put)
            raise
        item = self._send(request, put).get("Item")
        if item is None:
            return False
        if not put.already_applied(item):
            raise put.error_for(self._existing(item, put))
        return True

    def _clear_all(
        self,
        refused: Sequence[tuple[Write[Any], Mapping[str, Any] | None]],
        error: Exception,
    ) -> bool:
        """Delete expired items that block a transaction, and return whether there were any.

        Raises:
            AutoforgeError: the subclass for the cause, for the first write that a live item blocks
                and that is not applied already.
        """
        blocked = []
        for write, item in refused:
            if write.clearing(item) is not None:
                blocked.append((write, item))
            elif not (write.idempotent and write.already_applied(item)):
                raise write.error_for(self._existing(item, write)) from error
        # Deleted last: a transaction that is refused for another write must change nothing.
        for write, item in blocked:
            self._clear(write, item)
        return bool(blocked)

    def _refused(self, write: Write[E], error: ConditionRefusedError) -> E | None:
        """Return the item if the refused write was applied before; retry if an expired one blocks.

        Raises:
            AutoforgeError: the subclass for the cause, otherwise.
        """
        (reason,) = error.reasons
        existing = self._existing(reason.item, write)
        proven = (error.repeated or self.repeated) and write.proves(reason.item)
        if proven or (write.idempotent and write.already_applied(reason.item)):
            return existing
        if self._clear(write, reason.item):
            return self.write(write)
        raise write.error_for(existing) from error

    def _clear(self, write: Write[Any], item: Mapping[str, Any] | None) -> bool:
        """Delete an expired item that blocks a write, as DynamoDB would do later anyway.

        Return whether there was one. If another caller creates the item again at once, the write
        that follows is refused for that.
        """
        clearing = write.clearing(item)
        if clearing is not None:
            with suppress(ConditionFailedError):
                self.write(clearing)
        return clearing is not None

    def _marked(self, transaction: Transaction, token: str) -> Transaction:
        """Return the transaction with a mark; unchanged if the table can have none.

        Without a mark, DynamoDB recognises the idempotency token for ten minutes.
        """
        mark = self._known_design.mark
        if mark is None:
            return transaction
        return transaction.with_mark(Put(mark(token=token, created_at=as_timestamp(self.clock()))))

    def _write_once(self, write: Write[E], because: Exception | None = None) -> E | None:
        """Apply a write that must not be applied twice, and may have been applied once.

        The item is read first, and the write requires the version or the time of the last change
        that was read, or that there is still no live item. Other callers may change the item in
        between, which the caller did not exclude: then it is tried again.

        Raises:
            UnavailableError: if the item does not tell whether the write was applied.
        """
        if not write.tells:
            raise UnavailableError(
                f"the answer to an update of {write.entity.type_name} was lost, and nothing in the "
                "item tells whether it was applied; that needs an attribute updated_at, or "
                "expected_version or mark in the update"
            ) from because
        stored = self.item_at(write.primary_key())

        def attempt() -> E | None:
            nonlocal stored
            existing = self._existing(stored, write)
            if write.proves(stored):
                return existing
            if write.clearing(stored) is not None:  # it is expired
                existing = None
            if existing is None and not write.creates:
                raise write.error_for(None) from because
            try:
                return self.write(write.with_version(existing))
            except VersionConflictError as conflict:
                stored = conflict.item.to_item()
                raise StaleReadError from conflict
            except (ConditionFailedError, ItemNotFoundError) as conflict:
                if not write.creates:
                    raise
                seen, stored = stored, self.item_at(write.primary_key())
                if seen == stored:  # the condition is the caller's
                    raise
                raise StaleReadError from conflict

        return self.retry_on_conflict(f"a {write.entity.type_name}", attempt)

    def _existing(self, item: Mapping[str, Any] | None, write: Write[E]) -> E | None:
        if item is None or not write.entity.recognises(item):
            return None
        return write.entity.from_item(item)


def _key_of(item: Entity) -> KeyValue | None:
    return item.primary_key.render(item.attribute_values)
