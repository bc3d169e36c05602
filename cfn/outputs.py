"""The outputs of the stack for other stacks and for people, each exported."""

from __future__ import annotations

from typing import Any

from troposphere import Export, GetAtt, If, Output, Ref, Sub, Template

from autoforge.models.table import PLATFORM_DESIGN
from cfn import conditions
from cfn.backup import VAULT
from cfn.keys import INTEGRATION_KEY
from cfn.table import TABLE_ID, identifier
from cfn.topic import TOPIC


def add_to(template: Template) -> None:
    """Add the outputs."""
    outputs = [
        exported("TableName", "DynamoDB table name", Ref(TABLE_ID)),
        exported("TableArn", "DynamoDB table ARN", GetAtt(TABLE_ID, "Arn")),
        *(
            exported(
                f"{identifier(index)}Arn",
                f"ARN of the index {index.name}",
                Sub(f"${{{TABLE_ID}.Arn}}/index/{index.name}"),
            )
            for index in PLATFORM_DESIGN.indexes
        ),
        exported(
            "StreamArn",
            "ARN of the stream of changes",
            # The condition is repeated, since some emulators evaluate outputs whose condition is
            # false.
            If(conditions.STREAMED, GetAtt(TABLE_ID, "StreamArn"), ""),
            Condition=conditions.STREAMED,
        ),
        exported(
            "IntegrationKeyArn",
            "ARN of the key for integrations' credentials: AUTOFORGE_KMS_KEY_ID",
            GetAtt(INTEGRATION_KEY, "Arn"),
        ),
        exported("AlarmTopicArn", "ARN of the topic that alarms go to", Ref(TOPIC)),
        exported(
            "BackupVaultName",
            "Name of the vault that daily backups are in",
            Ref(VAULT),
            Condition=conditions.BACKED_UP,
        ),
    ]
    for output in outputs:
        template.add_output(output)


def exported(name: str, description: str, value: Any, **more: Any) -> Output:
    """An output that other stacks import as ``<stack>-<name>``."""
    return Output(
        name,
        Description=description,
        Value=value,
        Export=Export(Sub(f"${{AWS::StackName}}-{name}")),
        **more,
    )
