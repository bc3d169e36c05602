"""The OpenAPI document: what Litestar makes of the routes, with examples for every body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import (
    BaseSchemaObject,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Reference,
    Schema,
)
from litestar.static_files import create_static_files_router
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from autoforge.errors import ConfigurationError
from autoforge.http.problem import MEDIA_TYPE, Problem
from autoforge.http.views import Body, Example, OneOrMany

DOCS: Final = "/docs"
_ASSETS: Final = f"{DOCS}/assets"
_COMPONENT: Final = "#/components/schemas/"


@dataclass
class _Exact(BaseSchemaObject):
    """A value the document shows as it is; Litestar drops the nulls inside others."""

    value: dict[str, Any]

    def to_schema(self) -> dict[str, Any]:
        return self.value


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
            SwaggerRenderPlugin(
                js_url=f"{_ASSETS}/swagger-ui-bundle.js",
                css_url=f"{_ASSETS}/swagger-ui.css",
                standalone_preset_js_url=f"{_ASSETS}/swagger-ui-standalone-preset.js",
                path="/swagger",
                favicon="",
            )
        ],
    )


def swagger_assets() -> Router:
    """Serve Swagger UI from an installed package, so that no browser asks a CDN for it.

    Raises:
        ConfigurationError: if the package is not installed.
    """
    spec = find_spec("flask_swagger_ui")
    if spec is None or spec.origin is None:
        raise ConfigurationError("flask-swagger-ui, which holds Swagger UI, is not installed")
    return create_static_files_router(
        path=_ASSETS, directories=[Path(spec.origin).parent / "dist"], include_in_schema=False
    )


def complete(app: Litestar) -> None:
    """Give every body its example and every operation its sentence; bodies take no other fields."""
    components = app.openapi_schema.components.schemas or {}
    examples = {example.__name__: example for example in _examples(Example)}
    for name, schema in components.items():
        if name in examples and isinstance(schema, Schema):
            schema.examples = [_Exact(examples[name].example)]
            if issubclass(examples[name], OneOrMany):
                _document_one_or_many(schema)
            elif issubclass(examples[name], Body):
                schema.additional_properties = False
    for method, operation in _operations(app):
        _document_answers(method, operation)
        operation.summary, _, rest = (operation.description or "").partition("\n")
        operation.description = rest.strip() or None
        for media in _media_types(operation):
            reference = media.schema
            if isinstance(reference, Schema) and reference.one_of:
                reference = reference.one_of[0]  # of several kinds of answer, show the first
            if isinstance(reference, Reference):
                name = reference.ref.removeprefix(_COMPONENT)
                if name in examples:
                    media.example = _Exact(examples[name].example)


def _operation_id(
    handler: HTTPRouteHandler, method: Method, components: list[str | PathParameterDefinition]
) -> str:
    del method, components
    return handler.handler_name


def _examples(base: type[Example]) -> Iterator[type[Example]]:
    for each in base.__subclasses__():
        if "example" in vars(each):
            yield each
        yield from _examples(each)


def _operations(app: Litestar) -> Iterator[tuple[str, Operation]]:
    for item in (app.openapi_schema.paths or {}).values():
        for method in ("get", "put", "post", "patch", "delete"):
            operation = getattr(item, method)
            if operation is not None:
                yield method, operation


def _document_one_or_many(schema: Schema) -> None:
    """Say that the client sends one of the items, or the array of them."""
    array = (schema.properties or {})["items"]
    if isinstance(array, Schema) and isinstance(array.items, Reference | Schema):
        schema.one_of = [array.items, array]
        schema.type = schema.properties = schema.required = None


def _document_answers(method: str, operation: Operation) -> None:
    """Add the answers that do not depend on the route: they come from what serves all routes."""
    answers = operation.responses = dict(operation.responses or {})
    statuses = [HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN]
    if operation.request_body is not None:
        statuses += [HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    for status in statuses:
        answers[str(int(status))] = OpenAPIResponse(
            description=status.phrase,
            content={MEDIA_TYPE: OpenAPIMediaType(Reference(f"{_COMPONENT}{Problem.__name__}"))},
        )
    if method == "get":
        unchanged = HTTPStatus.NOT_MODIFIED
        answers[str(int(unchanged))] = OpenAPIResponse(
            description="Nothing changed since the answer whose ETag If-None-Match names"
        )


def _media_types(operation: Operation) -> Iterator[OpenAPIMediaType]:
    body = operation.request_body
    if body is not None and not isinstance(body, Reference):
        yield from body.content.values()
    for response in (operation.responses or {}).values():
        if not isinstance(response, Reference):
            yield from (response.content or {}).values()
