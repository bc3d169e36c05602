"""Seals: signed texts that a client keeps for us and cannot read us anything else with.

A sealed text is URL-safe base64 of its content, a dot, and the base64 of an HMAC-SHA256. It is
signed and not hidden. It is good for one purpose, and in the form it was given out only: of the
several texts that base64 decodes to the same bytes, one is accepted.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

from autoforge.dynamodb.errors import ConfigurationError
from autoforge.dynamodb.schema.cache import Remembered

_SCOPE: Final = "autoforge.cursor"


class Seals:
    """Seals texts and opens its own.

    Args:
        secrets: Signing keys, the newest first: it signs, all are accepted. To rotate, put a new
            one in front and drop the old one when no text it signed is in use.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or not all(secrets):
            raise ConfigurationError("cursors need at least one signing key that is not empty")
        self._secrets = tuple(secrets)
        # Whoever polls asks for the same purpose again.
        self._keys = Remembered(self._derived)

    def seal(self, purpose: str, content: bytes) -> str:
        """Sign content for a purpose; the same content always gives the same text."""
        encoded = _encoded(content)
        return f"{encoded}.{_signature(self._keys[purpose][0], encoded)}"

    def open(self, purpose: str, text: str) -> bytes | None:
        """The content of a text that was sealed for the purpose; None of any other text."""
        encoded, _, signature = text.rpartition(".")
        if not text.isascii():
            return None
        for key in self._keys[purpose]:
            # Compared as text, not decoded: base64 leaves bits of its last character unused.
            if hmac.compare_digest(_signature(key, encoded), signature):
                return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return None

    def _derived(self, purpose: str) -> tuple[bytes, ...]:
        """The keys that sign for a purpose, in the order of the secrets."""
        message = f"{_SCOPE}:{purpose}".encode()
        return tuple(hmac.digest(secret.encode(), message, "sha256") for secret in self._secrets)


def _signature(key: bytes, encoded: str) -> str:
    return _encoded(hmac.digest(key, encoded.encode(), "sha256"))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
