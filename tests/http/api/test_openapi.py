"""The OpenAPI document is complete, correct, and equal to the committed file."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.http.features.claims import Claim, Renewal
from autoforge.http.runs import NewRun, RunReport
from autoforge.http.tickets import TicketState
from autoforge.models.features import Feature
from autoforge.testing.clock import Clock
from tests.factories import a_feature
from tests.generated import stale
from tests.http.serving import (
    DOCUMENT,
    PATH_VALUES,
    READS,
    ROUTES,
    WITH_BODY,
    Api,
    JsonObject,
    Route,
    World,
    send,
    serving,
)
from tests.stores import forge_of, fresh, put_raw

PROBLEM = "application/problem+json"

#: The routes in the specification.
SPECIFIED = {
    "GET /health",
    "GET /ready",
    "GET /projects",
    "POST /projects",
    "GET /projects/{projectId}",
    "PATCH /projects/{projectId}",
    "DELETE /projects/{projectId}",
    "GET /projects/{projectId}/overview",
    "GET /projects/{projectId}/artefacts",
    "GET /projects/{projectId}/artefacts/{type}",
    "PUT /projects/{projectId}/artefacts/{type}",
    "POST /projects/{projectId}/artefacts/{type}/revert",
    "GET /projects/{projectId}/events",
    "POST /projects/{projectId}/events",
    "GET /projects/{projectId}/events/{eventId}",
    "GET /events",
    "POST /events",
    "GET /projects/{projectId}/escalations",
    "POST /projects/{projectId}/escalations",
    "GET /projects/{projectId}/escalations/{escalationId}",
    "POST /projects/{projectId}/escalations/{escalationId}/decide",
    "GET /escalations",
    "GET /projects/{projectId}/actions",
    "POST /projects/{projectId}/actions",
    "GET /projects/{projectId}/actions/{actionId}",
    "POST /projects/{projectId}/actions/{actionId}/approve",
    "POST /projects/{projectId}/actions/{actionId}/cancel",
    "POST /projects/{projectId}/actions/{actionId}/execute",
    "GET /actions/held",
    "GET /projects/{projectId}/checkpoints",
    "GET /projects/{projectId}/checkpoints/{integration}/{key}",
    "PUT /projects/{projectId}/checkpoints/{integration}/{key}",
    "GET /integrations/{integration}",
    "PUT /integrations/{integration}",
    "GET /agent/config",
    "GET /agent/config/{key}",
    "PUT /agent/config/{key}",
    "GET /projects/{projectId}/agents",
    "POST /projects/{projectId}/agents",
    "GET /projects/{projectId}/agents/{agentId}",
    "PATCH /projects/{projectId}/agents/{agentId}",
    "GET /agents/{agentId}/runs",
    "GET /projects/{projectId}/runs",
    "POST /projects/{projectId}/runs",
    "GET /projects/{projectId}/runs/active",
    "GET /projects/{projectId}/runs/{runId}",
    "PATCH /projects/{projectId}/runs/{runId}",
    "POST /projects/{projectId}/runs/{runId}/finish",
    "GET /projects/{projectId}/features/{featureId}/runs",
    "GET /projects/{projectId}/features",
    "POST /projects/{projectId}/features",
    "GET /projects/{projectId}/features/ready",
    "GET /projects/{projectId}/features/stats",
    "POST /projects/{projectId}/features/claim",
    "POST /projects/{projectId}/features/repair",
    "GET /projects/{projectId}/features/{featureId}",
    "PATCH /projects/{projectId}/features/{featureId}",
    "DELETE /projects/{projectId}/features/{featureId}",
    "POST /projects/{projectId}/features/{featureId}/claim",
    "POST /projects/{projectId}/features/{featureId}/renew",
    "POST /projects/{projectId}/features/{featureId}/release",
    "POST /projects/{projectId}/features/{featureId}/review",
    "POST /projects/{projectId}/features/{featureId}/pass",
    "POST /projects/{projectId}/features/{featureId}/fail",
    "POST /projects/{projectId}/features/{featureId}/reopen",
    "GET /projects/{projectId}/features/{featureId}/dependents",
    "PUT /projects/{projectId}/features/{featureId}/dependencies/{dependsOnId}",
    "DELETE /projects/{projectId}/features/{featureId}/dependencies/{dependsOnId}",
    "GET /features/by-linear-issue/{linearIssueId}",
    "GET /projects/{projectId}/tickets",
    "GET /tickets/{linearIssueId}",
    "PUT /tickets/{linearIssueId}",
    "PUT /users",
    "GET /users/{userId}",
    "GET /users/by-auth0/{auth0Id}",
    "GET /users/by-email/{email}",
    "GET /users/{userId}/projects",
    "GET /projects/{projectId}/members",
    "PUT /projects/{projectId}/members/{userId}",
    "DELETE /projects/{projectId}/members/{userId}",
    "GET /patterns",
}
#: Further routes: an event of no project, and the hold of an action before its approval.
FURTHER = {"GET /events/{eventId}", "POST /projects/{projectId}/actions/{actionId}/hold"}


@pytest.fixture(scope="module")
def prepared_store(client: Client) -> Store:
    """A table with the items that the paths of the routes name."""
    return fresh(client, Clock())


@pytest.fixture(scope="module")
def prepared(prepared_store: Store) -> Iterator[Api]:
    """The API over a table with the items that the paths of the routes name."""
    with serving(forge_of(prepared_store)) as api:
        of = f"/projects/{PATH_VALUES['projectId']}"
        api.post("/projects", json={"id": PATH_VALUES["projectId"], "name": "Portal"})
        # The project named in the examples.
        api.post("/projects", json={"id": TicketState.example["projectId"], "name": "Portal"})
        action = {"actionType": "a", "description": "d", "id": PATH_VALUES["actionId"]}
        api.post(f"{of}/actions", json=action)
        question = {"id": PATH_VALUES["escalationId"], "title": "Why?"}
        api.post(f"{of}/escalations", json=question)
        # The run named in the examples. Repeating its last report is accepted after its end.
        start = NewRun.example
        for agent_id in (PATH_VALUES["agentId"], start["agentId"]):
            api.post(f"{of}/agents", json={"id": agent_id, "name": "coder"})
        api.post(f"{of}/features", json={"id": start["featureId"], "name": "Passkeys"})
        api.post(f"{of}/runs", json={**start, "id": PATH_VALUES["runId"]})
        api.patch(f"{of}/runs/{PATH_VALUES['runId']}", json=RunReport.example)
        yield api


def feature_of(route: Route) -> Feature:
    """Return the feature of the examples, held by their claim unless the route claims it."""
    version = Renewal.example["version"]
    given = {"project_id": PATH_VALUES["projectId"], "id": PATH_VALUES["featureId"]}
    claim = {"assigned_agent_id": Claim.example["agentId"], "claim_version": version}
    held = {} if route.operation == "claim_feature" else {"status": "in_progress", **claim}
    return a_feature(**given, version=version, **held)


every = pytest.mark.parametrize("route", ROUTES, ids=str)


def operation_of(route: Route) -> JsonObject:
    """Return the route's operation object from the document."""
    operation: JsonObject = DOCUMENT["paths"][route.template][route.method.lower()]
    return operation


