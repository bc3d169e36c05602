"""Writers, pollers and an engine in simulated time: every delay is drawn, and no test sleeps.

A writer's requests do not depend on what pollers read. So the writers run one after another, each
on its own simulated time, and the engine records when each item was committed. The pollers then
read the items that were committed by the time of each poll.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import first_ulid, ulid_text
from autoforge.dynamodb.transport.transport import patience
from autoforge.forge import Forge
from autoforge.models import PLATFORM_DESIGN
from autoforge.testing.recording import WrappedTransport
from tests.factories import NOON, a_project

PROJECT: Final = "p"
_PROJECT_ITEM: Final = a_project(id=PROJECT).to_item()
#: Seconds that a transport waits for an answer if ``patience`` sets no limit.
_READ_TIMEOUT: Final = 10.0


@dataclass
class Time:
    """The true time; only simulated delays advance it."""

    now: datetime = NOON

    def pass_(self, seconds: float) -> None:
        """Advance the time by some seconds."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Engine:
    """The committed transactions with their times, in the order of the commits."""

    commits: list[tuple[datetime, int, tuple[Item, ...]]] = field(default_factory=list)

    def commit(self, at: datetime, items: tuple[Item, ...]) -> None:
        """Commit a transaction at a time; it has no effect if one of its items exists by then."""
        insort(self.commits, (at, len(self.commits), items), key=lambda each: each[:2])

    def take(self, other: Engine) -> None:
        """Commit the transactions of another engine here as well; the two share no keys."""
        for at, _, items in other.commits:
            self.commit(at, items)

    def items(self, at: datetime) -> dict[tuple[str, str], Item]:
        """Return the items that exist at a time, by key."""
        there: dict[tuple[str, str], Item] = {}
        for moment, _, items in self.commits:
            if moment <= at and not any(_key(item) in there for item in items):
                there |= {_key(item): item for item in items}
        return there


@dataclass
class WriterTransport(WrappedTransport):
    """A transport on which requests are slow, refused or lost, as drawn."""

    engine: Engine
    time: Time
    random: Random
    #: The probability of each fault, for each attempt.
    faults: float
    #: Draws the seconds that a request or an answer takes.
    delay: Callable[[Random], float]

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Execute the request, refuse it or lose it."""
        self.time.pass_(self.delay(self.random))
        if operation == "GetItem":
            return self._get(parameters)
        items = tuple(each["Put"]["Item"] for each in parameters["TransactItems"])
        fate = self.random.random() / self.faults if self.faults else 5
        if fate < 1:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, operation)
        if fate < 2:
            raise EndpointConnectionError(endpoint_url="simulated")
        if fate < 4:
            # The answer is lost; the transaction commits sooner or later, or never.
            late = self.random.choice([0.0, 0.001, 2.9, 3.1, 8.0, 30.0, None])
            if late is not None:
                self.engine.commit(self.time.now + timedelta(seconds=late), items)
            self.time.pass_(patience() or _READ_TIMEOUT)
            raise ReadTimeoutError(endpoint_url="simulated")
        there = self.engine.items(self.time.now)
        if any(_key(item) in there for item in items):
            reasons = [
                {"Code": "ConditionalCheckFailed", "Item": there[_key(item)]}
                if _key(item) in there
                else {"Code": "None"}
                for item in items
            ]
            said: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": reasons,
            }
            raise ClientError(said, operation)
        self.engine.commit(self.time.now, items)
        self.time.pass_(self.delay(self.random))
        if self.random.random() < self.faults / 4:
            self.time.pass_(self.random.choice([4.0, 20.0]))  # the process was suspended
        return {}

    def _get(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        key = parameters["Key"]["PK"]["S"], parameters["Key"]["SK"]["S"]
        found = self.engine.items(self.time.now).get(key)
        self.time.pass_(self.delay(self.random))
        if key[1] == "METADATA":
            return {"Item": _PROJECT_ITEM}
        return {} if found is None else {"Item": found}


@dataclass
class PollerTransport(WrappedTransport):
    """A transport of a process that only reads."""

    engine: Engine
    time: Time
    random: Random
    delay: Callable[[Random], float]

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a query of a sort key range as of some time between the request and the answer."""
        assert (operation, parameters["ConsistentRead"]) == ("Query", True)
        self.time.pass_(self.delay(self.random))
        partition, low, *high = (
            each["S"] for each in parameters["ExpressionAttributeValues"].values()
        )
        there = self.engine.items(self.time.now)
        self.time.pass_(self.delay(self.random))
        below = high[0] if high else f"{low}\U0010ffff"
        sorts = sorted(sort for in_, sort in there if in_ == partition and low <= sort <= below)
        if not parameters["ScanIndexForward"]:
            sorts.reverse()
        if start := parameters.get("ExclusiveStartKey"):
            sorts = sorts[sorts.index(start["SK"]["S"]) + 1 :]
        limit: int = parameters["Limit"]
        items = [there[partition, sort] for sort in sorts[:limit]]
        answer: dict[str, Any] = {"Items": items, "Count": len(items)}
        if len(sorts) >= limit and items:  # as DynamoDB does, even if nothing follows
            answer["LastEvaluatedKey"] = {name: items[-1][name] for name in ("PK", "SK")}
        return answer


def simulated_forge(
    wire: WriterTransport | PollerTransport, time: Time, offset: timedelta, random: Random
) -> Forge:
    """Return a Forge of a process whose clock is ahead of the true time by an offset."""
    client = Client(
        region="nowhere",
        endpoint_url="http://simulated.invalid",
        sleep=time.pass_,
        credentials=("a", "b"),
        random=random.random,
        retries=RetryPolicy(attempts=8, cap=4.0),
    )
    client.active_transport = wire

    def clock() -> datetime:
        return time.now + offset

    def new_id(moment: datetime) -> str:
        return ulid_text(first_ulid(moment) | random.getrandbits(80))

    store = Store(
        "simulated",
        client,
        Cursors(["a signing key"]),
        clock,
        lambda: new_id(NOON),
        PLATFORM_DESIGN,
    )
    return Forge(store, clock=clock, new_id=new_id)


def delays(longest: float) -> Callable[[Random], float]:
    """Return a function that draws delays: most are short, a few are as long as possible."""

    def draw(random: Random) -> float:
        return longest * random.random() ** 6

    return draw


def moments(random: Random, count: int, longest: float) -> Iterator[float]:
    """Yield pauses between requests, in seconds; several requests fall into one millisecond."""
    for _ in range(count):
        yield random.choice([0.0, 0.0004, longest * random.random() ** 3])


def _key(item: Item) -> tuple[str, str]:
    return item["PK"]["S"], item["SK"]["S"]
