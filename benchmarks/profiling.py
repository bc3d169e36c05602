"""Profiles one pattern or write end to end, against the canned server.

    make profile PATTERN=EventsOfProject

It takes the name of any pattern of the catalogue, which is run with synthetic parameters and items,
or of one of the writes below. It prints the cost of a call without the profiler, then the functions
by their own and by their cumulative time. A profiler slows down Python, but hardly C: its shares
show where to look, not how much can be gained.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from autoforge import Forge
from autoforge.access.catalogue import CATALOGUE
from autoforge.access.events.patterns import record_event
from autoforge.access.features.transitions import claim_feature
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.put import Put
from autoforge.forge import LOCAL_REGION, utc_now
from autoforge.models import Event, Feature
from benchmarks.canned_server import canned_server
from benchmarks.machine import cores, described, pin
from benchmarks.sample import TABLE, Item, Sample
from benchmarks.synthetic import entities_of, entity_of, items_of, pattern_of

PATTERNS: Final = {each.__name__: each for each in CATALOGUE}

#: Items of a page.
PAGE: Final = 100


def _put(store: Store, now: datetime) -> Callable[[], Any]:
    event = Event.from_item(Sample(0, now).item)
    return lambda: store.save(Put(event))


def _put_all(store: Store, now: datetime) -> Callable[[], Any]:
    events = [Event.from_item(Sample(number, now).item) for number in range(PAGE)]
    return lambda: store.put_all(events)


def _record_event(store: Store, now: datetime) -> Callable[[], Any]:
    event = Event.from_item(Sample(0, now).item)
    return lambda: store.transact(record_event(event))


def _claim_feature(store: Store, now: datetime) -> Callable[[], Any]:
    any_id = entity_of(Feature, now).attribute_values["id"]
    return lambda: store.save(
        claim_feature(any_id, any_id, any_id, request_id=any_id, lease_until=now, at=now)
    )


#: Writes of events: a single Put, a hundred in batches, and one with its entry in the global feed;
#: and an Update with many changes and conditions.
WRITES: Final[Mapping[str, Callable[[Store, datetime], Callable[[], Any]]]] = {
    "Put": _put,
    "PutAll": _put_all,
    "RecordEvent": _record_event,
    "ClaimFeature": _claim_feature,
}


def call_of(name: str, store: Store, now: datetime) -> Callable[[], Any]:
    """The call to be profiled."""
    if name in WRITES:
        return WRITES[name](store, now)
    pattern = pattern_of(PATTERNS[name], now)
    match pattern:
        case Get():
            return lambda: store.get(pattern)
        case Query():
            return lambda: store.page(pattern, limit=PAGE)
        case Fetch():
            return lambda: store.fetch(pattern)
        case Composite():
            return lambda: store.answer(pattern)
    raise TypeError(f"{name} is not a Get, Query, Fetch or Composite")


def items_for(name: str, now: datetime) -> tuple[Item, list[Item]]:
    """The item of single answers, and a page of the items of lists."""
    if name in WRITES:
        item = entity_of(Feature if name == "ClaimFeature" else Event, now).to_item()
        return item, [item]
    pattern: Pattern[Any] = pattern_of(PATTERNS[name], now)
    single, *others = items_of(entities_of(pattern), now)
    # A list holds the references; the item that they name is a single answer.
    listed = others if isinstance(pattern, Hydrate | Lookup) else [single, *others]
    return single, listed * (PAGE // len(listed))


def profile(name: str, *, times: int, top: int) -> None:
    """Print the cost of the calls, and the profile."""
    now = as_timestamp(utc_now())
    mine, other = cores()
    print(f"{name} on {described()}", flush=True)
    with canned_server(*items_for(name, now), core=other) as url:
        pin(mine)
        forge = Forge.connect(table_name=TABLE, region=LOCAL_REGION, endpoint_url=url)
        call = call_of(name, forge.store, now)
        call()
        _print_cost(call, times)
        profiler = cProfile.Profile()
        with profiler:
            for _ in range(times):
                call()
    statistics = pstats.Stats(profiler).strip_dirs()
    statistics.sort_stats("tottime").print_stats(top)
    statistics.sort_stats("cumulative").print_stats(top)


def _print_cost(call: Callable[[], Any], times: int) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    each = f"{cpu / times * 1e6:,.0f} µs CPU and {wall / times * 1e6:,.0f} µs each"
    print(f"{times} calls, {each}\n")


def main() -> None:
    """Profile the pattern or the write that is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=[*PATTERNS, *WRITES], metavar="NAME")
    parser.add_argument("--times", type=int, default=500, help="calls")
    parser.add_argument("--top", type=int, default=25, help="functions to show")
    given = parser.parse_args()
    profile(given.name, times=given.times, top=given.top)


if __name__ == "__main__":
    main()