def media_of(route: Route) -> Iterator[tuple[str, str, JsonObject]]:
    """Yield each body of a route: "request" or the status, the media type, and its description."""
    operation = operation_of(route)
    if "requestBody" in operation:
        for kind, media in operation["requestBody"]["content"].items():
            yield "request", kind, media
    for status, answer in operation["responses"].items():
        for kind, media in answer.get("content", {}).items():
            yield status, kind, media


def validator_of(schema: JsonObject) -> Any:
    """Return a validator of values for a schema of the document."""
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, validate_formats=True
    )


def test_the_generated_files_are_those_the_code_would_generate() -> None:
    assert stale() == []


def test_the_routes_are_those_of_the_specification() -> None:
    assert {str(route) for route in ROUTES} == SPECIFIED | FURTHER


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = [route.operation for route in ROUTES]

    assert len(set(ids)) == len(ids)
    assert all(each.isidentifier() for each in ids)


@every
def test_every_operation_is_summed_up_in_a_sentence(route: Route) -> None:
    summary = operation_of(route)["summary"]

    assert summary.endswith(".")
    assert summary[0].isupper()
    assert "\n" not in summary


@every
def test_every_body_has_an_example_that_its_schema_allows(route: Route) -> None:
    bodies = list(media_of(route))

    assert bodies
    for whose, kind, media in bodies:
        assert "example" in media, whose
        validator_of(media["schema"]).validate(media["example"])
        assert kind == ("application/json" if whose in {"request", "200", "201"} else PROBLEM)


