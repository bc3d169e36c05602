"""Batches: many items in few requests, what DynamoDB leaves unprocessed sent again."""

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
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.keys import KeyValue

T = TypeVar("T")

#: Items one batch may write (AWS, "Constraints in Amazon DynamoDB").
BATCH_WRITE: Final = 25

#: Sends one request; the Store's own, so that each is logged.
Send = Callable[[Request], Mapping[str, Any]]

#: What a batch does to one item: its key, and the member of the request that does it.
Member = tuple[KeyValue, Mapping[str, Any]]


def read(
    client: Client, send: Send, request: Request, pace: Pace | None = None
) -> Iterator[dict[str, Any]]:
    """The items that a BatchGetItem asks for, in no order.

    Raises:
        IncompleteBatchError: if keys are left after all retries.
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
        [_pair(key_of(key)) for table in wanted.values() for key in table["Keys"]]
    )


def write(
    client: Client, send: Send, table_name: str, members: Iterable[Member], pace: Pace
) -> int:
    """Make all writes, 25 to a request and several requests at once, and return how many.

    Of two writes of one item the later is made last, or alone where both are in one request,
    which DynamoDB refuses.

    Raises:
        IncompleteBatchError: if writes are left when none was accepted for a while. Batches under
            way are finished; later ones are not tried.
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
        if left:
            stopped.set()
        return left

    undone = [*chain.from_iterable(client.worker_pool.run(batches()))]
    if undone:
        raise IncompleteBatchError(
            [_pair(key) for key in (*undone, *(key for key, _ in remaining))]
        )
    return sum(sizes)


def _write_batch(
    client: Client, send: Send, table_name: str, left: list[Mapping[str, Any]], pace: Pace
) -> list[KeyValue]:
    """Make the writes of one request, and return the keys of those left after all retries."""
    for _ in client.attempts(pace):
        asked = len(left)
        answer = send(Request("BatchWriteItem", {"RequestItems": {table_name: left}}))
        left = (answer.get("UnprocessedItems") or {}).get(table_name, [])
        if not left:
            return []
        if len(left) < asked:
            pace.advance()
    return [key_of(_content(member)) for member in left]


@dataclass
class _Turn:
    """When some items may be written: after whoever had them before."""

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
    """Keeps writes of one item in the order in which their turns were taken."""

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
    """Cut values into tuples of at most a size, taken as they are needed."""
    remaining = iter(values)
    while chunk := tuple(islice(remaining, size)):
        yield chunk


def key_of(item: Mapping[str, Any]) -> KeyValue:
    """The primary key of an item or of a key in DynamoDB's own form."""
    return KeyValue(item[TABLE.partition_key]["S"], item[TABLE.sort_key]["S"])


def _content(member: Mapping[str, Any]) -> Mapping[str, Any]:
    ((_, request),) = member.items()
    content: Mapping[str, Any] = request.get("Item") or request["Key"]
    return content


def _pair(key: KeyValue) -> tuple[str, str]:
    return key.partition, key.sort
