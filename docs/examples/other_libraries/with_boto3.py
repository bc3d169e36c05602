"""The table of ``with_autoforge.py`` with boto3.

python docs/examples/other_libraries/with_boto3.py ENDPOINT write|read
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError


def place(table: Any, customer: str, number: int, total: Decimal, placed_at: str) -> None:
    """Place an order and count it, both or neither."""
    order = {
        "PK": f"CUSTOMER#{customer}",
        "SK": f"ORDER#{number:05}",
        "ByStatusPK": "STATUS#open",
        "ByStatusSK": placed_at,
        "EntityType": "Order",
        "customer": customer,
        "number": number,
        "status": "open",
        "total": total,
        "placedAt": placed_at,
    }
    table.meta.client.transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": table.name,
                    "Item": order,
                    "ConditionExpression": "attribute_not_exists(PK)",
                }
            },
            {
                "Update": {
                    "TableName": table.name,
                    "Key": {"PK": f"CUSTOMER#{customer}", "SK": "ACCOUNT"},
                    "UpdateExpression": "ADD orders :one",
                    "ConditionExpression": "attribute_exists(PK)",
                    "ExpressionAttributeValues": {":one": 1},
                }
            },
        ]
    )


def pay(table: Any, customer: str, number: int) -> None:
    """Pay an open order; the key in the index must be changed with it."""
    table.update_item(
        Key={"PK": f"CUSTOMER#{customer}", "SK": f"ORDER#{number:05}"},
        UpdateExpression="SET #status = :paid, ByStatusPK = :key",
        ConditionExpression=Attr("status").eq("open"),
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":paid": "paid", ":key": "STATUS#paid"},
    )


def write(table: Any) -> None:
    """Open an account, place three orders, and pay one."""
    key = {"PK": "CUSTOMER#ann", "SK": "ACCOUNT"}
    table.put_item(
        Item={**key, "EntityType": "Account", "customer": "ann", "orders": 0},
        ConditionExpression=Attr("PK").not_exists(),
    )
    for number in (1, 2, 3):
        order = ("ann", number, Decimal("9.5"), f"2026-02-0{number}T12:00:00.000Z")
        place(table, *order)
        try:
            place(table, *order)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            print("there already:", number)
    pay(table, "ann", 2)
    try:
        pay(table, "ann", 2)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        print("not open:", 2)


def read(table: Any) -> None:
    """Print what is open, the pages of a customer's orders, and how many they are."""
    february: dict[str, Any] = {
        "IndexName": "ByStatus",
        "KeyConditionExpression": Key("ByStatusPK").eq("STATUS#open")
        & Key("ByStatusSK").between("2026-02-01T00:00:00.000Z", "2026-02-02T23:59:59.999Z"),
    }
    found: list[Any] = []
    while True:
        answer = table.query(**february)
        found += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            break
        february["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    print("open:", *(order["number"] for order in found))
    orders: dict[str, Any] = {
        "KeyConditionExpression": Key("PK").eq("CUSTOMER#ann") & Key("SK").begins_with("ORDER#"),
        "Limit": 2,
    }
    page = table.query(**orders)
    print("page:", *(f"{order['number']}-{order['status']}" for order in page["Items"]))
    page = table.query(**orders, ExclusiveStartKey=page["LastEvaluatedKey"])
    print("page:", *(f"{order['number']}-{order['status']}" for order in page["Items"]))
    account = table.get_item(Key={"PK": "CUSTOMER#ann", "SK": "ACCOUNT"})["Item"]
    print("orders:", account["orders"])


if __name__ == "__main__":
    table = boto3.resource("dynamodb", endpoint_url=sys.argv[1]).Table("Shop")
    {"write": write, "read": read}[sys.argv[2]](table)