@every
def test_every_parameter_is_described(route: Route) -> None:
    for parameter in operation_of(route).get("parameters", []):
        assert parameter["in"] == "path" or parameter["description"], parameter["name"]
        assert parameter["required"] == (parameter["in"] == "path")


def test_a_body_takes_no_fields_that_it_does_not_name() -> None:
    for route in WITH_BODY:
        (reference,) = [
            m["schema"]["$ref"] for whose, _, m in media_of(route) if whose == "request"
        ]
        schema = component(reference)
        if "oneOf" in schema:  # a single object, or an array
            schema = component(schema["oneOf"][0]["$ref"])
        assert schema["additionalProperties"] is False


def component(reference: str) -> JsonObject:
    """Return the schema that a reference names."""
    schema: JsonObject = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]
    return schema


def test_what_is_sent_alone_or_in_an_array_is_documented_and_answered_as_both(
    prepared: Api,
) -> None:
    (route,) = (each for each in ROUTES if each.operation == "create_features")
    schemas = {whose: media["schema"] for whose, _, media in media_of(route)}
    one: JsonObject = {"id": "feature-1", "name": "a", "dependencies": []}
    another = {"id": "feature-2", "name": "b", "dependencies": [0]}

    for allowed in (one, [one], [one, another], [one] * 1000):
        validator_of(schemas["request"]).validate(allowed)
    for wrong in ([], {}, "text", {**one, "unheardOf": 1}, [one] * 1001, [[one]], {"items": [one]}):
        assert not validator_of(schemas["request"]).is_valid(wrong)
    for body in (one, [one], [one, another], one):
        answer = send(prepared, route, json=body)
        assert answer.status_code == 201
        validator_of(schemas["201"]).validate(answer.json())


def test_a_secret_is_said_to_be_write_only() -> None:
    schema = DOCUMENT["components"]["schemas"]["IntegrationSecret"]

    assert schema["properties"]["config"]["writeOnly"] is True
    assert "config" not in DOCUMENT["components"]["schemas"]["IntegrationView"]["properties"]


@pytest.mark.every_engine
@pytest.mark.parametrize("route", READS, ids=str)
def test_what_a_route_shows_is_what_its_schema_says(world: World, route: Route) -> None:
    (schema,) = [media["schema"] for whose, _, media in media_of(route) if whose == "200"]

    answer = world.api.get(world.paths[route.operation])

    validator_of(schema).validate(answer.json())
    (shown,) = [media["example"] for whose, _, media in media_of(route) if whose == "200"]
    assert set(answer.json()) == set(shown)


@pytest.mark.every_engine
@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_every_example_of_a_request_is_accepted(
    prepared: Api, prepared_store: Store, route: Route
) -> None:
    put_raw(prepared_store, feature_of(route).to_item())

    response = send(prepared, route)

    assert response.status_code in {200, 201}, response.text
    assert response.status_code in route.statuses
    schemas = {whose: media["schema"] for whose, _, media in media_of(route)}
    validator_of(schemas[str(response.status_code)]).validate(response.json())


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_problem_is_one_that_the_document_foresees(module_api: Api, route: Route) -> None:
    answers = [
        send(module_api, route),
        send(module_api, route, params={"unheardOf": "1"}),
        send(module_api, route, headers={"if-match": '"1"', "if-none-match": "*"}),
    ]
    if route.body is not None:
        answers.append(send(module_api, route, content=b"{}"))
        answers.append(send(module_api, route, json={}))

    schemas = {whose: media["schema"] for whose, _, media in media_of(route)}
    for answer in answers:
        assert answer.status_code in route.statuses
        if answer.status_code >= 400:
            validator_of(schemas[str(answer.status_code)]).validate(answer.json())
