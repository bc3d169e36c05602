"""Requests that schemathesis makes of the OpenAPI document, allowed ones and others.

None gets an answer that the document does not foresee, and none a server error.
"""

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
from tests.http.serving import ROUTES, populated, serving
from tests.stores import Clock

CHECKS: Final = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
#: Operations whose success takes more than a request out of nowhere.
UNLIKELY: Final = {
    "hold_action",
    "revert_artefact",
    "put_artefact",
    "approve_action",
    "execute_action",
}


#: Operations of which every request is allowed.
NEVER_WRONG: Final = {
    *("get_health", "get_readiness", "list_patterns"),
    *("get_integration", "get_agent_config"),
}


def name_of(operation: Any) -> str:
    """The id of an operation of schemathesis."""
    return str(operation.definition.raw["operationId"])


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_no_request_gets_an_answer_that_the_document_does_not_foresee(
    mode: GenerationMode,
) -> None:
    with Forge.embedded(clock=Clock()) as forge:
        hold_every_operation(forge, mode)


def hold_every_operation(forge: Forge, mode: GenerationMode) -> None:
    """Make requests of every operation."""
    with serving(forge) as api:
        paths = populated(api).paths
    known: dict[str, Any] = {
        "projectId": paths["get_project"].split("/")[-1],
        "type": "raid_log",
        "eventId": paths["get_project_event"].split("/")[-1],
        "escalationId": paths["get_escalation"].split("/")[-1],
        "actionId": paths["get_action"].split("/")[-1],
        "integration": "jira",
        "key": "sync-0",
    }
    # Where one name means two things.
    further = {"get_event": {"eventId": paths["get_event"].split("/")[-1]}}
    further["get_agent_config"] = {"key": "setting-0"}
    app = create_app(forge, version="0")
    schema = schemathesis.openapi.from_asgi("/docs/openapi.json", app)
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    if mode == GenerationMode.NEGATIVE:
        operations = [each for each in operations if name_of(each) not in NEVER_WRONG]
    # What is deleted is not there for the others.
    operations.sort(key=lambda each: bool(each.method == "delete"))

    succeeded = {
        name_of(each)
        for each in operations
        if succeeds(each, mode, {**known, **further.get(name_of(each), {})})
    }

    if mode == GenerationMode.POSITIVE:
        assert {route.operation for route in ROUTES} - succeeded <= UNLIKELY


def succeeds(operation: Any, mode: GenerationMode, own: dict[str, Any]) -> bool:
    """Make requests of an operation, some of what is there, and tell whether one succeeded."""
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
            case.path_parameters = {name: own[name] for name in case.path_parameters or {}}
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        statuses.add(response.status_code)

    hold()
    return any(status < 300 for status in statuses)
