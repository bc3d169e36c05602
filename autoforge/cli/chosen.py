"""The table of a command: the platform's, or the one that ``--table`` names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

from autoforge.access.catalogue import PLATFORM_TABLE
from autoforge.cli.connection import connect, endpoint_and_region
from autoforge.cli.loading import load
from autoforge.dynamodb import Store, Table
from autoforge.errors import ConfigurationError
from autoforge.settings import ConnectionSettings, Settings, revealed

#: The key of the value of ``--table`` in the click context, which the group and the commands share.
_META: Final = f"{__name__}.path"

C = TypeVar("C")


@dataclass(frozen=True)
class ChosenTable:
    """The table of a command.

    Attributes:
        table: The table.
        module: The module that declares it; empty for the platform's.
    """

    table: Table
    module: str

    @property
    def is_platform(self) -> bool:
        """Whether it is the platform's table."""
        return self.table is PLATFORM_TABLE

    def name(self, given: str | None) -> str:
        """Return the given name; else that of the settings for the platform, or the table's own."""
        return given or (Settings().table_name if self.is_platform else self.table.name)

    def connect(
        self, *, table_name: str | None, region: str | None, endpoint_url: str | None
    ) -> Store:
        """Connect to the table by options, or else by settings; nothing is sent.

        Raises:
            ConfigurationError: if neither a region nor an endpoint is set, or an endpoint is
                malformed.
        """
        if self.is_platform:
            return connect(
                Settings(), table_name=table_name, region=region, endpoint_url=endpoint_url
            ).store
        settings = ConnectionSettings()
        url, chosen = endpoint_and_region(settings, region=region, endpoint_url=endpoint_url)
        return self.table.connect(
            table_name=table_name,
            region=chosen,
            endpoint_url=url,
            transport=settings.transport,
            cursor_secrets=revealed(settings.cursor_secrets),
        )


def _remember(context: click.Context, _: click.Parameter, path: str | None) -> None:
    if path is not None:
        context.meta[_META] = path


def table_option(command: C, *, envvar: str | None = None) -> C:
    """Add the option ``--table``; if it is given several times, the last one applies."""
    option: Any = click.option(
        "--table",
        "table_path",
        envvar=envvar,
        expose_value=False,
        callback=_remember,
        metavar="MODULE:ATTRIBUTE",
        help="The Table that the command is about, instead of the platform's.",
    )
    return option(command)  # type: ignore[no-any-return]


def chosen_table(context: click.Context | None = None) -> ChosenTable:
    """Return the table of the running command.

    Raises:
        ConfigurationError: if ``--table`` does not name a Table.
    """
    path: str | None = (context or click.get_current_context()).meta.get(_META)
    if path is None:
        return ChosenTable(PLATFORM_TABLE, "")
    try:
        return ChosenTable(load(path, Table), path.partition(":")[0])
    except ConfigurationError as error:
        raise ConfigurationError(f"--table: {error}") from error
