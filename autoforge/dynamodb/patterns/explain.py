"""What a pattern would send, exactly and in words, without sending it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.patterns.pattern import Pattern
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
    parts = pattern.parts_read(limit)
    # A page asks for one item more than it has, to know whether another page follows. The parts
    # of a composite do not; those that can be are read strongly consistently, as a Store does.
    alone = len(parts) == 1
    reads = [
        (part, consistent and (alone or part.pattern.offers_consistent_reads())) for part in parts
    ]
    return Explanation(
        pattern=type(pattern).__name__,
        question=type(pattern).question(),
        arguments=pattern.arguments(),
        requests=tuple(
            part.pattern.first_request(
                table_name, limit=part.limit + alone, now=now, consistent=how, count=part.count
            )
            for part, how in reads
        ),
        words=tuple(
            part.pattern.in_words(now, limit=part.limit, consistent=how, count=part.count)
            for part, how in reads
        ),
    )
