"""``forge.agent_config``: the agent's settings."""

from __future__ import annotations

from typing import Any, Literal

from autoforge.access.agent_config import AgentConfigOf, AgentConfigs, set_agent_config
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.agent_config import AgentConfig


class AgentSettings(Resource):
    """Reads and writes the agent's settings, each a name and any JSON value."""

    def get(self, config_key: str, *, consistent: bool = False) -> AgentConfig:
        """Return a setting.

        Raises:
            ItemNotFoundError: if it was never set.
        """
        return self._store.require(AgentConfigOf(config_key), consistent=consistent)

    def find(self, config_key: str, *, consistent: bool = False) -> AgentConfig | None:
        """Return a setting, or None if it was never set."""
        return self._store.get(AgentConfigOf(config_key), consistent=consistent)

    def all(
        self,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentConfig]:
        """Return a page of the settings, by name."""
        return self._store.page(AgentConfigs(order=order), limit=limit, cursor=cursor)

    def set(
        self, config_key: str, value: Any, *, expected: Expected[AgentConfig] | None = None
    ) -> AgentConfig:
        """Create or replace a setting.

        Args:
            config_key: The name of the setting.
            value: Any JSON value, null included.
            expected: The setting as the caller read it, or a test that it must pass; the test gets
                None if the setting does not exist. None accepts any state.

        Raises:
            VersionConflictError: if it is not as expected; ``item`` is the setting.
            InvalidValueError: if the value is not a JSON value, or DynamoDB cannot store it
                exactly.
        """
        write = set_agent_config(config_key, value, at=self._now())
        return save_as_expected(self._store, write, expected)
