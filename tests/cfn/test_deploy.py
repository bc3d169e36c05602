"""The committed template deployed to moto with the real AWS CLI, and the API on its table.

moto does not support all of it: alarms, expiry, recovery, encryption and the outputs of a change
set are asserted on the template instead.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.models.indexes import GSI1
from cfn.roles import ROLES
from tests.cfn.aws import AWS, REGION, moto
from tests.cfn.resolved import ROOT, stack
from tests.docs.running import AUTOFORGE, serving_with

_TEMPLATE: Final = ROOT / "cfn" / "template.yaml"
_TABLE: Final = "Deployed"


@pytest.fixture(scope="module")
def aws() -> Iterator[AWS]:
    """A moto with the template deployed, with a stream and custom tags."""
    with moto() as running:
        said = running.deploy(
            "tracker",
            _TEMPLATE,
            "--parameter-overrides",
            f"TableName={_TABLE}",
            "Stream=NEW_AND_OLD_IMAGES",
            "Project=Tracker",
            "Environment=Staging",
        )
        assert said.code == 0, said.err
        yield running


@pytest.fixture(scope="module")
def table(aws: AWS) -> dict[str, Any]:
    """The description of the table that the stack created."""
    described: dict[str, Any] = aws.client("dynamodb").describe_table(TableName=_TABLE)["Table"]
    return described


def test_the_table_has_the_keys_and_the_index_of_the_models(table: dict[str, Any]) -> None:
    (index,) = table["GlobalSecondaryIndexes"]

    assert [each["AttributeName"] for each in table["KeySchema"]] == [
        TABLE.partition_key,
        TABLE.sort_key,
    ]
    assert index["IndexName"] == GSI1.name
    assert [each["AttributeName"] for each in index["KeySchema"]] == [
        GSI1.partition_key,
        GSI1.sort_key,
    ]
    assert index["Projection"] == {"ProjectionType": GSI1.projection}


def test_the_table_is_on_demand_streamed_and_protected(table: dict[str, Any]) -> None:
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["DeletionProtectionEnabled"] in {True, "true"}


def test_the_table_has_the_tags_that_were_asked_for(aws: AWS, table: dict[str, Any]) -> None:
    listed = aws.client("dynamodb").list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]

    tags = {each["Key"]: each["Value"] for each in listed}

    assert tags == {"Project": "Tracker", "Environment": "Staging"}


def test_each_policy_arrives_as_it_was_written(aws: AWS, table: dict[str, Any]) -> None:
    iam = aws.client("iam")
    listed = iam.list_policies(Scope="Local")["Policies"]
    versions = [
        iam.get_policy_version(PolicyArn=each["Arn"], VersionId=each["DefaultVersionId"])
        for each in listed
    ]

    # CloudFormation names a policy after its stack and its logical id, with a random suffix.
    arrived = {
        each["PolicyName"].split("-")[1]: _without_key(version["PolicyVersion"]["Document"])
        for each, version in zip(listed, versions, strict=True)
    }

    assert arrived == {
        name: _without_key(_policy(name, table))
        for name in (f"{role.name}Policy" for role in ROLES)
    }


def _policy(name: str, table: dict[str, Any]) -> Any:
    resolved = stack(TableName=_TABLE).properties(name)["PolicyDocument"]
    return json.loads(json.dumps(resolved).replace("<AgenticPMTable.Arn>", table["TableArn"]))


def _without_key(document: Any) -> Any:
    """A document without the ARN of the key, whose id is random."""
    return {
        **document,
        "Statement": [
            {**each, "Resource": "" if each["Sid"] == "Secrets" else each["Resource"]}
            for each in document["Statement"]
        ],
    }


def test_the_key_of_integrations_rotates_and_is_found_by_its_alias(aws: AWS) -> None:
    kms = aws.client("kms")
    aliases = {each["AliasName"]: each for each in kms.list_aliases()["Aliases"]}
    key_id = aliases[f"alias/{_TABLE}-integrations"]["TargetKeyId"]

    assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]


def test_the_topic_of_the_alarms_is_encrypted(aws: AWS) -> None:
    sns = aws.client("sns")
    topics = [each["TopicArn"] for each in sns.list_topics()["Topics"]]

    assert topics
    for topic in topics:
        assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"]


def test_the_api_runs_on_the_deployed_table(aws: AWS) -> None:
    options = ("--endpoint-url", aws.endpoint_url, "--table-name", _TABLE, "--region", REGION)
    kms = {
        "AUTOFORGE_KMS_KEY_ID": f"alias/{_TABLE}-integrations",
        "AUTOFORGE_KMS_ENDPOINT_URL": aws.endpoint_url,
    }
    with serving_with(*options, **kms) as url, httpx.Client(base_url=url, timeout=30) as http:
        project = http.post("/projects", json={"name": "Tracker"}).json()
        of_project = f"/projects/{project['id']}"
        event = {"eventType": "deployed", "summary": "The stack is there"}
        recorded = http.post(f"{of_project}/events", json=event)
        listed = http.get("/projects", params={"status": "active"}).json()
        saved = http.put("/integrations/jira", json={"config": {"token": "s3cret"}})
        events = http.get(f"{of_project}/events").json()
        ready = http.get("/ready")

    assert ready.status_code == 200
    assert recorded.status_code == 201
    assert [each["id"] for each in listed["items"]] == [project["id"]]
    assert [each["summary"] for each in events["items"]] == ["The stack is there"]
    assert saved.status_code == 201, saved.text
    key = {"PK": {"S": "INTEGRATION#jira"}, "SK": {"S": "CONFIG"}}
    stored = aws.client("dynamodb").get_item(TableName=_TABLE, Key=key)["Item"]
    assert "s3cret" not in json.dumps(stored)


def test_the_check_of_the_deployed_table_finds_only_what_moto_leaves_out(
    aws: AWS,
) -> None:
    where = ("--endpoint-url", aws.endpoint_url, "--table-name", _TABLE, "--region", REGION)

    check = (AUTOFORGE, "table", "check", *where, "--json")
    checked = subprocess.run(check, capture_output=True, text=True, check=False)

    assert checked.returncode == 1, checked.stderr
    drifts = json.loads(checked.stdout)["drifts"]
    assert {each["name"] for each in drifts} == {"expiry", "recovery"}


def test_a_second_deployment_has_nothing_to_do(aws: AWS) -> None:
    said = aws.deploy("tracker", _TEMPLATE, "--no-fail-on-empty-changeset")

    # moto uses other words and another exit code than AWS.
    assert "No updates are to be performed" in said.err or "No changes to deploy" in said.out


def test_a_stack_exports_what_others_import(aws: AWS) -> None:
    made = aws.cli(
        *("cloudformation", "create-stack", "--stack-name", "other"),
        *("--template-body", f"file://{_TEMPLATE}", "--capabilities", "CAPABILITY_IAM"),
        *("--parameters", "ParameterKey=TableName,ParameterValue=Other"),
    )
    assert made.code == 0, made.err

    exports = aws.client("cloudformation").list_exports()["Exports"]

    expected = stack(TableName="Other").outputs
    # moto exports no stream ARN if there is no stream, and does not support backup vaults.
    values = {each["Name"]: each["Value"] for each in exports if each.get("Value")}
    assert {*values} == {f"other-{name}" for name in expected if name != "BackupVaultName"}
    assert values["other-TableName"] == "Other"
    assert values["other-GSI1Arn"] == f"{values['other-TableArn']}/index/GSI1"


def test_the_template_needs_no_bucket_to_be_deployed() -> None:
    # AWS, "CloudFormation quotas": bytes of a template sent in a request.
    assert Path(_TEMPLATE).stat().st_size <= 51_200
