"""Cursors: where a page ended, opaque and signed, for one pattern and its parameters only.

DynamoDB would serve a start key of another partition, so an unsigned cursor lets a caller read
what the route does not offer. Content is signed and not hidden: it holds keys and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import orjson
from itsdangerous import BadData, Signer, URLSafeSerializer
from itsdangerous.encoding import base64_encode

from autoforge.access.pattern import WireKey
from autoforge.access.query import Query
from autoforge.errors import ConfigurationError, InvalidCursorError
from autoforge.models.indexes import TABLE, Index
from autoforge.models.remembered import Remembered

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
        # Whoever polls asks for a cursor of the same pattern again.
        self._keys = Remembered(self._derived)

    def issue(self, query: Query[Any], item: WireKey) -> str:
        """Make the cursor of a page that ended with an item."""
        content = orjson.dumps({name: item[name]["S"] for name in _names_in(query.index)})
        # What the serializer would make, without its attempt to compress what is short.
        value = base64_encode(content)
        signature = hmac.digest(self._keys[_salt(query)], value, "sha256")
        return f"{value.decode()}.{base64_encode(signature).decode()}"

    def accept(self, query: Query[Any], cursor: str) -> WireKey:
        """Read where the page before ended.

        Raises:
            InvalidCursorError: if the cursor was made for another query, or not by us.
        """
        content = self._content(query, cursor)
        # A release before may have read another index under the same name.
        if not isinstance(content, dict) or tuple(sorted(content)) != _names_in(query.index):
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
        return URLSafeSerializer(
            self._secrets, salt=_salt(query), signer_kwargs={"digest_method": hashlib.sha256}
        )

    def _derived(self, salt: str) -> bytes:
        """The key that signs for a pattern and its parameters."""
        return Signer(self._secrets, salt=salt, digest_method=hashlib.sha256).derive_key()


def _salt(query: Query[Any]) -> str:
    """What binds a signature to a pattern and its parameters."""
    binding = json.dumps([type(query).__name__, query.arguments()], default=str, sort_keys=True)
    return f"autoforge.cursor:{binding}"


@cache
def _names_in(index: Index) -> tuple[str, ...]:
    """The keys of table and index, at which a page can go on."""
    return tuple(
        sorted({name for each in (TABLE, index) for name in (each.partition_key, each.sort_key)})
    )
