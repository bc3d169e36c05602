"""Integrations: their configuration with credentials, stored only as cipher text."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment


class IntegrationStatus(StrEnum):
    """Whether an integration works."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ERROR = "error"


class IntegrationConfig(Entity):
    """The configuration of an integration with its credentials, stored only as cipher text."""

    id: Id = Id()
    integration: Text = Text()
    #: The encrypted configuration as base64 text.
    config_encrypted: Text = Text()
    status: Choice[IntegrationStatus] = Choice(IntegrationStatus, default=IntegrationStatus.ACTIVE)
    last_health_check: Moment[None] = Moment(default=None)
    created_at: Moment = Moment()
    updated_at: Moment = Moment()

    key = Key("INTEGRATION#{integration}", "CONFIG")
