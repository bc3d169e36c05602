"""Describes access patterns for a catalogue, from their declarations alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from autoforge.dynamodb.patterns.descriptions import description_of_parameter
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.placeholders import is_required
from autoforge.dynamodb.schema.letter_case import camel_case

_TYPE_NAMES: Final[Mapping[Any, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    Decimal: "number",
    bool: "true or false",
    datetime: "moment",
    date: "date",
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a pattern, with its name in camelCase, and type and meaning in words."""

    name: str
    type: str
    required: bool
    #: Empty if neither the parameter nor the attribute behind it is described.
    description: str = ""


@dataclass(frozen=True)
class Entry:
    """The description of a pattern in the catalogue."""

    name: str
    question: str
    notes: str
    source: str
    operation: str
    index: str
    #: By the name of an optional parameter, or ``""``; see ``Pattern.key_conditions``.
    key_conditions: Mapping[str, str]
    order: str
    consistent: bool
    requests: int
    parameters: tuple[Parameter, ...]
    answers: tuple[str, ...]


def entry(pattern: type[Pattern[Any]]) -> Entry:
    """Describe a pattern from its declaration alone."""
    return Entry(
        name=pattern.__name__,
        question=pattern.question(),
        notes="\n\n".join(filter(None, (pattern.notes(), " ".join(pattern.remarks())))),
        source=pattern.source,
        operation=getattr(pattern, "operation", "several"),
        index=pattern.described_index(),
        key_conditions=pattern.described_conditions(),
        order=pattern.described_order(),
        consistent=pattern.offers_consistent_reads(),
        requests=pattern.requests,
        parameters=tuple(_parameters(pattern)),
        answers=pattern.described_answers(),
    )


def _parameters(pattern: type[Pattern[Any]]) -> list[Parameter]:
    hints = get_type_hints(pattern)
    return [
        Parameter(
            camel_case(each.name),
            _type_name(hints[each.name]),
            is_required(each),
            description_of_parameter(pattern, each.name),
        )
        for each in sorted(pattern.parameters(), key=lambda each: each.name == "order")
    ]


def _type_name(hint: Any) -> str:
    """Return the name of a parameter's type in words, for readers who do not know Python."""
    members = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) is Literal:
        return " or ".join(members)
    if get_origin(hint) is tuple:
        return f"list of {_type_name(members[0])}s"
    if members:
        return " or ".join(dict.fromkeys(map(_type_name, members)))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return " or ".join(hint)
    return _TYPE_NAMES.get(hint, getattr(hint, "__name__", str(hint)))
