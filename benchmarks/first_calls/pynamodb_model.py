"""Stock PynamoDB: one model, one get."""

import sys

from pynamodb.attributes import MapAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.models import Model


class Event(Model):
    """An event."""

    class Meta:
        table_name = "Benchmark"
        host = sys.argv[1]

    partition = UnicodeAttribute(hash_key=True, attr_name="PK")
    sort = UnicodeAttribute(range_key=True, attr_name="SK")
    id = UnicodeAttribute()
    event_type = UnicodeAttribute(attr_name="eventType")
    severity = UnicodeAttribute()
    summary = UnicodeAttribute()
    detail: MapAttribute[str, object] = MapAttribute()
    created_at = UnicodeAttribute(attr_name="createdAt")
    expires_at = TTLAttribute(attr_name="TTL")


print(Event.get("PROJECT#1", "EVENT#1").summary)
