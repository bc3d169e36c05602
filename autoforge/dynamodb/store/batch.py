"""Batch reads and writes: many items in few requests; unprocessed items are sent again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from threading import Event, Lock
from typing import Any, Final, TypeVar

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.client.pace import Pace
from autoforge.dynamodb.errors import IncompleteBatchError
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.key_value import KeyValue, key_of

T = TypeVar("T")

#: Items one batch may write (AWS, "Constraints in Amazon DynamoDB").
BATCH_WRITE: Final = 25

#: Sends one request: the Store's own method, so that every request is logged.
Send = Callable[[Request], Mapping[str, Any]]

#: One write of a batch: the key of the item, and the member of the request that writes it.
Member = tuple[KeyValue, Mapping[str, Any]]


def read(
    client: Client, send: Send, request: Request, primary: Index, pace: Pace | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the items that a BatchGetItem finds, in no particular order.

    Raises:
        IncompleteBatchError: if keys are still unprocessed after all retries.
    """
    wanted = request.parameters["RequestItems"]
    for _ in client.attempts(pace):
        answer = send(Request(request.operation, {"RequestItems": wanted}))
        for items in answer["Responses"].values():
            if items and pace is not None:
                pace.advance()
            yield from items
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return
    raise IncompleteBatchError(
        [_pair(key_of(key, primary)) for table in wanted.values() for key in table["Keys"]]
    )


def write(
    client: Client,
    send: Send,
    table_name: str,
    members: Iterable[Member],
    primary: Index,
    *,
    pace: Pace,
) -> int:
    """Send all writes, 25 per request and several requests at a time, and return how many.

    Writes of the same item are applied in their order. DynamoDB refuses two of them in one
    request, so only the last one of a request is sent.

    Raises:
        IncompleteBatchError: if writes remain and DynamoDB accepts none for the patience of the
            pace. Batches in flight are finished; later ones are not sent.
    """
    remaining = iter(members)
    sizes: list[int] = []
    turns = _Turns()
    stopped = Event()

    def batches() -> Iterator[Callable[[], list[KeyValue]]]:
        for chunk in map(dict, chunks(remaining, BATCH_WRITE)):
            sizes.append(len(chunk))
            yield partial(write_batch, chunk, turns.take(chunk))
            if stopped.is_set():
                return

    def write_batch(chunk: Mapping[KeyValue, Mapping[str, Any]], turn: _Turn) -> list[KeyValue]:
        with turn:
            left = _write_batch(client, send, table_name, list(chunk.values()), pace)
        unprocessed = [key_of(_content(member), primary) for member in left]
        if unprocessed:
            stopped.set()
        return unprocessed

    unprocessed = [*chain.from_iterable(client.worker_pool.run(batches()))]
    if unprocessed:
        raise IncompleteBatchError(
            [_pair(key) for key in (*unprocessed, *(key for key, _ in remaining))]
        )
    return sum(sizes)


def _write_batch(
    client: Client, send: Send, table_name: str, members: list[Mapping[str, Any]], pace: Pace
) -> list[Mapping[str, Any]]:
    """Send the writes of one request, and return those still unprocessed after all retries."""
    for _ in client.attempts(pace):
        sent = len(members)
        answer = send(Request("BatchWriteItem", {"RequestItems": {table_name: members}}))
        members = (answer.get("UnprocessedItems") or {}).get(table_name, [])
        if not members:
            return []
        if len(members) < sent:
            pace.advance()
    return members


@dataclass
class _Turn:
    """The turn of a batch to write its items: after earlier batches with the same items."""

    turns: _Turns
    keys: Collection[KeyValue]
    before: list[Event]
    over: Event = field(default_factory=Event)

    def __enter__(self) -> None:
        for earlier in self.before:
            earlier.wait()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.turns.end(self)


class _Turns:
    """Keeps the writes of an item in order while batches are written concurrently."""

    def __init__(self) -> None:
        self._latest: dict[KeyValue, _Turn] = {}
        self._lock = Lock()

    def take(self, keys: Collection[KeyValue]) -> _Turn:
        with self._lock:
            before = [self._latest[key].over for key in keys if key in self._latest]
            turn = _Turn(self, keys, before)
            self._latest.update(dict.fromkeys(keys, turn))
        return turn

    def end(self, turn: _Turn) -> None:
        with self._lock:
            for key in turn.keys:
                if self._latest[key] is turn:
                    del self._latest[key]


def chunks(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Split values into tuples of at most ``size``, lazily."""
    remaining = iter(values)
    while chunk := tuple(islice(remaining, size)):
        yield chunk


def _content(member: Mapping[str, Any]) -> Mapping[str, Any]:
    ((_, request),) = member.items()
    content: Mapping[str, Any] = request.get("Item") or request["Key"]
    return content


def _pair(key: KeyValue) -> tuple[str, str]:
    return key.partition, key.sort
