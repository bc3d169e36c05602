"""The table of the template: it follows the models, the analysis and the parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from autoforge.dynamodb.admin.create import expiry_definition, table_definition
from autoforge.dynamodb.schema.indexes import TABLE, TTL
from autoforge.models.table import PLATFORM_DESIGN
from tests.cfn.resolved import ROOT, read_yaml, refusals, resolved, stack, takes, template
from tests.dynamodb.indexes import KEY_ATTRIBUTES

TABLE_ID = "AgenticPMTable"
APPENDIX = read_yaml(ROOT / "tests" / "data" / "appendix_a.yaml")

#: Values that each parameter accepts, and values that it rejects.
TAKES = [
    ("TableName", ["AgenticPM", "a_b-3", "x" * 237], ["ab", "x" * 238, "a.b", "a b", ""]),
    ("DeletionProtection", ["true", "false"], ["True", ""]),
    ("Stream", ["OFF", "KEYS_ONLY"], ["ON", ""]),
    ("Project", ["Agentic PM", "x" * 256], ["", "x" * 257, "a;b"]),
    ("Environment", ["Production"], ["", "a;b"]),
    ("BillingMode", ["PROVISIONED"], ["ON_DEMAND"]),
    ("MaxReadRequestUnits", ["0", "1"], ["-1"]),
    ("MaxWriteRequestUnits", ["0", "1"], ["-1"]),
    ("MinReadCapacity", ["1"], ["0"]),
    ("MaxReadCapacity", ["1"], ["0"]),
    ("MinWriteCapacity", ["1"], ["0"]),
    ("MaxWriteCapacity", ["1"], ["0"]),
    ("TargetUtilization", ["20", "90"], ["19", "91"]),
    ("Encryption", ["AWS_OWNED"], ["KMS"]),
    (
        "TableKeyArn",
        ["", "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/0a1b-2c"],
        ["alias/aws/dynamodb", "0a1b-2c", "arn:aws:kms:eu-west-1:1:key/x"],
    ),
    ("RecoveryPeriodInDays", ["1", "35"], ["0", "36"]),
    ("BackupRetentionDays", ["0", "36500"], ["-1", "36501"]),
    ("AlarmEmail", ["", "on.call@example.org"], ["on call@example.org", "example.org", "a@b"]),
    ("ContributorInsights", ["OFF"], ["ALL"]),
    ("ReadUnitsPerHourBudget", ["1"], ["0"]),
    ("WriteUnitsPerHourBudget", ["1"], ["0"]),
    ("LatencyThreshold", ["1"], ["0"]),
    ("UserErrorsThreshold", ["0"], ["-1"]),
    ("ConditionalCheckFailuresThreshold", ["0"], ["-1"]),
    ("TransactionConflictsThreshold", ["0"], ["-1"]),
]


def contains(ours: Any, theirs: Any) -> bool:
    """Whether a value contains everything that the other has."""
    if isinstance(theirs, dict):
        return all(name in ours and contains(ours[name], each) for name, each in theirs.items())
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(contains, ours, theirs))
    return bool(ours == theirs)


@pytest.mark.parametrize("name", APPENDIX["Resources"][TABLE_ID]["Properties"])
def test_the_table_of_the_analysis_is_contained_in_ours(name: str) -> None:
    theirs = APPENDIX["Resources"][TABLE_ID]

    assert stack().resources[TABLE_ID]["Type"] == theirs["Type"]
    assert contains(stack().properties(TABLE_ID)[name], theirs["Properties"][name])


@pytest.mark.parametrize("name", APPENDIX["Outputs"])
def test_the_outputs_of_the_analysis_are_contained_in_ours(name: str) -> None:
    assert contains(template()["Outputs"][name], APPENDIX["Outputs"][name])


def test_the_template_has_the_keys_indexes_and_expiry_of_the_models() -> None:
    table = stack().properties(TABLE_ID)

    assert {each["AttributeName"] for each in table["AttributeDefinitions"]} == KEY_ATTRIBUTES
    assert table["KeySchema"] == schema(*TABLE.attributes)
    assert [
        (each["IndexName"], each["KeySchema"], each["Projection"]["ProjectionType"])
        for each in table["GlobalSecondaryIndexes"]
    ] == [
        (each.name, schema(*each.attributes), each.projection) for each in PLATFORM_DESIGN.indexes
    ]
    assert table["TimeToLiveSpecification"] == {"AttributeName": TTL, "Enabled": True}


def test_local_engines_get_the_same_table() -> None:
    table = stack().properties(TABLE_ID)
    local = table_definition(PLATFORM_DESIGN, "AgenticPM").parameters
    expiry = expiry_definition(TTL, "AgenticPM").parameters["TimeToLiveSpecification"]

    def keys_of(index: Mapping[str, Any]) -> dict[str, Any]:
        return {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}

    assert {name: table[name] for name in local if name != "GlobalSecondaryIndexes"} == {
        name: local[name] for name in local if name != "GlobalSecondaryIndexes"
    }
    assert [keys_of(each) for each in table["GlobalSecondaryIndexes"]] == [
        keys_of(each) for each in local["GlobalSecondaryIndexes"]
    ]
    assert table["TimeToLiveSpecification"] == expiry


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, {"DeletionProtectionEnabled": "true"}),
        ({"DeletionProtection": "false"}, {"DeletionProtectionEnabled": "false"}),
        ({"TableName": "Other"}, {"TableName": "Other"}),
        (
            {},
            {
                "PointInTimeRecoverySpecification": {
                    "PointInTimeRecoveryEnabled": True,
                    "RecoveryPeriodInDays": 35,
                }
            },
        ),
        (
            {"RecoveryPeriodInDays": "7"},
            {
                "PointInTimeRecoverySpecification": {
                    "PointInTimeRecoveryEnabled": True,
                    "RecoveryPeriodInDays": "7",
                }
            },
        ),
        ({}, {"StreamSpecification": None}),
        ({"Stream": "NEW_IMAGE"}, {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}),
        ({}, {"SSESpecification": {"SSEEnabled": True}}),
        ({"Encryption": "AWS_OWNED"}, {"SSESpecification": {"SSEEnabled": False}}),
        (
            {"Encryption": "CUSTOMER_MANAGED"},
            {
                "SSESpecification": {
                    "SSEEnabled": True,
                    "SSEType": "KMS",
                    "KMSMasterKeyId": "<TableKey.Arn>",
                }
            },
        ),
        (
            {"Encryption": "CUSTOMER_MANAGED", "TableKeyArn": "arn:of:a:key"},
            {
                "SSESpecification": {
                    "SSEEnabled": True,
                    "SSEType": "KMS",
                    "KMSMasterKeyId": "arn:of:a:key",
                }
            },
        ),
        (
            {"Project": "Forge", "Environment": "Test"},
            {
                "Tags": [
                    {"Key": "Project", "Value": "Forge"},
                    {"Key": "Environment", "Value": "Test"},
                ]
            },
        ),
    ],
    ids=lambda case: json.dumps(case)[:60],
)
def test_a_parameter_decides_a_property(
    parameters: dict[str, str], expected: dict[str, Any]
) -> None:
    table = stack(**parameters).properties(TABLE_ID)

    assert {name: table.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, {"ContributorInsightsSpecification": {"Enabled": False}}),
        (
            {"ContributorInsights": "THROTTLED_KEYS"},
            {"ContributorInsightsSpecification": {"Enabled": True, "Mode": "THROTTLED_KEYS"}},
        ),
        ({}, {"OnDemandThroughput": None, "ProvisionedThroughput": None}),
        (
            {"MaxReadRequestUnits": "40"},
            {"OnDemandThroughput": {"MaxReadRequestUnits": "40"}, "ProvisionedThroughput": None},
        ),
        (
            {"MaxWriteRequestUnits": "20"},
            {"OnDemandThroughput": {"MaxWriteRequestUnits": "20"}, "ProvisionedThroughput": None},
        ),
        (
            {
                "BillingMode": "PROVISIONED",
                "MinReadCapacity": "2",
                "MaxReadCapacity": "20",
                "MinWriteCapacity": "3",
                "MaxWriteCapacity": "30",
            },
            {
                "OnDemandThroughput": None,
                "ProvisionedThroughput": {"ReadCapacityUnits": "2", "WriteCapacityUnits": "3"},
            },
        ),
    ],
    ids=lambda case: json.dumps(case)[:60],
)
def test_a_parameter_decides_a_property_of_the_table_and_of_every_index(
    parameters: dict[str, str], expected: dict[str, Any]
) -> None:
    table = stack(**parameters).properties(TABLE_ID)

    for each in (table, *table["GlobalSecondaryIndexes"]):
        assert {name: each.get(name) for name in expected} == expected
    assert table["BillingMode"] == parameters.get("BillingMode", "PAY_PER_REQUEST")


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [
        ({"MaxReadRequestUnits": "40", "MaxWriteRequestUnits": "40"}, []),
        ({"BillingMode": "PROVISIONED"}, []),
        ({"BillingMode": "PROVISIONED", "MaxReadRequestUnits": "40"}, ["MaxReadRequestUnits"]),
        ({"BillingMode": "PROVISIONED", "MaxWriteRequestUnits": "40"}, ["MaxWriteRequestUnits"]),
        ({"Encryption": "CUSTOMER_MANAGED", "TableKeyArn": "arn"}, []),
        ({"TableKeyArn": "arn"}, ["TableKeyArn"]),
        ({"Encryption": "AWS_OWNED", "TableKeyArn": "arn"}, ["TableKeyArn"]),
    ],
    ids=lambda case: json.dumps(case)[:60],
)
def test_parameters_that_contradict_each_other_are_refused(
    parameters: dict[str, str], refused: list[str]
) -> None:
    assert [each.split()[0] for each in refusals(**parameters)] == refused


@pytest.mark.parametrize(("parameter", "good", "bad"), TAKES)
def test_a_parameter_takes_what_can_be_right_only(
    parameter: str, good: list[str], bad: list[str]
) -> None:
    assert all(takes(parameter, each) for each in good)
    assert not any(takes(parameter, each) for each in bad)


def test_every_parameter_has_been_asked_what_it_takes() -> None:
    assert {case[0] for case in TAKES} == {*template()["Parameters"]}


def test_the_resolver_finds_nothing_to_make_of_a_condition_that_is_false() -> None:
    small = {
        "Parameters": {"Size": {"Default": "s"}},
        "Conditions": {"Large": {"Fn::Equals": [{"Ref": "Size"}, "l"]}},
        "Resources": {
            "Thing": {"Type": "T", "Condition": "Large"},
            "Other": {
                "Type": "T",
                "Properties": {
                    "A": {"Fn::If": ["Large", 1, {"Ref": "AWS::NoValue"}]},
                    "B": {"Fn::Join": ["-", [{"Ref": "Size"}, {"Fn::GetAtt": ["Thing", "Arn"]}]]},
                    "C": [{"Ref": "AWS::NoValue"}, {"Fn::Sub": "${Size}${Thing.Arn}${!x}"}],
                },
            },
        },
        "Outputs": {},
    }

    assert resolved(small).resources == {
        "Other": {"Type": "T", "Properties": {"B": "s-<Thing.Arn>", "C": ["s<Thing.Arn>${!x}"]}}
    }
    assert {*resolved(small, Size="l").resources} == {"Thing", "Other"}


def schema(partition_key: str, sort_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition_key, "KeyType": "HASH"},
        {"AttributeName": sort_key, "KeyType": "RANGE"},
    ]
