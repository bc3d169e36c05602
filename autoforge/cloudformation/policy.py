"""Policies: what each role may do to the table and its indexes.

A statement allows operations on the table or on one index. If the role is confined, the statement
also names the partitions by ``dynamodb:LeadingKeys``, which on an index is the partition key of
the index. A request may have no keys, and ``ForAllValues`` is true for an empty set; so requests
without keys are excluded as well (AWS, "Using IAM policy conditions for fine-grained access
control").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from troposphere import Ref, Template
from troposphere.iam import ManagedPolicy

from autoforge.cloudformation.deployed import DeployedTable
from autoforge.cloudformation.outputs import exported
from autoforge.cloudformation.role import Role, require_roles
from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.permission import ANY, WHOLE, Permission, permissions_on_items
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.transaction_mark import mark_in
from autoforge.dynamodb.table import Table

#: The most characters of a managed policy, without white space (AWS, "IAM and AWS STS quotas").
LONGEST: Final = 6144
#: The table in any region and account: a policy reaches no other account than its own.
_ANYWHERE: Final = "arn:aws:dynamodb:*:*:table/{}"


def policy_of(table: Table, role: Role, *, table_arn: str | None = None) -> dict[str, Any]:
    """Return the IAM policy of a role, as the document that IAM takes as JSON.

    Args:
        table: The table that the role uses.
        role: The role.
        table_arn: The ARN of the deployed table; None for the table with this name in any region
            of the account, in the partition ``aws``.

    Raises:
        DeclarationError: if the role runs a pattern or writes an entity that is not the table's; or
            if the policy is longer than IAM accepts.

    Examples:
        >>> from autoforge.cloudformation import Role, policy_of
        >>> policy = policy_of(library, Role("Desk", patterns=(BookByIsbn,)))
        >>> policy["Statement"][0]["Action"]
        ['dynamodb:GetItem']
    """
    require_roles(table, (role,))
    arn = table_arn or _ANYWHERE.format(table.name)

    def arn_of(index: Index) -> str:
        return arn if index.is_table else f"{arn}/index/{index.name}"

    policy = document(statements(role, DeployedTable(table), arn_of))
    length = len(json.dumps(policy, separators=(",", ":")))
    if length > LONGEST:
        shorter = "divide it into two roles" + (", or give it confined=False" * role.confined)
        raise DeclarationError(
            f"role {role.name}: its policy has {length:,} characters, and IAM takes {LONGEST:,}: "
            f"{shorter}"
        )
    return policy


def add_to(template: Template, role: Role, granted: Iterable[dict[str, Any]]) -> None:
    """Add a managed policy for a role, and an output with its ARN.

    Raises:
        DeclarationError: if the template has another resource or output with the name.
    """
    name = f"{role.name}Policy"
    if name in template.resources or f"{name}Arn" in template.outputs:
        raise DeclarationError(
            f"role {role.name}: the template has another {name}: give the role another name"
        )
    described = {"Description": role.description} if role.description else {}
    template.add_resource(ManagedPolicy(name, **described, PolicyDocument=document(granted)))
    meaning = role.description or f"ARN of the policy of {role.name}"
    template.add_output(exported(f"{name}Arn", meaning, Ref(name)))


def document(granted: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the policy with these statements."""
    return {"Version": "2012-10-17", "Statement": [*granted]}


def statements(
    role: Role, deployed: DeployedTable, arn_of: Callable[[Index], Any] | None = None
) -> Iterator[dict[str, Any]]:
    """The statements of a role's policy about the table.

    Args:
        role: The role.
        deployed: The table.
        arn_of: Returns the ARN of the table or of an index; None for references in a template.
    """
    resource = arn_of or deployed.arn_of
    needed = role.permissions - _of_marks_never_stored(deployed.design)
    for index in (deployed.design.primary, *deployed.design.indexes):
        on_index = [each for each in needed if each.on.name == index.name]
        on = "" if index.is_table else f"On{deployed.identifier(index)}"
        for partitions, actions in _grouped(role, on_index):
            named = "And".join(actions) if role.confined else "Items"
            yield {
                "Sid": f"{named}{on}",
                "Effect": "Allow",
                "Action": [f"dynamodb:{each}" for each in actions],
                "Resource": resource(index),
                **({"Condition": _within(partitions)} if partitions else {}),
            }
    if role.describes:
        yield {
            "Sid": "Table",
            "Effect": "Allow",
            "Action": [f"dynamodb:{each}" for each in role.describes],
            "Resource": resource(deployed.design.primary),
        }


def _of_marks_never_stored(design: Design) -> frozenset[Permission]:
    """The permission to store marks of transactions, if the table can have none."""
    mark = mark_in(design.layout)
    if mark is None or design.mark is not None:
        return frozenset()
    return frozenset(permissions_on_items("PutItem", mark))


def _grouped(
    role: Role, permissions: Iterable[Permission]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Group operations by the partitions they are allowed in: all, if a role is not confined."""
    by_action: dict[str, set[str]] = {}
    for each in permissions:
        by_action.setdefault(each.action, set()).add(role.partition(each))
    groups: dict[tuple[str, ...], list[str]] = {}
    for action, forms in sorted(by_action.items()):
        # ANY is the form of every partition; number keys have no other. A scan names no partition,
        # so any condition on partitions would refuse it.
        confined = role.confined and forms.isdisjoint({ANY, WHOLE})
        groups.setdefault(tuple(sorted(_widest(forms))) if confined else (), []).append(action)
    yield from groups.items()


def _widest(forms: Iterable[str]) -> set[str]:
    """The forms without those that another form includes, as ``A#*`` includes ``A#x``."""
    every = set(forms)
    return {one for one in every if not any(fnmatchcase(one, form) for form in every - {one})}


def _within(partitions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [*partitions]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
