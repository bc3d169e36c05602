"""Measures how costs grow with the table: pages, traversals, bulk writes and claims.

    make bench-scale                        # up to 100,000 items, about two minutes
    make bench-scale BENCH_FLAGS=--full     # up to 1,000,000

The engine is dynoxide, with its data on disk. Each size has its own table: a large project with the
events, and a small project that is the same at every size.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from autoforge import Forge
from autoforge.access.events.patterns import EventsOfProject
from autoforge.dynamodb.local import DynoxideDynamoDB
from autoforge.dynamodb.timestamps import IdMint, as_timestamp
from autoforge.forge import LOCAL_REGION, utc_now
from autoforge.models import Event
from benchmarks import report
from benchmarks.canned_server import canned_server
from benchmarks.claims import STRATEGIES, a_backlog, first_claim
from benchmarks.machine import cores, described
from benchmarks.plot import Chart, drawing
from benchmarks.report import Table
from benchmarks.sample import PROJECT, TABLE, Sample

SIZES: Final = (1_000, 10_000, 100_000)
BACKLOGS: Final = (10, 1_000, 10_000)
#: The sizes that ``--full`` adds to each.
MOST: Final = 1_000_000
LONGEST: Final = 100_000

#: The project that stays small, and its events.
SMALL: Final = "00000000-0000-4000-8000-000000000000"
FEW: Final = 200

#: Delays of DynamoDB's answers in seconds, to measure bulk writes without an engine.
DISTANCES: Final = (0.0, 0.005, 0.02)
BULK: Final = 20_000

#: The places in the page for the results.
PARTS: Final = ("scale-machine", "scale", "bulk", "claims")

#: Events per page, and pages read of each kind.
PAGE: Final = 50
PAGES: Final = 200

#: Events that are created before storing them is timed.
_CHUNK: Final = 5_000
_PLOT: Final = report.PAGE.with_name("benchmarks-scale.svg")
_SUMMARY: Final = "The build of the customer portal went through after the flaky test was right. "


@dataclass(frozen=True)
class Point:
    """The measurements for a number of items in the table."""

    items: int
    #: Seconds for a page: the newest, one in the middle by a cursor, and of the small project.
    newest: float
    middle: float
    small: float
    #: MiB by which a traversal of all events raised the peak memory after its first page.
    memory: float
    #: Items per second: of the traversal, and of storing.
    read: float
    stored: float
    #: Share of a core that the client kept busy while storing.
    share: float


def measure(forge: Forge, items: int, newest: datetime) -> Point:
    """Fill the table, then read from it."""
    stored, share = _store(forge, _events(PROJECT, items, newest))
    _store(forge, _events(SMALL, FEW, newest))
    middle = EventsOfProject(PROJECT, until=newest - timedelta(seconds=items // 2))
    cursor = forge.store.page(middle, limit=PAGE).cursor
    everything = EventsOfProject(PROJECT)
    memory, read = _apart(_traverse, str(forge.endpoint_url), items)
    return Point(
        items=items,
        newest=_seconds(lambda: forge.store.page(everything, limit=PAGE)),
        middle=_seconds(lambda: forge.store.page(middle, limit=PAGE, cursor=cursor)),
        small=_seconds(lambda: forge.store.page(EventsOfProject(SMALL), limit=PAGE)),
        memory=memory,
        read=read,
        stored=stored,
        share=share,
    )


def table(points: Sequence[Point]) -> Table:
    """A row for each size."""
    rows = [
        [
            f"{each.items:,}",
            f"{each.newest * 1e3:.2f}",
            f"{each.middle * 1e3:.2f}",
            f"{each.small * 1e3:.2f}",
            f"{each.memory:.1f}",
            f"{each.read:,.0f}",
            f"{each.stored:,.0f}",
            f"{each.share:.0%}",
        ]
        for each in points
    ]
    pages = ["newest page ms", "page in the middle ms", "page of a small project ms"]
    whole = ["traversal, MiB more", "items/s read", "items/s stored", "core busy storing"]
    return Table(["items", *pages, *whole], rows)


def plotted(points: Sequence[Point]) -> str:
    """Draw the curves that should be flat, as SVG."""
    pages = {
        "the newest": [(each.items, each.newest * 1e3) for each in points],
        "in the middle": [(each.items, each.middle * 1e3) for each in points],
        "of a small project": [(each.items, each.small * 1e3) for each in points],
    }
    memory = {"peak over the first page": [(each.items, each.memory) for each in points]}
    return drawing(
        [
            Chart(f"A page of {PAGE}, milliseconds", "items in the table", pages),
            Chart("A traversal of everything, MiB more", "items in the table", memory),
        ]
    )


def claims(forge: Forge, backlogs: Sequence[int]) -> Table:
    """Measure one claim for each number of ready features."""
    rows = []
    for count in backlogs:
        requests, units = first_claim(forge, STRATEGIES["ours"], a_backlog(forge, count))
        rows.append([f"{count:,}", str(requests), f"{units:g}"])
    return Table(["ready features", "requests a claim", "read units"], rows)


def bulk_writes(events: int) -> Table:
    """Measure bulk writes of the client alone, with a DynamoDB that only delays its answers."""
    rows = []
    for delay in DISTANCES:
        with (
            canned_server(Sample(0, utc_now()).item, [], delay=delay, core=cores()[1]) as url,
            _connected(url) as forge,
        ):
            stored, share = _store(forge, _events(PROJECT, events, as_timestamp(utc_now())))
            rows.append([f"{delay * 1e3:g} ms", f"{stored:,.0f}", f"{share:.0%}"])
    return Table(["DynamoDB answers after", "items/s stored", "core busy"], rows)


@contextmanager
def on_disk(binary: Path | None) -> Iterator[Forge]:
    """A new table in a file, which is deleted at the end of the block."""
    with (
        TemporaryDirectory() as folder,
        DynoxideDynamoDB(Path(folder) / "table.db", binary=binary) as engine,
        _connected(engine.direct_url) as forge,
    ):
        forge.store.create_table()
        yield forge


def _connected(endpoint_url: str) -> Forge:
    return Forge.connect(table_name=TABLE, region=LOCAL_REGION, endpoint_url=endpoint_url)


def _events(project_id: str, count: int, newest: datetime) -> Iterator[Event]:
    mint = IdMint()
    for number in range(count):
        created_at = newest - timedelta(seconds=number)
        yield Event(
            id=mint(created_at),
            project_id=project_id,
            event_type="build_finished",
            summary=_SUMMARY,
            detail={"ticket": f"MCU-{number}", "attempt": 2, "passed": True},
            created_at=created_at,
        )


def _store(forge: Forge, events: Iterator[Event]) -> tuple[float, float]:
    """Store events; return items per second, and the share of a core that the client used."""
    count, wall, cpu = 0, 0.0, 0.0
    while chunk := list(islice(events, _CHUNK)):
        began, busy = time.perf_counter(), time.process_time()
        count += forge.store.put_all(chunk)
        wall += time.perf_counter() - began
        cpu += time.process_time() - busy
    return count / wall, cpu / wall


def _seconds(call: Callable[[], Any]) -> float:
    """The median duration of many calls, in seconds."""
    call()
    taken = []
    for _ in range(PAGES):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return median(taken)


def _apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in a new process, so that its memory is not affected by others."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _traverse(endpoint_url: str, items: int) -> tuple[float, float]:
    """Read all events; return MiB that peak memory rose after the first page, and items per second.

    Raises:
        RuntimeError: if an item is missing.
    """
    with _connected(endpoint_url) as forge:
        each = forge.store.each(EventsOfProject(PROJECT))
        count = sum(1 for _ in islice(each, 100))
        before, began = _peak(), time.perf_counter()
        count += sum(1 for _ in each)
        seconds, after = time.perf_counter() - began, _peak()
    if count != items:
        raise RuntimeError(f"the traversal read {count} items, not {items}")
    return after - before, items / seconds


def _peak() -> float:
    """The peak memory of this process so far, in MiB.

    On Linux ``ru_maxrss`` of a child starts with the peak of its parent; ``VmHWM`` is its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Measure, print, write and draw the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dynoxide", type=Path, help="the program, unless it is on PATH")
    parser.add_argument("--full", action="store_true", help="with the largest table, too")
    parser.add_argument("--sizes", type=int, nargs="+", help="others; then nothing is written")
    given = parser.parse_args()
    sizes = given.sizes or [*SIZES, *([MOST] if given.full else [])]
    points = []
    for items in sizes:
        with on_disk(given.dynoxide) as forge:
            points.append(measure(forge, items, as_timestamp(utc_now())))
            print(table(points[-1:]).markdown(), flush=True)
    with on_disk(given.dynoxide) as forge:
        claimed = claims(forge, [*BACKLOGS, *([LONGEST] if given.full else [])])
        print(claimed.markdown(), flush=True)
    bulk = bulk_writes(min(BULK, max(sizes)))
    print(bulk.markdown(), flush=True)
    if given.sizes is None:
        parts = (f"{described()}.", *(each.markdown() for each in (table(points), bulk, claimed)))
        report.write(dict(zip(PARTS, parts, strict=True)))
        _PLOT.write_text(plotted(points), encoding="utf-8")


if __name__ == "__main__":
    main()
