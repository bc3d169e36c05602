"""autoforge: the Store, with entities and patterns of the platform."""

from __future__ import annotations

from datetime import datetime
from inspect import signature
from typing import Any

from autoforge import Forge
from autoforge.access.events.patterns import EventById, EventsOfProject
from autoforge.dynamodb.schema.indexes import TTL
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.models import Event
from benchmarks.clients.client import Client, Population
from benchmarks.sample import PROJECT, TABLE, Sample


def connect(url: str, population: Population) -> Client:
    """Connect with the library's defaults."""
    return _connect(url, population)


def connect_botocore(url: str, population: Population) -> Client:
    """Connect without the library's direct transport."""
    return _connect(url, population, transport="botocore")


def offers_transports() -> bool:
    """Whether this version offers a choice of transports."""
    return "transport" in signature(Forge.connect).parameters


def _connect(url: str, population: Population, **chosen: Any) -> Client:
    newest: datetime = population.single.newest
    forge = Forge.connect(
        table_name=TABLE, region="us-east-1", endpoint_url=url, clock=lambda: newest, **chosen
    )
    store = forge.store
    single = _entity(population.single)
    together = [_entity(each) for each in population.together]
    return Client(
        get=lambda: store.get(EventById(PROJECT, population.single.id)),
        put=lambda: store.save(Put(single)),
        transact=lambda: store.transact(Transaction(tuple(Put(each) for each in together))),
        page=lambda limit: store.page(EventsOfProject(PROJECT), limit=limit),
        events=_events,
        values=_values,
    )


def _entity(sample: Sample) -> Event:
    entity = Event.from_item(sample.item)
    return Event(
        **{name: entity.attribute_values[name] for name in entity.attribute_values},
    )


def _events(page: Any) -> Any:
    return page.items


def _values(event: Event) -> dict[str, Any]:
    own = {
        each.attr_name: event.attribute_values[name]
        for name, each in Event.get_attributes().items()
        if name in event.attribute_values
    }
    return {**own, TTL: event.expiry, **event.rendered()}
