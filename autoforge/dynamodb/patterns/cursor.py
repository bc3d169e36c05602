"""Cursors: where a page ended, opaque and signed, for one pattern and its parameters only.

DynamoDB would serve a start key of another partition, so an unsigned cursor lets a caller read
what the route does not offer. Content is signed and not hidden: it holds keys and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import orjson

from autoforge.dynamodb.errors import InvalidCursorError
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.request import WireKey
from autoforge.dynamodb.patterns.seals import Seals
from autoforge.dynamodb.schema.indexes import TABLE, Index

_REFUSAL: Final = "the cursor was not issued for this query"
_REFUSED_PLACE: Final = "the poll cursor was not issued for this feed"


class Cursors:
    """Issues cursors and takes back its own.

    Args:
        secrets: Signing keys, the newest first: it signs, all are accepted.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._seals = Seals(secrets)

    def issue(self, table_name: str, query: Query[Any], item: WireKey) -> str:
        """Make the cursor of a page of a table that ended with an item."""
        content = orjson.dumps({name: item[name]["S"] for name in _names_in(query.index)})
        return self._seals.seal(_purpose("page", table_name, query), content)

    def accept(self, table_name: str, query: Query[Any], cursor: str) -> WireKey:
        """Read where the page before ended.

        Raises:
            InvalidCursorError: if the cursor was made for another query or table, or not by us.
        """
        content = self._seals.open(_purpose("page", table_name, query), cursor)
        key = None if content is None else orjson.loads(content)
        # A release before may have read another index under the same name.
        if not isinstance(key, dict) or tuple(sorted(key)) != _names_in(query.index):
            raise InvalidCursorError(_REFUSAL)
        return {name: {"S": str(text)} for name, text in key.items()}

    def issue_place(self, table_name: str, feed: Query[Any], content: bytes) -> str:
        """Make the poll cursor of a place in a feed of a table."""
        return self._seals.seal(_purpose("poll", table_name, feed), content)

    def accept_place(self, table_name: str, feed: Query[Any], cursor: str) -> bytes:
        """Read the place in a feed that a poll cursor holds.

        Raises:
            InvalidCursorError: if the cursor was made for another feed or table, or not by us.
        """
        content = self._seals.open(_purpose("poll", table_name, feed), cursor)
        if content is None:
            raise InvalidCursorError(_REFUSED_PLACE)
        return content


def _purpose(kind: str, table_name: str, query: Query[Any]) -> str:
    """What binds a cursor to its kind, a table, a pattern and its parameters."""
    parts = [kind, table_name, type(query).__name__, query.arguments()]
    return json.dumps(parts, default=str, sort_keys=True)


@cache
def _names_in(index: Index) -> tuple[str, ...]:
    """The keys of table and index, at which a page can go on."""
    return tuple(
        sorted({name for each in (TABLE, index) for name in (each.partition_key, each.sort_key)})
    )
