"""aiodynamo over aiohttp, one call after another on one loop: plain dicts, timestamps as text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import aiohttp
from aiodynamo.client import Client as AioDynamo
from aiodynamo.credentials import Key, StaticCredentials
from aiodynamo.expressions import HashKey, RangeKey
from aiodynamo.http.aiohttp import AIOHTTP
from aiodynamo.operations import Put
from yarl import URL

from benchmarks.clients.boto3_client import as_dict
from benchmarks.clients.client import Client, Population
from benchmarks.machine import new_event_loop
from benchmarks.sample import PROJECT, TABLE

_REGION: Final = "us-east-1"


def connect(url: str, population: Population) -> Client:
    """Create an event loop with a session, and the dicts to be stored."""
    loop = new_event_loop()
    session = loop.run_until_complete(_session())
    client = AioDynamo(
        AIOHTTP(session), StaticCredentials(Key("local", "local")), _REGION, endpoint=URL(url)
    )
    single = as_dict(population.single)
    together = [Put(TABLE, as_dict(each)) for each in population.together]
    key = {name: single[name] for name in ("PK", "SK")}
    condition = HashKey("PK", f"PROJECT#{PROJECT}") & RangeKey("SK").begins_with("EVENT#")

    def run(call: Callable[[], Any], times: int) -> Any:
        async def awaited() -> Any:
            answer = None
            for _ in range(times):
                answer = await call()
            return answer

        asyncio.set_event_loop(loop)
        return loop.run_until_complete(awaited())

    return Client(
        get=lambda: client.get_item(TABLE, key),
        put=lambda: client.put_item(TABLE, single),
        transact=lambda: client.transact_write_items(together),
        page=lambda limit: client.query_single_page(
            TABLE, condition, scan_forward=False, limit=limit
        ),
        events=lambda answer: answer.items,
        values=lambda event: event,
        run=run,
    )


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()
