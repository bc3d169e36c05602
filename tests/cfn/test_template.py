"""The template as a whole: its text, its parameters, and the findings of linters."""

from __future__ import annotations

import re
import runpy
from collections import Counter

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.helpers import REGIONS

from autoforge.cloudformation import exemptions
from tests.cfn.resolved import ROOT, read_yaml, stack, template

COMMITTED = ROOT / "cfn" / "template.yaml"

#: The resources that CloudFormation retains when the stack is deleted.
RETAINED = {"AgenticPMTable", "TableKey", "IntegrationKey", "IntegrationKeyAlias", "BackupVault"}


def test_the_committed_template_is_what_the_package_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runpy.run_module("cfn", run_name="__main__")

    assert capsys.readouterr().out == COMMITTED.read_text(encoding="utf-8")


def test_the_text_says_what_the_template_says() -> None:
    assert read_yaml(COMMITTED) == template()


def test_the_template_can_be_deployed_without_a_bucket() -> None:
    # AWS, "CloudFormation quotas": bytes of a template sent in a request.
    assert len(COMMITTED.read_bytes()) <= 51_200


def test_the_template_is_bound_to_no_partition_region_or_account() -> None:
    written = COMMITTED.read_text(encoding="utf-8")

    assert not re.search(r"arn:aws\b", written)
    assert not [region for region in REGIONS if region in written]
    assert not re.search(r"\d{12}", written)


def test_cfn_lint_finds_nothing_in_any_region() -> None:
    everywhere = ManualArgs(regions=REGIONS, include_checks=["I"])

    assert lint(COMMITTED.read_text(encoding="utf-8"), config=everywhere) == []


def test_cfn_lint_overlooks_what_has_a_reason_and_would_be_found() -> None:
    written = COMMITTED.read_text(encoding="utf-8")
    overlooked = re.findall(r"ignore_checks: \[(.*)\]", written)

    found = lint(re.sub(r"ignore_checks: \[.*\]", "ignore_checks: []", written))

    assert overlooked == [", ".join(exemptions.UNLINTED)]
    assert {each.rule.id for each in found} == {*exemptions.UNLINTED}


def test_the_linter_would_find_something() -> None:
    broken = COMMITTED.read_text(encoding="utf-8").replace("KeyType: RANGE", "KeyType: SORT", 1)

    found = lint(broken, config=ManualArgs(regions=["eu-west-1"]))

    assert [each.rule.id for each in found]


def test_every_parameter_is_in_one_group_of_the_console() -> None:
    groups = template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = Counter(name for group in groups for name in group["Parameters"])

    assert shown == Counter({*template()["Parameters"]})


def test_every_parameter_says_what_it_is_and_what_it_takes() -> None:
    for name, parameter in template()["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        assert parameter["ConstraintDescription"], name
        assert "Default" in parameter, name


def test_every_condition_is_used() -> None:
    written = COMMITTED.read_text(encoding="utf-8")

    for name in template()["Conditions"]:
        assert len(re.findall(rf"\b{name}\b", written)) > 1, name


def test_what_holds_data_or_is_needed_to_read_it_outlives_its_stack() -> None:
    retained = {
        name
        for name, each in template()["Resources"].items()
        if (each.get("DeletionPolicy"), each.get("UpdateReplacePolicy")) == ("Retain", "Retain")
    }

    assert retained == RETAINED


def test_every_output_is_exported_under_the_name_of_its_stack() -> None:
    everything = stack(Stream="NEW_IMAGE").outputs

    assert {name: each["Export"]["Name"] for name, each in everything.items()} == {
        name: f"tracker-{name}" for name in everything
    }
    assert {*template()["Outputs"]} == {*everything}


@pytest.mark.parametrize(
    ("parameters", "name", "value"),
    [
        ({}, "TableName", "AgenticPM"),
        ({}, "TableArn", "<AgenticPMTable.Arn>"),
        ({}, "GSI1Arn", "<AgenticPMTable.Arn>/index/GSI1"),
        ({"Stream": "KEYS_ONLY"}, "StreamArn", "<AgenticPMTable.StreamArn>"),
        ({}, "IntegrationKeyArn", "<IntegrationKey.Arn>"),
        ({}, "AlarmTopicArn", "<AlarmTopic>"),
        ({}, "BackupVaultName", "<BackupVault>"),
    ],
)
def test_an_output_tells(parameters: dict[str, str], name: str, value: str) -> None:
    assert stack(**parameters).outputs[name]["Value"] == value


@pytest.mark.parametrize(
    ("parameters", "name"), [({}, "StreamArn"), ({"BackupRetentionDays": "0"}, "BackupVaultName")]
)
def test_an_output_of_what_there_is_not_is_not_there(parameters: dict[str, str], name: str) -> None:
    assert name not in stack(**parameters).outputs


def test_every_exemption_is_in_the_template_with_its_reason() -> None:
    written = {
        (name, skip["id"], skip["comment"])
        for name, each in template()["Resources"].items()
        for skip in each.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }

    assert written == {(each.resource, each.check, each.reason) for each in exemptions.EXEMPTIONS}
