"""Measures the requests of a claim, against reading all ready features and trying each in order.

    make bench-claims

Each agent is a process with its own Forge. The agents claim from one backlog on dynoxide until it
is empty. If a feature is not claimed exactly once, the benchmark fails. Requests per claim and read
units show what a claim costs; the seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autoforge import Forge
from autoforge.access.features.patterns import ReadyFeatures
from autoforge.access.features.transitions import claim_feature
from autoforge.dynamodb.local import DynoxideDynamoDB
from autoforge.dynamodb.transport.transport import Transport
from autoforge.errors import ConditionFailedError
from autoforge.forge import LOCAL_REGION, utc_now
from autoforge.models import Feature

_TABLE: Final = "ClaimsBenchmark"
_DESCRIPTION: Final = "What the feature is about. " * 12

#: Claims a feature of a project for an agent; None if none is ready.
Strategy = Callable[[Forge, str, str], Feature | None]


def ours(forge: Forge, project_id: str, agent_id: str) -> Feature | None:
    """Claim by the library's own method."""
    return forge.features.claim_next(project_id, agent_id)


def read_all_then_try(forge: Forge, project_id: str, agent_id: str) -> Feature | None:
    """Claim as agent platforms commonly do: read all ready features, and try each in order."""
    for candidate in list(forge.each(ReadyFeatures(project_id))):
        write = claim_feature(
            project_id,
            str(candidate.id),
            agent_id,
            request_id=forge.store.new_token(),
            lease_until=None,
            at=utc_now(),
        )
        try:
            return forge.store.save(write)
        except ConditionFailedError:
            continue
    return None


STRATEGIES: Final[dict[str, Strategy]] = {"ours": ours, "read all, then try": read_all_then_try}


@dataclass(frozen=True)
class Tally:
    """The results of some claims."""

    claimed: tuple[str, ...]
    #: Requests by operation, including writes whose condition was false.
    requests: Counter[str]
    #: Read units of the queries.
    read_units: float

    @property
    def per_claim(self) -> float:
        """Requests for each claim."""
        return self.requests.total() / len(self.claimed)

    @property
    def attempts(self) -> float:
        """Conditional writes per claim, including those that were refused."""
        return self.requests["UpdateItem"] / len(self.claimed)


@contextmanager
def counted(forge: Forge) -> Iterator[tuple[Counter[str], list[float]]]:
    """Count a Forge's requests and the units its queries consume."""
    requests: Counter[str] = Counter()
    units: list[float] = []

    client = forge.store.client
    transport = client.active_transport
    client.active_transport = _Counting(transport, requests, units)
    try:
        yield requests, units
    finally:
        client.active_transport = transport


@dataclass(frozen=True)
class _Counting(Transport):
    """A transport that counts requests and the read units of queries."""

    transport: Transport
    requests: Counter[str]
    units: list[float]

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.requests[operation] += 1
        answer = self.transport.exchange(operation, parameters)
        if operation == "Query" and "ConsumedCapacity" in answer:
            self.units.append(answer["ConsumedCapacity"]["CapacityUnits"])
        return answer

    def warm(self) -> None:
        self.transport.warm()

    def close(self) -> None:
        self.transport.close()


def claim_all(forge: Forge, strategy: Strategy, project_id: str, agent_id: str) -> Tally:
    """Claim until no feature is ready; the last requests, which find none, are not counted."""
    claimed: list[str] = []
    sent, read = Counter[str](), 0.0
    with counted(forge) as (requests, units):
        while feature := strategy(forge, project_id, agent_id):
            claimed.append(str(feature.id))
            sent, read = Counter(requests), sum(units)
    return Tally(tuple(claimed), sent, read)


def race(endpoint_url: str, name: str, project_id: str, agents: int) -> tuple[Tally, float]:
    """Let several processes claim concurrently; return the sum of their results, and seconds."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(agents + 1)
    results: Any = context.Queue()
    workers = [
        context.Process(
            target=_agent,
            args=(endpoint_url, name, project_id, f"agent-{number}"),
            kwargs={"barrier": barrier, "results": results},
        )
        for number in range(agents)
    ]
    for each in workers:
        each.start()
    barrier.wait()
    began = time.perf_counter()
    tallies: list[Tally] = [results.get() for _ in workers]
    seconds = time.perf_counter() - began
    for each in workers:
        each.join()
    return _sum(tallies), seconds


def a_backlog(forge: Forge, count: int) -> str:
    """Create a project with so many ready features, and return its id."""
    project = forge.projects.create("Claims")
    mint = forge.store.new_token
    now = utc_now()
    forge.store.put_all(
        Feature(
            id=mint(),
            project_id=project.id,
            name=f"Feature {number}",
            description=_DESCRIPTION,
            priority=number % 5,
            created_at=now,
            updated_at=now,
        )
        for number in range(count)
    )
    return str(project.id)


def first_claim(forge: Forge, strategy: Strategy, project_id: str) -> tuple[int, float]:
    """Requests and read units of one claim without competitors."""
    with counted(forge) as (requests, units):
        if strategy(forge, project_id, "agent") is None:
            raise RuntimeError("nothing was ready")
    return requests.total(), sum(units)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--agents", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--backlog", type=int, nargs="+", default=[10, 1000, 100_000])
    parser.add_argument("--features", type=int, default=20, help="features for each agent")
    parser.add_argument("--dynoxide", type=Path, help="the program, unless it is on PATH")
    given = parser.parse_args()
    with (
        DynoxideDynamoDB(None, binary=given.dynoxide) as engine,
        _connected(engine.direct_url) as forge,
    ):
        forge.store.create_table()
        print("| agents | features | strategy | requests/claim | attempts/claim ", end="")
        print("| read units/claim | seconds |\n|---|---|---|---|---|---|---|")
        for agents in given.agents:
            for name in STRATEGIES:
                # The other strategy takes minutes with many agents, so it gets fewer features.
                each = given.features if name == "ours" else given.features // 4
                count = max(100, agents * each)
                tally, seconds = race(engine.direct_url, name, a_backlog(forge, count), agents)
                if sorted(Counter(tally.claimed).values()) != [1] * count:
                    raise RuntimeError(f"{name}: not every feature was claimed exactly once")
                print(
                    f"| {agents} | {count} | {name} | {tally.per_claim:.2f} "
                    f"| {tally.attempts:.2f} | {tally.read_units / count:.2f} | {seconds:.1f} |",
                    flush=True,
                )
        print("\n| backlog | strategy | requests | read units |\n|---|---|---|---|")
        for count in given.backlog:
            project_id = a_backlog(forge, count)
            for name, strategy in STRATEGIES.items():
                requests, units = first_claim(forge, strategy, project_id)
                print(f"| {count} | {name} | {requests} | {units:g} |", flush=True)


def _connected(endpoint_url: str) -> Forge:
    return Forge.connect(table_name=_TABLE, region=LOCAL_REGION, endpoint_url=endpoint_url)


def _agent(
    endpoint_url: str, name: str, project_id: str, agent_id: str, *, barrier: Any, results: Any
) -> None:
    """Run one agent: connect, wait for the others, claim, and send the results."""
    with _connected(endpoint_url) as forge:
        forge.projects.get(project_id)  # opens the connection before the race begins
        barrier.wait()
        results.put(claim_all(forge, STRATEGIES[name], project_id, agent_id))


def _sum(tallies: list[Tally]) -> Tally:
    return Tally(
        tuple(feature for each in tallies for feature in each.claimed),
        sum((each.requests for each in tallies), Counter[str]()),
        sum(each.read_units for each in tallies),
    )


if __name__ == "__main__":
    main()
