"""``autoforge patterns``, ``explain`` and ``page``: the access patterns and their requests."""

from __future__ import annotations

import json

import click

from autoforge.cli.chosen import ChosenTable, chosen_table, table_option
from autoforge.cli.completion import complete_parameter, complete_pattern
from autoforge.cli.parameters import read_pattern
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.patterns.catalogue_page import catalogue_page
from autoforge.dynamodb.patterns.explain import explain
from autoforge.dynamodb.timestamps import utc_now


@click.command("patterns")
@click.option("--markdown", is_flag=True, help="Print the page of the documentation.")
@table_option
def list_patterns(*, markdown: bool) -> None:
    """List every access pattern."""
    chosen = chosen_table()
    if markdown:
        click.echo(_page(chosen), nl=False)
        return
    entries = [entry(each) for each in chosen.table.patterns]
    name, operation, index = (
        max((len(getattr(each, column)) for each in entries), default=0)
        for column in ("name", "operation", "index")
    )
    for each in entries:
        click.echo(
            f"{each.name:{name}}  {each.operation:{operation}}  {each.index:{index}}  "
            f"{each.question}"
        )


@click.command("page")
@table_option
def print_page() -> None:
    """Print the page of the documentation with every access pattern, in Markdown."""
    click.echo(_page(chosen_table()), nl=False)


def _page(chosen: ChosenTable) -> str:
    if chosen.is_platform:
        return catalogue_page(
            chosen.table.patterns, made_by="make docs", explained_by="autoforge explain"
        )
    return chosen.table.catalogue_page()


@click.command("explain")
@click.argument("pattern", shell_complete=complete_pattern)
@click.argument(
    "parameters", nargs=-1, metavar="[NAME=VALUE]...", shell_complete=complete_parameter
)
@click.option("--table-name", help="Name of the table.")
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1), help="Page size.")
@click.option("--consistent", is_flag=True, help="Read strongly consistently.")
@table_option
def explain_pattern(
    *,
    pattern: str,
    parameters: tuple[str, ...],
    table_name: str | None,
    limit: int,
    consistent: bool,
) -> None:
    """Show the exact requests of PATTERN and what they do; nothing is sent.

    For example: autoforge explain EventsOfProject projectId=p1 since=2026-02-04T10:30Z
    """
    chosen = chosen_table()
    asked = read_pattern(chosen.table, pattern, parameters)
    explanation = explain(
        asked,
        table_name=chosen.name(table_name),
        now=utc_now(),
        limit=limit,
        consistent=consistent,
    )
    click.echo(f"{explanation.pattern}: {explanation.question}")
    for each in entry(type(asked)).parameters:
        if each.description:
            click.echo(f"  {each.name} ({each.type}): {each.description}")
    for request, words in zip(explanation.requests, explanation.words, strict=True):
        click.echo(f"\n{words}\n\n{request.operation}")
        click.echo(json.dumps(request.parameters, indent=2, ensure_ascii=False))
