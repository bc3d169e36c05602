"""A table with a provisioned throughput, simulated between the client and the engine.

Like DynamoDB, it saves unused units for a while. It charges one unit for each started kilobyte
written and for each key or query read, and twice that for a write in a transaction. It refuses a
request that costs more units than are left, and processes as much of a batch as it can. Its clock
advances only while the client sleeps, so tests take no real time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.client.worker_pool import WorkerPool
from autoforge.dynamodb.schema.item_size import item_size
from autoforge.dynamodb.transport.transport import Transport
from autoforge.testing.clock import Waits
from autoforge.testing.recording import WrappedTransport
from tests.servers import Engine
from tests.stores import client_of


@dataclass
class Budget:
    """Read or write units, refilled at a constant rate up to a maximum."""

    rate: float
    burst: float
    left: float = field(init=False)
    _at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Start full."""
        self.left = self.burst

    def pays(self, units: float, now: float) -> bool:
        """Take the units and return True; if too few are left, return False."""
        self.left = min(self.burst, self.left + (now - self._at) * self.rate)
        self._at = now
        if units > self.left:
            return False
        self.left -= units
        return True


@dataclass
class Throttled(WrappedTransport):
    """A transport to a table with a provisioned throughput, the same for reads and for writes.

    Attributes:
        sound: The transport to the engine.
        time: The clock, which advances while the client sleeps.
        rate: Units per second.
        burst: The most units that are saved.
        refused: Number of requests refused in whole or in part.
    """

    sound: Transport
    time: Waits
    rate: float = 50.0
    burst: float = 300.0
    refused: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Start with full budgets."""
        self._writes = Budget(self.rate, self.burst)
        self._reads = Budget(self.rate, self.burst)

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request, or as much of a batch as the units left pay for."""
        with self._lock:
            match operation:
                case "BatchWriteItem":
                    return self._batch(parameters)
                case "TransactWriteItems":
                    items = parameters["TransactItems"]
                    units = 2 * sum(_written(next(iter(each.values()))) for each in items)
                    if not self._writes.pays(units, self.time.timer()):
                        raise self._refusal(operation, items)
                case "PutItem" | "UpdateItem" | "DeleteItem":
                    if not self._writes.pays(_written(parameters), self.time.timer()):
                        raise self._refusal(operation)
                case "BatchGetItem":
                    asked = sum(len(each["Keys"]) for each in parameters["RequestItems"].values())
                    if not self._reads.pays(asked, self.time.timer()):
                        raise self._refusal(operation)
                case "GetItem" | "Query":
                    if not self._reads.pays(1, self.time.timer()):
                        raise self._refusal(operation)
        return self.sound.exchange(operation, parameters)

    def _batch(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        ((table, members),) = parameters["RequestItems"].items()
        now = self.time.timer()
        taken = [
            each for each in members if self._writes.pays(_written(next(iter(each.values()))), now)
        ]
        left = [each for each in members if each not in taken]
        if not taken:
            raise self._refusal("BatchWriteItem")
        answer = self.sound.exchange("BatchWriteItem", {"RequestItems": {table: taken}})
        if left:
            self.refused += 1
            answer["UnprocessedItems"] = {table: left}
        return answer

    def _refusal(self, operation: str, members: Sequence[Any] = ()) -> ClientError:
        self.refused += 1
        code, more = "ProvisionedThroughputExceededException", dict[str, Any]()
        if members:
            code = "TransactionCanceledException"
            reasons = [
                {"Code": "ProvisionedThroughputExceeded"},
                *[{"Code": "None"}] * len(members),
            ]
            more["CancellationReasons"] = reasons[: len(members)]
        said: Any = {"Error": {"Code": code, "Message": "over the throughput"}, **more}
        said["ResponseMetadata"] = {"HTTPStatusCode": 400}
        return ClientError(said, operation)


def throttled_client(engine: Engine, **given: Any) -> tuple[Client, Throttled]:
    """A client for which every table has 50 units per second; it sends one request at a time."""
    time = Waits()
    client = client_of(engine, sleep=time.sleep, timer=time.timer, worker_pool=WorkerPool(width=1))
    wire = Throttled(client.active_transport, time, **given)
    client.active_transport = wire
    return client, wire


def _written(write: Mapping[str, Any]) -> int:
    """Units of one write: of its item if the request holds it, else one."""
    item = write.get("Item")
    return 1 if item is None else max(1, ceil(item_size(item) / 1024))
