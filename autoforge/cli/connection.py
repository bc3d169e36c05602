"""How commands connect: from settings, and from options that go before them."""

from __future__ import annotations

from datetime import timedelta

from autoforge.errors import ConfigurationError
from autoforge.forge import LOCAL_REGION, Forge
from autoforge.settings import Settings, revealed


def connect(
    settings: Settings, *, table_name: str | None, region: str | None, endpoint_url: str | None
) -> Forge:
    """Connect to the table that options and settings name.

    Raises:
        ConfigurationError: if AWS is meant and no region is chosen, or if an endpoint is malformed.
    """
    url = endpoint_url or settings.endpoint_url or None
    chosen = region or settings.region or (None if url is None else LOCAL_REGION)
    if chosen is None:
        raise ConfigurationError("choose a region: --region, AUTOFORGE_REGION or AWS_REGION")
    return Forge.connect(
        table_name=table_name or settings.table_name,
        region=chosen,
        endpoint_url=url,
        transport=settings.transport,
        cursor_secrets=revealed(settings.cursor_secrets),
        kms_key_id=settings.kms_key_id,
        kms_endpoint_url=settings.kms_endpoint_url,
        encryption_secrets=revealed(settings.encryption_secrets),
        record_within=timedelta(seconds=settings.record_seconds),
    )
