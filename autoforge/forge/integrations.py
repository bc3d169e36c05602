"""``forge.integrations``."""

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
    """The configuration of integrations, whose credentials are stored encrypted."""

    def save(
        self,
        integration: str,
        config: Mapping[str, Any],
        *,
        status: IntegrationStatus = IntegrationStatus.ACTIVE,
        expected: Expected[IntegrationConfig] | None = None,
    ) -> IntegrationConfig:
        """Encrypt and store an integration's configuration, new or in place of another.

        Args:
            integration: Its name.
            config: The configuration, credentials included.
            status: Whether it is to be used.
            expected: What is there as the caller read it, or a test that it must pass, which is
                given None where there is none; None to store it whatever is there.

        Raises:
            VersionConflictError: if what is there is not as expected; it carries the item.
            InvalidValueError: if it is no JSON, or more than 4,096 bytes of it.
            SecretError: if it cannot be encrypted.
            ConfigurationError: if neither a KMS key nor a local key is configured.
        """
        try:
            plain_text = json.dumps(dict(config), ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError):
            # The cause would show the secret.
            raise InvalidValueError("the configuration is no JSON object") from None
        if len(plain_text) > PLAIN_TEXT_LIMIT:
            raise InvalidValueError(
                f"a configuration has at most {PLAIN_TEXT_LIMIT:,} bytes as JSON, "
                f"not {len(plain_text):,}"
            )
        now = self._now()
        write = save_integration_config(
            integration,
            self._cipher().encrypt(plain_text, self._context(integration)),
            status=status,
            new_id=self._tools.new_id(now),
            at=now,
        )
        return save_as_expected(self._store, write, expected)

    def get(self, integration: str, *, consistent: bool = False) -> IntegrationConfig:
        """Return an integration's status and dates; its configuration stays cipher text.

        Raises:
            ItemNotFoundError: if there is none.
        """
        return self._store.require(IntegrationConfigOf(integration), consistent=consistent)

    def reveal(self, integration: str) -> dict[str, Any]:
        """Return the plain configuration: the one way to it. Keep it out of logs.

        Raises:
            ItemNotFoundError: if there is none.
            SecretError: if it was encrypted for another table or integration, or with a key that
                is not configured any more.
        """
        stored = self.get(integration, consistent=True)
        context = self._context(integration)
        plain: dict[str, Any] = json.loads(self._cipher().decrypt(stored.config_encrypted, context))
        return plain

    def report_health(self, integration: str, status: IntegrationStatus) -> IntegrationConfig:
        """Note that an integration was tried just now, and how it went.

        Raises:
            ItemNotFoundError: if there is none.
        """
        return self._store.save(report_health(integration, status, at=self._now()))

    def _context(self, integration: str) -> dict[str, str]:
        return encryption_context(self._store.table_name, integration)

    def _cipher(self) -> Cipher:
        if self._tools.cipher is None:
            raise ConfigurationError(
                "integration credentials are stored encrypted only: "
                "set AUTOFORGE_KMS_KEY_ID or AUTOFORGE_ENCRYPTION_SECRETS"
            )
        return self._tools.cipher
