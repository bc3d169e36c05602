"""The table: its keys, indexes and expiry are those of the models, the rest are parameters."""

from __future__ import annotations

import re
from typing import Any, Final

from troposphere import GetAtt, If, NoValue, Ref, Tag, Tags, Template
from troposphere.dynamodb import (
    AttributeDefinition,
    ContributorInsightsSpecification,
    GlobalSecondaryIndex,
    KeySchema,
    OnDemandThroughput,
    PointInTimeRecoverySpecification,
    Projection,
    ProvisionedThroughput,
    SSESpecification,
    StreamSpecification,
    Table,
    TimeToLiveSpecification,
)

from autoforge.dynamodb.schema.indexes import TABLE, TTL, Index
from autoforge.models.table import PLATFORM_DESIGN
from cfn import conditions
from cfn.keys import TABLE_KEY

#: The logical id of the table in the database analysis. A stack created from the template in its
#: appendix is updated in place; with another id CloudFormation would create another table.
TABLE_ID: Final = "AgenticPMTable"


def add_to(template: Template) -> None:
    """Add the table."""
    template.add_resource(
        Table(
            TABLE_ID,
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            TableName=Ref("TableName"),
            AttributeDefinitions=_attributes(),
            KeySchema=_schema(TABLE),
            GlobalSecondaryIndexes=[_index(index) for index in PLATFORM_DESIGN.indexes],
            TimeToLiveSpecification=TimeToLiveSpecification(AttributeName=TTL, Enabled=True),
            BillingMode=Ref("BillingMode"),
            **_throughput(),
            StreamSpecification=If(
                conditions.STREAMED, StreamSpecification(StreamViewType=Ref("Stream")), NoValue
            ),
            SSESpecification=_encryption(),
            PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(
                PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=Ref("RecoveryPeriodInDays")
            ),
            DeletionProtectionEnabled=Ref("DeletionProtection"),
            ContributorInsightsSpecification=_insights(),
            Tags=Tags(*(Tag(name, Ref(name)) for name in ("Project", "Environment"))),
        )
    )


def identifier(index: Index) -> str:
    """The name of the table or an index in logical ids: letters and digits only."""
    return "Table" if index.name is None else re.sub("[^A-Za-z0-9]", "", index.name)


def _attributes() -> list[AttributeDefinition]:
    # All are strings: keys are rendered from templates (ADR 0003).
    names = dict.fromkeys(
        name
        for index in (TABLE, *PLATFORM_DESIGN.indexes)
        for name in (index.partition_key, index.sort_key)
    )
    return [AttributeDefinition(AttributeName=name, AttributeType="S") for name in names]


def _schema(index: Index) -> list[KeySchema]:
    return [
        KeySchema(AttributeName=index.partition_key, KeyType="HASH"),
        KeySchema(AttributeName=index.sort_key, KeyType="RANGE"),
    ]


def _index(index: Index) -> GlobalSecondaryIndex:
    return GlobalSecondaryIndex(
        IndexName=index.name,
        KeySchema=_schema(index),
        Projection=Projection(ProjectionType=index.projection),
        **_throughput(),
        ContributorInsightsSpecification=_insights(),
    )


def _throughput() -> dict[str, Any]:
    return {
        "ProvisionedThroughput": If(
            conditions.PROVISIONED,
            ProvisionedThroughput(
                ReadCapacityUnits=Ref("MinReadCapacity"), WriteCapacityUnits=Ref("MinWriteCapacity")
            ),
            NoValue,
        ),
        "OnDemandThroughput": If(
            conditions.REQUESTS_LIMITED,
            OnDemandThroughput(
                MaxReadRequestUnits=_if(conditions.READS_LIMITED, Ref("MaxReadRequestUnits")),
                MaxWriteRequestUnits=_if(conditions.WRITES_LIMITED, Ref("MaxWriteRequestUnits")),
            ),
            NoValue,
        ),
    }


def _encryption() -> SSESpecification:
    key = If(conditions.TABLE_KEY_MADE, GetAtt(TABLE_KEY, "Arn"), Ref("TableKeyArn"))
    return SSESpecification(
        SSEEnabled=If(conditions.ENCRYPTED_WITH_KMS, True, False),
        SSEType=_if(conditions.CUSTOMER_MANAGED, "KMS"),
        KMSMasterKeyId=_if(conditions.CUSTOMER_MANAGED, key),
    )


def _insights() -> ContributorInsightsSpecification:
    return ContributorInsightsSpecification(
        # Set even if it is off: without the property, an update would not switch it off.
        Enabled=If(conditions.KEYS_COUNTED, True, False),
        Mode=_if(conditions.KEYS_COUNTED, Ref("ContributorInsights")),
    )


def _if(condition: str, value: Any) -> If:
    return If(condition, value, NoValue)
