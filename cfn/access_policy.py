"""Managed policies: what each role may do to the table, its index and the key of integrations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from troposphere import GetAtt, Template

from autoforge.access.catalogue import PLATFORM_TABLE
from autoforge.access.integrations import encryption_context
from autoforge.cloudformation import policy
from autoforge.cloudformation.deployed import DeployedTable
from autoforge.cloudformation.role import require_roles
from autoforge.dynamodb.patterns.permission import ANY
from cfn.integration_key import INTEGRATION_KEY
from cfn.roles import ROLES, PlatformRole


def add_to(template: Template, deployed: DeployedTable) -> None:
    """Add a managed policy for each role, and an output with its ARN."""
    require_roles(PLATFORM_TABLE, ROLES)
    for role in ROLES:
        granted = [*policy.statements(role, deployed), *_secrets(role, deployed)]
        policy.add_to(template, role, granted)


def _secrets(role: PlatformRole, deployed: DeployedTable) -> Iterator[dict[str, Any]]:
    """Allow use of the key, with a context that names the table that holds the credentials."""
    if role.secrets:
        context = encryption_context(deployed.name, ANY)
        named = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
        yield {
            "Sid": "Secrets",
            "Effect": "Allow",
            "Action": [f"kms:{each}" for each in role.secrets],
            "Resource": GetAtt(INTEGRATION_KEY, "Arn"),
            "Condition": {"StringLike": named},
        }
