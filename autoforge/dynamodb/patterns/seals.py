"""Seals: signed texts that a client stores and returns, and cannot change.

A sealed text is the URL-safe base64 of its content, a dot, and the base64 of an HMAC-SHA256. It is
signed but not encrypted, and valid for one purpose. Base64 decodes several texts to the same bytes;
only the one that was issued is accepted.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

from autoforge.dynamodb.errors import ConfigurationError, is_name
from autoforge.dynamodb.schema.cache import BoundedCache

_SCOPE: Final = "autoforge.cursor"


class Seals:
    """Signs texts and verifies them.

    Args:
        secrets: Signing keys, the newest first. The first key signs; texts that any of them signed
            are accepted. To rotate the keys, insert a new one in front, and remove the old one when
            no text that it signed is in use.

    Raises:
        ConfigurationError: if there is no key, or one is empty.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        given: object = secrets
        if isinstance(given, str) or not isinstance(given, Sequence):
            raise ConfigurationError("the signing keys of cursors are not a list of texts")
        if not secrets or not all(map(is_name, secrets)):
            raise ConfigurationError(
                "cursors need at least one signing key, a text that is not empty"
            )
        self._secrets = tuple(secrets)
        # A client that polls uses the same purpose again.
        self._keys = BoundedCache(self._derived)

    def seal(self, purpose: str, content: bytes) -> str:
        """Sign content for a purpose; equal contents give equal texts."""
        encoded = _encoded(content)
        return f"{encoded}.{_signature(self._keys[purpose][0], encoded)}"

    def open(self, purpose: str, text: str) -> bytes | None:
        """Return the content of a text that was sealed for the purpose, or None."""
        encoded, _, signature = text.rpartition(".")
        if not text.isascii():
            return None
        for key in self._keys[purpose]:
            # Compared as text, not decoded: base64 leaves bits of its last character unused.
            if hmac.compare_digest(_signature(key, encoded), signature):
                return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return None

    def _derived(self, purpose: str) -> tuple[bytes, ...]:
        """Derive the keys that sign for a purpose, in the order of the secrets."""
        message = f"{_SCOPE}:{purpose}".encode()
        return tuple(hmac.digest(secret.encode(), message, "sha256") for secret in self._secrets)


def _signature(key: bytes, encoded: str) -> str:
    return _encoded(hmac.digest(key, encoded.encode(), "sha256"))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
