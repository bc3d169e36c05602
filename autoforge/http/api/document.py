"""Completes the OpenAPI document that Litestar generates from the routes.

Bodies and views get the schemas by which pydantic validates, every body, parameter and problem gets
an example, and every response gets the headers it carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson

from autoforge.http.api.problem import MEDIA_TYPE, Problem
from autoforge.http.api.problem_examples import MAX_BYTES, problem_example
from autoforge.http.api.pydantic_schemas import component_schemas, examples

JsonObject = dict[str, Any]

METHODS: Final = ("get", "put", "post", "patch", "delete")

_REFERENCES: Final = "#/components/schemas/"
_BODY: Final = "Body"
_BODY_REFERENCE: Final = re.compile(rf"({_REFERENCES}\w+){_BODY}\b")

#: Statuses of writes whose responses show an item: the one written, or the one in conflict.
_TAGGED: Final = frozenset({"200", "201", "409", "412", "428"})

#: How the document describes each response header.
HEADERS: Final[dict[str, JsonObject]] = {
    "X-Request-Id": {
        "description": "Names the request; the log has it too.",
        "schema": {"type": "string"},
        "example": "9f86d081884c7d650000000001",
    },
    "ETag": {
        "description": (
            "Names what is shown: send it as If-None-Match to read only what changed, or as "
            "If-Match to change what was read and nothing newer."
        ),
        "schema": {"type": "string"},
        "example": '"9f86d081884c7d659a2feaa0c55ad015"',
    },
    "Cache-Control": {
        "description": "The answer may be kept, if it is asked for again each time.",
        "schema": {"type": "string"},
        "example": "no-cache",
    },
    "Location": {
        "description": "The path of what was created.",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/projects/550e8400-e29b-41d4-a716-446655440000",
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 1,
    },
}


def completed(document: JsonObject, limits: Mapping[str, int]) -> JsonObject:
    """Return the completed document.

    Args:
        document: The document that Litestar generated; it is not changed.
        limits: The most bytes of a request body, by the id of its operation.
    """
    schemas = {**document["components"]["schemas"]}
    schemas.update(component_schemas(schemas))
    document, schemas = _without_suffixes(document, schemas)
    paths = {
        path: {
            **item,
            **{
                method: _operation(path, method, item[method], schemas, limits)
                for method in METHODS
                if method in item
            },
        }
        for path, item in document["paths"].items()
    }
    return {
        **document,
        "paths": paths,
        "components": {**document["components"], "schemas": schemas},
    }


def _without_suffixes(document: JsonObject, schemas: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Rename ``NewFeatureBody`` to ``NewFeature``, which in Python is another class."""

    def renamed(part: JsonObject) -> JsonObject:
        text = orjson.dumps(part).decode()
        renamed: JsonObject = orjson.loads(_BODY_REFERENCE.sub(r"\1", text))
        return renamed

    schemas = {name.removesuffix(_BODY): schema for name, schema in renamed(schemas).items()}
    return {**document, "paths": renamed(document["paths"])}, schemas


def _operation(
    path: str, method: str, operation: JsonObject, schemas: JsonObject, limits: Mapping[str, int]
) -> JsonObject:
    """Complete an operation: its summary, parameters, examples, body limit and responses."""
    summary, _, rest = operation.get("description", "").partition("\n")
    operation = {**operation, "summary": summary, "description": rest.strip()}
    if not operation["description"]:
        del operation["description"]
    operation["parameters"] = [
        _parameter(each, schemas) for each in operation.get("parameters", [])
    ]
    if "requestBody" in operation:
        most = limits[operation["operationId"]]
        operation["requestBody"] = {**operation["requestBody"], MAX_BYTES: most}
        for media in operation["requestBody"]["content"].values():
            _show_example(media)
    operation["responses"] = dict(_responses(path, method, operation))
    return operation


def _parameter(parameter: JsonObject, schemas: JsonObject) -> JsonObject:
    """Complete a parameter: its schema without null, and an example."""
    schema = _without_null(parameter["schema"])
    named = schemas.get(schema.get("$ref", "").removeprefix(_REFERENCES), schema)
    values = [*schema.pop("examples", ()), *named.get("enum", ()), schema.get("default")]
    schema.pop("description", None)  # the parameter has it
    example = {} if "examples" in parameter or values == [None] else {"example": values[0]}
    return {**parameter, "schema": schema, **example}


def _without_null(schema: JsonObject) -> JsonObject:
    """Return a schema without null among its types and values."""
    schema = dict(schema)
    for kinds in ("oneOf", "allOf"):
        others = [each for each in schema.get(kinds, ()) if each != {"type": "null"}]
        if len(others) == 1:
            del schema[kinds]
            schema = {**others[0], **schema}
    if isinstance(schema.get("type"), list):
        (schema["type"],) = (each for each in schema["type"] if each != "null")
    if "enum" in schema:
        schema["enum"] = [each for each in schema["enum"] if each is not None]
    return schema


def _responses(path: str, method: str, operation: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Complete the responses of an operation, and add those that any route may give."""
    common = [HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN]
    if method != "get":
        # A route either evaluates If-Match or refuses it.
        common.append(HTTPStatus.PRECONDITION_FAILED)
    if "requestBody" in operation:
        common += [HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    answers = operation["responses"] | {str(int(each)): _problem(each) for each in common}
    if method == "get":
        unchanged = "Nothing changed since the answer whose ETag If-None-Match names"
        answers[str(int(HTTPStatus.NOT_MODIFIED))] = {"description": unchanged}
    for status, answer in sorted(answers.items()):
        content = {kind: dict(media) for kind, media in answer.get("content", {}).items()}
        for kind, media in content.items():
            if kind == MEDIA_TYPE:
                media["example"] = problem_example(HTTPStatus(int(status)), path, operation)
            else:
                _show_example(media)
        headers = answer.get("headers", {}) | dict(_headers(method, status, answers))
        yield status, {**answer, **({"content": content} if content else {}), "headers": headers}


def _headers(method: str, status: str, answers: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The headers of a response, with their descriptions."""
    names = ["X-Request-Id"]
    if method == "get" and status in {"200", "304"}:
        names += ["ETag", "Cache-Control"]
    elif status in _TAGGED:
        names.append("ETag")
    if status == "201" or (status == "200" and method == "post" and "201" in answers):
        names.append("Location")
    if status == "410":
        names.append("Location")
    if status == "503" or (status == "409" and "410" in answers):
        names.append("Retry-After")
    for name in names:
        yield name, HEADERS[name]


def _problem(status: HTTPStatus) -> JsonObject:
    schema = {"$ref": f"{_REFERENCES}{Problem.__name__}"}
    return {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}}


def _show_example(media: JsonObject) -> None:
    """Add the example of the body or view; if it is one of several, that of the first."""
    schema = media["schema"]
    name = schema.get("oneOf", [schema])[0].get("$ref", "").removeprefix(_REFERENCES)
    if name in examples():
        media["example"] = examples()[name].example
