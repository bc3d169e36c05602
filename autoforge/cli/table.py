"""``autoforge table``: creates a table in a local DynamoDB, and checks any table."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import get_args

import click

from autoforge.cli.chosen import chosen_table, table_option
from autoforge.cli.connection import connection_options
from autoforge.dynamodb.admin.drift import Drift, DriftName


@click.group()
@table_option
def table() -> None:
    """Create or check the table."""


@table.command()
@click.option("--endpoint-url", required=True, help="The local DynamoDB; in AWS use the template.")
@click.option("--table-name", help="Name of the table.")
@click.option("--region", help="AWS region.")
@table_option
def create(endpoint_url: str, table_name: str | None, region: str | None) -> None:
    """Create the table with its indexes, expiry and recovery, unless it exists."""
    store = chosen_table().connect(table_name=table_name, region=region, endpoint_url=endpoint_url)
    store.create_table()
    click.echo(f"table {store.table_name} exists")


@table.command()
@connection_options
@click.option(
    "--ignore",
    multiple=True,
    type=click.Choice(get_args(DriftName)),
    help="Ignore drifts of this name; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@table_option
def check(
    *,
    endpoint_url: str | None,
    table_name: str | None,
    region: str | None,
    ignore: Sequence[DriftName],
    as_json: bool,
) -> None:
    """Report where the table differs from its declaration and its template.

    Nothing is changed. The exit code is 1 if there is a drift that is not ignored.
    """
    store = chosen_table().connect(table_name=table_name, region=region, endpoint_url=endpoint_url)
    found = store.drifts()
    drifts = [each for each in found if each.name not in ignore]
    ignored = [each for each in found if each.name in ignore]
    show = _as_json if as_json else _as_lines
    click.echo(show(store.table_name, drifts, ignored))
    if drifts:
        sys.exit(1)


def _as_lines(name: str, drifts: Sequence[Drift], ignored: Sequence[Drift]) -> str:
    if drifts:
        return "\n".join(f"[{each.name}] {each.says}" for each in drifts)
    names = ", ".join(dict.fromkeys(each.name for each in ignored))
    return f"table {name} agrees" + (f", except for ignored drifts: {names}" if names else "")


def _as_json(name: str, drifts: Sequence[Drift], ignored: Sequence[Drift]) -> str:
    result = {
        "table": name,
        "agrees": not drifts,
        "drifts": [asdict(each) for each in drifts],
        "ignored": [asdict(each) for each in ignored],
    }
    return json.dumps(result, indent=2, ensure_ascii=False)
