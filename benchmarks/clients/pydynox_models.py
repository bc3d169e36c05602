"""pydynox, its synchronous calls: one model over its client in Rust."""

from __future__ import annotations

from typing import Any

from pydynox import DynamoDBClient, Model, ModelConfig, SyncTransaction
from pydynox.attributes import (
    Choice,
    DatetimeAttribute,
    MapAttribute,
    StringAttribute,
    TTLAttribute,
)

from benchmarks.clients.client import Client, Population
from benchmarks.clients.severity import Severity
from benchmarks.sample import PROJECT, TABLE, Sample


def connect(url: str, population: Population) -> Client:
    """Create a client, a model over it, and the instances to be stored."""
    client = DynamoDBClient(endpoint_url=url)

    class Event(Model):  # type: ignore[misc]  # types are checked without pydynox
        """An event with all its attributes."""

        model_config = ModelConfig(table=TABLE, client=client)

        PK = StringAttribute(partition_key=True)
        SK = StringAttribute(sort_key=True)
        GSI1PK = StringAttribute()
        GSI1SK = StringAttribute()
        EntityType = StringAttribute()
        id = StringAttribute()
        projectId = StringAttribute()  # noqa: N815 - the attribute is named as the table has it
        eventType = StringAttribute()  # noqa: N815
        severity = Choice(Severity)
        summary = StringAttribute()
        detail = MapAttribute()
        createdAt = DatetimeAttribute()  # noqa: N815
        TTL = TTLAttribute()

    def model(sample: Sample) -> Event:
        return Event(
            **{**sample.values, "severity": Severity.INFO, "TTL": sample.expires_at},
        )

    single = model(population.single)
    together = [model(each) for each in population.together]
    names = [*population.single.values]

    def transact() -> None:
        with SyncTransaction(client) as transaction:
            for each in together:
                transaction.save_model(each)

    def page(limit: int) -> list[Event]:
        return list(
            Event.sync_query(
                f"PROJECT#{PROJECT}",
                Event.SK.begins_with("EVENT#"),
                limit=limit,
                scan_index_forward=False,
            )
        )

    def values(event: Any) -> dict[str, Any]:
        return {name: getattr(event, name) for name in names}

    return Client(
        get=lambda: Event.sync_get(PK=single.PK, SK=single.SK),
        put=single.sync_save,
        transact=transact,
        page=page,
        events=lambda events: events,
        values=values,
    )
