"""The template follows the models: another index is in every part of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from autoforge.dynamodb.admin.create import table_definition
from autoforge.dynamodb.schema.indexes import GSI
from autoforge.models import PLATFORM_DESIGN
from autoforge.models.indexes import GSI1
from cfn.template import build
from tests.cfn.resolved import Stack, parsed, resolved

BY_OWNER = GSI("By.Owner", "OwnerPK", "OwnerSK", projection="KEYS_ONLY")
GROWN = replace(PLATFORM_DESIGN, indexes=(GSI1, BY_OWNER))


@pytest.fixture
def another_index() -> Stack:
    """The stack if the models had one more index."""
    return resolved(parsed(build(GROWN)), BillingMode="PROVISIONED")


def test_another_index_is_one_of_the_table(another_index: Stack) -> None:
    table = another_index.properties("AgenticPMTable")

    attributes = [each["AttributeName"] for each in table["AttributeDefinitions"]]
    assert attributes == ["PK", "SK", "GSI1PK", "GSI1SK", "OwnerPK", "OwnerSK"]
    index = table["GlobalSecondaryIndexes"][1]
    assert index["IndexName"] == "By.Owner"
    assert index["KeySchema"] == [
        {"AttributeName": "OwnerPK", "KeyType": "HASH"},
        {"AttributeName": "OwnerSK", "KeyType": "RANGE"},
    ]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert index["ProvisionedThroughput"] == table["ProvisionedThroughput"]


def test_local_engines_get_it_as_well(another_index: Stack) -> None:
    local = table_definition(GROWN, "AgenticPM").parameters
    table = another_index.properties("AgenticPMTable")

    assert table["AttributeDefinitions"] == local["AttributeDefinitions"]
    assert [each["KeySchema"] for each in table["GlobalSecondaryIndexes"]] == [
        each["KeySchema"] for each in local["GlobalSecondaryIndexes"]
    ]


def test_another_index_is_scaled(another_index: Stack) -> None:
    for action in ("Read", "Write"):
        target = another_index.properties(f"ByOwner{action}Scaling")
        assert target["ResourceId"] == "table/AgenticPM/index/By.Owner"
        assert f"ByOwner{action}ScalingPolicy" in another_index.resources


def test_another_index_has_alarms_and_counts_for_the_budget(another_index: Stack) -> None:
    of_index = {"Name": "GlobalSecondaryIndexName", "Value": "By.Owner"}

    for action in ("Read", "Write"):
        throttles = another_index.properties(f"ByOwner{action}ThrottlesAlarm")
        assert of_index in throttles["Dimensions"]
        budget = another_index.properties(f"{action}BudgetAlarm")
        assert of_index in budget["Metrics"][-1]["MetricStat"]["Metric"]["Dimensions"]
        assert len(budget["Metrics"]) == 4


def test_another_index_is_on_the_dashboard_and_among_the_outputs(another_index: Stack) -> None:
    body = json.loads(another_index.properties("Dashboard")["DashboardBody"])

    assert "Read throttles of the index By.Owner" in [
        each["properties"]["title"] for each in body["widgets"]
    ]
    assert another_index.outputs["ByOwnerArn"]["Value"] == ("<AgenticPMTable.Arn>/index/By.Owner")
