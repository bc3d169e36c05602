"""Writes: makes writes on one table, alone, together and in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from autoforge.dynamodb.client.client import ConditionRefusedError, Deadline, UncertainError
from autoforge.dynamodb.errors import (
    ConditionFailedError,
    DeclarationError,
    ItemExistsError,
    ItemNotFoundError,
    UnreadableItemError,
    VersionConflictError,
)
from autoforge.dynamodb.patterns.request import get_request, wire_key
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.item_size import require_size
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.schema.transaction_mark import TransactionMark
from autoforge.dynamodb.store import batch
from autoforge.dynamodb.store.batch import key_of
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.reads import Reads, type_of
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Put, Transaction, Write, require_entity

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True)
class Writes(Reads):
    """Makes writes; those that may have been made before are looked for first."""

    def write(self, write: Write[E]) -> E | None:
        """Make a write and return the item as it then is; None once it is deleted.

        Raises:
            DeclarationError: if the item is of an entity that the Store's design does not have.
            AutoforgeError: by meaning, if the write is refused; nothing was changed then.
        """
        self._require_own(write.entity)
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
        if isinstance(write, Update):
            return cast("E", write.entity.from_item(answer["Attributes"]))
        return None

    def save(self, write: Put[E] | Update[E]) -> E:
        """Make a write that leaves an item, and return the item as it then is.

        Raises:
            AutoforgeError: as ``write`` does.
        """
        entity = self.write(write)
        if entity is None:
            raise UnreadableItemError(f"{write.entity.type_name} was not returned")
        return entity

    def transact(self, transaction: Transaction, *, deadline: Deadline | None = None) -> None:
        """Make several writes, all or none.

        A transaction whose answer was lost is sent again under the same token. An engine that was
        restarted knows the token no more; then the writes are refused, and those that show that
        they were made stand for all. Where none would, a TransactionMark is written with them.

        With a deadline it is not sent again once an attempt may have been carried out: the caller
        decides what then is to be done.

        Raises:
            TooLateError: if the deadline is over and no attempt was carried out.
            UncertainError: with a deadline, if an attempt may have been carried out.
            InvalidTransactionError: if there is no room for the mark.
            AutoforgeError: by meaning, for the first write that was refused.
        """
        for write in transaction.writes:
            self._require_own(write.entity)
        token = self.new_token()
        asked = transaction
        if transaction.marked or not transaction.made_once:
            transaction = transaction.with_mark(self._mark(token))
        try:
            self._send(
                transaction.request(self.table_name, token=token),
                transaction,
                repeatable=deadline is None,
                deadline=deadline,
            )
        except ConditionRefusedError as error:
            refused = [
                (write, error_for.item)
                for write, error_for in zip(transaction.writes, error.reasons, strict=True)
                if error_for.refused
            ]
            repeated = error.repeated or self.repeated
            if repeated and any(w.tells and w.proves(item) for w, item in refused):
                return
            if self._cleared(refused, error):
                self.transact(asked, deadline=deadline)
                return
            done = {write.primary_key() for write, _ in refused}
            rest = [write for write in transaction.writes if write.primary_key() not in done]
            if not all(write.idempotent for write in rest):
                write, item = refused[0]
                raise write.error_for(self._existing(item, write)) from error
            if rest:
                self.transact(Transaction(tuple(rest)), deadline=deadline)

    def try_transact(self, writes: Sequence[Write[Any]]) -> bool:
        """Make writes that were decided by what was read, all or none, and say whether it did.

        They are refused if what was read has changed: it is to be read and decided again.

        Raises:
            AutoforgeError: by meaning, if they are refused for another reason.
        """
        try:
            self.transact(Transaction(tuple(writes)))
        except (ConditionFailedError, ItemExistsError, ItemNotFoundError):
            return False
        return True

    def is_stored(self, put: Put[Any]) -> bool:
        """Whether the item is there as the Put would store it, read strongly consistently.

        Raises:
            ItemExistsError: if another item has its key.
        """
        request = get_request(self.table_name, put.primary_key(), consistent=True)
        item = self._send(request, put).get("Item")
        if item is None:
            return False
        if not put.already_applied(item):
            raise put.error_for(self._existing(item, put))
        return True

    def put_all(self, entities: Iterable[Entity]) -> int:
        """Store entities in batches, over what is there, and return how many.

        For loading: a batch has no conditions and is not a transaction. Being refused for
        throughput slows it down.

        Raises:
            InvalidValueError: if an entity cannot be stored; its batch was not sent.
            IncompleteBatchError: if DynamoDB leaves items unprocessed and takes no others.
            ThrottledError: if it refuses whole batches for as long.
        """
        return self._write_all(self._put_member(entity) for entity in entities)

    def delete_all(self, keys: Iterable[KeyValue]) -> int:
        """Delete items in batches, those that are not there included, and return how many.

        Raises:
            IncompleteBatchError: if DynamoDB leaves keys unprocessed and takes no others.
            ThrottledError: if it refuses whole batches for as long.
        """
        members = ((key, {"DeleteRequest": {"Key": wire_key(key)}}) for key in keys)
        return self._write_all(members)

    def _require_own(self, entity: type[Entity]) -> None:
        """Refuse an entity whose keys nobody has held against those of the table's."""
        design = self.design() if callable(self.design) else self.design
        if design is not None and not design.admits(entity):
            raise DeclarationError(f"{entity.__name__} is no entity of {design.name}")

    def _put_member(self, entity: Entity) -> batch.Member:
        try:
            self._require_own(type(entity))
            item = entity.to_item()
        except (AttributeError, TypeError):
            require_entity(entity)
            raise
        require_size(entity.type_name, item)
        return key_of(item), {"PutRequest": {"Item": item}}

    def _cleared(
        self,
        refused: Sequence[tuple[Write[Any], Mapping[str, Any] | None]],
        error: Exception,
    ) -> bool:
        """Clear the way of the refused writes of a transaction, and say whether that was needed.

        Raises:
            AutoforgeError: by meaning, for the first that is neither.
        """
        in_the_way = []
        for write, item in refused:
            if write.clearing(item) is not None:
                in_the_way.append((write, item))
            elif not (write.idempotent and write.already_applied(item)):
                raise write.error_for(self._existing(item, write)) from error
        # Only now: a transaction that is refused for another write changes nothing.
        for write, item in in_the_way:
            self._clear(write, item)
        return bool(in_the_way)

    def _refused(self, write: Write[E], error: ConditionRefusedError) -> E | None:
        """The item that a refused write wants, if it is there; otherwise the error, by meaning."""
        (error_for,) = error.reasons
        existing = self._existing(error_for.item, write)
        made = (error.repeated or self.repeated) and write.proves(error_for.item)
        if made or (write.idempotent and write.already_applied(error_for.item)):
            return existing
        if self._clear(write, error_for.item):
            return self.write(write)
        raise write.error_for(existing) from error

    def _clear(self, write: Write[Any], item: Mapping[str, Any] | None) -> bool:
        """Delete an item that is past its expiry and in the way, as DynamoDB will sooner or later.

        Say whether there was one. Whoever makes it anew at once is met by the write that follows.
        """
        clearing = write.clearing(item)
        if clearing is not None:
            with suppress(ConditionFailedError):
                self.write(clearing)
        return clearing is not None

    def _mark(self, token: str) -> Put[TransactionMark]:
        return Put(TransactionMark(token=token, created_at=as_timestamp(self.clock())))

    def _write_once(self, write: Write[E], because: Exception | None = None) -> E | None:
        """Make a write that must not be made twice and perhaps was: look, then fence it.

        Others may change the item between the look and the write, which the caller did not forbid.
        """
        stored = self.item_at(write.primary_key())

        def attempt() -> E | None:
            nonlocal stored
            existing = self._existing(stored, write)
            if write.proves(stored):
                return existing
            if existing is None:
                raise write.error_for(None) from because
            try:
                return self.write(write.with_version(existing))
            except VersionConflictError as conflict:
                stored = conflict.item.to_item()
                raise StaleReadError from conflict

        return self.retry_on_conflict(f"a {write.entity.type_name}", attempt)

    def _write_all(self, members: Iterable[batch.Member]) -> int:
        """Make writes in batches; a bulk, whether the Store is one's or not."""
        pace = self.pace or self.client.pace()
        send = partial(self._send, subject=self, pace=pace)
        return batch.write(self.client, send, self.table_name, members, pace)

    def _existing(self, item: Mapping[str, Any] | None, write: Write[E]) -> E | None:
        if item is None or type_of(item) != write.entity.type_name:
            return None
        return write.entity.from_item(item)
