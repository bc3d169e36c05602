"""Managed policies: what each role may do to the table, its indexes and the key of integrations.

A statement allows operations on the table or on one index. If the role is confined, the statement
also names the partitions by ``dynamodb:LeadingKeys``, which on an index is the partition key of
the index. A request may have no keys, and ``ForAllValues`` is true for an empty set; so requests
without keys are excluded as well (AWS, "Using IAM policy conditions for fine-grained access
control").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.iam import ManagedPolicy

from autoforge.access.integrations import encryption_context
from autoforge.dynamodb.patterns.permission import ANY, Permission
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.models.table import PLATFORM_DESIGN
from cfn.keys import INTEGRATION_KEY
from cfn.outputs import exported
from cfn.roles import PROJECT, ROLES, Role
from cfn.table import TABLE_ID, identifier

#: The tag of a principal that holds the project of an agent.
PROJECT_TAG: Final = "AutoforgeProject"
#: IAM replaces this by the tag's value; a principal without the tag can access no partition.
_TAGGED: Final = f"{PROJECT}${{aws:PrincipalTag/{PROJECT_TAG}}}"


def add_to(template: Template) -> None:
    """Add a managed policy for each role, and an output with its ARN."""
    for role in ROLES:
        name = f"{role.name}Policy"
        document = {"Version": "2012-10-17", "Statement": [*statements(role)]}
        template.add_resource(
            ManagedPolicy(name, Description=role.description, PolicyDocument=document)
        )
        template.add_output(exported(f"{name}Arn", role.description, Ref(name)))


def statements(role: Role) -> Iterator[dict[str, Any]]:
    """The statements of a role's policy."""
    for index in (TABLE, *PLATFORM_DESIGN.indexes):
        on_index = [each for each in role.permissions if each.on == index]
        for partitions, actions in _grouped(role, on_index):
            named = "And".join(actions) if role.confined else "Items"
            yield {
                "Sid": f"{named}{_on(index)}",
                "Effect": "Allow",
                "Action": [f"dynamodb:{each}" for each in actions],
                "Resource": _arn(index),
                **({"Condition": _within(partitions)} if partitions else {}),
            }
    if role.describes:
        yield {
            "Sid": "Table",
            "Effect": "Allow",
            "Action": [f"dynamodb:{each}" for each in role.describes],
            "Resource": GetAtt(TABLE_ID, "Arn"),
        }
    if role.secrets:
        yield {
            "Sid": "Secrets",
            "Effect": "Allow",
            "Action": [f"kms:{each}" for each in role.secrets],
            "Resource": GetAtt(INTEGRATION_KEY, "Arn"),
            "Condition": {"StringLike": _context(Ref(TABLE_ID))},
        }


def _grouped(
    role: Role, permissions: Iterable[Permission]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Group operations by the partitions they are allowed in: all, if a role is not confined."""
    by_action: dict[str, set[str]] = {}
    for each in permissions:
        by_action.setdefault(each.action, set()).add(each.partition)
    groups: dict[tuple[str, ...], list[str]] = {}
    for action, partitions in sorted(by_action.items()):
        forms = tuple(sorted(_widest(partitions))) if role.confined else ()
        own = tuple(map(_tagged, forms)) if role.of_one_project else forms
        groups.setdefault(own, []).append(action)
    yield from groups.items()


def _widest(forms: Iterable[str]) -> set[str]:
    """The forms that no other form covers, as ``A#*`` covers ``A#x``."""
    every = set(forms)
    return {one for one in every if not any(fnmatchcase(one, form) for form in every - {one})}


def _tagged(form: str) -> str:
    """The form of the same partitions in the project that the principal is tagged with."""
    rest = form.removeprefix(PROJECT + ANY)
    return form if rest == form else _TAGGED + rest


def _within(partitions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [*partitions]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def _context(table_name: Any) -> dict[str, Any]:
    """The condition on the encryption context: it names the table that holds the credentials."""
    context = encryption_context(table_name, ANY)
    return {f"kms:EncryptionContext:{name}": value for name, value in context.items()}


def _on(index: Index) -> str:
    return "" if index.name is None else f"On{identifier(index)}"


def _arn(index: Index) -> Any:
    arn = GetAtt(TABLE_ID, "Arn")
    return arn if index.name is None else Sub(f"${{{TABLE_ID}.Arn}}/index/{index.name}")
