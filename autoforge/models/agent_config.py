"""The agent's configuration: one item for each setting, by name."""

from __future__ import annotations

from autoforge.dynamodb.schema.document_attributes import Json
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Text
from autoforge.dynamodb.schema.time_attributes import Moment


class AgentConfig(Entity):
    """One setting of the agent: a name and any JSON value."""

    config_key: Text = Text(attr_name="key")
    value: Json = Json()
    created_at: Moment[None] = Moment(default=None)
    updated_at: Moment = Moment()

    key = Key("AGENT", "CONFIG#{config_key}")
