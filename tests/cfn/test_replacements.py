"""No change of the template replaces a resource with data, unless it is decided and documented."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.cfn.replacements import changes, deployed, facts, objections
from tests.cfn.resolved import ROOT, read_yaml, template

DEPLOYED = read_yaml(ROOT / "cfn" / "replacements.yaml")
DECISIONS = {
    page.name: page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "adr").glob("*.md")
}
GUIDE = ROOT / "docs" / "how-to" / "deploy.md"

TABLE = "Resources.AgenticPMTable"
INDEX = f"{TABLE}.Properties.GlobalSecondaryIndexes.0"
#: Stands for a removed value.
GONE = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    """The template with one value changed or removed."""
    document = deepcopy(template())
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place: Any = document
    for step in way:
        place = place[step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return document


def test_the_template_replaces_nothing_that_stacks_have() -> None:
    assert changes(deployed(DEPLOYED), facts(template())) == []


def test_everything_that_cannot_be_changed_in_place_is_written_down() -> None:
    assert {*facts(template())} - {*deployed(DEPLOYED)} == set()


def test_all_that_is_written_down_was_decided_and_each_change_comes_with_a_way() -> None:
    guide = GUIDE.read_text(encoding="utf-8") if GUIDE.exists() else ""

    assert [*objections(DEPLOYED, DECISIONS, guide)] == []


@pytest.mark.parametrize(
    ("path", "value", "refused"),
    [
        ("Parameters.TableName.Default", "Agentic", "Parameters.TableName.Default"),
        (f"{TABLE}.Properties.TableName", "Agentic", "AgenticPMTable.TableName"),
        (
            f"{TABLE}.Properties.KeySchema.1.AttributeName",
            *("Sort", "AgenticPMTable.KeySchema"),
        ),
        (f"{TABLE}.Properties.KeySchema.1", GONE, "AgenticPMTable.KeySchema"),
        (
            f"{TABLE}.Properties.AttributeDefinitions.1.AttributeType",
            *("N", "AgenticPMTable.AttributeDefinitions.SK"),
        ),
        (
            f"{TABLE}.Properties.AttributeDefinitions.3.AttributeType",
            *("B", "AgenticPMTable.AttributeDefinitions.GSI1SK"),
        ),
        (
            f"{INDEX}.KeySchema.0.AttributeName",
            *("GSI2PK", "AgenticPMTable.GlobalSecondaryIndexes.GSI1.KeySchema"),
        ),
        (
            f"{INDEX}.Projection.ProjectionType",
            *("KEYS_ONLY", "AgenticPMTable.GlobalSecondaryIndexes.GSI1.Projection"),
        ),
        (
            f"{TABLE}.Properties.TimeToLiveSpecification.AttributeName",
            *("ExpiresAt", "AgenticPMTable.TimeToLiveSpecification.AttributeName"),
        ),
        (f"{TABLE}.Properties.ImportSourceSpecification", {}, None),
        (f"{TABLE}.DeletionPolicy", "Delete", "AgenticPMTable.DeletionPolicy"),
        (f"{TABLE}.UpdateReplacePolicy", GONE, "AgenticPMTable.UpdateReplacePolicy"),
        (f"{TABLE}.Condition", "Provisioned", "AgenticPMTable.Condition"),
        (TABLE, GONE, "AgenticPMTable"),
        (f"{TABLE}.Type", "AWS::DynamoDB::GlobalTable", "AgenticPMTable"),
        ("Resources.IntegrationKey", GONE, "IntegrationKey"),
        ("Resources.IntegrationKey.DeletionPolicy", "Delete", "IntegrationKey.DeletionPolicy"),
        (
            "Resources.IntegrationKeyAlias.Properties.AliasName",
            *("alias/ours", "IntegrationKeyAlias.AliasName"),
        ),
        ("Resources.TableKey.UpdateReplacePolicy", "Delete", "TableKey.UpdateReplacePolicy"),
        (
            "Resources.BackupVault.Properties.BackupVaultName",
            *("ours", "BackupVault.BackupVaultName"),
        ),
        (
            "Resources.BackupVault.Properties.EncryptionKeyArn",
            *("arn:of:a:key", "BackupVault.EncryptionKeyArn"),
        ),
        ("Resources.AlarmTopic.Properties.TopicName", "alarms", "AlarmTopic.TopicName"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_change_that_replaces_something_is_refused_by_name(
    path: str, value: object, refused: str | None
) -> None:
    name = refused or "AgenticPMTable.ImportSourceSpecification"

    assert changes(deployed(DEPLOYED), facts(changed(path, value))) == [name]


def test_an_index_that_disappears_is_refused_with_all_of_it() -> None:
    assert changes(deployed(DEPLOYED), facts(changed(INDEX, GONE))) == [
        "AgenticPMTable.GlobalSecondaryIndexes.GSI1.KeySchema",
        "AgenticPMTable.GlobalSecondaryIndexes.GSI1.Projection",
    ]


def test_another_logical_id_is_another_table() -> None:
    document = deepcopy(template())
    document["Resources"]["Table"] = document["Resources"].pop("AgenticPMTable")

    assert changes(deployed(DEPLOYED), facts(document)) == ["AgenticPMTable"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{TABLE}.Properties.Tags.0.Value", "Forge"),
        (f"{TABLE}.Properties.BillingMode", "PROVISIONED"),
        (f"{TABLE}.Properties.SSESpecification.SSEEnabled", False),
        (f"{TABLE}.Properties.StreamSpecification", GONE),
        ("Resources.IntegrationKey.Properties.KeyPolicy.Statement.1", GONE),
        ("Resources.LatencyAlarm", GONE),
        ("Resources.LatencyAlarm.Properties.AlarmName", "latency"),
        ("Parameters.LatencyThreshold.Default", 7),
        ("Parameters.Environment.Default", "Test"),
    ],
)
def test_a_change_in_place_is_not_refused(path: str, value: object) -> None:
    assert changes(deployed(DEPLOYED), facts(changed(path, value))) == []


def test_another_index_replaces_nothing_and_has_to_be_written_down() -> None:
    document = deepcopy(template())
    indexes = document["Resources"]["AgenticPMTable"]["Properties"]["GlobalSecondaryIndexes"]
    indexes.append({**indexes[0], "IndexName": "GSI2"})

    assert changes(deployed(DEPLOYED), facts(document)) == []
    assert {*facts(document)} - {*deployed(DEPLOYED)} == {
        "AgenticPMTable.GlobalSecondaryIndexes.GSI2.KeySchema",
        "AgenticPMTable.GlobalSecondaryIndexes.GSI2.Projection",
    }


FIRST = {"decided": "0001-first.md", "facts": {"Table.KeySchema": "PK", "Table.TableName": "T"}}
SECOND = {
    "decided": "0002-second.md",
    "migration": "Move to other keys",
    "facts": {"Table.KeySchema": "Other"},
}
RECORDS = {"0001-first.md": "Keys.", "0002-second.md": "Now `Table.KeySchema` is another."}
HOW = "# Deploy\n\n## Move to other keys\n\nExport and import.\n"


def test_a_later_entry_that_was_decided_and_comes_with_a_way_is_what_stacks_have() -> None:
    assert [*objections([FIRST, SECOND], RECORDS, HOW)] == []
    assert deployed([FIRST, SECOND]) == {"Table.KeySchema": "Other", "Table.TableName": "T"}


@pytest.mark.parametrize(
    ("entries", "records", "guide", "objection"),
    [
        ([{**FIRST, "decided": "0009-none.md"}], RECORDS, "", "there is no 0009-none.md"),
        ([FIRST, SECOND], {**RECORDS, "0002-second.md": "Keys."}, HOW, "does not mention it"),
        ([FIRST, SECOND], RECORDS, "# Deploy\nMove to other keys\n", "does not say how"),
        ([FIRST, {**SECOND, "migration": None}], RECORDS, HOW, "does not say how"),
        ([FIRST, SECOND, {**SECOND, "migration": "Back"}], RECORDS, HOW, "does not say how"),
    ],
    ids=["no record", "not mentioned", "no heading", "no migration", "changed twice"],
)
def test_an_entry_without_decision_or_way_is_refused(
    entries: list[dict[str, Any]], records: dict[str, str], guide: str, objection: str
) -> None:
    (said,) = objections(entries, records, guide)

    assert objection in said


def test_what_is_gone_by_decision_is_not_missed() -> None:
    away = {"decided": "0002-second.md", "migration": "Away", "facts": {"Topic": None}}
    before = deployed(
        [{"decided": "0001-first.md", "facts": {"Topic": "T", "Topic.Name": "a"}}, away]
    )

    assert changes(before, {}) == []
