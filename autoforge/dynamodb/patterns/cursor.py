"""Cursors: signed, opaque texts with the key at which a page of a query ended.

A cursor is valid for one table, one pattern and its parameters. DynamoDB accepts a start key of
another partition, so an unsigned cursor would let a caller read items that the route does not
offer. The content is signed but not encrypted; it holds keys only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import orjson

from autoforge.dynamodb.errors import InvalidCursorError
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.request import WireKey
from autoforge.dynamodb.patterns.seals import Seals
from autoforge.dynamodb.schema.indexes import Index, KeyType

_REFUSAL: Final = "the cursor was not issued for this query"
_REFUSED_PLACE: Final = "the poll cursor was not issued for this feed"


class Cursors:
    """Issues cursors of pages and verifies them; a Store has one.

    A cursor is signed, so that a client can neither forge the key in it nor use it with another
    query.

    Args:
        secrets: Signing keys, the newest first. The first key signs; cursors that any of them
            signed are accepted.

    Raises:
        ConfigurationError: if there is no key, or one is empty.

    Examples:
        >>> cursors = Cursors(["a long secret"])
        >>> cursors.accept("Library", LoansOfBook("b1"), "forged")
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidCursorError: ...
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._seals = Seals(secrets)

    def issue(self, table_name: str, query: Query[Any], item: WireKey) -> str:
        """Return the cursor of the page that ended with an item.

        Args:
            table_name: The table that was read.
            query: The query with its parameters.
            item: The last item of the page, or its keys in table and index, in DynamoDB JSON.
        """
        types = _key_types(query)
        content = orjson.dumps({name: item[name][kind] for name, kind in types.items()})
        return self._seals.seal(_purpose("page", table_name, query), content)

    def accept(self, table_name: str, query: Query[Any], cursor: str) -> WireKey:
        """Return the key at which the page before ended.

        Raises:
            InvalidCursorError: if the cursor was not issued for this query and table.
        """
        content = self._seals.open(_purpose("page", table_name, query), cursor)
        key = None if content is None else orjson.loads(content)
        # An earlier release may have issued it for another index under the same pattern name.
        types = _key_types(query)
        if not isinstance(key, dict) or key.keys() != types.keys():
            raise InvalidCursorError(_REFUSAL)
        return {name: {kind: str(key[name])} for name, kind in types.items()}

    def issue_place(self, table_name: str, feed: Query[Any], content: bytes) -> str:
        """Return the poll cursor of a place in a feed of a table."""
        return self._seals.seal(_purpose("poll", table_name, feed), content)

    def accept_place(self, table_name: str, feed: Query[Any], cursor: str) -> bytes:
        """Return the place in a feed that a poll cursor holds.

        Raises:
            InvalidCursorError: if the cursor was not issued for this feed and table.
        """
        content = self._seals.open(_purpose("poll", table_name, feed), cursor)
        if content is None:
            raise InvalidCursorError(_REFUSED_PLACE)
        return content


def _purpose(kind: str, table_name: str, query: Query[Any]) -> str:
    """Return the purpose of a seal: the kind of cursor, the table, the pattern, its parameters."""
    parts = [kind, table_name, type(query).__name__, query.arguments()]
    return json.dumps(parts, default=str, sort_keys=True)


def _key_types(query: Query[Any]) -> Mapping[str, KeyType]:
    """Return the key attributes of table and index, which a start key needs, and their types."""
    return _types(query.entities[0].layout.primary, query.index)


@cache
def _types(primary: Index, index: Index) -> Mapping[str, KeyType]:
    return dict(sorted({**primary.types, **index.types}.items()))
