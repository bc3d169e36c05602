"""Valid entities in one line: a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from autoforge.models import (
    AgentAction,
    AgentCheckpoint,
    AgentConfig,
    Artefact,
    ArtefactType,
    Escalation,
    Event,
    GlobalEventRef,
    IntegrationConfig,
    Project,
    Severity,
)
from autoforge.moments import IdMint

#: When everything happens, unless a test says otherwise.
NOON: Final = datetime(2026, 2, 4, 12, tzinfo=UTC)

_mint = IdMint()


def new_id(moment: datetime = NOON) -> str:
    """A fresh ULID minted from the moment."""
    return _mint(moment)


def a_project(**over: Any) -> Project:
    """A project with the attributes every project has."""
    given = {"id": new_id(), "name": "Customer Portal Migration"}
    return Project(**{**given, "created_at": NOON, "updated_at": NOON, **over})


def an_artefact(**over: Any) -> Artefact:
    """The delivery state of a project of its own."""
    given = {
        "id": new_id(),
        "project_id": new_id(),
        "type": ArtefactType.DELIVERY_STATE,
        "content": {"overall_status": "amber"},
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Artefact(**{**given, **over})


def an_event(**over: Any) -> Event:
    """An event of a project of its own, with an id minted from its moment."""
    created_at = over.get("created_at", NOON)
    given = {
        "id": new_id(created_at),
        "project_id": new_id(),
        "event_type": "signal_detected",
        "summary": "MCU-156 is in progress",
        "created_at": created_at,
    }
    return Event(**{**given, **over})


def a_global_event_ref(**over: Any) -> GlobalEventRef:
    """The trace of an event in the global feed."""
    created_at = over.get("created_at", NOON)
    given = {
        "id": new_id(created_at),
        "project_id": new_id(),
        "event_type": "heartbeat",
        "severity": Severity.INFO,
        "summary": "Checked, no changes",
        "created_at": created_at,
    }
    return GlobalEventRef(**{**given, **over})


def an_escalation(**over: Any) -> Escalation:
    """A pending escalation of a project of its own."""
    given = {
        "id": new_id(),
        "project_id": new_id(),
        "title": "Sprint scope change",
        "created_at": NOON,
    }
    return Escalation(**{**given, **over})


def an_action(**over: Any) -> AgentAction:
    """A proposed action of a project of its own, with an id minted from its moment."""
    created_at = over.get("created_at", NOON)
    given = {
        "id": new_id(created_at),
        "project_id": new_id(),
        "action_type": "artefact_update",
        "description": "Update the delivery state",
        "created_at": created_at,
    }
    return AgentAction(**{**given, **over})


def a_checkpoint(**over: Any) -> AgentCheckpoint:
    """A checkpoint of a project of its own."""
    given = {
        "project_id": new_id(),
        "integration": "jira",
        "checkpoint_key": "last_sync",
        "checkpoint_value": "2026-02-04T10:15:00Z",
        "updated_at": NOON,
    }
    return AgentCheckpoint(**{**given, **over})


def an_integration_config(**over: Any) -> IntegrationConfig:
    """The configuration of an integration of its own."""
    given = {
        "id": new_id(),
        "integration": f"jira-{new_id()}",
        "config_encrypted": "QkFTRTY0",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return IntegrationConfig(**{**given, **over})


def an_agent_config(**over: Any) -> AgentConfig:
    """A setting of the agent with a name of its own."""
    given = {"config_key": f"polling_interval-{new_id()}", "value": 15, "updated_at": NOON}
    return AgentConfig(**{**given, **over})
