"""The OpenAPI document is correct in the details that client generators depend on."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from autoforge import errors
from autoforge.http.api.pydantic_schemas import examples
from autoforge.http.api.schemas import Body, Changes
from tests.http.serving import DOCUMENT, READS, ROUTES, WITH_BODY, JsonObject, Route, World, send

SCHEMAS: Final[JsonObject] = DOCUMENT["components"]["schemas"]
BODIES: Final = sorted(
    (each for each in examples().values() if issubclass(each, Body) and each.__name__ in SCHEMAS),
    key=lambda each: each.__name__,
)
#: The document as schemathesis reads it, to draw requests that the document allows.
PUBLISHED: Final = schemathesis.openapi.from_dict(DOCUMENT)
#: Headers of every answer of a server.
USUAL: Final = {"content-length", "content-type", "date", "server", "vary"}

every = pytest.mark.parametrize("route", ROUTES, ids=str)
every_body = pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)


def operation_of(route: Route) -> JsonObject:
    """Return the route's operation object from the document."""
    operation: JsonObject = DOCUMENT["paths"][route.template][route.method.lower()]
    return operation


def body_of(route: Route) -> str:
    """Return the name of the schema of the route's body."""
    media = operation_of(route)["requestBody"]["content"]["application/json"]
    return str(media["schema"]["$ref"].rpartition("/")[2])


def inside(value: Any) -> Iterator[JsonObject]:
    """Yield the objects in a part of the document, except those in examples."""
    if isinstance(value, dict):
        yield value
        for name, each in value.items():
            if name not in {"example", "examples"}:
                yield from inside(each)
    elif isinstance(value, list):
        for each in value:
            yield from inside(each)


def validator_of(schema: JsonObject) -> Any:
    """Return a validator of values for a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def test_the_document_is_one_of_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert [str(each) for each in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_reference_is_to_something_that_is_there() -> None:
    references = {each["$ref"] for each in inside(DOCUMENT) if "$ref" in each}

    assert references == {f"#/components/schemas/{name}" for name in SCHEMAS}


@every_body
def test_a_body_publishes_no_default_that_clients_would_send(body: type[Body]) -> None:
    assert not any("default" in each for each in inside(SCHEMAS[body.__name__]))


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "PATCH"], ids=str)
def test_a_change_requires_no_field(route: Route) -> None:
    schema = SCHEMAS[body_of(route)]

    assert issubclass(examples()[body_of(route)], Changes)
    assert schema["properties"]
    assert "required" not in schema


@every_body
def test_what_a_body_demands_is_published(body: type[Body]) -> None:
    """Each constraint of pydantic appears under its JSON Schema keyword."""
    unknown = {"ge", "gt", "le", "lt", "min_length", "max_length"}

    assert not any(unknown & set(each) for each in inside(SCHEMAS[body.__name__]))


@pytest.mark.parametrize("route", WITH_BODY, ids=str)
@given(data=st.data())
def test_what_the_schema_of_a_body_allows_is_accepted(route: Route, data: st.DataObject) -> None:
    operation = PUBLISHED[route.template][route.method]
    body = examples()[body_of(route)]
    assert issubclass(body, Body)

    body.model_validate(data.draw(operation.as_strategy()).body)


@every
def test_every_parameter_has_an_example_that_it_takes(route: Route) -> None:
    for parameter in operation_of(route)["parameters"]:
        validator_of(parameter["schema"]).validate(parameter["example"])
        assert {"type": "null"} not in list(inside(parameter["schema"])), parameter["name"]


@every
def test_the_example_of_a_problem_is_that_of_its_answer(route: Route) -> None:
    names = {each.__name__ for each in vars(errors).values() if isinstance(each, type)}
    for status, answer in operation_of(route)["responses"].items():
        example = answer.get("content", {}).get("application/problem+json", {}).get("example")
        if int(status) < HTTPStatus.BAD_REQUEST:
            assert example is None
            continue
        assert example["status"] == int(status)
        assert example["title"] == HTTPStatus(int(status)).phrase
        assert example["detail"]
        kind = example["type"].removeprefix("urn:autoforge:problem:")
        error = "".join(each.title() for each in kind.split("-"))
        assert kind == "about:blank" or f"{error}Error" in names


def documented(route: Route, status: int) -> set[str]:
    """Return the headers documented for an answer, and those of every answer."""
    headers = operation_of(route)["responses"][str(status)].get("headers", {})
    return {name.lower() for name in headers} | USUAL


@pytest.mark.parametrize("route", READS, ids=str)
def test_the_headers_of_what_is_read_are_documented(world: World, route: Route) -> None:
    first = world.api.get(world.paths[route.operation])
    again = world.api.get(
        world.paths[route.operation], headers={"if-none-match": first.headers["etag"]}
    )

    assert again.status_code == HTTPStatus.NOT_MODIFIED
    for answer in (first, again):
        assert {"etag", "cache-control", "x-request-id"} <= set(answer.headers)
        assert set(answer.headers) <= documented(route, answer.status_code)


@every
def test_the_headers_of_what_is_refused_are_documented(detached: Any, route: Route) -> None:
    answers = [send(detached, route), send(detached, route, params={"unheardOf": "1"})]

    for answer in answers:
        assert set(answer.headers) <= documented(route, answer.status_code)
