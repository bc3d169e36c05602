"""Configuration: of the integrations, encrypted, and of the agent, in the open."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    EnumAttribute,
    IdAttribute,
    JsonAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key


class IntegrationStatus(StrEnum):
    """Whether an integration works."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ERROR = "error"


class IntegrationConfig(Entity):
    """The credentials of an integration, stored only as cipher text."""

    id = IdAttribute()
    integration = TextAttribute()
    #: Base64 of what a cipher made of the configuration.
    config_encrypted = TextAttribute()
    status = EnumAttribute(IntegrationStatus, default_for_new=IntegrationStatus.ACTIVE)
    last_health_check = optional(TimestampAttribute())
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("INTEGRATION#{integration}", "CONFIG")


class AgentConfig(Entity):
    """One setting of the agent: a name and any JSON value."""

    config_key = TextAttribute(attr_name="key")
    value = JsonAttribute()
    created_at = optional(TimestampAttribute())
    updated_at = TimestampAttribute()

    key = Key("AGENT", "CONFIG#{config_key}")
