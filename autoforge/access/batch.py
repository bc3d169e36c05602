"""Batches: many items in few requests, what DynamoDB leaves unprocessed sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

from autoforge.access.client import Client
from autoforge.access.request import Request
from autoforge.errors import IncompleteBatchError
from autoforge.models.indexes import TABLE
from autoforge.models.keys import KeyValue

T = TypeVar("T")

#: Items one batch may write (AWS, "Constraints in Amazon DynamoDB").
BATCH_WRITE: Final = 25

#: Sends one request; the Store's own, so that each is logged.
Send = Callable[[Request], Mapping[str, Any]]

#: What a batch does to one item: its key, and the member of the request that does it.
Member = tuple[KeyValue, Mapping[str, Any]]


def read(client: Client, send: Send, request: Request) -> Iterator[dict[str, Any]]:
    """The items that a BatchGetItem asks for, in no order.

    Raises:
        IncompleteBatchError: if keys are left after all retries.
    """
    wanted = request.parameters["RequestItems"]
    for _ in client.attempts():
        answer = send(Request(request.operation, {"RequestItems": wanted}))
        for items in answer["Responses"].values():
            yield from items
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return
    raise IncompleteBatchError(
        [_pair(key_of(key)) for table in wanted.values() for key in table["Keys"]]
    )


def write(client: Client, send: Send, table_name: str, members: Iterable[Member]) -> int:
    """Make all writes, 25 to a request, and return how many there were.

    Of two writes of one item in one request, which DynamoDB refuses, the later is made.

    Raises:
        IncompleteBatchError: if writes are left after all retries; later ones are not tried.
    """
    count = 0
    remaining = iter(members)
    for chunk in map(dict, chunks(remaining, BATCH_WRITE)):
        left = list(chunk.values())
        for _ in client.attempts():
            answer = send(Request("BatchWriteItem", {"RequestItems": {table_name: left}}))
            left = (answer.get("UnprocessedItems") or {}).get(table_name, [])
            if not left:
                break
        else:
            undone = [key_of(_content(member)) for member in left]
            raise IncompleteBatchError(
                [_pair(key) for key in (*undone, *(key for key, _ in remaining))]
            )
        count += len(chunk)
    return count


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
