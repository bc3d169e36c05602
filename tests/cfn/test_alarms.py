"""Each alarm: its metric, its threshold, and the topic that it notifies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cfn.resolved import stack

ALARMS = stack().of_type("AWS::CloudWatch::Alarm")
TABLE = {"TableName": "AgenticPM"}
GSI1 = {**TABLE, "GlobalSecondaryIndexName": "GSI1"}
TYPICAL = ["GetItem", "Query", "UpdateItem", "TransactWriteItems"]
HEARD_AGAIN = {
    *("TableReadThrottles", "TableWriteThrottles", "GSI1ReadThrottles", "GSI1WriteThrottles"),
    *("SystemErrors", "Latency"),
}

#: What the platform sends; others, such as Scan, are metered as well.
SENT = [
    *("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query"),
    *("TransactWriteItems", "UpdateItem"),
]

#: Alarms on one metric: the alarm's name, the metric, its dimensions and the threshold.
OF_ONE: list[tuple[str, str, dict[str, str], int]] = [
    ("TableReadThrottles", "ReadThrottleEvents", TABLE, 0),
    ("TableWriteThrottles", "WriteThrottleEvents", TABLE, 0),
    ("GSI1ReadThrottles", "ReadThrottleEvents", GSI1, 0),
    ("GSI1WriteThrottles", "WriteThrottleEvents", GSI1, 0),
    ("UserErrors", "UserErrors", {}, 50),
    ("ConditionalCheckFailures", "ConditionalCheckFailedRequests", TABLE, 100),
    ("TransactionConflicts", "TransactionConflict", TABLE, 100),
]


@dataclass(frozen=True)
class Joined:
    """An alarm on several metrics."""

    name: str
    function: str
    metric: str
    dimensions: list[dict[str, str]]
    threshold: int
    statistic: str = "Sum"
    period: int = 300
    periods: int = 1


OF_SEVERAL = [
    Joined(
        "SystemErrors",
        "SUM",
        "SystemErrors",
        [{**TABLE, "Operation": each} for each in SENT],
        5,
    ),
    Joined("ReadBudget", "SUM", "ConsumedReadCapacityUnits", [TABLE, GSI1], 100_000, period=3600),
    Joined("WriteBudget", "SUM", "ConsumedWriteCapacityUnits", [TABLE, GSI1], 20_000, period=3600),
    Joined(
        "Latency",
        "MAX",
        "SuccessfulRequestLatency",
        [{**TABLE, "Operation": each} for each in TYPICAL],
        100,
        "Average",
        periods=3,
    ),
]


def dimensions(metric: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}


@pytest.mark.parametrize(("name", "metric", "of", "threshold"), OF_ONE)
def test_an_alarm_of_one_metric_counts_for_five_minutes(
    name: str, metric: str, of: dict[str, str], threshold: int
) -> None:
    alarm = ALARMS[f"{name}Alarm"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/DynamoDB", metric)
    assert dimensions(alarm) == of
    assert (alarm["Statistic"], alarm["Period"]) == ("Sum", 300)
    assert alarm["EvaluationPeriods"] == 1
    assert alarm["Threshold"] == threshold
    assert "Metrics" not in alarm


@pytest.mark.parametrize("of", OF_SEVERAL, ids=lambda each: each.name)
def test_an_alarm_of_several_metrics_joins_them(of: Joined) -> None:
    alarm = ALARMS[f"{of.name}Alarm"]
    joined, *measured = alarm["Metrics"]
    statistics = [each["MetricStat"] for each in measured]

    filled = ", ".join(f"FILL({each['Id']}, 0)" for each in measured)
    assert joined["Expression"] == f"{of.function}([{filled}])"
    assert joined.get("ReturnData", True)
    assert not any(each["ReturnData"] for each in measured)
    assert {each["Metric"]["MetricName"] for each in statistics} == {of.metric}
    assert {each["Metric"]["Namespace"] for each in statistics} == {"AWS/DynamoDB"}
    assert [dimensions(each["Metric"]) for each in statistics] == of.dimensions
    assert {(each["Stat"], each["Period"]) for each in statistics} == {(of.statistic, of.period)}
    assert (alarm["EvaluationPeriods"], alarm["Threshold"]) == (of.periods, of.threshold)
    # AWS, "Creating an alarm based on a metric math expression".
    assert len(measured) <= 10


def test_every_alarm_has_been_looked_at() -> None:
    names = [*(case[0] for case in OF_ONE), *(each.name for each in OF_SEVERAL)]

    assert {f"{name}Alarm" for name in names} == {*ALARMS}


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_tells_the_topic_what_it_means(name: str) -> None:
    alarm = ALARMS[name]

    assert alarm["AlarmActions"] == ["<AlarmTopic>"]
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["TreatMissingData"] == "notBreaching"
    assert 100 < len(alarm["AlarmDescription"]) <= 1024
    assert alarm["AlarmName"] == f"tracker-{name.removesuffix('Alarm')}"


def test_the_end_is_told_where_somebody_waits_for_it() -> None:
    told = {name.removesuffix("Alarm") for name, each in ALARMS.items() if "OKActions" in each}

    assert told == HEARD_AGAIN
    assert {tuple(each.get("OKActions", ["<AlarmTopic>"])) for each in ALARMS.values()} == {
        ("<AlarmTopic>",)
    }


def test_writes_of_an_index_hold_up_those_of_the_table_and_the_alarm_says_so() -> None:
    says_so = {
        name for name, each in ALARMS.items() if "wait with them" in each["AlarmDescription"]
    }

    assert says_so == {"GSI1WriteThrottlesAlarm"}


def test_user_errors_are_those_of_the_whole_account_and_the_alarm_says_so() -> None:
    assert "account and region" in ALARMS["UserErrorsAlarm"]["AlarmDescription"]


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("UserErrorsThreshold", "UserErrors"),
        ("ConditionalCheckFailuresThreshold", "ConditionalCheckFailures"),
        ("TransactionConflictsThreshold", "TransactionConflicts"),
        ("ReadUnitsPerHourBudget", "ReadBudget"),
        ("WriteUnitsPerHourBudget", "WriteBudget"),
        ("LatencyThreshold", "Latency"),
    ],
)
def test_a_parameter_is_the_threshold_of_one_alarm(parameter: str, name: str) -> None:
    alarms = stack(**{parameter: "7"}).of_type("AWS::CloudWatch::Alarm")

    assert [each for each, alarm in alarms.items() if alarm["Threshold"] == "7"] == [f"{name}Alarm"]


def test_alarms_follow_the_name_of_the_table() -> None:
    alarms = stack(TableName="Other").of_type("AWS::CloudWatch::Alarm")

    assert dimensions(alarms["GSI1ReadThrottlesAlarm"])["TableName"] == "Other"


def test_the_dashboard_shows_how_every_alarm_is_and_what_it_measures() -> None:
    resources = stack(TableName="Other")
    body = json.loads(resources.properties("Dashboard")["DashboardBody"])
    status, *graphs = body["widgets"]

    arns = [
        f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{each['AlarmName']}"
        for each in ALARMS.values()
    ]
    assert (status["type"], status["width"]) == ("alarm", 24)
    assert status["properties"] == {"title": "Alarms of Other", "alarms": arns}
    assert [each["properties"]["annotations"]["alarms"] for each in graphs] == [
        [arn] for arn in arns
    ]
    assert {(each["type"], each["width"]) for each in graphs} == {("metric", 8)}
    assert {each["properties"]["region"] for each in graphs} == {"eu-west-1"}
    assert len({each["properties"]["title"] for each in graphs}) == len(graphs)


def test_the_topic_is_encrypted_with_a_key_that_cloudwatch_may_use() -> None:
    policy = stack().properties("AlarmTopicKey")["KeyPolicy"]
    (statement,) = [each for each in policy["Statement"] if each["Sid"] == "UsedByAlarms"]

    assert stack().properties("AlarmTopic") == {"KmsMasterKeyId": "<AlarmTopicKey.Arn>"}
    assert statement["Effect"] == "Allow"
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert statement["Condition"] == of_our_alarms()


def test_alarms_of_this_account_alone_may_publish_to_the_topic() -> None:
    policy = stack().properties("AlarmTopicPolicy")

    assert policy["Topics"] == ["<AlarmTopic>"]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "PublishedToByAlarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["sns:Publish"],
            "Resource": "<AlarmTopic>",
            "Condition": of_our_alarms(),
        }
    ]


def test_an_address_is_told_if_there_is_one() -> None:
    told = stack(AlarmEmail="on.call@example.org")

    assert told.properties("AlarmSubscription") == {
        "TopicArn": "<AlarmTopic>",
        "Protocol": "email",
        "Endpoint": "on.call@example.org",
    }
    assert "AlarmSubscription" not in stack().resources


def of_our_alarms() -> dict[str, Any]:
    return {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*"},
    }
