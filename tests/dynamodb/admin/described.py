"""DynamoDB's descriptions of the table of the template, in the format of AWS."""

from __future__ import annotations

from typing import Any, Final

_ARN: Final = "arn:aws:dynamodb:eu-west-1:111122223333:table/AgenticPM"


def schema(partition_key: str | None, sort_key: str | None) -> list[dict[str, str]]:
    """A key schema in the format of DescribeTable."""
    keys = (("HASH", partition_key), ("RANGE", sort_key))
    return [{"AttributeName": name, "KeyType": role} for role, name in keys if name is not None]


def types(**of: str) -> list[dict[str, str]]:
    """Attribute definitions in the format of DescribeTable; the type is text unless given."""
    all_ = {"GSI1PK": "S", "GSI1SK": "S", "PK": "S", "SK": "S"} | of
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in all_.items()]


def an_index(**over: Any) -> dict[str, Any]:
    """The index of the template in the format of DescribeTable."""
    return {
        "IndexName": "GSI1",
        "KeySchema": schema("GSI1PK", "GSI1SK"),
        "Projection": {"ProjectionType": "ALL"},
        "IndexStatus": "ACTIVE",
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
        },
        "IndexSizeBytes": 8192,
        "ItemCount": 12,
        "IndexArn": f"{_ARN}/index/GSI1",
        **over,
    }


def a_table(**over: Any) -> dict[str, Any]:
    """The answer to DescribeTable for the table of the template."""
    table = {
        "AttributeDefinitions": types(),
        "TableName": "AgenticPM",
        "KeySchema": schema("PK", "SK"),
        "TableStatus": "ACTIVE",
        "CreationDateTime": 1795198487.98,
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
        },
        "TableSizeBytes": 16384,
        "ItemCount": 20,
        "TableArn": _ARN,
        "TableId": "3283045e-f615-4491-bdb9-b8be5382a1e1",
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "GlobalSecondaryIndexes": [an_index()],
        "DeletionProtectionEnabled": True,
        **over,
    }
    return {"Table": {name: value for name, value in table.items() if value is not None}}


def an_expiry(status: str = "ENABLED", attribute: str | None = "TTL") -> dict[str, Any]:
    """The answer to DescribeTimeToLive; disabled expiry names no attribute."""
    named = {} if attribute is None else {"AttributeName": attribute}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": status, **named}}


def a_recovery(status: str = "ENABLED") -> dict[str, Any]:
    """The answer to DescribeContinuousBackups."""
    period = {
        "RecoveryPeriodInDays": 35,
        "EarliestRestorableDateTime": 1795198487.0,
        "LatestRestorableDateTime": 1795284887.0,
    }
    described = {"PointInTimeRecoveryStatus": status, **(period if status == "ENABLED" else {})}
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": described,
        }
    }
