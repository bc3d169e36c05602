"""Counts the botocore clients that a process creates when many threads make its first calls.

    python -m benchmarks.connections NAME URL

Prints ``Made`` as JSON: the entity types that were read, the botocore clients that were created,
and the CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from threading import Barrier
from typing import Any, Final

from botocore.session import Session

from benchmarks.canned_server import canned_server
from benchmarks.machine import Child
from benchmarks.report import Table
from benchmarks.sample import TABLE, Item

THREADS: Final = 16

TITLES: Final[Mapping[str, str]] = {"pynamodb": "stock PynamoDB", "autoforge": "**autoforge**"}


@dataclass(frozen=True)
class Made:
    """What the first calls created."""

    types: int
    clients: int
    cpu: float


def count(single: Item) -> Mapping[str, Made]:
    """Measure the first calls of each library in a process of its own."""
    made = {}
    with canned_server(single, []) as url:
        for name in TITLES:
            with Child(["-m", "benchmarks.connections", name, url]) as child:
                made[name] = Made(**json.loads(child.line()))
    return made


def table(made: Mapping[str, Made]) -> Table:
    """A row for each library."""
    rows = [
        [TITLES[name], str(each.types), str(each.clients), f"{each.cpu:.2f}"]
        for name, each in made.items()
    ]
    heading = ["first calls at once", "entity types", "botocore clients", "CPU s"]
    return Table(heading, rows)


def _pynamodb_reads(url: str) -> list[Callable[[], Any]]:
    """A read of one item for each thread, each of another model."""
    from pynamodb.attributes import UnicodeAttribute  # noqa: PLC0415 - only measured here
    from pynamodb.models import Model  # noqa: PLC0415

    def read(number: int) -> Callable[[], Any]:
        model: type[Model] = type(
            f"Model{number}",
            (Model,),
            {
                "Meta": type("Meta", (), {"table_name": TABLE, "host": url}),
                "partition": UnicodeAttribute(hash_key=True, attr_name="PK"),
                "sort": UnicodeAttribute(range_key=True, attr_name="SK"),
            },
        )
        return lambda: model.get("PROJECT#1", "EVENT#1")

    return [read(number) for number in range(THREADS)]


def _autoforge_reads(url: str) -> list[Callable[[], Any]]:
    """A read of one entity of each type that has a Get."""
    from autoforge import Forge  # noqa: PLC0415 - only measured here
    from autoforge.access.catalogue import CATALOGUE  # noqa: PLC0415
    from autoforge.dynamodb.patterns.get import Get  # noqa: PLC0415
    from autoforge.forge import utc_now  # noqa: PLC0415
    from benchmarks.synthetic import pattern_of  # noqa: PLC0415

    forge = Forge.connect(table_name=TABLE, region="us-east-1", endpoint_url=url)
    gets = {each.entities[0]: each for each in CATALOGUE if issubclass(each, Get)}
    patterns = [pattern_of(each, utc_now()) for each in gets.values()]
    return [partial(forge.store.get, pattern) for pattern in patterns]


_READS: Final[Mapping[str, Callable[[str], list[Callable[[], Any]]]]] = {
    "pynamodb": _pynamodb_reads,
    "autoforge": _autoforge_reads,
}


def _at_once(reads: Sequence[Callable[[], Any]]) -> Made:
    created: list[None] = []
    create = Session.create_client

    def counted(*arguments: Any, **named: Any) -> Any:
        created.append(None)
        return create(*arguments, **named)

    barrier = Barrier(len(reads))

    def call(read: Callable[[], Any]) -> None:
        barrier.wait()
        read()

    Session.create_client = counted  # type: ignore[method-assign]  # counts every client
    began = time.process_time()
    with ThreadPoolExecutor(len(reads)) as pool:
        list(pool.map(call, reads))
    return Made(len(reads), len(created), time.process_time() - began)


def main() -> None:
    """Make the first calls of one library, and print what they created."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=_READS)
    parser.add_argument("url")
    given = parser.parse_args()
    print(json.dumps(asdict(_at_once(_READS[given.name](given.url)[:THREADS]))), flush=True)


if __name__ == "__main__":
    main()
