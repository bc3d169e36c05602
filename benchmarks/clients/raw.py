"""The unit: a prepared request on a kept connection of ``http.client``, and orjson."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from benchmarks.clients.client import Client, Population
from benchmarks.sample import PROJECT, TABLE, from_wire

_SIGNATURE: Final = (
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}"
)


def connect(url: str, population: Population) -> Client:
    """Create a connection and prepare every request."""
    connection = HTTPConnection(urlsplit(url).netloc)

    def ready(operation: str, parameters: dict[str, Any]) -> Callable[[], Any]:
        body = orjson.dumps(parameters)
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": _SIGNATURE,
        }

        def call() -> Any:
            connection.request("POST", "/", body, headers)
            return orjson.loads(connection.getresponse().read())

        return call

    item = population.single.item
    key = {name: item[name] for name in ("PK", "SK")}
    puts = [{"Put": {"TableName": TABLE, "Item": each.item}} for each in population.together]
    pages = {limit: ready("Query", _query(limit)) for limit in (50, 100, len(population.listed))}
    return Client(
        get=ready("GetItem", {"TableName": TABLE, "Key": key}),
        put=ready("PutItem", {"TableName": TABLE, "Item": item}),
        transact=ready("TransactWriteItems", {"TransactItems": puts}),
        page=lambda limit: pages[limit](),
        events=lambda answer: answer["Items"],
        values=_values,
    )


def _query(limit: int) -> dict[str, Any]:
    return {
        "TableName": TABLE,
        "KeyConditionExpression": "PK = :p AND begins_with(SK, :s)",
        "ExpressionAttributeValues": {":p": {"S": f"PROJECT#{PROJECT}"}, ":s": {"S": "EVENT#"}},
        "ScanIndexForward": False,
        "Limit": limit,
    }


def _values(answer: dict[str, Any]) -> dict[str, Any]:
    item = answer.get("Item", answer)
    return {name: from_wire(value) for name, value in item.items()}
