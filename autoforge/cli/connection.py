"""Connects commands to a table, by settings and by options, which override the settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

import click

from autoforge.errors import ConfigurationError
from autoforge.forge import LOCAL_REGION, Forge
from autoforge.settings import ConnectionSettings, Settings, revealed

C = TypeVar("C")


def connection_options(command: C) -> C:
    """Add the options ``--endpoint-url``, ``--table-name`` and ``--region``."""
    for option in (
        click.option("--region", help="AWS region."),
        click.option("--table-name", help="Name of the table."),
        click.option("--endpoint-url", help="A DynamoDB other than AWS's."),
    ):
        add: Any = option
        command = add(command)
    return command


def connect(
    settings: Settings, *, table_name: str | None, region: str | None, endpoint_url: str | None
) -> Forge:
    """Connect to the table that the options or else the settings name; nothing is sent.

    Args:
        settings: The settings, for each option that is None.
        table_name: Name of the table.
        region: AWS region; needed unless an endpoint is given.
        endpoint_url: URL of a DynamoDB other than AWS's.

    Raises:
        ConfigurationError: if neither a region nor an endpoint is set, or an endpoint is malformed.
    """
    url, chosen = endpoint_and_region(settings, region=region, endpoint_url=endpoint_url)
    return Forge.connect(
        table_name=table_name or settings.table_name,
        region=chosen,
        endpoint_url=url,
        transport=settings.transport,
        cursor_secrets=revealed(settings.cursor_secrets),
        kms_key_id=settings.kms_key_id,
        kms_endpoint_url=settings.kms_endpoint_url,
        encryption_secrets=revealed(settings.encryption_secrets),
        record_within=timedelta(seconds=settings.record_seconds),
    )


def endpoint_and_region(
    settings: ConnectionSettings, *, region: str | None, endpoint_url: str | None
) -> tuple[str | None, str]:
    """Return the URL of a DynamoDB other than AWS's, if any, and the region.

    Raises:
        ConfigurationError: if neither a region nor an endpoint is set.
    """
    url = endpoint_url or settings.endpoint_url or None
    chosen = region or settings.region or (None if url is None else LOCAL_REGION)
    if chosen is None:
        raise ConfigurationError(
            "no region is chosen; set --region, AUTOFORGE_REGION or AWS_REGION"
        )
    return url, chosen
