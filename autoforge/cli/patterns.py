"""``autoforge patterns`` and ``autoforge explain``: the access patterns and their requests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args, get_origin, get_type_hints

import click
from pydantic import TypeAdapter, ValidationError

from autoforge.access.catalogue import CATALOGUE, by_name
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.patterns.catalogue_page import catalogue_page
from autoforge.dynamodb.patterns.explain import explain
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.schema.attributes import camel_case
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.errors import InvalidValueError
from autoforge.forge import utc_now
from autoforge.settings import Settings


@click.command("patterns")
@click.option("--markdown", is_flag=True, help="Print the page of the documentation.")
def list_patterns(*, markdown: bool) -> None:
    """List every access pattern."""
    if markdown:
        click.echo(catalogue_page(CATALOGUE), nl=False)
        return
    width = max(len(pattern.__name__) for pattern in CATALOGUE)
    for each in map(entry, CATALOGUE):
        click.echo(f"{each.name:{width}}  {each.operation:20}  {each.index:5}  {each.question}")


@click.command("explain")
@click.argument("pattern")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--table-name", help="Name of the table.")
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1), help="Page size.")
@click.option("--consistent", is_flag=True, help="Read strongly consistently.")
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
    explanation = explain(
        _pattern(pattern, parameters),
        table_name=table_name or Settings().table_name,
        now=utc_now(),
        limit=limit,
        consistent=consistent,
    )
    click.echo(f"{explanation.pattern}: {explanation.question}")
    for request, words in zip(explanation.requests, explanation.words, strict=True):
        click.echo(f"\n{words}\n\n{request.operation}")
        click.echo(json.dumps(request.parameters, indent=2, ensure_ascii=False))


def _pattern(name: str, given: Sequence[str]) -> Pattern[Any]:
    """Create a pattern from its name and texts of the form NAME=VALUE.

    Raises:
        click.BadParameter: if a name is unknown, or a value is missing or malformed.
    """
    pattern = by_name(name)
    if pattern is None:
        names = ", ".join(sorted(each.__name__ for each in CATALOGUE))
        raise click.BadParameter(f"{name} is not a pattern; expected one of {names}")
    hints = get_type_hints(pattern)
    known = {camel_case(each.name): each.name for each in pattern.parameters()}
    values: dict[str, Any] = {}
    for each in given:
        key, separator, text = each.partition("=")
        if not separator or key not in known:
            names = ", ".join(known)
            raise click.BadParameter(f"{name} got {each!r}; expected NAME=VALUE for {names}")
        try:
            values[known[key]] = _read(hints[known[key]], text)
        except ValidationError as error:
            raise click.BadParameter(f"{key}: {error.errors()[0]['msg']}") from None
        except InvalidValueError as error:
            raise click.BadParameter(f"{key}: {error}") from None
    missing = [
        parameter.name
        for parameter in entry(pattern).parameters
        if parameter.required and known[parameter.name] not in values
    ]
    if missing:
        raise click.BadParameter(f"{name} needs {', '.join(missing)}")
    return pattern(**values)


def _read(hint: Any, text: str) -> Any:
    """Read the value of a parameter; a time in any form of ISO 8601, a list as JSON."""
    if get_origin(hint) is tuple:
        return TypeAdapter[Any](hint).validate_json(text)
    if datetime in (hint, *get_args(hint)):
        return as_timestamp(text)
    return TypeAdapter[Any](hint).validate_strings(text)
