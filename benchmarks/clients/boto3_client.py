"""boto3's client, with boto3's own serializer and deserializer: plain dicts, timestamps as text."""

from __future__ import annotations

from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from benchmarks.clients.client import Client, Population
from benchmarks.sample import PROJECT, TABLE, Sample, timestamp_text


def connect(url: str, population: Population) -> Client:
    """Create a client, and the dicts to be stored."""
    client = boto3.client("dynamodb", endpoint_url=url)
    serialize, deserialize = TypeSerializer().serialize, TypeDeserializer().deserialize
    single = as_dict(population.single)
    together = [as_dict(each) for each in population.together]
    key = {name: {"S": single[name]} for name in ("PK", "SK")}

    def write(event: dict[str, Any]) -> Any:
        return {name: serialize(value) for name, value in event.items()}

    def read(item: Any) -> dict[str, Any]:
        return {name: deserialize(value) for name, value in item.items()}

    def page(limit: int) -> list[dict[str, Any]]:
        answer = client.query(
            TableName=TABLE,
            KeyConditionExpression="PK = :p AND begins_with(SK, :s)",
            ExpressionAttributeValues={
                ":p": {"S": f"PROJECT#{PROJECT}"},
                ":s": {"S": "EVENT#"},
            },
            ScanIndexForward=False,
            Limit=limit,
        )
        return [read(item) for item in answer["Items"]]

    return Client(
        get=lambda: read(client.get_item(TableName=TABLE, Key=key)["Item"]),
        put=lambda: client.put_item(TableName=TABLE, Item=write(single)),
        transact=lambda: client.transact_write_items(
            TransactItems=[{"Put": {"TableName": TABLE, "Item": write(each)}} for each in together]
        ),
        page=page,
        events=lambda events: events,
        values=lambda event: event,
    )


def as_dict(sample: Sample) -> dict[str, Any]:
    """An event as a plain dict, for programs without models."""
    return {**sample.values, "createdAt": timestamp_text(sample.created_at)}
