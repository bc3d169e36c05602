"""Facts of a template that CloudFormation cannot change in place, and the decisions to change them.

A *fact* is a property of a resource that holds data or whose name others depend on. If it changes,
CloudFormation replaces the resource, or leaves the old one outside of every stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

Facts = dict[str, Any]

#: Types of resources that hold data, or that others refer to by name. Managed policies are not
#: among them: a role keeps the old policy until the new one is attached.
KINDS: Final = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::DynamoDB::Table",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::SNS::Topic",
    }
)
#: A table with another name is another table.
_NAME: Final = "Parameters.TableName.Default"


def facts(template: Mapping[str, Any]) -> Facts:
    """Return every fact of a template by its name, such as ``AgenticPMTable.KeySchema``."""
    found: Facts = {_NAME: template["Parameters"]["TableName"]["Default"]}
    for name, resource in template["Resources"].items():
        if resource["Type"] in KINDS:
            found[name] = resource["Type"]
            found |= {f"{name}.{each}": value for each, value in _of_resource(resource)}
    return found


def changes(before: Facts, after: Facts) -> list[str]:
    """Return the names of the facts that changed or disappeared; new facts are not changes.

    If a resource was removed or has another type, only the resource itself is named.
    """
    changed = [name for name, value in before.items() if after.get(name) != value]
    gone = {name for name in before if name in changed or before[name] is None}
    return [name for name in changed if name.partition(".")[0] not in gone - {name}]


def deployed(entries: Sequence[Mapping[str, Any]]) -> Facts:
    """Return the facts of deployed stacks: the last value recorded for each."""
    return {name: value for entry in entries for name, value in entry["facts"].items()}


def objections(
    entries: Sequence[Mapping[str, Any]], decisions: Mapping[str, str], guide: str
) -> Iterator[str]:
    """Yield an objection to each entry without a decision and each change without a migration.

    Args:
        entries: The recorded facts of stacks, oldest first.
        decisions: The text of each decision record, by file name.
        guide: The text of the page on deployment.
    """
    headings = re.findall(r"^#+ (.+)$", guide, re.MULTILINE)
    seen: set[str] = set()
    for entry in entries:
        decision = entry["decided"]
        if decision not in decisions:
            yield f"there is no {decision}"
        for changed in seen.intersection(entry["facts"]):
            if changed not in decisions.get(decision, ""):
                yield f"{changed}: {decision} does not mention it"
            if entry.get("migration") not in headings:
                yield f"{changed}: the guide does not say how stacks get there"
        seen |= {*entry["facts"]}


def _of_resource(resource: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    properties = resource.get("Properties", {})
    yield "Condition", resource.get("Condition")
    for name in ("DeletionPolicy", "UpdateReplacePolicy"):
        if resource.get(name) == "Retain":
            yield name, "Retain"
    for name in _fixed(resource["Type"]):
        yield name, properties.get(name)
    if resource["Type"] == "AWS::DynamoDB::Table":
        yield from _of_table(properties)


def _of_table(properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for attribute in properties["AttributeDefinitions"]:
        yield f"AttributeDefinitions.{attribute['AttributeName']}", attribute["AttributeType"]
    for index in properties.get("GlobalSecondaryIndexes", []):
        for name in ("KeySchema", "Projection"):
            yield f"GlobalSecondaryIndexes.{index['IndexName']}.{name}", index[name]
    expiry = properties.get("TimeToLiveSpecification", {})
    yield "TimeToLiveSpecification.AttributeName", expiry.get("AttributeName")


@cache
def _fixed(kind: str) -> tuple[str, ...]:
    """The properties that the schema of a resource type allows to be set at creation only."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    pointers = (
        *schema.get("createOnlyProperties", []),
        *schema.get("conditionalCreateOnlyProperties", []),
    )
    return tuple(sorted(pointer.removeprefix("/properties/") for pointer in pointers))
