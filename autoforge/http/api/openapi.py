"""Serves the OpenAPI document and the Swagger UI page that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Request, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import BaseSchemaObject
from litestar.routes import HTTPRoute
from litestar.static_files import create_static_files_router
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from autoforge.dynamodb.errors import ConfigurationError
from autoforge.http.api.document import completed

DOCS: Final = "/docs"
_ASSETS: Final = f"{DOCS}/assets"

#: The files of Swagger UI, so that browsers need no CDN. ``make`` creates them; wheels hold them.
SWAGGER_UI: Final = Path(__file__).parent / "swagger_ui"


@dataclass
class _Exact(BaseSchemaObject):
    """A value that the document has unchanged; Litestar drops nulls inside other values."""

    value: dict[str, Any]

    def to_schema(self) -> dict[str, Any]:
        return self.value


def _exact(value: dict[str, Any]) -> Any:
    """Return an exact value, typed so that it can replace one of Litestar's."""
    return _Exact(value)


def openapi_config(version: str) -> OpenAPIConfig:
    """Return the configuration of the document and of its page."""
    return OpenAPIConfig(
        title="autoforge",
        version=version,
        summary="The data of an agent platform, on one DynamoDB table.",
        path=DOCS,
        operation_id_creator=_operation_id,
        use_handler_docstrings=True,
        render_plugins=[
            _SwaggerPage(
                js_url=f"{_ASSETS}/swagger-ui-bundle.js",
                css_url=f"{_ASSETS}/swagger-ui.css",
                standalone_preset_js_url=f"{_ASSETS}/swagger-ui-standalone-preset.js",
                path="/swagger",
                favicon="",
            )
        ],
    )


def swagger_assets() -> Router:
    """Return the route that serves the files of Swagger UI."""
    return create_static_files_router(
        path=_ASSETS, directories=[SWAGGER_UI], include_in_schema=False
    )


class _SwaggerPage(SwaggerRenderPlugin):
    """Renders the Swagger UI page, if its files are installed."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Render the page.

        Raises:
            ConfigurationError: if the files of Swagger UI are missing.
        """
        if not (SWAGGER_UI / "VERSION").is_file():
            raise ConfigurationError(
                "autoforge was installed without Swagger UI: install it from a wheel, or run make "
                f"in the checkout; the document itself is at {DOCS}/openapi.json"
            )
        return super().render(request, openapi_schema)


def complete(app: Litestar) -> None:
    """Add to the published document what Litestar omits."""
    published = app.openapi_schema
    document = completed(published.to_schema(), dict(_limits(app)))
    published.paths = {path: _exact(item) for path, item in document["paths"].items()}
    published.components = _exact(document["components"])


def _limits(app: Litestar) -> Iterator[tuple[str, int]]:
    """Yield the most bytes of a request body, by operation id."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            limit = handler.resolve_request_max_body_size()
            if limit is not None:
                yield handler.handler_name, limit


def _operation_id(
    handler: HTTPRouteHandler, method: Method, components: list[str | PathParameterDefinition]
) -> str:
    del method, components
    return handler.handler_name
