"""Ciphers: encrypt a secret as text that may be stored, and decrypt it.

There are two: ``KmsCipher`` for AWS KMS, and ``LocalCipher`` for keys from the settings. Both bind
the cipher text to a context (table and integration), so that it cannot be moved to another item.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from autoforge.dynamodb.errors import ConfigurationError, SecretError, is_name
from autoforge.dynamodb.extras import extra

#: The most bytes of plain text that KMS encrypts directly (AWS, "Encrypt" of KMS).
PLAIN_TEXT_LIMIT: Final = 4096

#: Bytes of a nonce, and of the id that says which key encrypted a secret.
_NONCE_BYTES: Final = 12
_KEY_ID_BYTES: Final = 4


class Cipher(Protocol):
    """Encrypts a secret with a context, and decrypts it with the same context only."""

    def encrypt(self, plain_text: bytes, context: Mapping[str, str]) -> str:
        """Return the cipher text in base64.

        Raises:
            SecretError: if the secret cannot be encrypted.
        """

    def decrypt(self, cipher_text: str, context: Mapping[str, str]) -> bytes:
        """Return the plain text.

        Raises:
            SecretError: if this cipher did not encrypt the text with this context.
        """


class KmsCipher:
    """Encrypts with a key in AWS KMS, which never leaves KMS.

    Args:
        client: A KMS client of botocore or boto3.
        key_id: Id, ARN or alias of a symmetric key.
    """

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def encrypt(self, plain_text: bytes, context: Mapping[str, str]) -> str:
        """Encrypt with KMS; the context is the encryption context of KMS.

        Raises:
            SecretError: if the secret is too long, or KMS refuses the request or does not answer.
        """
        require_length(plain_text)
        try:
            answer = self._client.encrypt(
                KeyId=self._key_id, Plaintext=plain_text, EncryptionContext=dict(context)
            )
        except (ClientError, BotoCoreError) as error:
            raise SecretError(f"KMS did not encrypt: {_reason(error)}") from None
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def decrypt(self, cipher_text: str, context: Mapping[str, str]) -> bytes:
        """Decrypt with KMS.

        Raises:
            SecretError: if the text is malformed, or KMS refuses the request or does not answer.
        """
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
    """Encrypts with AES-256-GCM and keys of your own, for use without KMS.

    Args:
        secrets: Keys as text, the newest first. The newest encrypts; all can decrypt.

    Raises:
        ConfigurationError: if there is no key, or one is empty.
        MissingExtraError: if cryptography is not installed: ``pip install 'autoforge[kms]'``.

    Examples:
        >>> cipher = LocalCipher(["a long secret"])
        >>> cipher_text = cipher.encrypt(b"token", {"member": "ann"})
        >>> cipher.decrypt(cipher_text, {"member": "ann"})
        b'token'
        >>> cipher.decrypt(cipher_text, {"member": "ben"})
        Traceback (most recent call last):
        autoforge.dynamodb.errors.SecretError: ...
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        given: object = secrets
        if isinstance(given, str) or not isinstance(given, Sequence):
            raise ConfigurationError("the encryption keys are not a list of texts")
        if not secrets or not all(map(is_name, secrets)):
            raise ConfigurationError(
                "an encryption key is missing or empty; at least one key is needed, none empty"
            )
        # Imported here because most processes never encrypt.
        with extra("kms", "LocalCipher"):
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        keys = [
            hashlib.sha256(b"autoforge.secret:" + secret.encode()).digest() for secret in secrets
        ]
        self._ciphers = {_id_of(key): AESGCM(key) for key in keys}
        self._newest = _id_of(keys[0])

    def encrypt(self, plain_text: bytes, context: Mapping[str, str]) -> str:
        """Return the cipher text in base64, encrypted with the newest key.

        Args:
            plain_text: The secret, of up to 4096 bytes.
            context: What the secret belongs to; it is authenticated with the secret, and not
                secret.

        Raises:
            SecretError: if the secret is too long.

        Examples:
            >>> LocalCipher(["a long secret"]).encrypt(bytes(5000), {})
            Traceback (most recent call last):
            autoforge.dynamodb.errors.SecretError: ...
        """
        require_length(plain_text)
        nonce = os.urandom(_NONCE_BYTES)
        encrypted = self._ciphers[self._newest].encrypt(nonce, plain_text, _bytes_of(context))
        return base64.b64encode(self._newest + nonce + encrypted).decode()

    def decrypt(self, cipher_text: str, context: Mapping[str, str]) -> bytes:
        """Return the plain text, decrypted with the key that encrypted it.

        Args:
            cipher_text: The text that ``encrypt`` returned.
            context: The context that it was encrypted with.

        Raises:
            SecretError: if the text is malformed or was encrypted with another key or context.

        Examples:
            >>> older = LocalCipher(["old secret"]).encrypt(b"token", {})
            >>> LocalCipher(["new secret", "old secret"]).decrypt(older, {})
            b'token'
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see __init__

        try:
            stored = base64.b64decode(cipher_text, validate=True)
            cipher = self._ciphers[stored[:_KEY_ID_BYTES]]
            body = stored[_KEY_ID_BYTES:]
            return cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _bytes_of(context))
        except (ValueError, KeyError, InvalidTag):
            raise SecretError(
                "the secret was changed, or encrypted with another key or context"
            ) from None


def require_length(plain_text: bytes) -> None:
    """Check that a secret is not longer than KMS accepts; this applies to every cipher.

    Raises:
        SecretError: if it is longer.
    """
    if len(plain_text) > PLAIN_TEXT_LIMIT:
        raise SecretError(
            f"the secret has {len(plain_text):,} bytes; at most {PLAIN_TEXT_LIMIT:,} are allowed"
        )


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_KEY_ID_BYTES]


def _bytes_of(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True).encode()


def _reason(error: Exception) -> str:
    """Return the code or the type of an error: its message could hold parts of the request."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
