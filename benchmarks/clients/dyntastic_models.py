"""dyntastic: a pydantic model over boto3's resource."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dyntastic import A, Dyntastic, transaction

from benchmarks.clients.client import Client, Population
from benchmarks.clients.severity import Severity
from benchmarks.sample import PROJECT, TABLE


class Event(Dyntastic):  # type: ignore[misc]  # types are checked without dyntastic
    """An event with all its attributes."""

    __table_name__ = TABLE
    __hash_key__ = "PK"
    __range_key__ = "SK"

    PK: str
    SK: str
    GSI1PK: str
    GSI1SK: str
    EntityType: str
    id: str
    projectId: str  # noqa: N815 - the field is named as the table has it
    eventType: str  # noqa: N815
    severity: Severity
    summary: str
    detail: dict[str, Any]
    createdAt: datetime  # noqa: N815
    TTL: int


def connect(url: str, population: Population) -> Client:
    """Bind the model to an endpoint, and create the instances to be stored."""
    Event.__table_host__ = url
    single = Event(**population.single.values)
    together = [Event(**each.values) for each in population.together]

    def transact() -> None:
        with transaction():
            for each in together:
                each.save()

    def page(limit: int) -> Any:
        return Event.query_page(
            f"PROJECT#{PROJECT}",
            range_key_condition=A.SK.begins_with("EVENT#"),
            per_page=limit,
            scan_index_forward=False,
        )

    return Client(
        get=lambda: Event.get(single.PK, single.SK),
        put=single.save,
        transact=transact,
        page=page,
        events=lambda answer: answer.items,
        values=lambda event: event.model_dump(),
    )
