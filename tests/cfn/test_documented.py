"""The commands on the deployment pages do what the pages say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import boto3
import pytest
from awscli.clidriver import create_clidriver  # type: ignore[import-untyped]  # no stubs
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel

from cfn.roles import PROJECT_TAG
from tests.cfn.aws import AWS, REGION, environment, moto
from tests.cfn.guide import DEPLOY, OPERATE, TEMPLATE, Command, commands, scripts, shown
from tests.cfn.resolved import ROOT, refusals, stack, takes, template

#: The CLI's data folder. Importing the CLI sets this for the process, and botocore would use it.
_DATA_PATH: Final = os.environ.pop("AWS_DATA_PATH")

COMMANDS: Final = [*commands(DEPLOY), *commands(OPERATE)]
DEPLOYMENTS: Final = [each for each in COMMANDS if each.is_deployment]
OURS: Final = [each for each in DEPLOYMENTS if each.template == TEMPLATE]
EXECUTED: Final = [each for each in OURS if "--no-execute-changeset" not in each.words]
#: Commands that send one request; the others are custom commands of the CLI.
REQUESTS: Final = [
    each
    for each in COMMANDS
    if not each.is_deployment and each.words[1] != "s3" and each.words[2] != "wait"
]
WAITS: Final = [each for each in COMMANDS if each.words[2] == "wait"]


@pytest.fixture(autouse=True)
def data_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the CLI's data folder while a command runs in this process."""
    monkeypatch.setenv("AWS_DATA_PATH", _DATA_PATH)


@pytest.fixture(scope="module")
def running() -> Iterator[AWS]:
    with moto() as aws:
        yield aws


@pytest.fixture
def aws(running: AWS, monkeypatch: pytest.MonkeyPatch) -> AWS:
    """An empty moto that the CLI uses by its environment."""
    with urlopen(Request(f"{running.endpoint_url}/moto-api/reset", method="POST")) as answer:
        assert answer.status == 200
    for name, value in {**environment("admin"), "AWS_ENDPOINT_URL": running.endpoint_url}.items():
        monkeypatch.setenv(name, value)
    return running


def run(command: Command) -> int:
    """Run a command in this process, which is faster than a new Python process."""
    code: int = create_clidriver().main([*command.words[1:]])
    return code


def table(aws: AWS, region: str) -> dict[str, Any]:
    client: Any = boto3.client("dynamodb", region_name=region, endpoint_url=aws.endpoint_url)
    described: dict[str, Any] = client.describe_table(TableName="AgenticPM")["Table"]
    return described


def test_the_pages_show_all_set_ups() -> None:
    regions = {each.option("--region", REGION) for each in EXECUTED}

    assert len(EXECUTED) == 5
    assert regions == {"eu-west-1", "us-gov-west-1"}
    assert {each.template for each in DEPLOYMENTS} == {
        TEMPLATE,
        "docs/examples/deploy/ecs.yaml",
        "docs/examples/deploy/lambda.yaml",
    }


