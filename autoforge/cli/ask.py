"""``autoforge ask``: runs an access pattern and prints what it answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import click
from click.core import ParameterSource

from autoforge.cli.chosen import chosen_table, table_option
from autoforge.cli.completion import complete_parameter, complete_pattern
from autoforge.cli.connection import connection_options
from autoforge.cli.parameters import read_pattern
from autoforge.cli.shown import Listing, described, text
from autoforge.dynamodb import Composite, Cursors, Fetch, Get, Page, Pattern, Query, Store
from autoforge.dynamodb.admin.create import mapped_errors
from autoforge.dynamodb.patterns.json_items import JsonObject, as_json, to_json
from autoforge.errors import ItemNotFoundError
from autoforge.settings import ConnectionSettings

#: The exit code if there is no such item, as with grep.
NOTHING: Final = 1

#: The items of a request with ``--all``, unless ``--limit`` is given.
_ALL_LIMIT: Final = 100

#: The options that apply to queries only.
_OF_QUERIES: Final = ("limit", "cursor", "everything")

#: The key that signs cursors without AUTOFORGE_CURSOR_SECRETS. Later calls must accept the cursors,
#: which need no protection: a user of the command may read the table anyway.
_CURSOR_SECRET: Final = "the cursors of autoforge ask"  # noqa: S105 - it protects nothing


@click.command("ask")
@click.argument("pattern", shell_complete=complete_pattern)
@click.argument(
    "parameters", nargs=-1, metavar="[NAME=VALUE]...", shell_complete=complete_parameter
)
@click.option("--json", "as_lines", is_flag=True, help="Print a JSON object for each item.")
@click.option("--all", "everything", is_flag=True, help="Print the items of all pages.")
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1), help="Page size.")
@click.option("--cursor", help="Begin after the page that printed this cursor.")
@click.option("--order", type=click.Choice(["asc", "desc"]), help="Direction of a query.")
@click.option("--consistent", is_flag=True, help="Read strongly consistently.")
@connection_options
@table_option
@click.pass_context
def ask(
    context: click.Context,
    *,
    pattern: str,
    parameters: tuple[str, ...],
    as_lines: bool,
    everything: bool,
    limit: int,
    cursor: str | None,
    order: Literal["asc", "desc"] | None,
    consistent: bool,
    endpoint_url: str | None,
    table_name: str | None,
    region: str | None,
) -> None:
    """Run PATTERN and print the items of its answer.

    For example: autoforge ask EventsOfProject projectId=p1 since=2026-02-04T10:30Z

    The exit code is 1 if there is no such item.
    """
    chosen = chosen_table()
    given = parameters if order is None else (*parameters, f"order={order}")
    asked = read_pattern(chosen.table, pattern, given)
    if not isinstance(asked, Query):
        _require_no_paging(context, asked)
    store = chosen.connect(table_name=table_name, region=region, endpoint_url=endpoint_url)
    if not ConnectionSettings().cursor_secrets:
        store = replace(store, cursors=Cursors([_CURSOR_SECRET]))
    limited = context.get_parameter_source("limit") is ParameterSource.COMMANDLINE
    with mapped_errors(store.table_name):
        if isinstance(asked, Query):
            pages = _pages(
                store,
                asked,
                limit=_ALL_LIMIT if everything and not limited else limit,
                cursor=cursor,
                consistent=consistent,
            )
            _print_pages(pages, everything=everything, as_lines=as_lines)
            return
        try:
            answer = _answer(store, asked, consistent=consistent)
        except ItemNotFoundError as error:
            click.echo(f"autoforge: {error}", err=True)
            context.exit(NOTHING)
    _print_answer(answer, as_lines=as_lines)


def _require_no_paging(context: click.Context, asked: Pattern[Any]) -> None:
    """Refuse the options of queries for another pattern.

    Raises:
        click.BadParameter: if such an option is given.
    """
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name in _OF_QUERIES and source is ParameterSource.COMMANDLINE:
            raise click.BadParameter(
                f"{type(asked).__name__} has no pages; {option.opts[0]} is for a query"
            )


def _pages(
    store: Store, query: Query[Any], *, limit: int, cursor: str | None, consistent: bool
) -> Iterator[Page[JsonObject]]:
    while True:
        page = store.page(query, limit=limit, cursor=cursor, consistent=consistent, reading=as_json)
        yield page
        if page.cursor is None:
            return
        cursor = page.cursor


def _answer(store: Store, asked: Pattern[Any], *, consistent: bool) -> Any:
    """Return the answer of a pattern without pages, as JSON.

    Raises:
        ItemNotFoundError: if there is none.
        click.BadParameter: if the pattern is of another kind.
    """
    if isinstance(asked, Get):
        found = store.get(asked, consistent=consistent, reading=as_json)
        named = asked.entity.type_name
    elif isinstance(asked, Fetch):
        return list(store.fetch(asked, consistent=consistent, reading=as_json))
    elif isinstance(asked, Composite):
        found = to_json(store.answer(asked, consistent=consistent))
        named = type(asked).__name__
    else:
        raise click.BadParameter(f"{type(asked).__name__} is of a kind that ask cannot run")
    if found is None:
        raise ItemNotFoundError(named, asked.named())
    return found


def _print_pages(pages: Iterator[Page[JsonObject]], *, everything: bool, as_lines: bool) -> None:
    listing = Listing()
    count = 0
    for page in pages:
        _print_items(page.items, listing, as_lines=as_lines)
        count += len(page.items)
        if not everything:
            if page.cursor is not None:
                click.echo(f"next page: --cursor {page.cursor}", err=True)
            return
        _show_progress(count)
    _show_progress(count, end=True)


def _show_progress(count: int, *, end: bool = False) -> None:
    """Say how many items were read: in place in a terminal, else once at the end."""
    in_place = sys.stderr.isatty() and not sys.stdout.isatty()
    if end or in_place:
        start = "\r" if in_place else ""
        click.echo(f"{start}{count:,} items", err=True, nl=end)


def _print_answer(answer: Any, *, as_lines: bool) -> None:
    if isinstance(answer, list):
        _print_items(answer, Listing(), as_lines=as_lines)
    elif as_lines:
        click.echo(_line(answer))
    elif isinstance(answer, dict):
        click.echo("\n".join(described(answer)).lstrip("\n"))
    else:
        click.echo(text(answer))


def _print_items(items: Sequence[Any], listing: Listing, *, as_lines: bool) -> None:
    if as_lines:
        for each in items:
            click.echo(_line(each))
    elif items and all(isinstance(each, dict) for each in items):
        for line in listing.lines(items):
            click.echo(line)
    else:
        for each in items:
            click.echo(text(each))


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
