"""boto3's resource: plain dicts, timestamps as text, numbers as Decimal."""

from __future__ import annotations

from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

from benchmarks.clients.boto3_client import as_dict
from benchmarks.clients.client import Client, Population
from benchmarks.sample import PROJECT, TABLE


def connect(url: str, population: Population) -> Client:
    """Create a resource, and the dicts to be stored."""
    resource = boto3.resource("dynamodb", endpoint_url=url)
    table = resource.Table(TABLE)
    single = as_dict(population.single)
    together = [as_dict(each) for each in population.together]
    key = {name: single[name] for name in ("PK", "SK")}

    def page(limit: int) -> Any:
        return table.query(
            KeyConditionExpression=Key("PK").eq(f"PROJECT#{PROJECT}")
            & Key("SK").begins_with("EVENT#"),
            ScanIndexForward=False,
            Limit=limit,
        )

    return Client(
        get=lambda: table.get_item(Key=key)["Item"],
        put=lambda: table.put_item(Item=single),
        transact=lambda: resource.meta.client.transact_write_items(
            TransactItems=[{"Put": {"TableName": TABLE, "Item": each}} for each in together]
        ),
        page=page,
        events=lambda answer: answer["Items"],
        values=lambda event: event,
    )
