"""A DynamoDB that gives canned answers, so that only the cost of the client is measured.

It answers every operation with bytes that are prepared once, with the headers of the real one. It
reads from a request the operation, the partition key of a single item, the ``Limit``, and whether a
count, the next page or the consumed capacity is requested; it checks no signature. ``GET /last``
returns the last write, to check that a client wrote the whole item.

    python -m benchmarks.canned_server ITEMS [--delay SECONDS] [--core N]

ITEMS is a JSON file with ``single``, the item of single answers, and ``listed``, those of lists.
The first line that it prints is its port.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from benchmarks.machine import Child, pin, run_loop
from benchmarks.sample import TABLE, Item

_OPERATION: Final = re.compile(
    rb"^x-amz-target: *DynamoDB_20120810\.(\w+)", re.IGNORECASE | re.MULTILINE
)
_LENGTH: Final = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_PARTITION: Final = re.compile(rb'"PK": ?\{"S": ?"([^"]*)"')
_LIMIT: Final = re.compile(rb'"Limit": ?(\d+)')
_HEAD_END: Final = b"\r\n\r\n"
_WRITES: Final = frozenset({"PutItem", "TransactWriteItems", "UpdateItem", "BatchWriteItem"})
_KEYS: Final = ("PK", "SK")
_REQUEST_ID: Final = "7KQ2M4N6P8R0S2T4V6X8Z0A2C4E6G8J0L2N4Q6S8U0W2Y4AAJG"

_TABLE_DESCRIPTION: Final = {
    "TableName": TABLE,
    "TableStatus": "ACTIVE",
    "TableArn": f"arn:aws:dynamodb:us-east-1:000000000000:table/{TABLE}",
    "TableId": "00000000-0000-0000-0000-000000000000",
    "CreationDateTime": 1.7e9,
    "ItemCount": 0,
    "TableSizeBytes": 0,
    "KeySchema": [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "GSI1PK", "GSI1SK")
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "GSI1",
            "IndexStatus": "ACTIVE",
            "KeySchema": [
                {"AttributeName": "GSI1PK", "KeyType": "HASH"},
                {"AttributeName": "GSI1SK", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


class Asked(NamedTuple):
    """The properties of a request that decide its answer; a tuple, since it is cheap to create."""

    operation: str
    #: The partition key of a single item.
    partition: str
    limit: int | None
    #: Whether only the count, a page after the first, or the consumed capacity is requested.
    counted: bool
    continued: bool
    metered: bool


@dataclass
class Answers:
    """The answers, each prepared once for a kind of request.

    Args:
        single: The item of single answers.
        listed: The items of lists.
    """

    single: Item
    listed: Sequence[Item]
    last_written: bytes = b"{}"
    _ready: dict[Asked, bytes] = field(default_factory=dict)

    def to(self, head: bytes, body: bytes) -> bytes:
        """The answer to a request."""
        found = _OPERATION.search(head)
        if found is None:
            return answer(self.last_written)
        operation = found[1].decode()
        if operation in _WRITES:
            self.last_written = body
        limit = _LIMIT.search(body) if operation in {"Query", "Scan"} else None
        key = _PARTITION.search(body) if operation == "GetItem" else None
        asked = Asked(
            operation,
            key[1].decode() if key else "",
            int(limit[1]) if limit else None,
            counted=b'"COUNT"' in body,
            continued=b'"ExclusiveStartKey"' in body,
            metered=b'"ReturnConsumedCapacity"' in body,
        )
        ready = self._ready.get(asked)
        if ready is None:
            ready = answer(json.dumps(self._content(asked), separators=(",", ":")).encode())
            self._ready[asked] = ready
        return ready

    def _content(self, asked: Asked) -> dict[str, Any]:
        capacity: dict[str, Any] = {"TableName": TABLE, "CapacityUnits": 1.0}
        content: dict[str, Any] = {}
        match asked.operation:
            case "GetItem":
                content = {"Item": self._item(asked.partition)}
            case "UpdateItem":
                content = {"Attributes": self.single}
            case "Query" | "Scan":
                content = self._page(asked)
            case "BatchGetItem":
                content = {
                    "Responses": {TABLE: [self.single, *self.listed]},
                    "UnprocessedKeys": {},
                }
            case "BatchWriteItem":
                content = {"UnprocessedItems": {}}
            case "DescribeTable":
                return {"Table": _TABLE_DESCRIPTION}
        if asked.metered:
            several = asked.operation in {"BatchGetItem", "BatchWriteItem", "TransactWriteItems"}
            content["ConsumedCapacity"] = [capacity] if several else capacity
        return content

    def _item(self, partition: str) -> Item:
        """The first item with a partition key; the single item if there is none."""
        candidates = (self.single, *self.listed)
        found = (each for each in candidates if each["PK"]["S"] == partition)
        return next(found, self.single)

    def _page(self, asked: Asked) -> dict[str, Any]:
        """A page; another follows if the request has a limit and the page reaches it."""
        items = list(self.listed[: asked.limit])
        content: dict[str, Any] = {"Count": len(items), "ScannedCount": len(items)}
        if asked.counted:
            return content
        content["Items"] = items
        if len(items) == asked.limit and not asked.continued:
            content["LastEvaluatedKey"] = {name: items[-1][name] for name in _KEYS}
        return content


def answer(body: bytes) -> bytes:
    """A whole HTTP answer, with the headers of DynamoDB."""
    head = (
        "HTTP/1.1 200 OK\r\nServer: Server\r\n"
        f"Date: {formatdate(usegmt=True)}\r\n"
        "Content-Type: application/x-amz-json-1.0\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: keep-alive\r\n"
        f"x-amzn-RequestId: {_REQUEST_ID}\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One connection: requests in sequence, each answered at once or after the delay."""

    transport: asyncio.Transport

    def __init__(self, answers: Answers, delay: float) -> None:
        self._answers = answers
        self._delay = delay
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to write to."""
        if isinstance(transport, asyncio.Transport) or hasattr(transport, "write"):
            self.transport = transport  # type: ignore[assignment]  # uvloop has its own class

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(_HEAD_END)) >= 0:
            head = self._received[:end]
            length = _LENGTH.search(head)
            whole = end + len(_HEAD_END) + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            body = self._received[end + len(_HEAD_END) : whole]
            self._received = self._received[whole:]
            self._send(self._answers.to(head, body))

    def _send(self, answered: bytes) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self.transport.write, answered)
        else:
            self.transport.write(answered)


async def serve(answers: Answers, delay: float = 0) -> None:
    """Serve on a free port of loopback until cancelled; print the port first."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers, delay), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def canned_server(
    single: Item, listed: Sequence[Item], *, delay: float = 0, core: int | None = None
) -> Iterator[str]:
    """Run a canned server in a process of its own, and yield its URL."""
    with TemporaryDirectory() as folder:
        items = Path(folder) / "items.json"
        items.write_text(json.dumps({"single": single, "listed": list(listed)}))
        arguments = ["-m", "benchmarks.canned_server", str(items), "--delay", str(delay)]
        with Child(arguments, core=core) as child:
            yield f"http://127.0.0.1:{int(child.line())}"


def main() -> None:
    """Serve the items of a file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("items", type=Path)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--core", type=int, help="the core to run on")
    given = parser.parse_args()
    pin(given.core)
    items: Mapping[str, Any] = json.loads(given.items.read_text())
    run_loop(serve(Answers(items["single"], items["listed"]), given.delay))


if __name__ == "__main__":
    main()
