"""KMS keys: one for the table on request, and what every key has in common.

They declare no tags; CloudFormation adds the tags of the stack.
"""

from __future__ import annotations

from typing import Any, Final

from troposphere import AccountId, Sub, Template
from troposphere.kms import Key

from autoforge.cloudformation import conditions

#: The logical id of the key of the table.
TABLE_KEY: Final = "TableKey"

#: The actions that manage a key. They include neither its use nor ``kms:CreateGrant``, which would
#: let others use it.
_ADMINISTRATION: Final = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:Describe*",
    "kms:Disable*",
    "kms:Enable*",
    "kms:GetKey*",
    "kms:List*",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
]
#: What DynamoDB does with a key for callers of the table (AWS, "DynamoDB encryption at rest").
_USE_BY_DYNAMODB: Final = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
]
#: Grants for the use of a key are denied, except to AWS services that need them (CT.KMS.PR.3).
_GRANTS_TO_AWS_ONLY: Final = {
    "Sid": "GrantsToAWSOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["kms:CreateGrant"],
    "Resource": "*",
    "Condition": {
        "BoolIfExists": {
            "kms:GrantIsForAWSResource": "false",
            "aws:PrincipalIsAWSService": "false",
        }
    },
}
#: The account of the stack, as a principal.
ACCOUNT: Final = {"AWS": Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}


def add_to(template: Template) -> None:
    """Add the key of the table, which is made on request only."""
    template.add_resource(
        key(
            TABLE_KEY,
            Sub("Encrypts the DynamoDB table ${TableName}"),
            *_use_through_dynamodb(),
            retained=True,
            Condition=conditions.TABLE_KEY_MADE,
        )
    )


def key(
    name: str, description: Sub, *statements: dict[str, Any], retained: bool, **more: Any
) -> Key:
    """A key that rotates, is managed by the account, and is used as the statements allow.

    Args:
        name: Its logical id.
        description: What it is for.
        statements: Statements of its policy, besides the one for administration.
        retained: Whether the key remains when its stack is deleted, as the data that it encrypted
            may remain.
        more: Further attributes of the resource.
    """
    return Key(
        name,
        **retention(retained=retained),
        **more,
        Description=description,
        EnableKeyRotation=True,
        KeyPolicy={
            "Version": "2012-10-17",
            "Statement": [
                # The account, not a role: a key whose only administrator is deleted is lost. IAM
                # policies decide who in the account may manage it.
                allow("AdministeredByAccount", ACCOUNT, _ADMINISTRATION),
                *statements,
                _GRANTS_TO_AWS_ONLY,
            ],
        },
    )


def allow(
    sid: str, principal: object, actions: list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A statement of a key policy, in which the resource ``*`` is the key itself."""
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": actions,
        "Resource": "*",
    }
    return statement if condition is None else {**statement, "Condition": condition}


def _use_through_dynamodb() -> tuple[dict[str, Any], ...]:
    """Let callers that may use the table use its key, through DynamoDB only."""
    return (
        allow(
            "UsedThroughDynamoDB",
            {"AWS": "*"},
            _USE_BY_DYNAMODB,
            {
                "StringEquals": {
                    "kms:CallerAccount": AccountId,
                    # Some partitions use amazonaws.com here, instead of their own domain.
                    "kms:ViaService": [
                        Sub("dynamodb.${AWS::Region}.amazonaws.com"),
                        Sub("dynamodb.${AWS::Region}.${AWS::URLSuffix}"),
                    ],
                }
            },
        ),
        allow(
            "DescribedToDynamoDB",
            {"Service": "dynamodb.amazonaws.com"},
            ["kms:Describe*", "kms:Get*", "kms:List*"],
        ),
    )


def retention(*, retained: bool) -> dict[str, str]:
    """The attributes that say whether a resource remains when its stack is deleted."""
    policy = "Retain" if retained else "Delete"
    return {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}
