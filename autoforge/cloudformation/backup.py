"""Daily backups by AWS Backup, which remain if the table is deleted."""

from __future__ import annotations

from typing import Final

from troposphere import GetAtt, Ref, Select, Split, StackId, Sub, Template
from troposphere.backup import (
    BackupPlan,
    BackupPlanResourceType,
    BackupRuleResourceType,
    BackupSelection,
    BackupSelectionResourceType,
    BackupVault,
    LifecycleResourceType,
)
from troposphere.iam import Role

from autoforge.cloudformation import conditions
from autoforge.cloudformation.deployed import DeployedTable
from autoforge.cloudformation.outputs import exported

#: Logical ids.
VAULT: Final = "BackupVault"
_PLAN: Final = "BackupPlan"
_ROLE: Final = "BackupRole"

_SERVICE_POLICY: Final = "service-role/AWSBackupServiceRolePolicyForBackup"


def add_to(template: Template, deployed: DeployedTable) -> None:
    """Add the vault, the plan, its selection of the table, its role, and the name of the vault."""
    template.add_resource(_vault())
    template.add_resource(_plan())
    template.add_resource(_role())
    template.add_resource(
        BackupSelection(
            "BackupSelection",
            Condition=conditions.BACKED_UP,
            BackupPlanId=Ref(_PLAN),
            BackupSelection=BackupSelectionResourceType(
                SelectionName="table",
                IamRoleArn=GetAtt(_ROLE, "Arn"),
                Resources=[deployed.arn],
            ),
        )
    )
    template.add_output(
        exported(
            "BackupVaultName",
            "Name of the vault that daily backups are in",
            Ref(VAULT),
            Condition=conditions.BACKED_UP,
        )
    )


def _name() -> Sub:
    """A name for vault and plan that is unique to the stack.

    It may have at most 50 characters, and the vault remains when its stack is deleted. The last
    part of the stack's id is short enough and is never used again.
    """
    return Sub("autoforge-${Id}", Id=Select(2, Split("/", StackId)))


def _vault() -> BackupVault:
    return BackupVault(
        VAULT,
        Condition=conditions.BACKED_UP,
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        BackupVaultName=_name(),
    )


def _plan() -> BackupPlan:
    return BackupPlan(
        _PLAN,
        Condition=conditions.BACKED_UP,
        BackupPlan=BackupPlanResourceType(
            BackupPlanName=_name(),
            BackupPlanRule=[
                BackupRuleResourceType(
                    RuleName="daily",
                    TargetBackupVault=Ref(VAULT),
                    ScheduleExpression="cron(0 3 * * ? *)",
                    Lifecycle=LifecycleResourceType(DeleteAfterDays=Ref("BackupRetentionDays")),
                )
            ],
        ),
    )


def _role() -> Role:
    return Role(
        _ROLE,
        Condition=conditions.BACKED_UP,
        AssumeRolePolicyDocument={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "backup.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        },
        ManagedPolicyArns=[Sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{_SERVICE_POLICY}")],
    )
