"""Measures the guard in front of an embedded engine: requests with and without it.

    python -m benchmarks.guard --dynoxide PROGRAM

The variants alternate, so that a busy machine slows all of them. A Forge that embeds an engine
sends requests to it directly; only other programs go through the guard.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import boto3

from autoforge import Forge
from autoforge.dynamodb.local import DynoxideDynamoDB
from autoforge.forge import LOCAL_REGION

_TABLE = "GuardBenchmark"
_ROUNDS = 40
_CALLS = 25


def main() -> None:
    """Print a line for each variant."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dynoxide", type=Path, help="the program, unless it is on PATH")
    given = parser.parse_args()
    with (
        DynoxideDynamoDB(None, binary=given.dynoxide) as engine,
        _forge(engine, engine.direct_url) as direct,
        _forge(engine, engine.endpoint_url) as guarded,
    ):
        direct.store.create_table()
        project = direct.projects.create("Portal").id
        key = {"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": "METADATA"}}
        clients = {
            name: _boto3(engine, url)
            for name, url in (("direct", engine.direct_url), ("guarded", engine.endpoint_url))
        }
        variants: dict[str, Callable[[], object]] = {
            "Forge, directly": lambda: direct.projects.get(project),
            "Forge, through the guard": lambda: guarded.projects.get(project),
            "boto3, directly": lambda: clients["direct"].get_item(TableName=_TABLE, Key=key),
            "boto3, through the guard": lambda: clients["guarded"].get_item(
                TableName=_TABLE, Key=key
            ),
        }
        taken: dict[str, list[float]] = {name: [] for name in variants}
        for _ in range(_ROUNDS):
            for name, call in variants.items():
                began = time.perf_counter()
                for _ in range(_CALLS):
                    call()
                taken[name].append((time.perf_counter() - began) / _CALLS)
    for name, seconds in taken.items():
        print(f"{name:25} {median(seconds) * 1000:.2f} ms")


def _forge(engine: DynoxideDynamoDB, url: str) -> Forge:
    return Forge.connect(
        table_name=_TABLE, region=LOCAL_REGION, endpoint_url=url, credentials=engine.credentials
    )


def _boto3(engine: DynoxideDynamoDB, url: str) -> Any:
    access_key_id, secret_key = engine.credentials
    return boto3.client(
        "dynamodb",
        region_name=LOCAL_REGION,
        endpoint_url=url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_key,
    )


if __name__ == "__main__":
    main()
