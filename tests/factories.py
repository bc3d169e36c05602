"""Build valid entities in one line: a test names only the attributes it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from autoforge.dynamodb import TransactionMark
from autoforge.dynamodb.timestamps import IdMint
from autoforge.models import (
    Agent,
    AgentAction,
    AgentCheckpoint,
    AgentConfig,
    AgentRole,
    AgentRun,
    AgentRunRef,
    Artefact,
    ArtefactType,
    Escalation,
    Event,
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    FeatureGraph,
    FeatureSlots,
    GlobalEventRef,
    IntegrationConfig,
    Project,
    ProjectMember,
    ProjectMemberRef,
    RequestRecord,
    Severity,
    Ticket,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)

#: The time of everything, unless a test sets another.
NOON: Final = datetime(2026, 2, 4, 12, tzinfo=UTC)

_mint = IdMint()


def new_id(moment: datetime = NOON) -> str:
    """A fresh ULID with this timestamp."""
    return _mint(moment)


def a_project(**over: Any) -> Project:
    """A project with the required attributes."""
    given = {"id": new_id(), "name": "Customer Portal Migration"}
    return Project(**{**given, "created_at": NOON, "updated_at": NOON, **over})


def an_artefact(**over: Any) -> Artefact:
    """The delivery state artefact of a new project."""
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
    """An event of a new project, whose id carries its timestamp."""
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
    """The entry of an event in the global feed."""
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
    """A pending escalation of a new project."""
    given = {
        "id": new_id(),
        "project_id": new_id(),
        "title": "Sprint scope change",
        "created_at": NOON,
    }
    return Escalation(**{**given, **over})


def an_action(**over: Any) -> AgentAction:
    """A proposed action of a new project, whose id carries its timestamp."""
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
    """A checkpoint of a new project."""
    given = {
        "project_id": new_id(),
        "integration": "jira",
        "checkpoint_key": "last_sync",
        "checkpoint_value": "2026-02-04T10:15:00Z",
        "updated_at": NOON,
    }
    return AgentCheckpoint(**{**given, **over})


def an_integration_config(**over: Any) -> IntegrationConfig:
    """The configuration of a new integration."""
    given = {
        "id": new_id(),
        "integration": f"jira-{new_id()}",
        "config_encrypted": "QkFTRTY0",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return IntegrationConfig(**{**given, **over})


def an_agent_config(**over: Any) -> AgentConfig:
    """A setting of the agent under a new name."""
    given = {"config_key": f"polling_interval-{new_id()}", "value": 15, "updated_at": NOON}
    return AgentConfig(**{**given, **over})


def a_user(**over: Any) -> User:
    """A user with a new Auth0 id and a new e-mail address."""
    id_ = new_id()
    given = {
        "id": id_,
        "auth0_id": f"auth0|{id_}",
        "email": f"Ann.{id_}@Example.org",
        "name": "Ann",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return User(**{**given, **over})


def a_user_by_auth0_id(**over: Any) -> UserByAuth0IdLookup:
    """The look-up item that leads from an Auth0 id to a user."""
    return UserByAuth0IdLookup(**{"auth0_id": f"auth0|{new_id()}", "user_id": new_id(), **over})


def a_user_by_email(**over: Any) -> UserByEmailLookup:
    """The look-up item that leads from an e-mail address to a user."""
    return UserByEmailLookup(
        **{"email": f"ann.{new_id()}@example.org", "user_id": new_id(), **over}
    )


def a_member(**over: Any) -> ProjectMember:
    """A membership, stored in the item collection of the user."""
    given = {
        "user_id": new_id(),
        "project_id": new_id(),
        "member": True,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return ProjectMember(**{**given, **over})


def a_member_ref(**over: Any) -> ProjectMemberRef:
    """A membership, stored in the item collection of the project."""
    given = {
        "user_id": new_id(),
        "project_id": new_id(),
        "member": True,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return ProjectMemberRef(**{**given, **over})


def a_feature(**over: Any) -> Feature:
    """A feature of a new project that is ready to be claimed."""
    given = {
        "id": new_id(),
        "project_id": new_id(),
        "name": "Sign in with a passkey",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Feature(**{**given, **over})


def a_dependency(**over: Any) -> FeatureDependency:
    """The reverse edge between two features of a new project."""
    given = {
        "project_id": new_id(),
        "depends_on_id": new_id(),
        "feature_id": new_id(),
        "created_at": NOON,
    }
    return FeatureDependency(**{**given, **over})


def a_feature_by_linear_issue(**over: Any) -> FeatureByLinearIssueLookup:
    """The look-up item that leads from a new Linear issue to a feature."""
    given = {"linear_issue_id": f"LIN-{new_id()}", "project_id": new_id(), "feature_id": new_id()}
    return FeatureByLinearIssueLookup(**{**given, **over})


def a_feature_graph(**over: Any) -> FeatureGraph:
    """The guard item of the dependencies of a new project."""
    return FeatureGraph(**{"project_id": new_id(), "updated_at": NOON, **over})


def feature_slots(**over: Any) -> FeatureSlots:
    """The slots of a new project, all free."""
    return FeatureSlots(**{"project_id": new_id(), "updated_at": NOON, **over})


def an_agent(**over: Any) -> Agent:
    """An idle coder of a new project."""
    given = {
        "id": new_id(),
        "project_id": new_id(),
        "name": "coder-1",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Agent(**{**given, **over})


def a_run(**over: Any) -> AgentRun:
    """A started run of a new agent on a new feature."""
    given = {
        "id": new_id(),
        "project_id": new_id(),
        "agent_id": new_id(),
        "feature_id": new_id(),
        "role": AgentRole.CODER,
        "started_at": NOON,
    }
    return AgentRun(**{**given, **over})


def a_run_ref(**over: Any) -> AgentRunRef:
    """The item that leads from an agent to its active run."""
    given = {
        "agent_id": new_id(),
        "run_id": new_id(),
        "project_id": new_id(),
        "feature_id": new_id(),
        "started_at": NOON,
    }
    return AgentRunRef(**{**given, **over})


def a_ticket(**over: Any) -> Ticket:
    """A new Linear issue, synced at noon."""
    given = {
        "id": new_id(),
        "linear_issue_id": f"LIN-{new_id()}",
        "project_id": new_id(),
        "linear_issue_url": "https://linear.app/acme/issue/ACM-7",
        "title": "Passkeys",
        "status": "Todo",
        "synced_at": NOON,
    }
    return Ticket(**{**given, **over})


def a_request_record(**over: Any) -> RequestRecord:
    """The stored record of a request in a new project."""
    given = {"id": new_id(), "project_id": new_id(), "content": "hash", "minted": new_id()}
    return RequestRecord(**{**given, "moment": NOON, "created_at": NOON, **over})


def a_transaction_mark(**over: Any) -> TransactionMark:
    """The item that shows that a transaction was applied."""
    return TransactionMark(**{"token": new_id(), "created_at": NOON, **over})
