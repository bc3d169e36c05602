"""Checks, before anything is timed, that a client reads and writes every attribute."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.request import urlopen

from benchmarks.clients.client import Client, Population
from benchmarks.sample import Sample, from_wire, plain


class IncompleteError(Exception):
    """A client did not read or write all attributes of all items, so it is not timed."""


def check(client: Client, population: Population, url: str, *limits: int) -> None:
    """Perform each task once, and compare what was read and written with the events.

    Raises:
        IncompleteError: if an item or an attribute differs; it names the task and the attribute.
    """
    single = client.run(client.get, 1)
    _compare("get", [client.values(single)], [population.single])
    for limit in limits:
        answer = client.run(partial(client.page, limit), 1)
        events = [client.values(each) for each in client.events(answer)]
        _compare(f"page of {limit}", events, population.listed[:limit])
    client.run(client.put, 1)
    _compare("put", _last_written(url), [population.single])
    client.run(client.transact, 1)
    _compare("transact", _last_written(url), population.together)


def _compare(task: str, found: Sequence[Mapping[str, Any]], expected: Sequence[Sample]) -> None:
    if len(found) != len(expected):
        raise IncompleteError(f"{task}: {len(found)} items of {len(expected)}")
    for number, (each, sample) in enumerate(zip(found, expected, strict=True)):
        ours, theirs = plain(sample.values), plain(each)
        for name in ours.keys() | theirs.keys():
            if ours.get(name) != theirs.get(name):
                raise IncompleteError(
                    f"{task}, item {number}: {name} is {theirs.get(name)!r}, not {ours.get(name)!r}"
                )


def _last_written(url: str) -> list[dict[str, Any]]:
    """The items of the last write that the canned server received."""
    with urlopen(f"{url}/last") as answer:  # noqa: S310 - the canned server, on loopback
        request = json.load(answer)
    return [{name: from_wire(each) for name, each in item.items()} for item in _items(request)]


def _items(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "TransactItems" not in request:
        yield request["Item"]
        return
    for write in request["TransactItems"]:
        yield write["Put"]["Item"]
