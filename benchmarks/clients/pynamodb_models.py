"""Stock PynamoDB: one model over one connection, as its documentation shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pynamodb.attributes import Attribute, MapAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.constants import STRING
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from benchmarks.clients.client import Client, Population
from benchmarks.sample import PROJECT, TABLE, Sample, timestamp_text


class Moment(Attribute[datetime]):
    """A timestamp in the form of the table; PynamoDB's own attribute refuses a Z at the end."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        """Format the timestamp with milliseconds."""
        return timestamp_text(value)

    def deserialize(self, value: str) -> datetime:
        """Parse the timestamp."""
        return datetime.fromisoformat(value)


class Event(Model):
    """An event with all its attributes."""

    class Meta:
        table_name = TABLE
        host: str | None = None

    partition = UnicodeAttribute(hash_key=True, attr_name="PK")
    sort = UnicodeAttribute(range_key=True, attr_name="SK")
    index_partition = UnicodeAttribute(attr_name="GSI1PK")
    index_sort = UnicodeAttribute(attr_name="GSI1SK")
    entity_type = UnicodeAttribute(attr_name="EntityType")
    id = UnicodeAttribute()
    project_id = UnicodeAttribute(attr_name="projectId")
    event_type = UnicodeAttribute(attr_name="eventType")
    severity = UnicodeAttribute()
    summary = UnicodeAttribute()
    detail: MapAttribute[str, Any] = MapAttribute()
    created_at = Moment(attr_name="createdAt")
    expires_at = TTLAttribute(attr_name="TTL")


def connect(url: str, population: Population) -> Client:
    """Bind the model to an endpoint, and create the instances to be stored."""
    Event.Meta.host = url
    connection = Connection(host=url)
    single = _model(population.single)
    together = [_model(each) for each in population.together]

    def transact() -> None:
        with TransactWrite(connection=connection) as transaction:
            for each in together:
                transaction.save(each)

    def page(limit: int) -> list[Event]:
        return list(
            Event.query(
                f"PROJECT#{PROJECT}",
                Event.sort.startswith("EVENT#"),
                scan_index_forward=False,
                limit=limit,
            )
        )

    return Client(
        get=lambda: Event.get(single.partition, single.sort),
        put=single.save,
        transact=transact,
        page=page,
        events=lambda events: events,
        values=_values,
    )


def _model(sample: Sample) -> Event:
    values = {name: sample.values[each.attr_name] for name, each in Event.get_attributes().items()}
    return Event(**{**values, "expires_at": sample.expires_at})


def _values(event: Event) -> dict[str, Any]:
    values = {
        each.attr_name: event.attribute_values[name]
        for name, each in Event.get_attributes().items()
    }
    return {**values, "detail": event.detail.as_dict()}
