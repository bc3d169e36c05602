"""Integrations: what is asked of their configuration, and how it is saved encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.writes.update import Update
from autoforge.models.integrations import IntegrationConfig, IntegrationStatus


@dataclass(frozen=True)
class IntegrationConfigOf(Get[IntegrationConfig]):
    """How is this integration configured?"""

    source = "Database analysis §4.1, get integration config"
    key = IntegrationConfig.key

    integration: str


def encryption_context(table_name: str, integration: str) -> dict[str, str]:
    """What a cipher text is bound to: it can be decrypted as this, in this table, only."""
    return {"table": table_name, "integration": integration}


def save_integration_config(
    integration: str,
    config_encrypted: str,
    *,
    status: IntegrationStatus,
    new_id: str,
    at: datetime,
) -> Update[IntegrationConfig]:
    """Store the cipher text of an integration's configuration, new or in place of another.

    Args:
        integration: The integration's name.
        config_encrypted: Base64 text a cipher made under ``encryption_context``.
        status: Whether the integration is to be used.
        new_id: The id if there is no configuration yet.
        at: The moment of the write.
    """
    return Update(
        IntegrationConfig,
        {"integration": integration},
        at,
        values={"config_encrypted": config_encrypted, "status": status},
        initial={"id": new_id, "created_at": at},
    )


def report_health(
    integration: str, status: IntegrationStatus, *, at: datetime
) -> Update[IntegrationConfig]:
    """Note that an integration was tried, and how it went."""
    values: Mapping[str, object] = {"status": status, "last_health_check": at}
    return Update(IntegrationConfig, {"integration": integration}, at, values=values)
