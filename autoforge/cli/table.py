"""``autoforge table``: the table of a local DynamoDB."""

from __future__ import annotations

import click

from autoforge.cli.connection import connect
from autoforge.settings import Settings


@click.group()
def table() -> None:
    """Look after the table."""


@table.command()
@click.option("--endpoint-url", required=True, help="The local DynamoDB; in AWS use the template.")
@click.option("--table-name", help="Name of the table.")
@click.option("--region", help="AWS region.")
def create(endpoint_url: str, table_name: str | None, region: str | None) -> None:
    """Create the table with its index and expiry, unless it is there."""
    forge = connect(Settings(), table_name=table_name, region=region, endpoint_url=endpoint_url)
    forge.store.create_table()
    click.echo(f"table {forge.store.table_name} is there")
