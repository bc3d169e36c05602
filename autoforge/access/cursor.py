"""Cursors: where a page ended, opaque and signed, for one pattern and its parameters only.

DynamoDB would serve a start key of another partition, so an unsigned cursor lets a caller read
what the route does not offer. Content is signed and not hidden: it holds keys and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer

from autoforge.access.pattern import WireKey
from autoforge.access.query import Query
from autoforge.errors import ConfigurationError, InvalidCursorError
from autoforge.models.indexes import TABLE

_WRITTEN: Final = re.compile(r"[A-Za-z0-9_.-]+")
_REFUSAL: Final = "the cursor was not issued for this query"


class Cursors:
    """Issues cursors and takes back its own.

    Args:
        secrets: Signing keys, the newest first: it signs, all are accepted. To rotate, put a new
            one in front and drop the old one when no cursor it signed is in use.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or not all(secrets):
            raise ConfigurationError("cursors need at least one signing key that is not empty")
        # itsdangerous signs with the last key of its list.
        self._secrets = list(reversed(secrets))

    def issue(self, query: Query[Any], item: WireKey) -> str:
        """Make the cursor of a page that ended with an item."""
        content = {name: item[name]["S"] for name in _key_names(query)}
        return str(self._serializer(query).dumps(content))

    def accept(self, query: Query[Any], cursor: str) -> WireKey:
        """Read where the page before ended.

        Raises:
            InvalidCursorError: if the cursor was made for another query, or not by us.
        """
        content = self._content(query, cursor)
        # A release before may have read another index under the same name.
        if not isinstance(content, dict) or sorted(content) != _key_names(query):
            raise InvalidCursorError(_REFUSAL)
        return {name: {"S": str(text)} for name, text in content.items()}

    def _content(self, query: Query[Any], cursor: str) -> Any:
        # base64 passes over characters that are not its own.
        if not _WRITTEN.fullmatch(cursor):
            raise InvalidCursorError(_REFUSAL)
        try:
            return self._serializer(query).loads(cursor)
        except BadData as error:
            raise InvalidCursorError(_REFUSAL) from error

    def _serializer(self, query: Query[Any]) -> URLSafeSerializer:
        binding = json.dumps([type(query).__name__, query.arguments()], default=str, sort_keys=True)
        return URLSafeSerializer(
            self._secrets,
            salt=f"autoforge.cursor:{binding}",
            signer_kwargs={"digest_method": hashlib.sha256},
        )


def _key_names(query: Query[Any]) -> list[str]:
    """The keys of table and index, at which a page can go on."""
    indexes = {TABLE, query.index}
    return sorted(name for each in indexes for name in (each.partition_key, each.sort_key))
