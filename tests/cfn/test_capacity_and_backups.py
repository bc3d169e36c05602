"""Auto scaling of the provisioned capacity, and daily backups."""

from __future__ import annotations

import pytest

from tests.cfn.resolved import stack

PROVISIONED = stack(
    BillingMode="PROVISIONED",
    MinReadCapacity="2",
    MaxReadCapacity="20",
    MinWriteCapacity="3",
    MaxWriteCapacity="30",
    TargetUtilization="60",
)


def test_on_demand_nothing_is_scaled() -> None:
    kinds = {each["Type"] for each in stack().resources.values()}

    assert not [kind for kind in kinds if "AutoScaling" in kind]


@pytest.mark.parametrize(
    ("name", "resource", "dimension", "bounds"),
    [
        ("TableRead", "table/AgenticPM", "dynamodb:table:ReadCapacityUnits", ("2", "20")),
        ("TableWrite", "table/AgenticPM", "dynamodb:table:WriteCapacityUnits", ("3", "30")),
        ("GSI1Read", "table/AgenticPM/index/GSI1", "dynamodb:index:ReadCapacityUnits", ("2", "20")),
        (
            *("GSI1Write", "table/AgenticPM/index/GSI1"),
            *("dynamodb:index:WriteCapacityUnits", ("3", "30")),
        ),
    ],
)
def test_provisioned_capacity_follows_the_load(
    name: str, resource: str, dimension: str, bounds: tuple[str, str]
) -> None:
    action = "Read" if name.endswith("Read") else "Write"

    assert PROVISIONED.properties(f"{name}Scaling") == {
        "ServiceNamespace": "dynamodb",
        "ResourceId": resource,
        "ScalableDimension": dimension,
        "MinCapacity": bounds[0],
        "MaxCapacity": bounds[1],
    }
    assert PROVISIONED.properties(f"{name}ScalingPolicy") == {
        "PolicyName": f"{action}Utilization",
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": f"<{name}Scaling>",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": "60",
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": f"DynamoDB{action}CapacityUtilization"
            },
        },
    }


def test_nothing_else_is_scaled() -> None:
    scaled = PROVISIONED.of_type("AWS::ApplicationAutoScaling::ScalableTarget")

    assert len(scaled) == 4
    assert len(PROVISIONED.of_type("AWS::ApplicationAutoScaling::ScalingPolicy")) == 4


def test_the_table_is_backed_up_daily() -> None:
    backed_up = stack(BackupRetentionDays="90")

    assert backed_up.properties("BackupVault") == {"BackupVaultName": "autoforge-0a1b-2c3d"}
    assert backed_up.properties("BackupPlan")["BackupPlan"] == {
        "BackupPlanName": "autoforge-0a1b-2c3d",
        "BackupPlanRule": [
            {
                "RuleName": "daily",
                "TargetBackupVault": "<BackupVault>",
                "ScheduleExpression": "cron(0 3 * * ? *)",
                "Lifecycle": {"DeleteAfterDays": "90"},
            }
        ],
    }
    assert backed_up.properties("BackupSelection") == {
        "BackupPlanId": "<BackupPlan>",
        "BackupSelection": {
            "SelectionName": "table",
            "IamRoleArn": "<BackupRole.Arn>",
            "Resources": ["<AgenticPMTable.Arn>"],
        },
    }


def test_backups_are_made_in_a_role_that_may_do_that_only() -> None:
    role = stack().properties("BackupRole")
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "backup.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    assert role["ManagedPolicyArns"] == [
        "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    ]
    assert {*role} == {"AssumeRolePolicyDocument", "ManagedPolicyArns"}


def test_without_days_to_keep_them_there_are_no_daily_backups() -> None:
    without = stack(BackupRetentionDays="0")

    assert not [name for name in without.resources if name.startswith("Backup")]
