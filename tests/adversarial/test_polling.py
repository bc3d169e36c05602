"""Writers race on a slow transport to a real engine; pollers miss no acknowledged event."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from threading import Event
from typing import Any, Final

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport
from autoforge.forge import Forge, utc_now
from autoforge.testing.recording import WrappedTransport
from tests.adversarial.effort import Effort
from tests.factories import a_project
from tests.servers import Engine
from tests.stores import client_of, forge_of, store_of

_WRITERS: Final = 16
_EVENTS: Final = 30
_PROJECT: Final = "p"


@dataclass
class _Slow(WrappedTransport):
    """A transport on which a request and its answer together take 3 to 15 ms."""

    transport: Transport
    random: Random

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        whole = self.random.uniform(0.003, 0.015)
        there = whole * self.random.random()
        time.sleep(there)
        answer = self.transport.exchange(operation, parameters)
        time.sleep(whole - there)
        return answer


@dataclass
class _Clock:
    """The time, plus a skip once no writer is active."""

    skipped: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.skipped


def test_polls_miss_nothing_of_racing_writers_and_plain_ids_do(
    engine: Engine, client: Client, effort: Effort
) -> None:
    if engine.name == "moto":
        pytest.skip("moto takes a minute for it; what is raced is the writers, not the engine")
    missed_by_id = 0
    for number in effort.rounds():
        missed_by_id += _race(engine, client, number)

    # Polling by id must miss events, otherwise this test would show nothing.
    assert missed_by_id > 0


def _race(engine: Engine, client: Client, number: int) -> int:
    """Let writers race one poller; return how many events polling by id missed."""
    clock = _Clock()
    slow = client_of(engine)
    slow.active_transport = _Slow(slow.active_transport, Random(number))
    store = store_of(client, f"polled-{engine.name}-{number}", utc_now)
    store.create_table()
    store.put_all([a_project(id=_PROJECT)])
    writing = replace(store, client=slow, clock=clock)
    polling = forge_of(writing)
    over = Event()
    try:
        with ThreadPoolExecutor(_WRITERS + 1) as threads:
            began = polling.events.poll(_PROJECT).cursor
            poller = threads.submit(_poll, polling, began, clock, over)
            writers = [threads.submit(_write, writing) for _ in range(_WRITERS)]
            try:
                acknowledged = {id_ for writer in writers for id_ in writer.result()}
            finally:
                over.set()
            by_cursor, by_id = poller.result()
    finally:
        client.botocore.delete_table(TableName=store.table_name)
        slow.close()
    assert len(acknowledged) == _WRITERS * _EVENTS
    assert len(set(by_cursor)) == len(by_cursor)
    assert set(by_cursor) == acknowledged
    return len(acknowledged - set(by_id))


def _write(store: Store) -> list[str]:
    forge = forge_of(store)
    return [forge.events.record(_PROJECT, "signal", "s").id for _ in range(_EVENTS)]


def _poll(forge: Forge, cursor: str, clock: _Clock, over: Event) -> tuple[list[str], list[str]]:
    """Poll every 20 ms, by cursor and by id; at the end skip the time that polls would wait for."""
    by_cursor: list[str] = []
    by_id: list[str] = []
    while True:
        last = over.wait(0.02)
        if last:
            clock.skipped = timedelta(minutes=1)
        polled = None
        while polled is None or (last and polled.items):
            polled = forge.events.poll(_PROJECT, after=cursor)
            by_cursor += [event.id for event in polled.items]
            cursor = polled.cursor
        newest = by_id[-1] if by_id else None
        page = forge.events.of_project(_PROJECT, after=newest, order="asc", limit=1000)
        by_id += [event.id for event in page.items]
        if last:
            return by_cursor, by_id
