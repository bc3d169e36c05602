"""template_of: the template of any table, and the parts that every such template has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from troposphere import Parameter

from autoforge.cloudformation import (
    backup,
    conditions,
    dashboard,
    dynamodb_table,
    exemptions,
    keys,
    parameters,
    policy,
    scaling,
    topic,
)
from autoforge.cloudformation.alarms import add_to as add_alarms
from autoforge.cloudformation.deployed import DeployedTable
from autoforge.cloudformation.document import Template
from autoforge.cloudformation.role import Role, require_roles
from autoforge.cloudformation.watched import Watched, everything_watched
from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.limits import LOCAL_INDEXES_FOR_GOOD
from autoforge.dynamodb.table import Table

_LOGICAL_ID: Final = re.compile(r"[A-Za-z0-9]{1,255}")
#: One of the longest ARNs of a table, to measure policies with.
_LONG_ARN: Final = "arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/{}"


def template_of(
    table: Table,
    *,
    roles: Sequence[Role] = (),
    logical_id: str = "Table",
    alarms: bool = True,
) -> Template:
    """Return the CloudFormation template of a table; its ``to_yaml()`` is the text to deploy.

    The template has the table with its indexes, expiry, point-in-time recovery and deletion
    protection; capacity, encryption, stream and backups by parameter; alarms with a dashboard; a
    managed policy for each role; and names and ARNs as outputs. The table, its key and its backups
    remain when the stack is deleted.

    Args:
        table: The table; its name is the default of the parameter TableName.
        roles: The programs that use the table.
        logical_id: The logical id of the table. If a stack has the table already, give its present
            logical id: with another, CloudFormation creates another table.
        alarms: Whether the template has alarms with their topic and thresholds, and the dashboard.

    Raises:
        DeclarationError: if CloudFormation would refuse the logical id; if two roles have one name,
            or a role runs a pattern or writes an entity that is not the table's; or if a policy is
            longer than IAM accepts.

    Examples:
        >>> from autoforge.cloudformation import template_of
        >>> print(template_of(library).to_yaml())
        # Made by autoforge from the table Library: change that, and not this.
        AWSTemplateFormatVersion: '2010-09-09'
        ...
    """
    if not _LOGICAL_ID.fullmatch(logical_id):
        raise DeclarationError(
            f"the logical id is {logical_id!r}: CloudFormation takes letters and digits"
        )
    require_roles(table, roles)
    for role in roles:
        policy.policy_of(table, role, table_arn=_LONG_ARN.format(table.name))
    deployed = DeployedTable(table, logical_id)
    template = Template(
        _description(table, alarms=alarms),
        made_by=f"Made by autoforge from the table {table.name}: change that, and not this.",
    )
    add_table(template, deployed, parameters.table_name(table.name), alarms=alarms)
    if alarms:
        add_monitoring(template, everything_watched(deployed))
    backup.add_to(template, deployed)
    for role in roles:
        policy.add_to(template, role, policy.statements(role, deployed))
    exemptions.add_to(template)
    return template


def add_table(
    template: Template, deployed: DeployedTable, name: Parameter, *, alarms: bool = True
) -> None:
    """Add the parameters with their conditions and rules, and the table with its scaling and key.

    Args:
        template: The template.
        deployed: The table.
        name: The parameter with its name.
        alarms: Whether the template has alarms, with parameters of their own.
    """
    parameters.add_to(template, name, alarms=alarms)
    conditions.add_to(template, alarms=alarms)
    dynamodb_table.add_to(template, deployed)
    scaling.add_to(template, deployed)
    keys.add_to(template)


def add_monitoring(template: Template, watched: Sequence[Watched]) -> None:
    """Add the alarms, the topic that they notify, and the dashboard that shows them."""
    topic.add_to(template)
    add_alarms(template, watched)
    dashboard.add_to(template, watched)


def _description(table: Table, *, alarms: bool) -> str:
    parts = "keys, alarms and backups" if alarms else "keys and backups"
    described = f"The DynamoDB table {table.name}, its {parts}"
    return f"{described}: {LOCAL_INDEXES_FOR_GOOD}" if table.local_indexes else described
