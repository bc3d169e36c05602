"""The template of any table: its resources, its text, and what it refuses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Final

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from autoforge.cloudformation import Role, template_of
from autoforge.dynamodb import GSI, LSI, Entity, Id, Key, Operation, Table, Text
from autoforge.dynamodb.admin.create import expiry_definition, table_definition
from autoforge.dynamodb.errors import DeclarationError
from tests.cfn.resolved import Stack, parsed, resolved
from tests.cloudformation.cases import CASES, Case
from tests.designs.devices import DEVICES, State
from tests.designs.diary import DIARY
from tests.designs.meters import METERS
from tests.designs.shop import SHOP

#: A region of each partition: the platform's template is checked in all regions.
REGIONS: Final = ["eu-west-1", "us-gov-west-1", "cn-north-1"]
#: As many indexes as DynamoDB allows.
LARGEST: Final = replace(
    SHOP, indexes=(*SHOP.indexes, *(GSI(f"More{number}") for number in range(17)))
)


def document(table: Table, *roles: Role, **given: Any) -> dict[str, Any]:
    return parsed(template_of(table, roles=roles, **given))


def stack(table: Table, *roles: Role, **parameters: str) -> Stack:
    return resolved(document(table, *roles), **parameters)


def with_indexes(*names: str) -> Table:
    return replace(SHOP, indexes=(*SHOP.indexes, *(GSI(each, "k", None) for each in names)))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_table_is_the_one_that_a_local_engine_gets(case: Case) -> None:
    created = table_definition(case.table, case.table.name).parameters

    deployed = stack(case.table).properties("Table")

    assert {name: kept(name, deployed[name]) for name in created} == created


def kept(name: str, value: Any) -> Any:
    """A property without what is a parameter of the template."""
    if name != "GlobalSecondaryIndexes":
        return value
    parts = ("IndexName", "KeySchema", "Projection")
    return [{part: index[part] for part in parts} for index in value]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_items_expire_only_if_the_layout_has_an_attribute_for_it(case: Case) -> None:
    attribute = case.table.layout.expiry

    deployed = stack(case.table).properties("Table").get("TimeToLiveSpecification")

    assert deployed == (
        None
        if attribute is None
        else expiry_definition(attribute, "T").parameters["TimeToLiveSpecification"]
    )


def test_a_global_index_is_scaled_and_watched_and_a_local_one_shares_the_table_s_capacity() -> None:
    made = stack(DEVICES, BillingMode="PROVISIONED").resources

    assert [name for name in made if name.startswith("GSI1Operator")] == [
        "GSI1OperatorReadScaling",
        "GSI1OperatorReadScalingPolicy",
        "GSI1OperatorWriteScaling",
        "GSI1OperatorWriteScalingPolicy",
        "GSI1OperatorReadThrottlesAlarm",
        "GSI1OperatorWriteThrottlesAlarm",
    ]
    assert not [name for name in made if name.startswith("LSILevel")]
    table = made["Table"]["Properties"]
    (local,) = table["LocalSecondaryIndexes"]
    assert {*local} == {"IndexName", "KeySchema", "Projection"}
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]


def test_a_template_with_local_indexes_says_what_they_cost_for_good() -> None:
    with_local, without = document(DEVICES), document(SHOP)

    for text in (
        with_local["Description"],
        with_local["Resources"]["Table"]["Metadata"]["LocalSecondaryIndexes"],
    ):
        assert "only when it is created" in text
        assert "10 GB" in text
    assert "LocalSecondaryIndexes" not in json.dumps(without)
    assert "10 GB" not in json.dumps(without)
    # AWS, "CloudFormation template Description syntax".
    assert len(with_local["Description"].encode()) <= 1024


def test_every_index_has_an_output_with_its_arn_and_the_table_has_its_name() -> None:
    outputs = stack(DEVICES).outputs

    assert outputs["TableName"]["Value"] == "DeviceStateLog"
    assert outputs["LSILevelArn"]["Value"] == "<Table.Arn>/index/LSI-Level"
    assert outputs["GSI1OperatorArn"]["Value"] == "<Table.Arn>/index/GSI1-Operator"
    assert outputs["LSILevelArn"]["Export"]["Name"] == "tracker-LSILevelArn"


def test_the_table_keeps_its_logical_id_in_a_stack_that_has_one() -> None:
    made = resolved(document(SHOP, logical_id="ShopTable"))

    assert made.resources["ShopTable"]["Type"] == "AWS::DynamoDB::Table"
    assert "Table" not in made.resources
    assert made.outputs["TableArn"]["Value"] == "<ShopTable.Arn>"


def test_each_role_has_a_policy_and_an_output_with_its_arn() -> None:
    reader = Role("Reader", patterns=SHOP.patterns, description="Reads everything")
    unnamed = Role("Other", patterns=SHOP.patterns)

    made = stack(SHOP, reader, unnamed)

    assert made.properties("ReaderPolicy")["Description"] == "Reads everything"
    assert "Description" not in made.properties("OtherPolicy")
    assert made.outputs["ReaderPolicyArn"]["Value"] == "<ReaderPolicy>"
    assert made.outputs["OtherPolicyArn"]["Description"] == "ARN of the policy of Other"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cfn_lint_finds_nothing_in_any_partition(case: Case) -> None:
    text = template_of(case.table, roles=[*case.roles]).to_yaml()

    assert lint(text, config=ManualArgs(regions=REGIONS, include_checks=["I"])) == []


@pytest.mark.parametrize("table", [SHOP, DEVICES], ids=["global indexes", "a local index"])
def test_cfn_lint_finds_nothing_in_a_template_without_alarms(table: Table) -> None:
    text = template_of(table, alarms=False).to_yaml()

    assert lint(text, config=ManualArgs(regions=["eu-west-1"])) == []


def test_cfn_lint_finds_nothing_in_the_largest_template() -> None:
    text = template_of(LARGEST).to_yaml()

    assert lint(text, config=ManualArgs(regions=["eu-west-1"])) == []


def test_a_template_that_needs_a_bucket_says_so_in_its_second_line() -> None:
    largest = template_of(LARGEST).to_yaml()
    small = template_of(METERS).to_yaml()

    assert len(largest.encode()) > 51_200
    assert "--s3-bucket" in largest.splitlines()[1]
    assert len(small.encode()) <= 51_200
    assert "--s3-bucket" not in small
    assert small.splitlines()[:2] == [
        "# Made by autoforge from the table meters.of-a_city: change that, and not this.",
        "AWSTemplateFormatVersion: '2010-09-09'",
    ]


def test_an_alarm_on_more_metrics_than_one_can_have_is_several() -> None:
    made = stack(LARGEST).of_type("AWS::CloudWatch::Alarm")

    for action in ("Read", "Write"):
        alarms = [made[f"{action}Budget{number}Alarm"] for number in ("", "2", "3")]
        measured = [{*dimensions(alarm)} for alarm in alarms]
        assert [len(each) for each in measured] == [10, 10, 1]
        assert len(frozenset[str]().union(*measured)) == 21
        assert {alarm["Threshold"] for alarm in alarms} == {alarms[0]["Threshold"]}
        assert all("one of 3 alarms" in each["AlarmDescription"] for each in alarms)
    for name, alarm in made.items():
        # AWS, "Creating an alarm based on a metric math expression".
        assert len(alarm.get("Metrics", [])) <= 11, name
        assert len(alarm["AlarmDescription"]) <= 1024, name


def dimensions(alarm: dict[str, Any]) -> list[str]:
    """The dimensions of each metric of an alarm."""
    joined = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", [])[1:]]
    return [json.dumps(each["Dimensions"]) for each in joined or [alarm]]


@pytest.mark.parametrize(
    "names",
    [
        ("By.Due", "By-Due", "ByDue"),
        ("Table", "Stream", "AlarmTopic"),
        ("...", "---"),
        ("x" * 255, "x" * 254),
        ("A.b", "a-B"),
    ],
    ids=lambda names: ",".join(names)[:20],
)
def test_indexes_with_like_names_have_parts_of_their_own(names: tuple[str, ...]) -> None:
    table = with_indexes(*names)

    made = stack(table, BillingMode="PROVISIONED")

    scaled = made.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
    assert len(scaled) == 2 * (1 + len(table.indexes))
    places = [output["Value"].partition("/index/")[2] for output in made.outputs.values()]
    assert {*names} <= {*places}
    assert all(re.fullmatch("[A-Za-z0-9]{1,112}", name) for name in made.resources)


def test_the_parts_of_an_index_keep_their_names_when_another_index_comes() -> None:
    before, after = stack(SHOP).resources, stack(with_indexes("Another")).resources

    assert {*before} < {*after}
    assert all("Another" in name for name in {*after} - {*before})


def test_an_alarm_s_name_fits_whatever_the_stack_is_called() -> None:
    alarms = stack(with_indexes("x" * 255)).of_type("AWS::CloudWatch::Alarm").values()

    # AWS, "PutMetricAlarm": 255 characters; a stack's name has 128, here "tracker".
    assert all(len(each["AlarmName"]) - len("tracker") + 128 <= 255 for each in alarms)


def test_a_template_may_have_neither_alarms_nor_a_dashboard() -> None:
    watched, bare = document(SHOP), document(SHOP, alarms=False)

    kinds = {each["Type"] for each in bare["Resources"].values()}
    assert kinds.isdisjoint(
        {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::SNS::Topic"}
    )
    assert bare["Parameters"].keys() < watched["Parameters"].keys()
    assert "ContributorInsights" in bare["Parameters"]
    assert "AlarmTopicArn" not in bare["Outputs"]
    assert "alarms" not in bare["Description"]
    assert resolved(bare).properties("Table") == resolved(watched).properties("Table")


def test_the_name_may_have_what_dynamodb_accepts() -> None:
    declared = document(METERS)["Parameters"]["TableName"]

    assert declared["Default"] == METERS.name
    assert re.fullmatch(declared["AllowedPattern"], METERS.name)
    assert (declared["MinLength"], declared["MaxLength"]) == (3, 255)
    assert document(METERS)["Parameters"]["Project"]["Default"] == METERS.name


@pytest.mark.parametrize("logical_id", ["", "My-Table", "x" * 256])
def test_a_logical_id_that_cloudformation_refuses_is_refused(logical_id: str) -> None:
    with pytest.raises(DeclarationError, match="CloudFormation takes letters and digits"):
        template_of(SHOP, logical_id=logical_id)


@pytest.mark.parametrize("name", ["AlarmTopic", "TableReadScaling"])
def test_a_role_whose_policy_would_replace_another_resource_is_refused(name: str) -> None:
    role = Role(name, patterns=SHOP.patterns)

    with pytest.raises(DeclarationError, match="give the role another name"):
        template_of(SHOP, roles=[role])


def test_a_role_whose_output_would_replace_that_of_an_index_is_refused() -> None:
    role = Role("Reader", patterns=SHOP.patterns)

    with pytest.raises(DeclarationError, match="another ReaderPolicy"):
        template_of(with_indexes("ReaderPolicy"), roles=[role])


def test_an_index_includes_what_it_names_and_the_type_and_the_expiry() -> None:
    local, _ = stack(DIARY).properties("Table")["LocalSecondaryIndexes"]

    assert local["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["title", "mood", "extra", "EntityType", "TTL"],
    }


def test_a_table_without_indexes_declares_none() -> None:
    class Note(Entity):
        id: Id = Id()

        key = Key("NOTES", "{id}")

    table = stack(Table("Notes", (Note,))).properties("Table")

    assert not [name for name in table if "Index" in name]


def test_a_partition_key_alone_may_be_a_number() -> None:
    table = stack(METERS).properties("Table")

    assert table["KeySchema"] == [{"AttributeName": "meter-no", "KeyType": "HASH"}]
    assert {"AttributeName": "meter-no", "AttributeType": "N"} in table["AttributeDefinitions"]


def test_local_indexes_alone_are_declared() -> None:
    by_text = LSI("ByText")

    class Note(Entity):
        id: Id = Id()
        text: Text = Text()

        key = Key("NOTES", "{id}")
        by_text = Key("NOTES", "{text}#{id}", index=LSI("ByText"))

    deployed = stack(Table("Notes", (Note,), (by_text,))).properties("Table")

    assert "GlobalSecondaryIndexes" not in deployed
    assert deployed["LocalSecondaryIndexes"] == [
        {
            "IndexName": "ByText",
            "KeySchema": [
                {"AttributeName": "PK", "KeyType": "HASH"},
                {"AttributeName": "ByTextSK", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ]


def test_a_second_role_of_the_same_name_is_refused() -> None:
    role = Role("Sensor", operations=(Operation("record", puts=(State,)),))

    with pytest.raises(DeclarationError, match="two roles are named Sensor"):
        template_of(DEVICES, roles=[role, replace(role, confined=False)])
