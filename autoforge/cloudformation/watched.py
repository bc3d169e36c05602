"""What the alarms watch: metrics of the table and its indexes, and what an alarm means.

A template may replace the descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from troposphere import Ref

from autoforge.cloudformation.deployed import DeployedTable
from autoforge.dynamodb.client.client import METERED
from autoforge.dynamodb.schema.indexes import Index

#: The operations of a Store that read or write items, except those that few programs send: AWS
#: charges for each metric of an alarm.
OPERATIONS: Final = tuple(sorted(METERED - {"Scan", "TransactGetItems"}))

#: A read, a query, a write and a transaction: if DynamoDB is slow, one of them is. Others are not
#: measured, since AWS charges for each metric of an alarm.
_TYPICAL: Final = ("GetItem", "Query", "UpdateItem", "TransactWriteItems")

#: The most metrics of one alarm (AWS, "Creating an alarm based on a metric math expression").
_METRICS: Final = 10

_FIVE_MINUTES: Final = 300
_HOUR: Final = 3600


@dataclass(frozen=True)
class Metric:
    """A metric of DynamoDB with its dimensions."""

    name: str
    dimensions: dict[str, Any]
    statistic: str = "Sum"


@dataclass(frozen=True)
class Watched:
    """One alarm.

    Attributes:
        name: Its logical id without ``Alarm``.
        title: Its title on the dashboard.
        description: What it means, and what to do first.
        metrics: The metrics that it watches.
        threshold: The value that must be exceeded.
        together: The function of CloudWatch's metric math that combines several metrics.
        period: Seconds of one measurement.
        periods: How many measurements in a row must exceed the threshold.
        recovery: Whether to notify when the alarm is over, too.
    """

    name: str
    title: str
    description: str
    metrics: tuple[Metric, ...]
    threshold: Any
    together: str = "SUM"
    period: int = _FIVE_MINUTES
    periods: int = 1
    recovery: bool = True


def everything_watched(
    deployed: DeployedTable, operations: Sequence[str] = OPERATIONS
) -> list[Watched]:
    """Every alarm of a template, throttles first.

    Args:
        deployed: The table.
        operations: The operations that its programs send.
    """
    return [
        *_throttles(deployed),
        *_errors(deployed, operations),
        *_refusals(deployed),
        *_budgets(deployed),
        _latency(deployed),
    ]


def _throttles(deployed: DeployedTable) -> Iterator[Watched]:
    for index in deployed.metered:
        what = "table" if index.is_table else f"index {index.name}"
        for action in ("Read", "Write"):
            yield Watched(
                f"{deployed.identifier(index)}{action}Throttles",
                f"{action} throttles of the {what}",
                f"DynamoDB refused {action.lower()}s of the {what} for lack of capacity; autoforge "
                "repeats them and callers wait. "
                + ("The table's writes wait with them. " * _holds_back(index, action))
                + f"On demand: Max{action}RequestUnits is reached, or one partition key is hot "
                "(Contributor Insights names it). Provisioned: is the load at "
                f"Max{action}Capacity? Raise it.",
                (Metric(f"{action}ThrottleEvents", _of(deployed, index)),),
                threshold=0,
            )


def _errors(deployed: DeployedTable, operations: Sequence[str]) -> Iterator[Watched]:
    yield from _divided(
        Watched(
            "SystemErrors",
            "Failures of DynamoDB",
            "DynamoDB itself failed (HTTP 500) more than five times in five minutes; autoforge "
            "repeats such requests. Look at the AWS Health Dashboard; there is nothing to repair "
            "in the table.",
            tuple(Metric("SystemErrors", _of_operation(deployed, each)) for each in operations),
            threshold=5,
        )
    )
    yield Watched(
        "UserErrors",
        "Requests refused as wrong, whole account and region",
        "DynamoDB refused requests as wrong (HTTP 400). It counts those of the whole account and "
        "region: look into autoforge's log first, as another application may be the cause. If it "
        "is autoforge: its table name, policy, credentials or last release is wrong. Cancelled "
        "transactions may count as well.",
        (Metric("UserErrors", {}),),
        threshold=Ref("UserErrorsThreshold"),
        recovery=False,
    )


def _refusals(deployed: DeployedTable) -> Iterator[Watched]:
    table = _of(deployed, deployed.design.primary)
    yield Watched(
        "ConditionalCheckFailures",
        "Conditions that were false",
        "Many writes found another state than they expected. Some are normal where callers race "
        "for the same item. This many: a client repeats a stale request, or too many callers "
        "change the same items. Find out which write it is.",
        (Metric("ConditionalCheckFailedRequests", table),),
        threshold=Ref("ConditionalCheckFailuresThreshold"),
        recovery=False,
    )
    yield Watched(
        "TransactionConflicts",
        "Collisions with transactions",
        "Many requests met a transaction on the same item and were refused; autoforge repeats "
        "them. Find out which items many callers change at once, and let fewer do so.",
        (Metric("TransactionConflict", table),),
        threshold=Ref("TransactionConflictsThreshold"),
        recovery=False,
    )


def _budgets(deployed: DeployedTable) -> Iterator[Watched]:
    for action in ("Read", "Write"):
        consumed = f"Consumed{action}CapacityUnits"
        yield from _divided(
            Watched(
                f"{action}Budget",
                f"{action} units in an hour",
                f"Table and indexes used more {action.lower()} units within an hour than "
                f"{action}UnitsPerHourBudget. Find out who: a loop that polls, a load, more "
                f"callers. On demand, Max{action}RequestUnits caps the cost.",
                tuple(Metric(consumed, _of(deployed, index)) for index in deployed.metered),
                threshold=Ref(f"{action}UnitsPerHourBudget"),
                period=_HOUR,
                recovery=False,
            )
        )


def _latency(deployed: DeployedTable) -> Watched:
    return Watched(
        "Latency",
        "Milliseconds within DynamoDB, slowest operation",
        "For a quarter of an hour, one operation took longer on average than LatencyThreshold, "
        "within DynamoDB: the network is not in it. Look at the AWS Health Dashboard, then at "
        "which operation it is and whether its pages or items grew.",
        # The average, since DynamoDB publishes no percentiles of it (AWS, "DynamoDB metrics").
        tuple(
            Metric("SuccessfulRequestLatency", _of_operation(deployed, each), "Average")
            for each in _TYPICAL
        ),
        threshold=Ref("LatencyThreshold"),
        together="MAX",
        periods=3,
    )


def _divided(watched: Watched) -> Iterator[Watched]:
    """Divide the metrics among as many alarms as they need, each with the whole threshold."""
    parts = [
        watched.metrics[start : start + _METRICS]
        for start in range(0, len(watched.metrics), _METRICS)
    ]
    if len(parts) == 1:
        yield watched
        return
    for number, metrics in enumerate(parts, start=1):
        yield replace(
            watched,
            name=watched.name if number == 1 else f"{watched.name}{number}",
            title=f"{watched.title}, {number} of {len(parts)}",
            description=f"{watched.description} This is one of {len(parts)} alarms, since one "
            f"can watch {_METRICS} metrics: each compares its own with the whole threshold.",
            metrics=metrics,
        )


def _of(deployed: DeployedTable, index: Index) -> dict[str, Any]:
    names = {"TableName": deployed.name}
    return names if index.is_table else {**names, "GlobalSecondaryIndexName": index.name}


def _of_operation(deployed: DeployedTable, operation: str) -> dict[str, Any]:
    return {"TableName": deployed.name, "Operation": operation}


def _holds_back(index: Index, action: str) -> bool:
    """Whether throttling here delays writes to the table: it does for writes to an index."""
    return not index.is_table and action == "Write"
