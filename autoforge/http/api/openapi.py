"""The OpenAPI document's frame, where it is served, and the page that shows it."""

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

from autoforge.errors import ConfigurationError
from autoforge.http.api.document import completed

DOCS: Final = "/docs"
_ASSETS: Final = f"{DOCS}/assets"

#: Swagger UI, so that no browser asks a CDN for it: ``make`` puts it there, and wheels hold it.
SWAGGER_UI: Final = Path(__file__).parent / "swagger_ui"


@dataclass
class _Exact(BaseSchemaObject):
    """A value the document shows as it is; Litestar drops the nulls inside others."""

    value: dict[str, Any]

    def to_schema(self) -> dict[str, Any]:
        return self.value


def _exact(value: dict[str, Any]) -> Any:
    """Put a value in place of one of Litestar's."""
    return _Exact(value)


def openapi_config(version: str) -> OpenAPIConfig:
    """The document's frame, and the page that shows it."""
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
    """Serve what the page loads."""
    return create_static_files_router(
        path=_ASSETS, directories=[SWAGGER_UI], include_in_schema=False
    )


class _SwaggerPage(SwaggerRenderPlugin):
    """The page, where there is what it loads."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Render the page.

        Raises:
            ConfigurationError: if this installation was made without Swagger UI.
        """
        if not (SWAGGER_UI / "VERSION").is_file():
            raise ConfigurationError(
                "autoforge was installed without Swagger UI: install it from a wheel, or run make "
                f"in the checkout; the document itself is at {DOCS}/openapi.json"
            )
        return super().render(request, openapi_schema)


def complete(app: Litestar) -> None:
    """Publish the document with what Litestar leaves out."""
    published = app.openapi_schema
    document = completed(published.to_schema(), dict(_limits(app)))
    published.paths = {path: _exact(item) for path, item in document["paths"].items()}
    published.components = _exact(document["components"])


def _limits(app: Litestar) -> Iterator[tuple[str, int]]:
    """How many bytes a body of each operation may have."""
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
