"""``forge.integrations``: the encrypted configuration of integrations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from autoforge.access.integrations import (
    IntegrationConfigOf,
    encryption_context,
    report_health,
    save_integration_config,
)
from autoforge.dynamodb.encryption import PLAIN_TEXT_LIMIT, Cipher
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.errors import ConfigurationError, InvalidValueError
from autoforge.forge.resource import Resource
from autoforge.models.integrations import IntegrationConfig, IntegrationStatus


class Integrations(Resource):
    """Stores, reads and decrypts the configuration of integrations with their credentials."""

    def save(
        self,
        integration: str,
        config: Mapping[str, Any],
        *,
        status: IntegrationStatus = IntegrationStatus.ACTIVE,
        expected: Expected[IntegrationConfig] | None = None,
    ) -> IntegrationConfig:
        """Encrypt an integration's configuration, and create or replace the stored one.

        Args:
            integration: The name of the integration.
            config: The configuration, credentials included.
            status: Whether the integration is active.
            expected: The stored item as the caller read it, or a test that it must pass; the test
                gets None if there is no item. None accepts any state.

        Raises:
            VersionConflictError: if the stored item is not as expected; ``item`` is that item.
            InvalidValueError: if the configuration is not a JSON object, or more than 4,096 bytes
                as JSON.
            SecretError: if it cannot be encrypted.
            ConfigurationError: if neither a KMS key nor a local key is configured.
        """
        try:
            plain_text = json.dumps(dict(config), ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError):
            # The cause is dropped, since it would show the secret.
            raise InvalidValueError("the configuration is not a JSON object") from None
        if len(plain_text) > PLAIN_TEXT_LIMIT:
            raise InvalidValueError(
                f"the configuration has {len(plain_text):,} bytes as JSON; "
                f"it may have at most {PLAIN_TEXT_LIMIT:,}"
            )
        now = self._now()
        write = save_integration_config(
            integration,
            self._cipher().encrypt(plain_text, self._encryption_context(integration)),
            status=status,
            new_id=self._context.new_id(now),
            at=now,
        )
        return save_as_expected(self._store, write, expected)

    def get(self, integration: str, *, consistent: bool = False) -> IntegrationConfig:
        """Return an integration's stored item, whose configuration is cipher text.

        Raises:
            ItemNotFoundError: if there is no such integration.
        """
        return self._store.require(IntegrationConfigOf(integration), consistent=consistent)

    def reveal(self, integration: str) -> dict[str, Any]:
        """Decrypt and return an integration's configuration. Keep it out of logs.

        Raises:
            ItemNotFoundError: if there is no such integration.
            SecretError: if it was encrypted for another table or integration, or with a key that
                is no longer configured.
            ConfigurationError: if neither a KMS key nor a local key is configured.
        """
        stored = self.get(integration, consistent=True)
        context = self._encryption_context(integration)
        plain: dict[str, Any] = json.loads(self._cipher().decrypt(stored.config_encrypted, context))
        return plain

    def report_health(self, integration: str, status: IntegrationStatus) -> IntegrationConfig:
        """Store the status of an integration, with the current time as its last health check.

        Raises:
            ItemNotFoundError: if there is no such integration.
        """
        return self._store.save(report_health(integration, status, at=self._now()))

    def _encryption_context(self, integration: str) -> dict[str, str]:
        return encryption_context(self._store.table_name, integration)

    def _cipher(self) -> Cipher:
        if self._context.cipher is None:
            raise ConfigurationError(
                "no encryption key is configured; integration credentials are stored encrypted "
                "only: set AUTOFORGE_KMS_KEY_ID or AUTOFORGE_ENCRYPTION_SECRETS"
            )
        return self._context.cipher
