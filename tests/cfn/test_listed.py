"""The lists on the deployment pages are complete, and their counts are right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest
from cfnlint.api import lint
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from autoforge.cloudformation.deployed import DeployedTable
from autoforge.models.table import PLATFORM_DESIGN
from cfn.roles import PROJECT_TAG, ROLES
from cfn.template import TABLE_ID
from cfn.watched import everything_watched
from tests.cfn.guide import DEPLOY, OPERATE, commands, rows, shown
from tests.cfn.resolved import ROOT, read_yaml, stack, takes, template
from tests.docs.pages import code_spans

_WATCHED: Final = everything_watched(DeployedTable(PLATFORM_DESIGN, TABLE_ID))
#: Names in the prose that are AWS's and not ours.
_OF_AWS: Final = {"Replacement", "True"}


def test_every_parameter_is_listed_with_its_default() -> None:
    listed = {name: default for name, default, _ in rows(DEPLOY, "parameter")}
    declared = template()["Parameters"]

    assert listed == {name: str(each["Default"]) for name, each in declared.items()}
    assert [*listed] == [*declared]


def test_every_alarm_is_listed_with_what_to_do_first() -> None:
    alarms = stack().of_type("AWS::CloudWatch::Alarm").values()

    listed = rows(OPERATE, "alarm")

    assert [name for name, *_ in listed] == [
        each["AlarmName"].removeprefix("tracker-") for each in alarms
    ]
    assert all(means and first for _, means, first in listed)


def test_every_role_is_let_in() -> None:
    outputs = {output for _, output, _ in rows(DEPLOY, "program")}

    assert outputs == {f"{role.name}PolicyArn" for role in ROLES}
    assert outputs <= {*template()["Outputs"]}


@pytest.mark.parametrize("page", [DEPLOY, OPERATE], ids=lambda page: page.stem)
def test_every_name_in_the_prose_is_one_of_the_template(page: Path) -> None:
    document = template()
    known = {*document["Parameters"], *document["Resources"], *document["Outputs"], PROJECT_TAG}
    known |= {each.name for each in _WATCHED} | _OF_AWS
    known |= {str(each["Default"]) for each in document["Parameters"].values()}
    values = {"autoforge", *(each.option("--stack-name") for each in commands(DEPLOY))}

    for span in code_spans(page):
        name, _, value = span.partition("=")
        name = name.removeprefix(next((f"{each}-" for each in values if span.startswith(each)), ""))
        if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name):
            assert name in known, span
            assert not value or takes(name, value), span


def test_fixed_costs_are_counted_from_the_template() -> None:
    default, own_key = stack(), stack(Encryption="CUSTOMER_MANAGED")
    keys = len(default.of_type("AWS::KMS::Key"))
    metrics = sum(len(each.metrics) for each in _WATCHED)
    counted = [
        keys,
        len(own_key.of_type("AWS::KMS::Key")) - keys,
        metrics,
        len(default.of_type("AWS::CloudWatch::Dashboard")),
    ]

    table = rows(OPERATE, "fixed, a month")
    decision = (ROOT / "docs" / "adr" / "0027-what-the-template-decides.md").read_text("utf-8")

    assert [int(count) for _, _, count, _ in table] == counted
    for _, price, count, total in table:
        assert f"{float(price) * int(count):.2f}" == total
    always = sum(float(total) for thing, *_, total in table if "of the table" not in thing)
    assert f"[{always:.2f} dollars a month]" in decision


def test_rules_of_thumb_follow_from_the_prices() -> None:
    prices = {thing: float(price) for thing, price in rows(OPERATE, "variable")}
    write, read = (prices[f"a million {each} units on demand"] / 1e6 for each in ("write", "read"))
    month = 730 * 3600
    text = OPERATE.read_text(encoding="utf-8")

    for hourly, unit in (("a write unit", write), ("a read unit", read)):
        share = prices[f"{hourly} of capacity, an hour"] / (3600 * unit)
        assert f"costs {share:.0%} of the same".replace("%", " %") in text
        assert f"more than {share:.0%}".replace("%", " %") in DEPLOY.read_text(encoding="utf-8")
    assert f"costs {25 * 2 * month * write:.0f} a month" in text
    assert f"read\n  units costs {100 * 2 * month * read:.0f}." in text
    for action, unit in (("Read", read), ("Write", write)):
        budget = template()["Parameters"][f"{action}UnitsPerHourBudget"]["Default"]
        assert f"comes to {730 * budget * unit:.0f} a month" in text
    assert f"{35 * prices['daily backups, a GB and month, each a full copy']:.2f} a GB" in text


def test_what_survives_a_stack_can_be_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(shown(OPERATE, "python"), "operate.md", "exec", dont_inherit=True), {})
    survived = Path("survived.yaml")
    resources = read_yaml(survived)["Resources"]
    imported = json.loads(shown(OPERATE, "json"))

    errors = [each for each in lint(survived.read_text("utf-8")) if each.rule.severity == "error"]

    assert errors == []
    assert {each.get("DeletionPolicy") for each in resources.values()} == {"Retain"}
    assert {each["LogicalResourceId"] for each in imported} == {
        name for name, each in resources.items() if "Condition" not in each
    }
    for each in imported:
        kind = resources[each["LogicalResourceId"]]["Type"]
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema
        identifier = [f"/properties/{name}" for name in each["ResourceIdentifier"]]
        assert (each["ResourceType"], identifier) == (kind, schema["primaryIdentifier"])
