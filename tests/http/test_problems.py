"""Every error becomes a problem that tells the client only what it may know."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from itertools import count
from time import time

import pytest
from botocore.exceptions import ClientError

from autoforge.cli.main import EXIT_CODES
from autoforge.dynamodb import Entity
from autoforge.dynamodb.store.store import Store
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    ConfigurationError,
    InvalidValueError,
    ItemNotFoundError,
    TableNotFoundError,
    ThrottledError,
    UnreadableItemError,
)
from autoforge.http.api import access_log
from autoforge.http.problems import PROBLEMS
from tests.factories import a_feature_graph, an_escalation, feature_slots
from tests.http.serving import READS, Api, assert_problem, new_project, serving
from tests.stores import forge_of, put_raw


def kinds(base: type[AutoforgeError] = AutoforgeError) -> Iterator[type[AutoforgeError]]:
    """Yield every error class."""
    yield base
    for each in base.__subclasses__():
        yield from kinds(each)


def test_a_status_is_stated_only_where_it_differs_from_that_of_the_base_class() -> None:
    for kind in set(PROBLEMS.statuses) - {AutoforgeError}:
        base = next(each for each in kind.__mro__[1:] if issubclass(each, AutoforgeError))
        assert PROBLEMS.status_of(kind) != PROBLEMS.status_of(base), kind


def test_every_error_has_an_exit_code_the_most_special_first() -> None:
    ordered = list(EXIT_CODES)
    for kind in kinds():
        codes = [code for each, code in EXIT_CODES.items() if issubclass(kind, each)]
        assert codes, kind
    assert ordered[-1] is AutoforgeError
    assert {
        InvalidValueError: 2,
        ConfigurationError: 2,
        ItemNotFoundError: 3,
        TableNotFoundError: 3,
        **{kind: EXIT_CODES[kind] for kind in ordered[4:]},
    } == EXIT_CODES


def test_no_error_that_a_client_makes_is_a_server_error() -> None:
    for kind in kinds(InvalidValueError):
        assert PROBLEMS.status_of(kind) < HTTPStatus.INTERNAL_SERVER_ERROR


@pytest.mark.parametrize(
    "path",
    ["/nope", "/projects/a/nope", "/integrations", "/integrations/", "/events/a/b", "/docs/nope"],
)
def test_a_path_that_is_not_there_is_a_problem(detached: Api, path: str) -> None:
    assert_problem(detached.get(path), 404, "Not Found")
    assert detached.post(path).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_method_that_is_not_there_is_a_problem_that_names_those_that_are(
    detached: Api, method: str
) -> None:
    response = detached.request(method, "/health")

    assert_problem(response, 405, "Method Not Allowed")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_file_of_the_documentation_that_is_not_there_is_a_problem(detached: Api) -> None:
    for path in ("nope.js", "../index.html", "%2e%2e/%2e%2e/__init__.py"):
        response = detached.get(f"/docs/assets/{path}")

        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("s3cr3t"),
        KeyError("s3cr3t"),
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "s3cr3t"}}, "GetItem"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_nobody_foresaw_is_told_to_the_log_and_not_to_the_client(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    forge = forge_of(store)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(forge.projects, "delete", fail)
    with serving(forge) as api, caplog.at_level(logging.ERROR, "autoforge"):
        response = api.delete("/projects/p")

    assert_problem(response, 500, "an unexpected error; see the log of the server")
    (record,) = [each for each in caplog.records if each.getMessage() == "http.crash"]
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_a_throttled_request_may_be_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge = forge_of(store)

    def fail(*_: object, **__: object) -> None:
        raise ThrottledError("GetItem: over the throughput")

    monkeypatch.setattr(forge.projects, "delete", fail)
    with serving(forge) as api:
        response = api.delete("/projects/p")

    assert_problem(response, 503, "GetItem: over the throughput", kind="throttled")
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize("guard", [a_feature_graph(), feature_slots()], ids=["graph", "slots"])
def test_what_only_keeps_writers_apart_is_not_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch, guard: Entity
) -> None:
    forge = forge_of(store)

    def fail(*_: object, **__: object) -> None:
        raise ConditionFailedError("another was faster", item=guard)

    monkeypatch.setattr(forge.projects, "delete", fail)
    with serving(forge) as api:
        response = api.delete("/projects/p")

    assert_problem(response, 409, "another was faster", kind="condition-failed")


def test_a_spoilt_item_is_a_problem_of_ours_and_does_not_spoil_its_list(
    api: Api, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    project_id = new_project(api)
    spoilt = an_escalation(project_id=project_id, id="spoilt").to_item()
    put_raw(store, {**spoilt, "status": {"S": "unheard-of"}})
    path = f"/projects/{project_id}/escalations"

    with caplog.at_level(logging.ERROR, "autoforge"):
        response = api.get(f"{path}/spoilt")

    assert response.status_code == 500
    assert response.json()["type"] == "urn:autoforge:problem:unreadable-item"
    logged = [each.exc_info for each in caplog.records if each.getMessage() == "http.error"]
    assert [type(info[1]) for info in logged if info] == [UnreadableItemError]
    assert api.get(path).json() == {"items": [], "nextCursor": None}


def test_every_answer_has_an_id_that_the_log_knows(
    module_api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "autoforge.http"):
        answers = [
            module_api.get("/projects/no-such-project"),
            module_api.get("/health", params={"token": "s3cr3t"}),
            module_api.get("/nope"),
            module_api.get("/patterns"),
        ]

    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == len(answers)
    records = [each for each in caplog.records if each.getMessage() == "http.request"]
    assert [
        tuple(vars(each)[name] for name in ("method", "route", "status")) for each in records
    ] == [
        ("GET", "/projects/{projectId}", 404),
        ("GET", "/health", 400),
        ("GET", None, 404),
        ("GET", "/patterns", 200),
    ]
    assert [vars(each)["request_id"] for each in records] == [
        answer.headers["x-request-id"] for answer in answers
    ]
    assert not any("s3cr3t" in str(vars(each)) for each in caplog.records)


def test_the_log_says_when_a_request_was_answered_and_how_long_it_took(
    module_api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "perf_counter", count(1, 0.25).__next__)

    before = time()
    with caplog.at_level(logging.INFO, "autoforge.http"):
        module_api.get("/health")

    (record,) = (each for each in caplog.records if each.getMessage() == "http.request")
    assert before <= record.created <= time()
    assert vars(record)["milliseconds"] == 250.0


def test_what_goes_wrong_is_logged_with_its_route_and_without_its_path(
    detached: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "autoforge"):
        response = detached.get("/users/by-email/ann@example.org")

    assert response.status_code == 503
    ours = [each for each in caplog.records if each.name.startswith("autoforge.")]
    assert {each.getMessage() for each in ours} == {"http.error", "http.request"}
    for record in ours:
        assert vars(record)["route"] == "/users/by-email/{email}"
        assert "ann@example.org" not in str(vars(record))


def test_no_answer_says_where_dynamodb_is(detached: Api) -> None:
    for route in READS:
        response = detached.get(route.path)
        if response.status_code == 503:
            assert "127.0.0.1" not in response.text, route
            assert_problem(
                response,
                503,
                "DynamoDB cannot be reached or does not respond; see the log of the server",
                kind="unavailable",
            )
    assert detached.get("/ready").status_code == 503
