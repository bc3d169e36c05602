"""Routes of the integrations' configuration."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import Field

from autoforge.access.integrations import IntegrationConfigOf
from autoforge.forge import Forge
from autoforge.http.api.bodies import DOCUMENT_BODY, JsonRequest
from autoforge.http.api.created import answer_put, creation
from autoforge.http.api.paging import answer
from autoforge.http.api.parameters import Integration, text_segments
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.schemas import Body, ItemView, Timestamp
from autoforge.models.integrations import IntegrationStatus


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
    last_health_check: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp


class IntegrationSecret(Body):
    """An integration's configuration, credentials included; stored encrypted, never shown."""

    example = {"config": {"baseUrl": "https://example.atlassian.net", "apiToken": "example"}}

    config: dict[str, Any] = Field(repr=False, json_schema_extra={"writeOnly": True})
    status: IntegrationStatus = IntegrationStatus.ACTIVE


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
