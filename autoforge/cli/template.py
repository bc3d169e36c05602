"""``autoforge template`` and ``autoforge policy``: a table and its roles for CloudFormation."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from autoforge.cli.chosen import ChosenTable, chosen_table, table_option
from autoforge.cli.loading import load
from autoforge.dynamodb.errors import suggestion
from autoforge.errors import ConfigurationError

if TYPE_CHECKING:  # imported at run time only by the commands that need it
    from autoforge.cloudformation import Role

#: The attribute with the roles, in the module of the table.
ROLES: Final = "roles"

_roles_option: Final = click.option(
    "--roles",
    "roles_path",
    metavar="MODULE:ATTRIBUTE",
    help="The roles; unless given, the attribute roles in the module of the table.",
)


@click.command("template")
@_roles_option
@click.option("--no-alarms", is_flag=True, help="Leave out the alarms and the dashboard.")
@table_option
def print_template(*, roles_path: str | None, no_alarms: bool) -> None:
    """Print the CloudFormation template of the table, with a policy for each role."""
    chosen = _own_table()
    from autoforge.cloudformation import template_of  # noqa: PLC0415 - only this command needs it

    roles = _roles(chosen, roles_path)
    template = template_of(chosen.table, roles=roles, alarms=not no_alarms)
    click.echo(template.to_yaml(), nl=False)


@click.command("policy")
@click.argument("role")
@_roles_option
@table_option
def print_policy(*, role: str, roles_path: str | None) -> None:
    """Print the IAM policy of ROLE as JSON."""
    chosen = _own_table()
    roles = {each.name: each for each in _roles(chosen, roles_path)}
    if role not in roles:
        near = suggestion(role, roles) or f"; expected one of {', '.join(roles)}"
        missing = near if roles else ": no roles are declared; name them by --roles"
        raise click.BadParameter(f"{role} is not a role{missing}")
    from autoforge.cloudformation import policy_of  # noqa: PLC0415 - only this command needs it

    document = policy_of(chosen.table, roles[role])
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _own_table() -> ChosenTable:
    """Return the chosen table, unless it is the platform's.

    Raises:
        ConfigurationError: if it is.
    """
    chosen = chosen_table()
    if chosen.is_platform:
        raise ConfigurationError(
            "the table is the platform's, whose template is cfn/template.yaml; name another table "
            "by --table"
        )
    return chosen


def _roles(chosen: ChosenTable, path: str | None) -> Sequence[Role]:
    """Load the roles.

    Raises:
        ConfigurationError: if ``--roles`` does not name a list or tuple of roles.
    """
    from autoforge.cloudformation import Role  # noqa: PLC0415 - only two commands need it

    if path is None and not hasattr(sys.modules[chosen.module], ROLES):
        return ()
    path = path or f"{chosen.module}:{ROLES}"
    found = load(path, object)
    if not isinstance(found, list | tuple) or not all(isinstance(each, Role) for each in found):
        raise ConfigurationError(f"{path} is not a list or tuple of Role")
    return found
