"""pydynox: one model, one get."""

import sys

from pydynox import DynamoDBClient, Model, ModelConfig
from pydynox.attributes import DatetimeAttribute, MapAttribute, StringAttribute, TTLAttribute


class Event(Model):  # type: ignore[misc]  # types are checked without pydynox
    """An event."""

    model_config = ModelConfig(table="Benchmark", client=DynamoDBClient(endpoint_url=sys.argv[1]))

    PK = StringAttribute(partition_key=True)
    SK = StringAttribute(sort_key=True)
    id = StringAttribute()
    event_type = StringAttribute(alias="eventType")
    severity = StringAttribute()
    summary = StringAttribute()
    detail = MapAttribute()
    created_at = DatetimeAttribute(alias="createdAt")
    TTL = TTLAttribute()


print(Event.sync_get(PK="PROJECT#1", SK="EVENT#1").summary)
