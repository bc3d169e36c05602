"""The table: its keys, indexes and expiry are those of the design, the rest are parameters."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, If, NoValue, Ref, Tag, Tags, Template
from troposphere.dynamodb import (
    AttributeDefinition,
    ContributorInsightsSpecification,
    GlobalSecondaryIndex,
    KeySchema,
    LocalSecondaryIndex,
    OnDemandThroughput,
    PointInTimeRecoverySpecification,
    Projection,
    ProvisionedThroughput,
    SSESpecification,
    StreamSpecification,
    Table,
    TimeToLiveSpecification,
)

from autoforge.cloudformation import conditions
from autoforge.cloudformation.deployed import DeployedTable
from autoforge.cloudformation.keys import TABLE_KEY
from autoforge.cloudformation.outputs import exported
from autoforge.dynamodb.admin.create import index_definition, key_schema
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.limits import LOCAL_INDEXES_FOR_GOOD


def add_to(template: Template, deployed: DeployedTable) -> None:
    """Add the table, and outputs with its name and the ARNs of table, indexes and stream."""
    template.add_resource(_table(deployed))
    template.add_output(exported("TableName", "DynamoDB table name", deployed.name))
    template.add_output(exported("TableArn", "DynamoDB table ARN", deployed.arn))
    for index in deployed.design.indexes:
        name = f"{deployed.identifier(index)}Arn"
        template.add_output(
            exported(name, f"ARN of the index {index.name}", deployed.arn_of(index))
        )
    # The condition is repeated, since some emulators evaluate outputs whose condition is false.
    stream = If(conditions.STREAMED, GetAtt(deployed.logical_id, "StreamArn"), "")
    template.add_output(
        exported("StreamArn", "ARN of the stream of changes", stream, Condition=conditions.STREAMED)
    )


def _table(deployed: DeployedTable) -> Table:
    design = deployed.design
    return Table(
        deployed.logical_id,
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        TableName=Ref("TableName"),
        AttributeDefinitions=[
            AttributeDefinition(AttributeName=name, AttributeType=kind)
            for name, kind in design.key_types.items()
        ],
        KeySchema=[KeySchema(**each) for each in key_schema(design.primary)],
        **_indexes(design),
        **_expiry(design.layout.expiry),
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
        **(
            {"Metadata": {"LocalSecondaryIndexes": LOCAL_INDEXES_FOR_GOOD}}
            if design.local_indexes
            else {}
        ),
    )


def _indexes(design: Design) -> dict[str, Any]:
    indexes = {
        "GlobalSecondaryIndexes": [_global(each, design) for each in design.global_indexes],
        "LocalSecondaryIndexes": [
            LocalSecondaryIndex(**_index(each, design)) for each in design.local_indexes
        ],
    }
    return {name: listed for name, listed in indexes.items() if listed}


def _global(index: Index, design: Design) -> GlobalSecondaryIndex:
    return GlobalSecondaryIndex(
        **_index(index, design), **_throughput(), ContributorInsightsSpecification=_insights()
    )


def _index(index: Index, design: Design) -> dict[str, Any]:
    """The properties that a local index has, too."""
    definition = index_definition(index, design.layout)
    return {
        "IndexName": definition["IndexName"],
        "KeySchema": [KeySchema(**each) for each in definition["KeySchema"]],
        "Projection": Projection(**definition["Projection"]),
    }


def _expiry(attribute: str | None) -> dict[str, Any]:
    if attribute is None:
        return {}
    expiry = TimeToLiveSpecification(AttributeName=attribute, Enabled=True)
    return {"TimeToLiveSpecification": expiry}


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
