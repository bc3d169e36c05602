"""The agent's configuration: one item for each setting, by name."""

from __future__ import annotations

from autoforge.dynamodb.schema.attributes import (
    JsonAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key


class AgentConfig(Entity):
    """One setting of the agent: a name and any JSON value."""

    config_key = TextAttribute(attr_name="key")
    value = JsonAttribute()
    created_at = optional(TimestampAttribute())
    updated_at = TimestampAttribute()

    key = Key("AGENT", "CONFIG#{config_key}")
