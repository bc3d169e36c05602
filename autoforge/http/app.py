"""The application: routes, what they are given, and how errors are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar, Request, get
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.exceptions import ClientException, NotFoundException, PermissionDeniedException
from litestar.plugins.pydantic import PydanticPlugin
from litestar.response import Redirect

from autoforge.access.aws import is_loopback
from autoforge.forge import Forge
from autoforge.http.access_log import AccessLog
from autoforge.http.actions import ActionController, ProjectActionController
from autoforge.http.agents import AgentController
from autoforge.http.artefacts import ArtefactController
from autoforge.http.checkpoints import CheckpointController
from autoforge.http.claims import ClaimController
from autoforge.http.configuration import AgentConfigController, IntegrationController
from autoforge.http.dependencies import DependencyController
from autoforge.http.escalations import EscalationController, ProjectEscalationController
from autoforge.http.events import EventController, ProjectEventController
from autoforge.http.features import FeatureController, LinearFeatureController
from autoforge.http.members import MemberController
from autoforge.http.openapi import DOCS, complete, openapi_config, swagger_assets
from autoforge.http.params import provide_paging, text_segments
from autoforge.http.problems import HANDLERS
from autoforge.http.projects import ProjectController
from autoforge.http.respond import JsonRequest, JsonResponse
from autoforge.http.runs import AgentRunController, FeatureRunController, ProjectRunController
from autoforge.http.service import get_health, get_readiness, list_patterns
from autoforge.http.tickets import ProjectTicketController, TicketController
from autoforge.http.users import UserController

#: Bytes a request body may have; an item has at most 400 KB, several may come at once.
MAX_BODY = 4 * 1024 * 1024

#: Headers that a script of another origin may read.
_EXPOSED_HEADERS = ["ETag", "Location", "Retry-After", "X-Request-Id"]

#: Where Litestar would answer with a page of its own that there is none.
_UNKNOWN_PAGE = f"{DOCS}/{{path}}"


def create_app(
    forge: Forge,
    *,
    version: str,
    allowed_origins: Sequence[str] = (),
    allowed_hosts: Sequence[str] | None = None,
) -> Litestar:
    """Make the application over a Forge.

    Args:
        forge: The data.
        version: What the OpenAPI document calls itself.
        allowed_origins: Other origins whose pages may call the API, such as a dashboard's.
        allowed_hosts: Names the API may be called by besides those of loopback; None for any,
            where something before it checks.
    """
    parameters: dict[str, frozenset[str]] = {}

    def check_request(request: Request[Any, Any, Any]) -> None:
        if allowed_hosts is not None:
            _refuse_other_hosts(request, allowed_hosts)
        _refuse_other_origins(request, allowed_origins)
        if request.scope["path_template"] == _UNKNOWN_PAGE:
            raise NotFoundException
        if not any(path.endswith(":path}") for path in request.route_handler.paths):
            text_segments(request, 0)
        known = parameters.get(f"{request.method} {request.scope['path_template']}")
        unknown = set(request.query_params) - known if known is not None else set()
        if unknown:
            # A misspelt filter that is passed over would answer with everything.
            raise ClientException(f"unknown query parameters: {', '.join(sorted(unknown))}")

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
            "paging": Provide(provide_paging, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        before_request=check_request,
        request_class=JsonRequest,
        response_class=JsonResponse,
        plugins=[PydanticPlugin(prefer_alias=True)],
        openapi_config=openapi_config(version),
        request_max_body_size=MAX_BODY,
        logging_config=None,
        cors_config=_cors(allowed_origins),
    )
    # Around everything, so that a path without a route is logged too.
    app.asgi_handler = AccessLog()(app.asgi_handler)
    complete(app)
    parameters.update(_query_parameters(app.openapi_schema.to_schema()))
    return app


@get("/", include_in_schema=False, sync_to_thread=False, status_code=HTTPStatus.FOUND)
def _open_documentation() -> Redirect:
    return Redirect(DOCS)


def _cors(allowed: Sequence[str]) -> CORSConfig | None:
    """Let scripts of other origins call, and read the headers they need."""
    if not allowed:
        return None
    return CORSConfig(allow_origins=list(allowed), expose_headers=_EXPOSED_HEADERS)


def _refuse_other_hosts(request: Request[Any, Any, Any], allowed: Sequence[str]) -> None:
    """Refuse a name that is not ours: another site's may resolve to loopback (DNS rebinding)."""
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        name = ""
    if not is_loopback(name) and name not in allowed:
        raise PermissionDeniedException("requests to this host are not allowed")


def _refuse_other_origins(request: Request[Any, Any, Any], allowed: Sequence[str]) -> None:
    """Refuse what a page of another site makes a browser send: the API trusts its network."""
    origin = request.headers.get("origin")
    if origin is None or origin in allowed:
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise PermissionDeniedException(f"requests from {origin} are not allowed")


def _query_parameters(document: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The query parameters each operation takes, by method and path."""
    return {
        f"{method.upper()} {path}": frozenset(
            each["name"] for each in operation.get("parameters", []) if each["in"] == "query"
        )
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
