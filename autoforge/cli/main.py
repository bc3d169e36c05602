"""The command line: the group of all commands, and the exit code of each error."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import click
from pydantic import ValidationError

from autoforge import __version__
from autoforge.cli.ask import ask
from autoforge.cli.chosen import table_option
from autoforge.cli.patterns import explain_pattern, list_patterns, print_page
from autoforge.cli.serve import serve
from autoforge.cli.table import table
from autoforge.cli.template import print_policy, print_template
from autoforge.errors import (
    AutoforgeError,
    ConfigurationError,
    InvalidValueError,
    ItemNotFoundError,
    TableNotFoundError,
    UnavailableError,
)

#: The exit code of each error; the first match applies. 2 is click's code of a wrong call.
EXIT_CODES: Final[Mapping[type[AutoforgeError], int]] = {
    InvalidValueError: 2,
    ConfigurationError: 2,
    ItemNotFoundError: 3,
    TableNotFoundError: 3,
    UnavailableError: 4,
    AutoforgeError: 1,
}

#: The exit code after Ctrl-C, the same as of a program that the signal ends.
INTERRUPTED: Final = 128 + signal.SIGINT


class _Group(click.Group):
    """A group whose commands, if interrupted, end with the exit code that shells expect."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo(err=True)  # ends the line of the progress
            ctx.exit(INTERRUPTED)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@partial(table_option, envvar="AUTOFORGE_TABLE")
def group() -> None:
    """Ask, document and create any DynamoDB table; serve the agent platform's.

    The table is the agent platform's, unless --table names another; the option may stand anywhere.
    """


for command in (
    serve,
    list_patterns,
    explain_pattern,
    ask,
    print_page,
    table,
    print_template,
    print_policy,
):
    group.add_command(command)


def main() -> None:
    """Run the command line; report an error as one line on standard error, and its exit code."""
    try:
        group()
    except AutoforgeError as error:
        click.echo(f"autoforge: {error}", err=True)
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in each["loc"]).upper()
            message = each["msg"].removeprefix("Value error, ")
            click.echo(f"autoforge: AUTOFORGE_{name}: {message}", err=True)
        sys.exit(2)
