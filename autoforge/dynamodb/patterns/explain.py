"""What a pattern would send, exactly and in words, without sending it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.patterns.composite import Composite, Part
from autoforge.dynamodb.patterns.pattern import Fetch, Get, Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.patterns.request import Request


@dataclass(frozen=True)
class Explanation:
    """The requests a pattern makes with its parameters, and what they do in a sentence each."""

    pattern: str
    question: str
    arguments: Mapping[str, Any]
    requests: tuple[Request, ...]
    words: tuple[str, ...]


def explain(
    pattern: Pattern[Any],
    *,
    table_name: str,
    now: datetime,
    limit: int = 25,
    consistent: bool = False,
) -> Explanation:
    """Say what a pattern would send for its first page, and send nothing.

    Args:
        pattern: The pattern with its parameters.
        table_name: The table it would be asked of.
        now: The moment, for patterns that ask about the present.
        limit: Items of a page.
        consistent: Whether to read strongly consistently.

    Raises:
        InvalidValueError: if a parameter cannot stand in a key, or an index is to be read
            strongly consistently.
    """
    parts = list(_parts(pattern, limit))
    # Of several parts, those that can be are read strongly consistently, as the Store does.
    asked = [(part, consistent and (len(parts) == 1 or _offers(part))) for part in parts]
    return Explanation(
        pattern=type(pattern).__name__,
        question=type(pattern).question(),
        arguments=pattern.arguments(),
        # A page asks for one item more than it has, to know whether another page follows.
        requests=tuple(
            _request(part, table_name, now, consistent=how, ahead=len(parts) == 1)
            for part, how in asked
        ),
        words=tuple(_words(part, now, consistent=how) for part, how in asked),
    )


def _parts(pattern: Pattern[Any], limit: int) -> Iterator[Part]:
    match pattern:
        case Composite():
            yield from pattern.parts()
        case Get() | Query() | Fetch():
            yield Part(pattern, limit)


def _offers(part: Part) -> bool:
    """Whether there are strongly consistent reads of what the part reads."""
    return not isinstance(part.pattern, Query) or part.pattern.index.consistent_reads


def _request(
    part: Part, table_name: str, now: datetime, *, consistent: bool, ahead: bool
) -> Request:
    match part.pattern:
        case Query() as query:
            limit = None if part.count else part.limit + ahead
            return query.request(
                table_name, limit=limit, now=now, consistent=consistent, count=part.count
            )
        case pattern:
            return pattern.request(table_name, consistent=consistent)


def _words(part: Part, now: datetime, *, consistent: bool) -> str:
    how = "strongly" if consistent else "eventually"
    names = " or ".join(entity.type_name for entity in part.pattern.entities)
    match part.pattern:
        case Lookup() as lookup:
            key = lookup.primary_key()
            return (
                f"Get the {lookup.lookup.type_name} at {key.partition} / {key.sort}, "
                f"then the {lookup.entity.type_name} it names, {how} consistently."
            )
        case Get() as get:
            key = get.primary_key()
            return f"Get the {names} at {key.partition} / {key.sort}, {how} consistently."
        case Query() as query:
            where = "the table" if query.index.name is None else f"index {query.index.name}"
            first = "largest" if query.descending else "smallest"
            if part.count:
                return f"Count what {where} has for {query.condition(now)} ({names})."
            then = ""
            if isinstance(query, Hydrate):
                target, reference = query.entities
                names = reference.type_name
                then = f" Then get the {target.type_name} of each in one batch."
            return (
                f"Query {where} for {query.condition(now)}, {first} sort key first, "
                f"up to {part.limit} items ({names}), {how} consistently.{then}"
            )
        case Fetch() as fetch:
            count = len(fetch.primary_keys())
            return (
                f"Get up to {count} items by their keys ({names}) in one batch, {how} consistently."
            )
