"""Auto scaling of the capacity of the table and of each index, if it is provisioned."""

from __future__ import annotations

from troposphere import Ref, Sub, Template
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingScalingPolicyConfiguration,
)

from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.models.table import PLATFORM_DESIGN
from cfn import conditions
from cfn.table import TABLE_ID, identifier


def add_to(template: Template) -> None:
    """Add a target and a policy for reads and for writes, of the table and of each index."""
    for index in (TABLE, *PLATFORM_DESIGN.indexes):
        for action in ("Read", "Write"):
            target = _target(index, action)
            template.add_resource(target)
            template.add_resource(_policy(target, action))


def _target(index: Index, action: str) -> ScalableTarget:
    # No RoleARN: Application Auto Scaling creates its service-linked role for DynamoDB itself, when
    # the first target is registered.
    return ScalableTarget(
        f"{identifier(index)}{action}Scaling",
        Condition=conditions.PROVISIONED,
        ServiceNamespace="dynamodb",
        ResourceId=Sub(f"table/${{{TABLE_ID}}}" + (f"/index/{index.name}" if index.name else "")),
        ScalableDimension=f"dynamodb:{'index' if index.name else 'table'}:{action}CapacityUnits",
        MinCapacity=Ref(f"Min{action}Capacity"),
        MaxCapacity=Ref(f"Max{action}Capacity"),
    )


def _policy(target: ScalableTarget, action: str) -> ScalingPolicy:
    return ScalingPolicy(
        f"{target.title}Policy",
        Condition=conditions.PROVISIONED,
        PolicyName=f"{action}Utilization",
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=Ref(target),
        TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
            TargetValue=Ref("TargetUtilization"),
            PredefinedMetricSpecification=PredefinedMetricSpecification(
                PredefinedMetricType=f"DynamoDB{action}CapacityUtilization"
            ),
        ),
    )
