"""Measures calls, HTTP and cold starts against other clients; prints and documents the results.

    make bench

No server has to be started first. ``--only`` measures some parts. ``--quick`` measures few rounds,
to check that everything works, and writes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.forge import utc_now
from benchmarks import cold_start, connections, report
from benchmarks.clients import comparison as clients
from benchmarks.clients.autoforge_store import offers_transports
from benchmarks.clients.roster import ROSTER
from benchmarks.http_apps import comparison as http_apps
from benchmarks.machine import described, versions
from benchmarks.sample import Sample

#: Further packages whose versions are listed above the tables.
_PACKAGES: Final = ("litestar", "fastapi", "uvicorn", "httptools")


def _clients(newest: datetime, *, quick: bool) -> str:
    names = [name for name in ROSTER if name != "autoforge-botocore" or offers_transports()]
    return clients.table(clients.compare(names, newest, rounds=2 if quick else 7)).markdown()


def _http(newest: datetime, *, quick: bool) -> str:
    rounds, seconds = (1, 0.5) if quick else (5, 3.0)
    near = http_apps.compare(newest, rounds=rounds, seconds=seconds)
    return http_apps.table(near).markdown()


def _distance(newest: datetime, *, quick: bool) -> str:
    return http_apps.far_table(http_apps.far_away(newest, seconds=0.5 if quick else 5.0)).markdown()


def _start(newest: datetime, *, quick: bool) -> str:
    programs = [*cold_start.PROGRAMS]
    return cold_start.table(
        cold_start.compare(newest, programs, rounds=1 if quick else 11)
    ).markdown()


def _connections(newest: datetime, *, quick: bool) -> str:
    del quick
    return connections.table(connections.count(Sample(0, newest).item)).markdown()


#: The functions that measure, by the name of their place in the page.
PARTS: Final[Mapping[str, Callable[..., str]]] = {
    "clients": _clients,
    "http": _http,
    "distance": _distance,
    "start": _start,
    "connections": _connections,
}


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=[*PARTS])
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    packages = dict.fromkeys(
        [*(package for each in ROSTER.values() for package in each.packages), *_PACKAGES]
    )
    measured = {"machine": f"{described()}; {versions(packages)}."}
    print(measured["machine"], flush=True)
    for name in given.only:
        measured[name] = PARTS[name](as_timestamp(utc_now()), quick=given.quick)
        print(f"\n{measured[name]}", flush=True)
    if not given.quick:
        report.write(measured)


if __name__ == "__main__":
    main()
