"""A setting of the agent can be set repeatedly."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from autoforge.access.agent_config import AgentConfigOf, set_agent_config
from autoforge.dynamodb.client.client import Client
from autoforge.models import (
    AgentConfig,
)
from tests.dynamodb.written import LATER
from tests.stores import fresh
from tests.strategies import json_values


@given(value=json_values(), other=json_values())
def test_a_setting_is_set_to_any_value_again_and_again(
    client: Client, value: Any, other: Any
) -> None:
    store = fresh(client)

    for each in (value, other):
        setting = store.save(set_agent_config("a#b", each, at=LATER))

        expected = AgentConfig(config_key="a#b", value=each, created_at=LATER, updated_at=LATER)
        assert setting == store.get(AgentConfigOf("a#b")) == expected