@pytest.mark.parametrize("command", EXECUTED, ids=str)
def test_a_deployment_makes_the_table_that_it_asks_for(
    aws: AWS, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    region = command.option("--region", REGION)
    asked = stack(**command.parameters).properties("AgenticPMTable")

    assert run(command) == 0

    made = table(aws, region)
    partition = "aws-us-gov" if region.startswith("us-gov") else "aws"
    assert made["TableArn"].startswith(f"arn:{partition}:dynamodb:{region}:")
    assert made.get("BillingModeSummary", {}).get("BillingMode") == asked["BillingMode"]
    assert made.get("StreamSpecification", {}).get("StreamViewType") == asked.get(
        "StreamSpecification", {}
    ).get("StreamViewType")
    for name, units in asked.get("ProvisionedThroughput", {}).items():
        assert made["ProvisionedThroughput"][name] == int(units)


def test_looking_first_makes_nothing(
    aws: AWS, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    (looking,) = [each for each in OURS if each not in EXECUTED]

    assert run(looking) == 0

    assert "aws cloudformation describe-change-set" in capsys.readouterr().out
    client = boto3.client("dynamodb", region_name=REGION, endpoint_url=aws.endpoint_url)
    assert client.list_tables()["TableNames"] == []


@pytest.mark.parametrize("command", OURS, ids=str)
def test_a_deployment_gives_parameters_what_they_take(command: Command) -> None:
    for name, value in command.parameters.items():
        assert takes(name, value), name
        assert value != template()["Parameters"][name]["Default"] or name in {
            "BillingMode",
            "RecoveryPeriodInDays",  # stated explicitly for audits
            "TableName",
            "TargetUtilization",
        }
    assert refusals(**command.parameters) == []


def test_the_set_up_by_the_hour_can_follow_the_one_for_production() -> None:
    production, by_the_hour = [each.parameters for each in EXECUTED][1:3]

    assert by_the_hour["BillingMode"] == "PROVISIONED"
    assert refusals(**{**production, **by_the_hour}) == []
    for action in ("Read", "Write"):
        least, most = (int(by_the_hour[f"{each}{action}Capacity"]) for each in ("Min", "Max"))
        assert least < most


@pytest.mark.parametrize("command", REQUESTS, ids=str)
def test_every_other_command_is_a_request_that_the_cli_would_send(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment("admin").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # no server listens there
    sent = []

    def answer(model: OperationModel, **_: object) -> tuple[AWSResponse, dict[str, object]]:
        sent.append(xform_name(model.name, "-"))
        return AWSResponse("", 200, HTTPHeaders(), None), {}

    Path("stack-policy.json").write_text(shown(DEPLOY, "json"), encoding="utf-8")
    Path("import.json").write_text(shown(OPERATE, "json"), encoding="utf-8")
    Path("survived.yaml").write_text("Resources: {}", encoding="utf-8")

    driver = create_clidriver()
    driver.session.register("before-call", answer)

    assert driver.main([*command.words[1:]]) == 0

    assert sent == [command.words[2]]


@pytest.mark.parametrize("command", WAITS, ids=str)
def test_everything_that_is_waited_for_can_be(command: Command) -> None:
    _, service, _, waiter, *_ = command.words

    client = boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # any service

    assert waiter.replace("-", "_") in client.waiter_names


def test_the_outputs_become_settings_and_let_a_program_in(aws: AWS) -> None:
    aws.client("cloudformation").create_stack(
        StackName="autoforge",
        TemplateBody=(ROOT / TEMPLATE).read_text(encoding="utf-8"),
        Capabilities=["CAPABILITY_IAM"],
    )
    settings, letting_in = (each for each in scripts(DEPLOY) if "$(output " in each)

    said = bash(f"{settings}\n{letting_in}\nenv | grep ^AUTOFORGE_")

    exported = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    assert exported["AUTOFORGE_TABLE_NAME"] == "AgenticPM"
    assert re.fullmatch(r"arn:aws:kms:.+:key/.+", exported["AUTOFORGE_KMS_KEY_ID"])
    iam = aws.client("iam")
    (attached,) = iam.list_attached_role_policies(RoleName="portal-agent")["AttachedPolicies"]
    tags = iam.get_role(RoleName="portal-agent")["Role"]["Tags"]
    assert "-ProjectAgentPolicy-" in attached["PolicyName"]
    assert tags == [{"Key": PROJECT_TAG, "Value": "portal"}]


def bash(script: str) -> str:
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, **path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_stack_policy_locks_what_holds_data_for_good() -> None:
    _, denied = json.loads(shown(DEPLOY, "json"))["Statement"]

    locked = {each.removeprefix("LogicalResourceId/") for each in denied["Resource"]}
    always = {
        name
        for name, each in template()["Resources"].items()
        if each.get("DeletionPolicy") == "Retain" and "Condition" not in each
    }
    assert (denied["Effect"], locked) == ("Deny", always)
