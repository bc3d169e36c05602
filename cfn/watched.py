"""What the alarms watch: metrics of the table and its indexes, and what an alarm means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from troposphere import Ref

from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.models.table import PLATFORM_DESIGN
from cfn.roles import ROLES
from cfn.table import TABLE_ID, identifier

#: Every operation by which a role reads or writes items. CloudWatch counts a ConditionCheckItem as
#: part of its transaction.
_OPERATIONS: Final = tuple(
    sorted(
        "TransactWriteItems" if each == "ConditionCheckItem" else each
        for each in {permission.action for role in ROLES for permission in role.permissions}
    )
)

#: A read, a query, a write and a transaction: if DynamoDB is slow, one of them shows it. Others are
#: not measured, since each metric of an alarm is charged.
_TYPICAL: Final = ("GetItem", "Query", "UpdateItem", "TransactWriteItems")

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
        together: The function of CloudWatch's metric math that joins several metrics.
        period: Seconds of one measurement.
        periods: How many measurements in a row must exceed the threshold.
        recovery: Whether to notify when the alarm is over, if somebody waits for that.
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


def everything_watched() -> list[Watched]:
    """Every alarm of the template, throttles first."""
    return [*_throttles(), *_errors(), *_refusals(), *_budgets(), _latency()]


def _throttles() -> Iterator[Watched]:
    for index in (TABLE, *PLATFORM_DESIGN.indexes):
        what = f"index {index.name}" if index.name else "table"
        for action in ("Read", "Write"):
            yield Watched(
                f"{identifier(index)}{action}Throttles",
                f"{action} throttles of the {what}",
                f"DynamoDB refused {action.lower()}s of the {what} for lack of capacity; autoforge "
                "repeats them and callers wait. "
                + ("The table's writes wait with them. " * _holds_back(index, action))
                + f"On demand: Max{action}RequestUnits is reached, or one partition key is hot "
                "(Contributor Insights names it). Provisioned: is the load at "
                f"Max{action}Capacity? Raise it.",
                (Metric(f"{action}ThrottleEvents", _of(index)),),
                threshold=0,
            )


def _errors() -> Iterator[Watched]:
    yield Watched(
        "SystemErrors",
        "Failures of DynamoDB",
        "DynamoDB itself failed (HTTP 500) more than five times in five minutes; autoforge repeats "
        "such requests. Look at the AWS Health Dashboard; there is nothing to repair in the table.",
        tuple(Metric("SystemErrors", _of_operation(each)) for each in _OPERATIONS),
        threshold=5,
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


def _refusals() -> Iterator[Watched]:
    yield Watched(
        "ConditionalCheckFailures",
        "Conditions that were false",
        "Many writes found another state than they expected. Some are normal, as agents race for "
        "work. This many: a client repeats a stale request, or too many agents claim from one "
        "project. Look into the log for which project and which write.",
        (Metric("ConditionalCheckFailedRequests", _of(TABLE)),),
        threshold=Ref("ConditionalCheckFailuresThreshold"),
        recovery=False,
    )
    yield Watched(
        "TransactionConflicts",
        "Collisions with transactions",
        "Many requests met a transaction on the same item and were refused; autoforge repeats "
        "them. Look into the log for which project, and let fewer agents work on it.",
        (Metric("TransactionConflict", _of(TABLE)),),
        threshold=Ref("TransactionConflictsThreshold"),
        recovery=False,
    )


def _budgets() -> Iterator[Watched]:
    for action in ("Read", "Write"):
        yield Watched(
            f"{action}Budget",
            f"{action} units in an hour",
            f"Table and indexes used more {action.lower()} units within an hour than "
            f"{action}UnitsPerHourBudget. Find out who: a loop that polls, a load, more agents. "
            f"On demand, Max{action}RequestUnits caps the cost.",
            tuple(
                Metric(f"Consumed{action}CapacityUnits", _of(index))
                for index in (TABLE, *PLATFORM_DESIGN.indexes)
            ),
            threshold=Ref(f"{action}UnitsPerHourBudget"),
            period=_HOUR,
            recovery=False,
        )


def _latency() -> Watched:
    return Watched(
        "Latency",
        "Milliseconds within DynamoDB, slowest operation",
        "For a quarter of an hour, one operation took longer on average than LatencyThreshold, "
        "within DynamoDB: the network is not in it. Look at the AWS Health Dashboard, then at "
        "which operation it is and whether its pages or items grew.",
        # The average, since DynamoDB publishes no percentiles of it (AWS, "DynamoDB metrics").
        tuple(
            Metric("SuccessfulRequestLatency", _of_operation(each), "Average") for each in _TYPICAL
        ),
        threshold=Ref("LatencyThreshold"),
        together="MAX",
        periods=3,
    )


def _of(index: Index) -> dict[str, Any]:
    names = {"TableName": Ref(TABLE_ID)}
    return names if index.name is None else {**names, "GlobalSecondaryIndexName": index.name}


def _of_operation(operation: str) -> dict[str, Any]:
    return {"TableName": Ref(TABLE_ID), "Operation": operation}


def _holds_back(index: Index, action: str) -> bool:
    """Whether throttling here delays writes to the table: it does for writes to an index."""
    return index.name is not None and action == "Write"
