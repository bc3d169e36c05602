"""Routes of the agent's settings."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import Field

from autoforge.access.agent_config import AgentConfigOf, AgentConfigs
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY, JsonRequest
from autoforge.http.api.created import answer_put, creation
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import text_in_path, text_segments
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.schemas import Body, ItemView, PageView, Timestamp

Setting = Annotated[str, text_in_path("key", "polling_interval_minutes")]


class AgentConfigView(ItemView):
    """One of the agent's settings."""

    example = {
        "key": "polling_interval_minutes",
        "value": 15,
        "createdAt": "2026-02-01T00:00:00.000Z",
        "updatedAt": "2026-02-01T00:00:00.000Z",
    }

    key: str = Field(validation_alias="config_key")
    value: Any
    created_at: Timestamp | None
    updated_at: Timestamp


class AgentConfigPage(PageView):
    """Some of the agent's settings, and where the next ones begin."""

    example = {"items": [AgentConfigView.example], "nextCursor": None}

    items: tuple[AgentConfigView, ...]
    next_cursor: str | None


class AgentConfigValue(Body):
    """Any JSON value, null included."""

    example = {"value": 15}

    value: Any


class AgentConfigController(Controller):
    """The agent's settings."""

    path = "/agent/config"
    tags = ["configuration"]

    @get("", sync_to_thread=True, responses=responses())
    def list_agent_config(
        self,
        paging: NamedDependency[Paging],
    ) -> Response[AgentConfigPage]:
        """List the agent's settings, by name."""
        return paging.answer(AgentConfigs(order=paging.order), AgentConfigPage)

    @get("/{key:path}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_agent_config(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        key: Setting,  # noqa: ARG002
    ) -> Response[AgentConfigView]:
        """Get one of the agent's settings."""
        (name,) = text_segments(request, 1)
        return answer(forge.store, AgentConfigOf(name), AgentConfigView)

    @put(
        "/{key:path}",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses={**creation(AgentConfigView), **responses()},
    )
    def put_agent_config(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        key: Setting,  # noqa: ARG002
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[AgentConfigValue],
    ) -> Response[AgentConfigView]:
        """Set one of the agent's settings to any JSON value."""
        (name,) = text_segments(request, 1)
        expected = preconditions.on(AgentConfigView)
        setting = forge.agent_config.set(name, data.value, expected=expected)
        return answer_put(request, setting, AgentConfigView.of(setting))
