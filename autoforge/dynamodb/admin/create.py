"""Creates the table of a design on a local DynamoDB, with its keys and indexes.

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
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.indexes import Index, Layout

#: The operation that shows whether the table can be used.
READINESS: Final = "DescribeTable"

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


def create_table(client: Client, design: Design, table_name: str) -> None:
    """Create the table of a design with its indexes, expiry and recovery, unless it exists.

    Raises:
        UnavailableError: if the table does not become ready.
        ConfigurationError: if credentials are missing, refused, or lack a permission.
    """
    with mapped_errors(table_name):
        try:
            is_ready(client, table_name)
        except TableNotFoundError:
            _create(client, table_definition(design, table_name))
        else:
            return
        if not any(is_ready(client, table_name) for _ in client.attempts()):
            raise UnavailableError(f"the table {table_name} was created but is not ready")
        if design.layout.expiry is not None:
            client.send(expiry_definition(design.layout.expiry, table_name))
        if_known(client, recovery_definition(table_name))


@contextmanager
def mapped_errors(table_name: str) -> Iterator[None]:
    """Turn refusals of requests about a table into a ConfigurationError, and name the table.

    Raises:
        TableNotFoundError: if there is no such table.
        ConfigurationError: if credentials are missing, refused, or lack a permission.
    """
    try:
        yield
    except TableNotFoundError as error:
        if table_name in str(error):
            raise
        raise TableNotFoundError(f"there is no table {table_name}: {error}") from error
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


def _create(client: Client, definition: Request) -> None:
    """Create the table, unless another caller creates it first."""
    try:
        client.send(definition)
    except ClientError as error:
        # Compared by code: botocore may create a client's error class twice if threads race.
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise


def table_definition(design: Design, table_name: str) -> Request:
    """Return the request that creates the table of a design, billed on demand."""
    indexes = {
        "GlobalSecondaryIndexes": design.global_indexes,
        "LocalSecondaryIndexes": design.local_indexes,
    }
    return Request(
        "CreateTable",
        {
            "TableName": table_name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in design.key_types.items()
            ],
            "KeySchema": key_schema(design.primary),
            **{
                word: [index_definition(each, design.layout) for each in listed]
                for word, listed in indexes.items()
                if listed
            },
        },
    )


def index_definition(index: Index, layout: Layout) -> dict[str, Any]:
    """Return the definition of an index, as CreateTable and UpdateTable take it."""
    included = index.included(layout)
    return {
        "IndexName": index.name,
        "KeySchema": key_schema(index),
        "Projection": {
            "ProjectionType": index.projection_type,
            **({"NonKeyAttributes": [*included]} if included else {}),
        },
    }


def key_schema(index: Index) -> list[dict[str, str]]:
    """Return the key attributes of the table or of an index, with their roles."""
    roles = zip(index.attributes, ("HASH", "RANGE"), strict=False)
    return [{"AttributeName": name, "KeyType": role} for name, role in roles]


def expiry_definition(attribute: str, table_name: str) -> Request:
    """The request that switches time to live on."""
    return Request(
        "UpdateTimeToLive",
        {
            "TableName": table_name,
            "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": True},
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
