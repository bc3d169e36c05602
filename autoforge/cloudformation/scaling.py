"""Auto scaling of the capacity of the table and of each global index, if it is provisioned."""

from __future__ import annotations

from troposphere import Ref, Sub, Template
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingScalingPolicyConfiguration,
)

from autoforge.cloudformation import conditions
from autoforge.cloudformation.deployed import DeployedTable
from autoforge.dynamodb.schema.indexes import Index


def add_to(template: Template, deployed: DeployedTable) -> None:
    """Add a target and a policy for reads and for writes, of the table and of each index."""
    for index in deployed.metered:
        for action in ("Read", "Write"):
            target = _target(deployed, index, action)
            template.add_resource(target)
            template.add_resource(_policy(target, action))


def _target(deployed: DeployedTable, index: Index, action: str) -> ScalableTarget:
    kind, place = ("table", "") if index.is_table else ("index", f"/index/{index.name}")
    # No RoleARN: Application Auto Scaling creates its service-linked role for DynamoDB itself, when
    # the first target is registered.
    return ScalableTarget(
        f"{deployed.identifier(index)}{action}Scaling",
        Condition=conditions.PROVISIONED,
        ServiceNamespace="dynamodb",
        ResourceId=Sub(f"table/${{{deployed.logical_id}}}{place}"),
        ScalableDimension=f"dynamodb:{kind}:{action}CapacityUnits",
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
