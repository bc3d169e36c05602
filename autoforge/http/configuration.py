"""Routes of the integrations' and the agent's configuration."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import Field

from autoforge.access.agent_config import AgentConfigOf, AgentConfigs
from autoforge.access.integrations import IntegrationConfigOf
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY, JsonRequest
from autoforge.http.api.created import answer_put, creation
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import Integration, text_in_path, text_segments
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.schemas import Body, ItemView, Moment, PageView
from autoforge.models.configuration import IntegrationStatus

Setting = Annotated[str, text_in_path("key", "polling_interval_minutes")]


class IntegrationView(ItemView):
    """An integration's status and dates; its configuration never leaves."""

    example = {
        "id": "01KGKR2T40R6BAX8A0B1RTCDKN",
        "integration": "jira",
        "status": "active",
        "lastHealthCheck": "2026-02-04T10:30:00.000Z",
        "createdAt": "2026-02-01T00:00:00.000Z",
        "updatedAt": "2026-02-04T10:30:00.000Z",
    }

    id: str
    integration: str
    status: IntegrationStatus
    last_health_check: Moment | None
    created_at: Moment
    updated_at: Moment


class IntegrationSecret(Body):
    """An integration's configuration, credentials included; stored encrypted, never shown."""

    example = {"config": {"baseUrl": "https://example.atlassian.net", "apiToken": "example"}}

    config: dict[str, Any] = Field(repr=False, json_schema_extra={"writeOnly": True})
    status: IntegrationStatus = IntegrationStatus.ACTIVE


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
    created_at: Moment | None
    updated_at: Moment


class AgentConfigPage(PageView):
    """Some of the agent's settings, and where the next ones begin."""

    example = {"items": [AgentConfigView.example], "nextCursor": None}

    items: tuple[AgentConfigView, ...]
    next_cursor: str | None


class AgentConfigValue(Body):
    """Any JSON value, null included."""

    example = {"value": 15}

    value: Any


class IntegrationController(Controller):
    """Configuration of integrations: written, and never read back."""

    path = "/integrations"
    tags = ["configuration"]

    @get(
        "/{integration:path}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def get_integration(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        integration: Integration,  # noqa: ARG002 - documented; read exactly from the request
    ) -> Response[IntegrationView]:
        """Get an integration's status and dates."""
        (name,) = text_segments(request, 1)
        return answer(forge.store, IntegrationConfigOf(name), IntegrationView)

    @put(
        "/{integration:path}",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses={**creation(IntegrationView), **responses(HTTPStatus.NOT_IMPLEMENTED)},
    )
    def put_integration(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        integration: Integration,  # noqa: ARG002
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[IntegrationSecret],
    ) -> Response[IntegrationView]:
        """Encrypt and store an integration's configuration."""
        (name,) = text_segments(request, 1)
        expected = preconditions.on(IntegrationView)
        saved = forge.integrations.save(name, data.config, status=data.status, expected=expected)
        return answer_put(request, saved, IntegrationView.of(saved))


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
