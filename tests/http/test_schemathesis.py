"""Requests that schemathesis draws from the OpenAPI document, both valid and invalid.

Every answer is one that the document describes, and none is a server error.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from autoforge.forge import Forge
from autoforge.http.app import create_app
from autoforge.testing.clock import Clock
from tests.http.serving import ROUTES, populated, serving

CHECKS: Final = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
#: Operations that rarely succeed on a drawn request.
UNLIKELY: Final = {
    "change_project",  # a drawn owner does not exist
    *("record_project_event", "record_event"),  # drawn timestamps are in the future
    "hold_action",
    "revert_artefact",
    "put_artefact",
    "approve_action",
    "execute_action",
    "put_ticket",
    "start_run",
    "report_run",
    *("create_features", "change_feature", "delete_feature"),
    *("claim_next_feature", "claim_feature", "renew_claim", "release_feature"),
    *("review_feature", "pass_feature", "fail_feature", "reopen_feature"),
}


#: Operations without invalid requests.
NEVER_WRONG: Final = {
    *("get_health", "get_readiness", "list_patterns"),
    *("get_integration", "get_agent_config"),
    *("get_user_by_auth0_id", "get_user_by_email", "get_feature_by_linear_issue"),
    "get_ticket",
}


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_no_request_gets_an_answer_that_the_document_does_not_foresee(
    mode: GenerationMode,
) -> None:
    with Forge.embedded(clock=Clock()) as forge:
        with serving(forge) as api:
            paths = populated(api).paths
        app = create_app(forge, version="0")
        schema = schemathesis.openapi.from_asgi("/docs/openapi.json", app)
        operations = {
            str(each.ok().definition.raw["operationId"]): each.ok()
            for each in schema.get_all_operations()
            if isinstance(each, Ok)
        }
        # Deletions come last, those of inner paths first: other operations need the items.
        ordered = sorted(
            operations,
            key=lambda name: (
                operations[name].method == "delete" and 1 / operations[name].path.count("/")
            ),
        )

        succeeded = {
            name
            for name in ordered
            if (mode == GenerationMode.POSITIVE or name not in NEVER_WRONG)
            and try_out(operations[name], mode, known_to(name, paths))
        }

    assert set(operations) == {route.operation for route in ROUTES}
    if mode == GenerationMode.POSITIVE:
        assert set(operations) - succeeded <= UNLIKELY


def known_to(name: str, paths: Mapping[str, str]) -> dict[str, str]:
    """Return path parameters with which an operation finds something."""
    event = "get_event" if name == "get_event" else "get_project_event"
    return {
        "projectId": paths["get_project"].split("/")[-1],
        "type": "raid_log",
        "eventId": paths[event].split("/")[-1],
        "escalationId": paths["get_escalation"].split("/")[-1],
        "actionId": paths["get_action"].split("/")[-1],
        "integration": "jira",
        "userId": paths["get_user"].split("/")[-1],
        "auth0Id": paths["get_user_by_auth0_id"].split("/")[-1],
        "email": paths["get_user_by_email"].split("/")[-1],
        "linearIssueId": "ENG-0",
        "agentId": paths["get_agent"].split("/")[-1],
        "runId": paths["get_run"].split("/")[-1],
        "featureId": paths["list_feature_runs"].split("/")[-2],
        "dependsOnId": paths["get_feature"].split("/")[-1],
        "key": "setting-0" if name == "get_agent_config" else "sync-0",
    }


def try_out(operation: Any, mode: GenerationMode, known: Mapping[str, str]) -> bool:
    """Send drawn requests, some for existing items; return whether any succeeded."""
    statuses = set()

    @settings(
        max_examples=8,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), aimed=st.booleans())
    def hold(case: Any, *, aimed: bool) -> None:
        if aimed:
            case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
            # A drawn tag matches no existing item, and a drawn cursor is never valid.
            for given in (case.headers, case.query):
                for name in ("If-Match", "If-None-Match", "cursor", "after"):
                    given.pop(name, None)
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        statuses.add(response.status_code)

    hold()
    return any(status < HTTPStatus.MULTIPLE_CHOICES for status in statuses)
