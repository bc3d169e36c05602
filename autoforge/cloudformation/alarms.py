"""The alarms: one for each ``Watched``, all of which notify the same topic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from troposphere import Ref, Sub, Template
from troposphere.cloudwatch import Alarm, MetricDataQuery, MetricDimension, MetricStat
from troposphere.cloudwatch import Metric as Measured

from autoforge.cloudformation.topic import TOPIC
from autoforge.cloudformation.watched import Metric, Watched

#: The start of every alarm's name in CloudWatch, for ``Fn::Sub``: unique to the stack.
NAME: Final = "${AWS::StackName}-"

_NAMESPACE: Final = "AWS/DynamoDB"


def add_to(template: Template, everything: Iterable[Watched]) -> None:
    """Add an alarm for each."""
    for watched in everything:
        template.add_resource(_alarm(watched))


def _alarm(watched: Watched) -> Alarm:
    return Alarm(
        f"{watched.name}Alarm",
        AlarmName=Sub(f"{NAME}{watched.name}"),
        AlarmDescription=watched.description,
        **_measure(watched),
        Threshold=watched.threshold,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=watched.periods,
        # DynamoDB publishes most metrics only while there is something to count.
        TreatMissingData="notBreaching",
        AlarmActions=[Ref(TOPIC)],
        **({"OKActions": [Ref(TOPIC)]} if watched.recovery else {}),
    )


def _measure(watched: Watched) -> dict[str, Any]:
    """The measured value: a single metric itself, or several joined by metric math."""
    if len(watched.metrics) > 1:
        return {"Metrics": [*_joined(watched)]}
    (metric,) = watched.metrics
    return {
        "Namespace": _NAMESPACE,
        "MetricName": metric.name,
        **({"Dimensions": _dimensions(metric)} if metric.dimensions else {}),
        "Statistic": metric.statistic,
        "Period": watched.period,
    }


def _joined(watched: Watched) -> list[MetricDataQuery]:
    ids = [f"m{number}" for number, _ in enumerate(watched.metrics)]
    # An operation without requests has no data; unfilled, the joined value would have none either.
    filled = ", ".join(f"FILL({each}, 0)" for each in ids)
    return [
        MetricDataQuery(
            Id="all", Expression=f"{watched.together}([{filled}])", Label=watched.title
        ),
        *(
            MetricDataQuery(Id=each, ReturnData=False, MetricStat=_statistic(metric, watched))
            for each, metric in zip(ids, watched.metrics, strict=True)
        ),
    ]


def _statistic(metric: Metric, watched: Watched) -> MetricStat:
    return MetricStat(
        Metric=Measured(
            Namespace=_NAMESPACE, MetricName=metric.name, Dimensions=_dimensions(metric)
        ),
        Period=watched.period,
        Stat=metric.statistic,
    )


def _dimensions(metric: Metric) -> list[MetricDimension]:
    return [MetricDimension(Name=name, Value=value) for name, value in metric.dimensions.items()]
