"""Reads a pattern from its name and its parameters, given as NAME=VALUE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, get_args, get_origin, get_type_hints

import click
from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from autoforge.dynamodb import Pattern, Table
from autoforge.dynamodb.errors import suggestion
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.errors import InvalidValueError


def pattern_named(table: Table, name: str) -> type[Pattern[Any]]:
    """Return the pattern of a table with a name.

    Raises:
        click.BadParameter: if there is none; the message has the most similar name, or all names.
    """
    named = {each.__name__: each for each in table.patterns}
    if name not in named:
        known = f"; expected one of {', '.join(sorted(named))}" if named else ": there are none"
        raise click.BadParameter(f"{name} is not a pattern{suggestion(name, named) or known}")
    return named[name]


def read_pattern(table: Table, name: str, given: Sequence[str]) -> Pattern[Any]:
    """Create a pattern from its name and texts of the form NAME=VALUE.

    Raises:
        click.BadParameter: if a name is unknown or given twice, or a value is missing or malformed.
    """
    pattern = pattern_named(table, name)
    hints = get_type_hints(pattern)
    known = parameters_of(pattern)
    values: dict[str, Any] = {}
    for each in given:
        key, separator, text = each.partition("=")
        if not separator or key not in known:
            expected = f"NAME=VALUE for {', '.join(known)}" if known else "no parameters"
            near = suggestion(key, known) if key not in known else ""
            raise click.BadParameter(f"{name} got {each!r}; expected {expected}{near}")
        if known[key] in values:
            raise click.BadParameter(f"{name} got {key} twice")
        values[known[key]] = _value(key, hints[known[key]], text)
    missing = [
        f"{parameter.name} ({parameter.type}): {parameter.description}"
        if parameter.description
        else parameter.name
        for parameter in entry(pattern).parameters
        if parameter.required and known[parameter.name] not in values
    ]
    if missing:
        raise click.BadParameter(f"{name} needs {', '.join(missing)}")
    return pattern(**values)


def parameters_of(pattern: type[Pattern[Any]]) -> Mapping[str, str]:
    """Return the names of the parameters in Python, by the names that users give."""
    names = {camel_case(each.name): each.name for each in pattern.parameters()}
    return {each.name: names[each.name] for each in entry(pattern).parameters}


def _value(name: str, hint: Any, text: str) -> Any:
    try:
        return _read(hint, text)
    except ValidationError as error:
        raise click.BadParameter(f"{name}: {error.errors()[0]['msg']}") from None
    except InvalidValueError as error:
        raise click.BadParameter(f"{name}: {error}") from None
    except PydanticSchemaGenerationError:
        raise click.BadParameter(f"{name}: a {hint} cannot be given as text") from None


def _read(hint: Any, text: str) -> Any:
    """Read the value of a parameter; a time in any form of ISO 8601, a list as JSON."""
    if get_origin(hint) is tuple:
        return TypeAdapter[Any](hint).validate_json(text)
    if datetime in (hint, *get_args(hint)):
        return as_timestamp(text)
    return TypeAdapter[Any](hint).validate_strings(text)
