"""The Litestar application: routes, dependencies and error handlers."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from litestar import Litestar, get
from litestar.di import Provide
from litestar.plugins.pydantic import PydanticPlugin
from litestar.response import Redirect

from autoforge.forge import Forge
from autoforge.http.actions import ActionController, ProjectActionController
from autoforge.http.agent_config import AgentConfigController
from autoforge.http.agents import AgentController
from autoforge.http.api.access_log import logged
from autoforge.http.api.bodies import SMALL_BODY, JsonRequest
from autoforge.http.api.cors import Cors
from autoforge.http.api.methods import WithMethods
from autoforge.http.api.openapi import DOCS, complete, openapi_config, swagger_assets
from autoforge.http.api.paging import page_of
from autoforge.http.api.preconditions import provide_preconditions
from autoforge.http.api.request_checks import Checks
from autoforge.http.api.responses import JsonResponse
from autoforge.http.artefacts import ArtefactController
from autoforge.http.checkpoints import CheckpointController
from autoforge.http.escalations import EscalationController, ProjectEscalationController
from autoforge.http.events import EventController, ProjectEventController
from autoforge.http.features.claims import ClaimController
from autoforge.http.features.dependencies import DependencyController
from autoforge.http.features.routes import FeatureController, LinearFeatureController
from autoforge.http.idempotency import given_key, once_of
from autoforge.http.integrations import IntegrationController
from autoforge.http.problems import PROBLEMS
from autoforge.http.projects.members import MemberController
from autoforge.http.projects.routes import ProjectController
from autoforge.http.runs import AgentRunController, FeatureRunController, ProjectRunController
from autoforge.http.service import get_health, get_readiness, list_patterns
from autoforge.http.tickets import ProjectTicketController, TicketController
from autoforge.http.users import UserController
from autoforge.origins import require_host, require_origin

#: Seconds for a bulk request: less than the default timeouts of load balancers and clients.
BULK_SECONDS = 20.0


def create_app(
    forge: Forge,
    *,
    version: str,
    allowed_origins: Sequence[str] = (),
    allowed_hosts: Sequence[str] | None = None,
    bulk_seconds: float = BULK_SECONDS,
) -> Litestar:
    """Create the application over a Forge.

    Args:
        forge: The Forge that the routes read and write with.
        version: The version in the OpenAPI document.
        allowed_origins: Other origins whose pages may call the API, such as a dashboard's.
        allowed_hosts: Host names of the API, in addition to those of loopback; None for any, if a
            proxy in front of it checks the host.
        bulk_seconds: The most seconds for a request that creates many features; it matters if the
            table throttles them.

    Raises:
        ConfigurationError: if an origin or a host is not in the form in which browsers send it.
    """
    for origin in allowed_origins:
        require_origin(origin)
    for host in allowed_hosts or ():
        require_host(host)
    checks = Checks(allowed_hosts=allowed_hosts, allowed_origins=allowed_origins)
    app = Litestar(
        route_handlers=[
            ProjectController,
            ArtefactController,
            ProjectEventController,
            EventController,
            ProjectEscalationController,
            EscalationController,
            ProjectActionController,
            ActionController,
            CheckpointController,
            IntegrationController,
            AgentConfigController,
            UserController,
            MemberController,
            FeatureController,
            ClaimController,
            DependencyController,
            LinearFeatureController,
            AgentController,
            ProjectRunController,
            FeatureRunController,
            AgentRunController,
            ProjectTicketController,
            TicketController,
            list_patterns,
            get_health,
            get_readiness,
            _open_documentation,
            swagger_assets(),
        ],
        dependencies={
            "forge": Provide(lambda: forge, sync_to_thread=False),
            "idempotency_key": Provide(given_key, sync_to_thread=False),
            "bulk_seconds": Provide(lambda: bulk_seconds, sync_to_thread=False),
            "once": Provide(once_of),
            "paging": Provide(page_of(forge.store), sync_to_thread=False),
            "preconditions": Provide(provide_preconditions, sync_to_thread=False),
        },
        exception_handlers=PROBLEMS.handlers(),
        before_request=checks.require_sound,
        request_class=JsonRequest,
        response_class=JsonResponse,
        plugins=[PydanticPlugin(prefer_alias=True)],
        openapi_config=openapi_config(version),
        request_max_body_size=SMALL_BODY,
        logging_config=None,
    )
    # Outermost, so that a path without a route is logged too.
    app.asgi_handler = logged(WithMethods(app, Cors(allowed_origins)))
    complete(app)
    checks.learn(app.openapi_schema.to_schema())
    return app


@get("/", include_in_schema=False, sync_to_thread=False, status_code=HTTPStatus.FOUND)
def _open_documentation() -> Redirect:
    return Redirect(DOCS)
