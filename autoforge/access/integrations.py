"""The pattern of an integration's configuration, and the writes that save and check it."""

from __future__ import annotations

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
    """The encryption context of a configuration: only the same table and integration decrypt it."""
    return {"table": table_name, "integration": integration}


def save_integration_config(
    integration: str,
    config_encrypted: str,
    *,
    status: IntegrationStatus,
    new_id: str,
    at: datetime,
) -> Update[IntegrationConfig]:
    """Create or replace the encrypted configuration of an integration.

    Args:
        integration: The integration's name.
        config_encrypted: The configuration, encrypted with ``encryption_context``, as base64 text.
        status: Whether the integration is active.
        new_id: The id of the item if this write creates it.
        at: The time of the write.
    """
    return Update(
        IntegrationConfig,
        {"integration": integration},
        at,
        changes=[
            IntegrationConfig.config_encrypted.set(config_encrypted),
            IntegrationConfig.status.set(status),
        ],
        initial={"id": new_id, "created_at": at},
    )


def report_health(
    integration: str, status: IntegrationStatus, *, at: datetime
) -> Update[IntegrationConfig]:
    """Store the status and the time of a health check."""
    changes = [IntegrationConfig.status.set(status), IntegrationConfig.last_health_check.set(at)]
    return Update(IntegrationConfig, {"integration": integration}, at, changes=changes)
