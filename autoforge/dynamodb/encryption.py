"""Ciphers: what turns a secret into text that may be stored, and back.

Two implementations: AWS KMS, and a key from the settings where there is no KMS. Both bind the
cipher text to a context (table and integration), so that it cannot be moved to another item.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from autoforge.dynamodb.errors import ConfigurationError, SecretError
from autoforge.dynamodb.extras import extra

#: Bytes of plain text that KMS encrypts directly (AWS, "Encrypt" of KMS).
PLAIN_TEXT_LIMIT: Final = 4096

_NONCE: Final = 12
_KEY_ID: Final = 4


class Cipher(Protocol):
    """Encrypts a secret under a context, and decrypts it under the same context only."""

    def encrypt(self, plain_text: bytes, context: Mapping[str, str]) -> str:
        """Return base64 text that may be stored.

        Raises:
            SecretError: if it cannot be encrypted.
        """

    def decrypt(self, cipher_text: str, context: Mapping[str, str]) -> bytes:
        """Return the plain text.

        Raises:
            SecretError: if the text was not made by this cipher under this context.
        """


class KmsCipher:
    """Encrypts with a key in AWS KMS that never leaves it.

    Args:
        client: A KMS client of botocore or boto3.
        key_id: Id, ARN or alias of a symmetric key.
    """

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def encrypt(self, plain_text: bytes, context: Mapping[str, str]) -> str:
        """Encrypt with KMS; the context is its encryption context."""
        require_length(plain_text)
        try:
            answer = self._client.encrypt(
                KeyId=self._key_id, Plaintext=plain_text, EncryptionContext=dict(context)
            )
        except (ClientError, BotoCoreError) as error:
            raise SecretError(f"KMS did not encrypt: {_reason(error)}") from None
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def decrypt(self, cipher_text: str, context: Mapping[str, str]) -> bytes:
        """Decrypt with KMS."""
        try:
            answer = self._client.decrypt(
                KeyId=self._key_id,
                CiphertextBlob=base64.b64decode(cipher_text),
                EncryptionContext=dict(context),
            )
        except (ClientError, BotoCoreError, ValueError) as error:
            raise SecretError(f"KMS did not decrypt: {_reason(error)}") from None
        return bytes(answer["Plaintext"])


class LocalCipher:
    """Encrypts with AES-256-GCM under keys of our own, where there is no KMS.

    Args:
        secrets: Keys as text, the newest first: it encrypts, all decrypt.

    Raises:
        MissingExtraError: if cryptography is not installed.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or not all(secrets):
            raise ConfigurationError("encryption needs at least one key that is not empty")
        # Most processes never encrypt; only who does imports this.
        with extra("kms", "LocalCipher"):
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        keys = [
            hashlib.sha256(b"autoforge.secret:" + secret.encode()).digest() for secret in secrets
        ]
        self._keys = {_id_of(key): AESGCM(key) for key in keys}
        self._newest = _id_of(keys[0])

    def encrypt(self, plain_text: bytes, context: Mapping[str, str]) -> str:
        """Encrypt under the newest key; the context is authenticated with it."""
        require_length(plain_text)
        nonce = os.urandom(_NONCE)
        sealed = self._keys[self._newest].encrypt(nonce, plain_text, _bytes_of(context))
        return base64.b64encode(self._newest + nonce + sealed).decode()

    def decrypt(self, cipher_text: str, context: Mapping[str, str]) -> bytes:
        """Decrypt under whichever key encrypted."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see __init__

        try:
            sealed = base64.b64decode(cipher_text, validate=True)
            key = self._keys[sealed[:_KEY_ID]]
            body = sealed[_KEY_ID:]
            return key.decrypt(body[:_NONCE], body[_NONCE:], _bytes_of(context))
        except (ValueError, KeyError, InvalidTag):
            raise SecretError("the secret was not encrypted here with a key we have") from None


def require_length(plain_text: bytes) -> None:
    """Refuse a secret that KMS could not encrypt, whichever cipher is used.

    Raises:
        SecretError: if it is too long.
    """
    if len(plain_text) > PLAIN_TEXT_LIMIT:
        raise SecretError(
            f"a secret has at most {PLAIN_TEXT_LIMIT:,} bytes, not {len(plain_text):,}"
        )


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_KEY_ID]


def _bytes_of(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True).encode()


def _reason(error: Exception) -> str:
    """What went wrong, without anything of the request."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
