"""Each entity exactly as it is stored: a missing attribute fails, and so does an additional one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.models import (
    PLATFORM_DESIGN,
    ActionState,
    GlobalEventRef,
)
from tests.factories import (
    NOON,
    a_checkpoint,
    a_global_event_ref,
    a_project,
    an_action,
    an_agent_config,
    an_artefact,
    an_escalation,
    an_event,
    an_integration_config,
)

ULID = "01KGM8C3G0CXZR34GWQD3DP72N"
UUID = "550e8400-e29b-41d4-a716-446655440000"
NOON_TEXT = {"S": "2026-02-04T12:00:00.000Z"}

ITEMS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "database_analysis_items.json").read_text()
)


def test_a_project_is_stored_in_its_own_partition_and_under_its_status() -> None:
    project = a_project(
        id=UUID,
        name="Portal",
        description="",
        source="jira",
        source_project_key="MCU",
        autonomy_level="artefact",
        config={"board": 7},
        owner_id="owner-1",
        repo_url="https://example.org/portal.git",
    )

    assert project.to_item() == {
        "PK": {"S": f"PROJECT#{UUID}"},
        "SK": {"S": "METADATA"},
        "GSI1PK": {"S": "STATUS#active"},
        "GSI1SK": {"S": f"PROJECT#{UUID}"},
        "EntityType": {"S": "Project"},
        "id": {"S": UUID},
        "name": {"S": "Portal"},
        "description": {"S": ""},
        "status": {"S": "active"},
        "source": {"S": "jira"},
        "sourceProjectKey": {"S": "MCU"},
        "autonomyLevel": {"S": "artefact"},
        "config": {"M": {"board": {"N": "7"}}},
        "ownerId": {"S": "owner-1"},
        "repoUrl": {"S": "https://example.org/portal.git"},
        "maxConcurrency": {"N": "3"},
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }


def test_a_new_project_is_active_manual_and_monitored() -> None:
    project = a_project(id="p", name="Portal")

    assert project.to_item() == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": "METADATA"},
        "GSI1PK": {"S": "STATUS#active"},
        "GSI1SK": {"S": "PROJECT#p"},
        "EntityType": {"S": "Project"},
        "id": {"S": "p"},
        "name": {"S": "Portal"},
        "status": {"S": "active"},
        "source": {"S": "manual"},
        "autonomyLevel": {"S": "monitoring"},
        "maxConcurrency": {"N": "3"},
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }


def test_an_artefact_is_stored_in_its_project_by_type() -> None:
    artefact = an_artefact(
        id="a", project_id="p", content={"overall": "amber"}, previous_version={"overall": "green"}
    )

    assert artefact.to_item() == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": "ARTEFACT#delivery_state"},
        "EntityType": {"S": "Artefact"},
        "id": {"S": "a"},
        "projectId": {"S": "p"},
        "type": {"S": "delivery_state"},
        "content": {"M": {"overall": {"S": "amber"}}},
        "previousVersion": {"M": {"overall": {"S": "green"}}},
        "version": {"N": "1"},
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }


def test_an_event_is_stored_in_its_project_and_under_its_day_for_30_days() -> None:
    event = an_event(
        id=ULID, project_id="p", event_type="signal", summary="MCU-156", detail={"to": "done"}
    )

    assert event.to_item() == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": f"EVENT#2026-02-04T12:00:00.000Z#{ULID}"},
        "GSI1PK": {"S": "EVENT#2026-02-04"},
        "GSI1SK": {"S": f"2026-02-04T12:00:00.000Z#{ULID}"},
        "EntityType": {"S": "Event"},
        "id": {"S": ULID},
        "projectId": {"S": "p"},
        "eventType": {"S": "signal"},
        "severity": {"S": "info"},
        "summary": {"S": "MCU-156"},
        "detail": {"M": {"to": {"S": "done"}}},
        "createdAt": NOON_TEXT,
        "TTL": {"N": "1772798400"},
    }


def test_an_event_of_no_project_is_stored_in_the_global_feed() -> None:
    event = an_event(id=ULID, project_id=None, event_type="heartbeat", summary="")

    assert event.to_item() == {
        "PK": {"S": "GLOBAL"},
        "SK": {"S": f"EVENT#2026-02-04T12:00:00.000Z#{ULID}"},
        "GSI1PK": {"S": "EVENT#2026-02-04"},
        "GSI1SK": {"S": f"2026-02-04T12:00:00.000Z#{ULID}"},
        "EntityType": {"S": "Event"},
        "id": {"S": ULID},
        "eventType": {"S": "heartbeat"},
        "severity": {"S": "info"},
        "summary": {"S": ""},
        "createdAt": NOON_TEXT,
        "TTL": {"N": "1772798400"},
    }


def test_the_trace_of_an_event_is_stored_in_the_global_feed_and_no_index() -> None:
    reference = a_global_event_ref(
        id=ULID, project_id="p", event_type="heartbeat", severity="warning", summary="x"
    )

    assert reference.to_item() == {
        "PK": {"S": "GLOBAL"},
        "SK": {"S": f"EVENT#2026-02-04T12:00:00.000Z#{ULID}"},
        "EntityType": {"S": "GlobalEventRef"},
        "id": {"S": ULID},
        "projectId": {"S": "p"},
        "eventType": {"S": "heartbeat"},
        "severity": {"S": "warning"},
        "summary": {"S": "x"},
        "createdAt": NOON_TEXT,
        "TTL": {"N": "1772798400"},
    }


def test_an_escalation_is_stored_in_its_project_and_under_its_status() -> None:
    escalation = an_escalation(
        id=UUID,
        project_id="p",
        title="Scope",
        context={"sprint": 12},
        options=["defer", {"id": "b"}],
        agent_recommendation="Defer",
        agent_rationale="62% done",
        status="decided",
        user_decision="defer",
        user_notes="",
        decided_by="mara",
        decided_at=NOON,
    )

    assert escalation.to_item() == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": f"ESCALATION#{UUID}"},
        "GSI1PK": {"S": "ESCALATION#decided"},
        "GSI1SK": {"S": f"2026-02-04T12:00:00.000Z#{UUID}"},
        "EntityType": {"S": "Escalation"},
        "id": {"S": UUID},
        "projectId": {"S": "p"},
        "status": {"S": "decided"},
        "title": {"S": "Scope"},
        "context": {"M": {"sprint": {"N": "12"}}},
        "options": {"L": [{"S": "defer"}, {"M": {"id": {"S": "b"}}}]},
        "agentRecommendation": {"S": "Defer"},
        "agentRationale": {"S": "62% done"},
        "userDecision": {"S": "defer"},
        "userNotes": {"S": ""},
        "decidedBy": {"S": "mara"},
        "decidedAt": NOON_TEXT,
        "createdAt": NOON_TEXT,
    }


def test_a_new_escalation_is_pending() -> None:
    escalation = an_escalation(id="e", project_id="p", title="Scope")

    assert escalation.to_item() == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": "ESCALATION#e"},
        "GSI1PK": {"S": "ESCALATION#pending"},
        "GSI1SK": {"S": "2026-02-04T12:00:00.000Z#e"},
        "EntityType": {"S": "Escalation"},
        "id": {"S": "e"},
        "projectId": {"S": "p"},
        "status": {"S": "pending"},
        "title": {"S": "Scope"},
        "createdAt": NOON_TEXT,
    }


def test_an_action_is_stored_in_its_project_for_90_days_and_in_no_index_unless_held() -> None:
    action = an_action(
        id=ULID,
        project_id="p",
        action_type="update",
        description="x",
        detail={"a": 1},
        confidence={"precedentMatch": True},
    )

    assert action.to_item() == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": f"ACTION#2026-02-04T12:00:00.000Z#{ULID}"},
        "EntityType": {"S": "AgentAction"},
        "id": {"S": ULID},
        "projectId": {"S": "p"},
        "actionType": {"S": "update"},
        "description": {"S": "x"},
        "detail": {"M": {"a": {"N": "1"}}},
        "confidence": {"M": {"precedentMatch": {"BOOL": True}}},
        "executed": {"BOOL": False},
        "createdAt": NOON_TEXT,
        "TTL": {"N": "1777982400"},
    }


def test_a_held_action_is_indexed_by_the_end_of_its_hold() -> None:
    action = an_action(id=ULID, project_id="p", held_until="2026-02-05T09:00Z", updated_at=NOON)

    assert action.to_item() == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": f"ACTION#2026-02-04T12:00:00.000Z#{ULID}"},
        "GSI1PK": {"S": "ACTION#held"},
        "GSI1SK": {"S": f"2026-02-05T09:00:00.000Z#{ULID}"},
        "EntityType": {"S": "AgentAction"},
        "id": {"S": ULID},
        "projectId": {"S": "p"},
        "actionType": {"S": "artefact_update"},
        "description": {"S": "Update the delivery state"},
        "executed": {"BOOL": False},
        "heldUntil": {"S": "2026-02-05T09:00:00.000Z"},
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
        "TTL": {"N": "1777982400"},
    }


def test_an_executed_action_leaves_the_index_though_it_was_held() -> None:
    action = an_action(held_until=NOON, executed=True, executed_at=NOON)

    assert {"GSI1PK", "GSI1SK"}.isdisjoint(action.to_item())


@pytest.mark.parametrize(
    ("marks", "state"),
    [
        ({}, ActionState.PROPOSED),
        ({"held_until": NOON}, ActionState.HELD),
        ({"approved_at": NOON}, ActionState.APPROVED),
        ({"approved_at": NOON, "held_until": NOON}, ActionState.HELD),
        ({"approved_at": NOON, "cancelled_at": NOON}, ActionState.CANCELLED),
        ({"cancelled_at": NOON, "held_until": NOON}, ActionState.CANCELLED),
        ({"approved_at": NOON, "executed": True}, ActionState.EXECUTED),
        ({"cancelled_at": NOON, "executed": True}, ActionState.EXECUTED),
    ],
)
def test_the_state_of_an_action_follows_from_its_marks(
    marks: dict[str, Any], state: ActionState
) -> None:
    assert an_action(**marks).state == state


def test_a_checkpoint_is_stored_in_its_project_by_integration_and_name() -> None:
    checkpoint = a_checkpoint(
        project_id="p",
        integration="jira cloud",
        checkpoint_key="last #1",
        checkpoint_value="42",
        position="0042",
    )

    assert checkpoint.to_item() == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": "CHECKPOINT#jira%20cloud#last %231"},
        "EntityType": {"S": "AgentCheckpoint"},
        "projectId": {"S": "p"},
        "integration": {"S": "jira cloud"},
        "checkpointKey": {"S": "last #1"},
        "checkpointValue": {"S": "42"},
        "position": {"S": "0042"},
        "updatedAt": NOON_TEXT,
    }


def test_an_integration_is_stored_by_its_name() -> None:
    config = an_integration_config(
        id=UUID, integration="jira#1", config_encrypted="QkFTRTY0", last_health_check=NOON
    )

    assert config.to_item() == {
        "PK": {"S": "INTEGRATION#jira%231"},
        "SK": {"S": "CONFIG"},
        "EntityType": {"S": "IntegrationConfig"},
        "id": {"S": UUID},
        "integration": {"S": "jira#1"},
        "configEncrypted": {"S": "QkFTRTY0"},
        "status": {"S": "active"},
        "lastHealthCheck": NOON_TEXT,
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }


def test_a_setting_of_the_agent_is_stored_by_its_name() -> None:
    config = an_agent_config(config_key="a/b", value={"minutes": [15, 0.5, None]})

    assert config.to_item() == {
        "PK": {"S": "AGENT"},
        "SK": {"S": "CONFIG#a/b"},
        "EntityType": {"S": "AgentConfig"},
        "key": {"S": "a/b"},
        "value": {"M": {"minutes": {"L": [{"N": "15"}, {"N": "0.5"}, {"NULL": True}]}}},
        "updatedAt": NOON_TEXT,
    }


@pytest.mark.parametrize("printed", ITEMS, ids=lambda item: item["EntityType"])
def test_an_item_of_the_database_analysis_is_read_as_it_is_printed(printed: dict[str, Any]) -> None:
    kind = _kind(printed["EntityType"])

    entity = kind.from_item(_wire(printed))

    names = {attribute.attr_name: name for name, attribute in kind.get_attributes().items()}
    shown = {name: value for name, value in printed.items() if name not in _RENDERED}
    assert {name: getattr(entity, names[name]) for name in shown} == {
        name: _held(name, value) for name, value in shown.items()
    }
    assert entity.unknown == {}


@pytest.mark.parametrize("printed", ITEMS, ids=lambda item: item["EntityType"])
def test_an_item_of_the_database_analysis_is_written_back_with_moments_at_their_full_width(
    printed: dict[str, Any],
) -> None:
    entity = _kind(printed["EntityType"]).from_item(_wire(printed))

    written = entity.to_item()

    expected = {name: _full_width(name, value) for name, value in printed.items()}
    added = {"id": "01HRWXYZ123456"} if entity.type_name == "GlobalEventRef" else {}
    assert written == _wire(expected | added)


def test_the_trace_of_an_event_in_the_database_analysis_has_its_id_in_its_key_alone() -> None:
    (printed,) = [item for item in ITEMS if item["EntityType"] == "GlobalEventRef"]

    reference = GlobalEventRef.from_item(_wire(printed))

    assert "id" not in printed
    assert reference.id == "01HRWXYZ123456"


def test_the_first_nine_kinds_of_items_are_printed_in_the_database_analysis() -> None:
    first = PLATFORM_DESIGN.entities[:9]
    assert {item["EntityType"] for item in ITEMS} == {kind.type_name for kind in first}


_RENDERED = {"PK", "SK", "GSI1PK", "GSI1SK", "EntityType"}
_MOMENTS = {"createdAt", "updatedAt", "executedAt", "lastHealthCheck", "heldUntil", "decidedAt"}


def _kind(type_name: str) -> type[Entity]:
    return next(kind for kind in PLATFORM_DESIGN.entities if kind.type_name == type_name)


def _wire(item: dict[str, Any]) -> dict[str, Any]:
    """The item as another program would store it."""
    decimal = json.loads(json.dumps(item), parse_float=Decimal)
    return {name: TypeSerializer().serialize(value) for name, value in decimal.items()}


def _held(name: str, value: Any) -> Any:
    if name == "TTL":
        return datetime.fromtimestamp(value, UTC)
    return as_timestamp(value) if name in _MOMENTS and value is not None else value


def _full_width(name: str, value: Any) -> Any:
    has_times = value is not None and name in _MOMENTS | _RENDERED
    return value.replace("00Z", "00.000Z") if has_times else value
