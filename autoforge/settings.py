"""Settings from environment variables. Only entry points read them; other code takes arguments."""

from __future__ import annotations

from typing import Annotated, Literal

from autoforge.dynamodb.extras import extra
from autoforge.models import PLATFORM_DESIGN
from autoforge.origins import require_host, require_origin
from autoforge.strength import require_strong

with extra("cli", "autoforge.settings"):
    from pydantic import (
        AfterValidator,
        AliasChoices,
        BeforeValidator,
        Field,
        FilePath,
        SecretStr,
        field_validator,
    )
    from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _split(value: object) -> object:
    """Split a text at its commas."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _strong(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Refuse secrets that could be guessed."""
    require_strong(revealed(secrets))
    return secrets


#: Texts that are separated by commas.
_Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
_Secrets = Annotated[
    tuple[SecretStr, ...], NoDecode, BeforeValidator(_split), AfterValidator(_strong)
]


class ConnectionSettings(BaseSettings):
    """How to reach the DynamoDB of any table."""

    model_config = SettingsConfigDict(
        env_prefix="AUTOFORGE_", frozen=True, hide_input_in_errors=True
    )

    #: AWS's own variables are read as well.
    region: str | None = Field(
        default=None,
        validation_alias=AliasChoices("AUTOFORGE_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
    )
    endpoint_url: str | None = None
    #: "botocore" sends every request through botocore.
    transport: Literal["auto", "botocore"] = "auto"
    #: Keys that sign cursors, separated by commas, the newest first.
    cursor_secrets: _Secrets = ()


class Settings(ConnectionSettings):
    """Settings of the platform's commands and server."""

    table_name: str = PLATFORM_DESIGN.name
    #: KMS key that encrypts integration credentials.
    kms_key_id: str | None = None
    kms_endpoint_url: str | None = None
    #: Keys that encrypt integration credentials without KMS, separated by commas, the newest first.
    encryption_secrets: _Secrets = ()
    #: The dynoxide program, for durable embedded runs.
    dynoxide: FilePath | None = None
    #: Other origins whose pages may call the API, separated by commas.
    allowed_origins: _Texts = ()
    #: Host names of the API besides those of loopback, separated by commas.
    allowed_hosts: _Texts = ()
    #: Seconds after the time of an event within which attempts to record it may start.
    record_seconds: float = Field(default=5, gt=0, le=30)
    #: How many requests may wait for DynamoDB at once.
    threads: int = Field(default=64, ge=1, le=1000)
    #: Seconds that an idle connection is kept for its next request.
    keep_alive: int = Field(default=75, ge=1, le=3600)
    #: Limits: bytes of a request's head, seconds for the head and for the body, open connections.
    max_head_bytes: int = Field(default=32_768, ge=4_096, le=1_048_576)
    head_timeout: int = Field(default=10, ge=1, le=3600)
    body_timeout: int = Field(default=30, ge=1, le=3600)
    max_connections: int = Field(default=1000, ge=1, le=100_000)
    #: Seconds that a request that creates many features may take if the table throttles it.
    bulk_seconds: float = Field(default=20, gt=0, le=3600, allow_inf_nan=False)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    #: Whether to log one JSON object per line, for machines, instead of lines for people.
    log_json: bool = False

    @field_validator("allowed_origins")
    @classmethod
    def require_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse texts that no browser sends as an origin."""
        for origin in origins:
            require_origin(origin)
        return origins

    @field_validator("allowed_hosts")
    @classmethod
    def require_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse texts that are not host names."""
        for host in hosts:
            require_host(host)
        return hosts


def revealed(secrets: tuple[SecretStr, ...]) -> tuple[str, ...]:
    """The plain texts of secrets."""
    return tuple(secret.get_secret_value() for secret in secrets)
