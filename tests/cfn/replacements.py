"""What of a template CloudFormation cannot change in place, and whether a change of it is decided.

A *fact* is something about a resource that holds data, or whose name others depend on: change it,
and CloudFormation makes another resource in its place, or leaves the old one to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

Facts = dict[str, Any]

#: Types of resources that hold data, or that others name. A managed policy is no such thing: the
#: roles it is attached to keep the old one until the new one is attached.
KINDS: Final = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::DynamoDB::Table",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::SNS::Topic",
    }
)
#: A table is another one under another name.
_NAME: Final = "Parameters.TableName.Default"


def facts(template: Mapping[str, Any]) -> Facts:
    """Every fact of a template, by its name: ``AgenticPMTable.KeySchema``."""
    found: Facts = {_NAME: template["Parameters"]["TableName"]["Default"]}
    for name, resource in template["Resources"].items():
        if resource["Type"] in KINDS:
            found[name] = resource["Type"]
            found |= {f"{name}.{each}": value for each, value in _of_resource(resource)}
    return found


def changes(before: Facts, after: Facts) -> list[str]:
    """Name the facts that are others than before; what is new is none of them.

    Of a resource that is not there any more, or is of another type, only the resource is named.
    """
    changed = [name for name, value in before.items() if after.get(name) != value]
    gone = {name for name in before if name in changed or before[name] is None}
    return [name for name in changed if name.partition(".")[0] not in gone - {name}]


def deployed(entries: Sequence[Mapping[str, Any]]) -> Facts:
    """What stacks have: of each fact, the value that was written down last."""
    return {name: value for entry in entries for name, value in entry["facts"].items()}


def objections(
    entries: Sequence[Mapping[str, Any]], decisions: Mapping[str, str], guide: str
) -> Iterator[str]:
    """What is wrong with the entries: each is decided, each change comes with a way to get there.

    Args:
        entries: What stacks have, and in which order it became so.
        decisions: The text of each decision record, by the name of its file.
        guide: The page that says how to deploy.
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
    """The properties that are settled when a resource is made, by the schema of its type."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    pointers = (
        *schema.get("createOnlyProperties", []),
        *schema.get("conditionalCreateOnlyProperties", []),
    )
    return tuple(sorted(pointer.removeprefix("/properties/") for pointer in pointers))
