"""Creates the table on a local DynamoDB, with the keys and indexes of the models.

In AWS the CloudFormation template creates it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.errors import ConfigurationError, TableNotFoundError, UnavailableError
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.indexes import GSIS, TABLE, TTL, Index

#: The operation that shows whether the table can be used.
READINESS: Final = "DescribeTable"

#: DynamoDB's type of a string, which is the type of every key attribute.
KEY_TYPE: Final = "S"

#: The statuses of a table or an index that can be read and written.
USABLE: Final = frozenset({"ACTIVE", "UPDATING"})

#: The errors of an operation that an engine does not support, or not for this table.
_UNKNOWN: Final = frozenset({"TableNotFoundException", "UnknownOperationException"})


def is_ready(client: Client, table_name: str) -> bool:
    """Whether the table can be read and written now.

    Raises:
        TableNotFoundError: if there is no such table.
    """
    answer = client.send(Request(READINESS, {"TableName": table_name}))
    return answer["Table"]["TableStatus"] in USABLE


def create_table(client: Client, table_name: str) -> None:
    """Create the table with its index, expiry and recovery, unless it exists.

    Raises:
        UnavailableError: if the table does not become ready.
        ConfigurationError: if credentials are missing, refused, or lack a permission.
    """
    with mapped_errors(table_name):
        try:
            is_ready(client, table_name)
        except TableNotFoundError:
            _create(client, table_name)
        else:
            return
        if not any(is_ready(client, table_name) for _ in client.attempts()):
            raise UnavailableError(f"the table {table_name} was created but is not ready")
        client.send(expiry_definition(table_name))
        if_known(client, recovery_definition(table_name))


@contextmanager
def mapped_errors(table_name: str) -> Iterator[None]:
    """Turn refusals of requests about a table into a ConfigurationError.

    Raises:
        ConfigurationError: if credentials are missing, refused, or lack a permission.
    """
    try:
        yield
    except ClientError as error:
        raise ConfigurationError(_refusal(error, table_name)) from error
    except BotoCoreError as error:
        raise ConfigurationError(f"no request can be sent to DynamoDB: {error}") from error


def _refusal(error: ClientError, table_name: str) -> str:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    operation = error.operation_name
    if code == "AccessDeniedException":
        return f"dynamodb:{operation} is not allowed on the table {table_name}: {message}"
    return f"{operation} is refused: {code}: {message}"


def if_known(client: Client, request: Request) -> dict[str, Any] | None:
    """Send a request that not every engine or table supports; None if it is not supported."""
    try:
        return client.send(request)
    except TableNotFoundError:
        return None
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNKNOWN:
            return None
        raise


def _create(client: Client, table_name: str) -> None:
    """Create the table, unless another caller creates it first."""
    try:
        client.send(table_definition(table_name))
    except ClientError as error:
        # Compared by code: botocore may create a client's error class twice if threads race.
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise


def table_definition(table_name: str) -> Request:
    """The request that creates the table and its indexes, billed on demand."""
    attributes = dict.fromkeys(
        name for index in (TABLE, *GSIS) for name in (index.partition_key, index.sort_key)
    )
    return Request(
        "CreateTable",
        {
            "TableName": table_name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": KEY_TYPE} for name in attributes
            ],
            "KeySchema": _schema(TABLE),
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": index.name,
                    "KeySchema": _schema(index),
                    "Projection": {"ProjectionType": index.projection},
                }
                for index in GSIS
            ],
        },
    )


def expiry_definition(table_name: str) -> Request:
    """The request that switches time to live on."""
    return Request(
        "UpdateTimeToLive",
        {
            "TableName": table_name,
            "TimeToLiveSpecification": {"AttributeName": TTL, "Enabled": True},
        },
    )


def recovery_definition(table_name: str) -> Request:
    """The request that switches point-in-time recovery on."""
    return Request(
        "UpdateContinuousBackups",
        {
            "TableName": table_name,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
    )


def _schema(index: Index) -> list[dict[str, str]]:
    return [
        {"AttributeName": index.partition_key, "KeyType": "HASH"},
        {"AttributeName": index.sort_key, "KeyType": "RANGE"},
    ]
