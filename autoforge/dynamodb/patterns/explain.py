"""Explains the requests of a pattern, exactly and in words, without sending them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.patterns.snapshot import Snapshot
from autoforge.dynamodb.timestamps import as_timestamp


@dataclass(frozen=True)
class Explanation:
    """The requests of a pattern with its parameters, and a sentence on each of them.

    Attributes:
        pattern: The name of the pattern.
        question: The question that it answers.
        arguments: Its parameters by their names in camelCase.
        requests: The requests that are sent first: operation and parameters.
        words: A sentence on each request.

    Examples:
        >>> print(library.explain(LoansOfBook("b1")).words[0])
        Query the table for PK = BOOK#b1 AND begins_with(SK, LOAN#), smallest sort key first, up to
        25 items (Loan), eventually consistently.
    """

    pattern: str
    question: str
    arguments: Mapping[str, Any]
    requests: tuple[Request, ...]
    words: tuple[str, ...]


def explain(
    pattern: Pattern[Any] | Snapshot,
    *,
    table_name: str,
    now: datetime,
    limit: int = 25,
    consistent: bool = False,
) -> Explanation:
    """Return the requests that a pattern sends for its first page, without sending them.

    Args:
        pattern: The pattern with its parameters, or a snapshot of several.
        table_name: The table that it would read.
        now: The present time, for patterns whose key condition depends on it.
        limit: The number of items in a page.
        consistent: Whether to read strongly consistently.

    Raises:
        DeclarationError: if it is not a pattern with its parameters.
        InvalidValueError: if the limit is below 1, a parameter cannot stand in a key, or a strongly
            consistent read of an index is requested.

    Examples:
        >>> explain(BookByIsbn("b1"), table_name="Library", now=NOON).requests[0].operation
        'GetItem'
    """
    given: object = pattern
    if not isinstance(given, Pattern | Snapshot):
        raise DeclarationError(
            f"{shortened(given)} is not a pattern with its parameters, such as BookByIsbn(…)"
        )
    most: object = limit
    if not (isinstance(most, int) and most >= 1):
        raise InvalidValueError(f"the limit of a page is {limit!r}; it must be at least 1")
    now = as_timestamp(now)
    if isinstance(pattern, Snapshot):
        return Explanation(
            pattern=type(pattern).__name__,
            question=" ".join(type(each).question() for each in pattern.gets),
            arguments={type(each).__name__: each.arguments() for each in pattern.gets},
            requests=(pattern.request(table_name),),
            words=(pattern.in_words(),),
        )
    parts = pattern.parts_read(limit)
    # A page reads one item more than it returns, to know whether another page follows; a part of a
    # composite does not. As in a Store, only the parts that can be are read strongly consistently.
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
