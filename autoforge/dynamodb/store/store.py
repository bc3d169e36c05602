"""The Store: runs access patterns and writes on one table. The only module that talks to DynamoDB.

A Store is bound to a table and an endpoint when it is made; a process may have several, and each
is safe under threads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar, cast, overload

from autoforge.dynamodb.admin import create as definition
from autoforge.dynamodb.admin import drift
from autoforge.dynamodb.client.client import Client, ConditionRefusedError, Deadline, UncertainError
from autoforge.dynamodb.client.pace import Pace
from autoforge.dynamodb.errors import (
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemNotFoundError,
    UnreadableItemError,
    VersionConflictError,
)
from autoforge.dynamodb.patterns.composite import Composite, Part
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.patterns.pattern import (
    BATCH_READ,
    Fetch,
    Get,
    Pattern,
    fetch_request,
    get_request,
    wire_key,
)
from autoforge.dynamodb.patterns.query import Page, Query
from autoforge.dynamodb.patterns.readers import ItemReader, Reading, as_entities, readers_of
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.patterns.request import KeyCondition, Request
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE, TABLE
from autoforge.dynamodb.schema.item_size import require_size
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.schema.transaction_mark import TransactionMark
from autoforge.dynamodb.store import batch
from autoforge.dynamodb.store.batch import key_of
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Put, Transaction, Write, require_entity

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

#: The most items one request of a page asks for while it looks for live ones.
LOOKAHEAD: Final = 1000

#: Nothing has expired by then.
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)

_log = logging.getLogger("autoforge.dynamodb")


@dataclass(frozen=True)
class Store:
    """Runs patterns and writes on one table.

    Args:
        table_name: The table.
        client: The connection to DynamoDB.
        cursors: Issues and accepts the cursors of pages.
        clock: Tells the time; items past their expiry by it are not returned.
        new_token: Makes the token under which DynamoDB carries a transaction out once.
        repeated: Whether every write may have been made before, by a run that was cut off: what
            shows that it was is success.
        design: All entities of the table; a write of any other is refused. None where every entity
            is taken, and nothing is known of the keys it may meet.
    """

    table_name: str
    client: Client
    cursors: Cursors
    clock: Callable[[], datetime]
    new_token: Callable[[], str]
    repeated: bool = False
    #: What the requests of a bulk have in common; None where each stands for itself.
    pace: Pace | None = None
    #: Whether items past their expiry are returned, too.
    expired: bool = False
    design: Design | None = None

    def paced(self, limit: float | None = None) -> Store:
        """The same Store for a bulk: being refused for throughput slows it down, and no more.

        It goes on as long as DynamoDB accepts something of it now and then. A Store that is paced
        already stays as it is.

        Args:
            limit: Seconds after which nothing more is sent; each request then is an OutOfTimeError.
        """
        return self if self.pace is not None else replace(self, pace=self.client.pace(limit))

    def with_expired(self) -> Store:
        """The same Store that returns items past their expiry, too: for who finishes deletions.

        Its clock tells the time all the same: what is asked about the present is asked about that.
        """
        return replace(self, expired=True)

    @overload
    def get(self, pattern: Get[E], *, consistent: bool = False) -> E | None: ...

    @overload
    def get(
        self, pattern: Get[Any], *, consistent: bool = False, reading: Reading[T]
    ) -> T | None: ...

    def get(
        self, pattern: Get[Any], *, consistent: bool = False, reading: Reading[Any] = as_entities
    ) -> Any:
        """Answer with the one item, or None."""
        answer = self._send(pattern.request(self.table_name, consistent=consistent), pattern)
        item = answer.get("Item")
        if not isinstance(pattern, Lookup):
            return self._live(item, pattern.entity, reading)
        found = self._live(item, pattern.lookup, as_entities)
        if found is None:
            return None
        target = get_request(self.table_name, pattern.target(found), consistent=consistent)
        item = self._send(target, pattern).get("Item")
        entity = self._live(item, pattern.entity, as_entities)
        if entity is None or not pattern.agrees(entity):
            return None
        return entity if reading is as_entities else self._live(item, pattern.entity, reading)

    @overload
    def require(self, pattern: Get[E], *, consistent: bool = False) -> E: ...

    @overload
    def require(self, pattern: Get[Any], *, consistent: bool = False, reading: Reading[T]) -> T: ...

    def require(
        self, pattern: Get[Any], *, consistent: bool = False, reading: Reading[Any] = as_entities
    ) -> Any:
        """Answer with the one item.

        Raises:
            ItemNotFoundError: if there is none, or it is past its expiry.
        """
        found = self.get(pattern, consistent=consistent, reading=reading)
        if found is None:
            raise ItemNotFoundError(pattern.entity.type_name, pattern.named())
        return found

    @overload
    def page(
        self,
        query: Query[E],
        *,
        limit: int,
        cursor: str | None = None,
        consistent: bool = False,
    ) -> Page[E]: ...

    @overload
    def page(
        self,
        query: Query[Any],
        *,
        limit: int,
        cursor: str | None = None,
        consistent: bool = False,
        reading: Reading[T],
    ) -> Page[T]: ...

    def page(
        self,
        query: Query[Any],
        *,
        limit: int,
        cursor: str | None = None,
        consistent: bool = False,
        reading: Reading[Any] = as_entities,
    ) -> Page[Any]:
        """Answer with the next items, as many as the limit while so many follow.

        Items past their expiry, of another type or unreadable are passed over, and as many are
        read in their place; more, where most of what was read was such. So a page takes one
        request, and another for each megabyte or stretch of such items. It has a cursor only if
        another item follows; of references, only if another reference does, whether or not it
        points to something.

        Raises:
            InvalidCursorError: if the cursor is not one of this query.
            InvalidValueError: if the limit is under 1, or an index is to be read consistently.
        """
        if not isinstance(query, Hydrate):
            return self._stretch(query, reading, limit=limit, cursor=cursor, consistent=consistent)
        found: list[Any] = []
        while True:
            references = self._stretch(
                query, as_entities, limit=limit - len(found), cursor=cursor, consistent=consistent
            )
            keys = [query.target(reference) for reference in references.items]
            found.extend(self._fetched(keys, query, reading, consistent=consistent))
            cursor = references.cursor
            if cursor is None or len(found) == limit:
                return Page(tuple(found), cursor)

    def count(self, query: Query[Any], *, consistent: bool = False) -> int:
        """Answer with how many items there are, in one request for each megabyte of them.

        Those past their expiry count until DynamoDB deletes them: counting does not read them.
        """
        request = query.request(
            self.table_name, limit=None, now=self.clock(), consistent=consistent, count=True
        )
        total = 0
        for answer in self._pages(request, query):
            total += int(answer["Count"])
        return total

    def _stretch(
        self,
        query: Query[Any],
        reading: Reading[T],
        *,
        limit: int,
        cursor: str | None,
        consistent: bool,
        ahead: bool = True,
    ) -> Page[T]:
        """The next items; with ``ahead``, also whether any follow them."""
        if limit < 1:
            raise InvalidValueError(f"a page has at least 1 item, not {limit}")
        accept = self.cursors.accept
        start = accept(self.table_name, query, cursor) if cursor is not None else None
        now = self.clock()
        expired_by = _BEGINNING if self.expired else now
        readers = readers_of(query.entities, reading)
        found: list[T] = []
        last: Item = {}
        # One more than the page has tells whether another page follows.
        ask = limit + ahead
        while True:
            request = query.request(
                self.table_name, limit=ask, now=now, start=start, consistent=consistent
            )
            answer = self._send(request, query)
            start = answer.get("LastEvaluatedKey")
            before = len(found)
            for item in answer["Items"]:
                read = self._readable(item, readers, expired_by)
                if read is None:
                    continue
                if len(found) == limit:
                    return Page(tuple(found), self.cursors.issue(self.table_name, query, last))
                found.append(read)
                last = item
            if start is None or (len(found) == limit and not ahead):
                return Page(tuple(found), None)
            mostly_read = 2 * (len(found) - before) >= max(len(answer["Items"]), 1)
            ask = min(limit + ahead - len(found) if mostly_read else 2 * ask, LOOKAHEAD)

    def each(
        self, query: Query[E], *, page_size: int = 100, consistent: bool = False
    ) -> Iterator[E]:
        """Answer with every item, reading a page at a time as they are taken."""
        cursor = None
        while True:
            page = self.page(query, limit=page_size, cursor=cursor, consistent=consistent)
            yield from page.items
            if page.cursor is None:
                return
            cursor = page.cursor

    @overload
    def fetch(self, pattern: Fetch[E], *, consistent: bool = False) -> tuple[E, ...]: ...

    @overload
    def fetch(
        self, pattern: Fetch[Any], *, consistent: bool = False, reading: Reading[T]
    ) -> tuple[T, ...]: ...

    def fetch(
        self, pattern: Fetch[Any], *, consistent: bool = False, reading: Reading[Any] = as_entities
    ) -> tuple[Any, ...]:
        """Answer with those of the items that are there, in the order of the keys.

        Raises:
            IncompleteBatchError: if DynamoDB leaves keys unprocessed after all retries.
        """
        return self._fetched(pattern.distinct_keys(), pattern, reading, consistent=consistent)

    def answer(self, pattern: Composite[T], *, consistent: bool = False) -> T:
        """Answer several patterns and join what they answer."""
        return pattern.combine(self.answers(pattern, consistent=consistent))

    def answers(
        self,
        pattern: Composite[Any],
        *,
        consistent: bool = False,
        reading: Reading[Any] = as_entities,
    ) -> list[Sequence[Any]]:
        """Answer several patterns, for a caller who joins the answers another way."""
        return self.client.worker_pool.run(
            [partial(self._part, part, reading, consistent=consistent) for part in pattern.parts()]
        )

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

    def _require_own(self, entity: type[Entity]) -> None:
        """Refuse an entity whose keys nobody has held against those of the table's."""
        if self.design is not None and not self.design.admits(entity):
            raise DeclarationError(f"{entity.__name__} is no entity of {self.design.name}")

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

    def _mark(self, token: str) -> Put[TransactionMark]:
        return Put(TransactionMark(token=token, created_at=as_timestamp(self.clock())))

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

    def item_at(self, key: KeyValue) -> Item | None:
        """The item with a primary key as it is stored, read strongly consistently."""
        item: Item | None = self._send(
            get_request(self.table_name, key, consistent=True), self
        ).get("Item")
        return item

    def keys_in(self, partition: str) -> Iterator[KeyValue]:
        """The primary keys of a whole item collection, whatever the items are."""
        return map(key_of, self.items_in(KeyCondition(TABLE, partition)))

    def items_in(
        self, condition: KeyCondition, *attributes: str, page_size: int | None = None
    ) -> Iterator[Item]:
        """What a key condition reads, whatever the items are: their primary keys, as stored.

        Read as they are taken, and strongly consistently where the index offers it.

        Args:
            condition: Which items.
            attributes: Names in the table of further attributes to return.
            page_size: How many to read at a time; as many as DynamoDB gives unless given.
        """
        names = (TABLE.partition_key, TABLE.sort_key, *attributes)
        projected = {f"#{name}": name for name in names}
        parameters = condition.parameters()
        parameters["ExpressionAttributeNames"] |= projected
        request = Request(
            "Query",
            {
                "TableName": self.table_name,
                **parameters,
                "ProjectionExpression": ", ".join(projected),
                "ConsistentRead": condition.index.consistent_reads,
                **({} if page_size is None else {"Limit": page_size}),
            },
        )
        for answer in self._pages(request, self):
            yield from answer["Items"]

    def create_table(self) -> None:
        """Create the table with its index, expiry and recovery, unless it is there.

        For a local DynamoDB; in AWS the CloudFormation template does this.

        Raises:
            UnavailableError: if it does not become ready.
            ConfigurationError: if the credentials are missing, not accepted, or do not allow it.
        """
        definition.create_table(self.client, self.table_name)

    def is_ready(self) -> bool:
        """Whether the table can be read and written now.

        Raises:
            TableNotFoundError: if there is no such table.
        """
        return definition.is_ready(self.client, self.table_name)

    def require_table(self) -> None:
        """Refuse to go on where no table is, or one whose keys or index are others.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if its keys or an index are not those of the models.
        """
        drift.require_shape(self.client, self.table_name)

    def drifts(self) -> tuple[drift.Drift, ...]:
        """Say where the live table is not what the models and the template promise.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if the credentials are missing, not accepted, or not allowed to ask.
        """
        return drift.find_drifts(self.client, self.table_name)

    def _part(self, part: Part, reading: Reading[Any], *, consistent: bool) -> Sequence[Any]:
        pattern = part.pattern
        match pattern:
            case Get():
                found = self.get(pattern, consistent=consistent, reading=reading)
                return () if found is None else (found,)
            case Query():
                strongly = consistent and pattern.index.consistent_reads
                if part.count:
                    return (self.count(pattern, consistent=strongly),)
                return self._first(pattern, reading, limit=part.limit, consistent=strongly)
            case Fetch():
                return self.fetch(pattern, consistent=consistent, reading=reading)

    def _first(
        self, query: Query[Any], reading: Reading[T], *, limit: int, consistent: bool
    ) -> Sequence[T]:
        """The first items, whatever follows them."""
        if isinstance(query, Hydrate):
            return self.page(query, limit=limit, consistent=consistent, reading=reading).items
        page = self._stretch(
            query, reading, limit=limit, cursor=None, consistent=consistent, ahead=False
        )
        return page.items

    def _write_once(self, write: Write[E], because: Exception | None = None) -> E | None:
        """Make a write that must not be made twice and perhaps was: look, then fence it.

        Others may change the item between the look and the write, which the caller did not forbid.
        """
        item = self.item_at(write.primary_key())
        for _ in self.client.rounds(f"a {write.entity.type_name}"):
            existing = self._existing(item, write)
            if write.proves(item):
                return existing
            if existing is None:
                raise write.error_for(None) from because
            try:
                return self.write(write.with_version(existing))
            except VersionConflictError as conflict:
                item = conflict.item.to_item()
        raise AssertionError("rounds end in an answer or an error")

    def _pages(self, request: Request, subject: object) -> Iterator[dict[str, Any]]:
        """Every answer of a query, from the first to the last."""
        start: dict[str, Any] = {}
        while True:
            answer = self._send(
                Request(request.operation, {**request.parameters, **start}), subject
            )
            yield answer
            if answer.get("LastEvaluatedKey") is None:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _fetched(
        self,
        keys: Sequence[KeyValue],
        pattern: Pattern[Any],
        reading: Reading[T],
        *,
        consistent: bool,
    ) -> tuple[T, ...]:
        """Those of the items that are there and live, in the order of the keys."""
        expired_by = _BEGINNING if self.expired else self.clock()
        readers = readers_of(pattern.entities, reading)
        distinct = tuple(dict.fromkeys(keys))
        chunks = batch.chunks(distinct, BATCH_READ)
        requests = [fetch_request(self.table_name, each, consistent=consistent) for each in chunks]

        def answer(request: Request) -> list[Item]:
            return list(
                batch.read(
                    self.client, lambda again: self._send(again, pattern), request, self.pace
                )
            )

        found: dict[KeyValue, T] = {}
        for items in self.client.worker_pool.run(
            [partial(answer, request) for request in requests]
        ):
            for item in items:
                read = self._readable(item, readers, expired_by)
                if read is not None:
                    found[key_of(item)] = read
        return tuple(found[key] for key in keys if key in found)

    def _live(
        self,
        item: Item | None,
        entity: type[Entity],
        reading: Reading[T],
    ) -> T | None:
        """What is read of the item; None if there is none, or one of another type or expired."""
        if item is None or _type_of(item) != entity.type_name:
            return None
        expired_by = _BEGINNING if self.expired else self.clock()
        return readers_of((entity,), reading)[entity.type_name](item, expired_by)

    def _write_all(self, members: Iterable[batch.Member]) -> int:
        """Make writes in batches; a bulk, whether the Store is one's or not."""
        pace = self.pace or self.client.pace()
        send = partial(self._send, subject=self, pace=pace)
        return batch.write(self.client, send, self.table_name, members, pace)

    def _send(
        self,
        request: Request,
        subject: object,
        *,
        repeatable: bool = True,
        deadline: Deadline | None = None,
        pace: Pace | None = None,
    ) -> dict[str, Any]:
        answer = self.client.send(
            request, repeatable=repeatable, deadline=deadline, pace=pace or self.pace
        )
        if _log.isEnabledFor(logging.DEBUG):
            said = {
                "operation": request.operation,
                "subject": type(subject).__name__,
                "table": self.table_name,
                "items": answer.get("Count"),
                "capacity": answer.get("ConsumedCapacity"),
            }
            _log.debug("dynamodb.request", extra=said)
        return answer

    def _readable(
        self, item: Item, readers: Mapping[str, ItemReader[T]], expired_by: datetime
    ) -> T | None:
        """What is read of the item, unless it is of another type, past its expiry, or unreadable.

        One spoilt item must not take a whole list down, so it is passed over; the log names it.
        """
        read = readers.get(_type_of(item) or "")
        if read is None:
            return None
        try:
            return read(item, expired_by)
        except UnreadableItemError as error:
            said = {"table": self.table_name, "reason": str(error)}
            _log.error("dynamodb.item_unreadable", extra=said)
            return None

    def _existing(self, item: Mapping[str, Any] | None, write: Write[E]) -> E | None:
        if item is None or _type_of(item) != write.entity.type_name:
            return None
        return write.entity.from_item(item)


def _type_of(item: Mapping[str, Any]) -> str | None:
    stored = item.get(ENTITY_TYPE)
    return None if stored is None else stored.get("S")
