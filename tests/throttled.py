"""A table of so many units a second, made up between the client and the engine.

As DynamoDB does, it keeps for a while what was not used, counts a unit for each begun kilobyte that
is written and for each item that is read, twice inside a transaction, and refuses a request that
costs more than there is. Of a batch it takes what it can. Its time is that which passes while the
client waits, so nothing here takes any.
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
from tests.servers import Engine
from tests.stores import Waits, client_of
from tests.transports import WrappedTransport


@dataclass
class Budget:
    """Units of one kind."""

    rate: float
    burst: float
    left: float = field(init=False)
    _at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Begin full."""
        self.left = self.burst

    def pays(self, units: float, now: float) -> bool:
        """Pay for something, if there is enough."""
        self.left = min(self.burst, self.left + (now - self._at) * self.rate)
        self._at = now
        if units > self.left:
            return False
        self.left -= units
        return True


@dataclass
class Throttled(WrappedTransport):
    """A transport to a table of so many units a second, for reads and for writes.

    Attributes:
        sound: The transport to the engine.
        time: What passes while the client waits.
        rate: Units a second.
        burst: Units that are kept at most.
        refused: How many requests were refused, or in part.
    """

    sound: Transport
    time: Waits
    rate: float = 50.0
    burst: float = 300.0
    refused: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Begin full."""
        self._writes = Budget(self.rate, self.burst)
        self._reads = Budget(self.rate, self.burst)

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request that is paid for, or what of it is."""
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
    """A connection over which every table has 50 units a second, one request at a time."""
    time = Waits()
    client = client_of(engine, sleep=time.sleep, timer=time.timer, worker_pool=WorkerPool(width=1))
    wire = Throttled(client.active_transport, time, **given)
    client.active_transport = wire
    return client, wire


def _written(write: Mapping[str, Any]) -> int:
    """Units of one write: of its item where it is there, else one."""
    item = write.get("Item")
    return 1 if item is None else max(1, ceil(item_size(item) / 1024))
