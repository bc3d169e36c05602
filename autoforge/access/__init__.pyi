from autoforge.access.actions import (
    ActionById,
    ActionsOfProject,
    HeldActions,
    approve_action,
    cancel_action,
    execute_action,
    hold_action,
)
from autoforge.access.agent_config import (
    AgentConfigOf,
    AgentConfigs,
    set_agent_config,
)
from autoforge.access.agents import (
    AgentById,
    AgentsByStatus,
    AgentsOfProject,
    update_agent,
)
from autoforge.access.artefacts import (
    ArtefactOfProject,
    ArtefactsOfProject,
    revert_artefact,
    update_artefact,
)
from autoforge.access.backlog import CreateFeatures, Creation
from autoforge.access.catalogue import (
    CATALOGUE,
)
from autoforge.access.checkpoints import (
    CheckpointOf,
    CheckpointsOfProject,
    advance_checkpoint,
    set_checkpoint,
)
from autoforge.access.claim_memory import ClaimMemory
from autoforge.access.claims import Claim
from autoforge.access.client import (
    Client,
    RetryPolicy,
)
from autoforge.access.composite import Composite, Part
from autoforge.access.cursor import (
    Cursors,
)
from autoforge.access.dependencies import AddDependency, RemoveDependency
from autoforge.access.disjoint import (
    require_disjoint,
)
from autoforge.access.drift import Drift
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
    decide_escalation,
    expire_escalation,
    supersede_escalation,
)
from autoforge.access.events import (
    EventById,
    EventsOfDate,
    EventsOfProject,
    GlobalEvents,
    record_event,
)
from autoforge.access.explain import (
    Explanation,
    explain,
)
from autoforge.access.feature_changes import ChangeFeature
from autoforge.access.feature_deletion import DeleteFeature
from autoforge.access.feature_moves import (
    Hold,
    claim_feature,
    fail_feature,
    pass_feature,
    release_feature,
    renew_lease,
    reopen_feature,
    send_to_review,
)
from autoforge.access.features import (
    DependenciesOfProject,
    DependentsOfFeature,
    FeatureById,
    FeatureByLinearIssue,
    FeatureCounts,
    FeatureGraphOf,
    FeatureOfLinearIssue,
    FeaturesById,
    FeaturesByStatus,
    FeatureSlotsOf,
    FeaturesOfLinearIssues,
    FeaturesOfProject,
    FeatureStats,
    ReadyFeatures,
)
from autoforge.access.integrations import (
    IntegrationConfigOf,
    report_health,
    save_integration_config,
)
from autoforge.access.members import (
    MemberOfProject,
    MembersOfProject,
    ProjectsOfUser,
    SetMember,
)
from autoforge.access.outcomes import Outcome
from autoforge.access.ownership import ChangeProject, CreateProject
from autoforge.access.pattern import Fetch, Get, Pattern
from autoforge.access.permissions import Permission, to_ask, to_do
from autoforge.access.pointing import Hydrate, Lookup
from autoforge.access.project_deletion import DeleteProject
from autoforge.access.projects import (
    Overview,
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    ProjectWithArtefacts,
    update_project,
)
from autoforge.access.query import Page, Query, SortRange
from autoforge.access.repair import Repaired, RepairFeatures
from autoforge.access.requests import RequestOf
from autoforge.access.running import (
    FinishRun,
    ReportRun,
    StartRun,
)
from autoforge.access.runs import (
    ActiveRuns,
    RunById,
    RunsOfAgent,
    RunsOfFeature,
    RunsOfProject,
)
from autoforge.access.settling import Settle
from autoforge.access.store import (
    Store,
)
from autoforge.access.syncing import (
    RefusedIssue,
    SyncCounts,
    Synced,
    SyncedTicket,
    SyncTicket,
    SyncTickets,
)
from autoforge.access.tickets import (
    LinearIssue,
    TicketByLinearIssue,
    TicketsByLinearIssue,
    TicketsOfProject,
    sync_ticket,
)
from autoforge.access.update import (
    Update,
)
from autoforge.access.users import (
    LogIn,
    UpsertUser,
    UserByAuth0Id,
    UserByEmail,
    UserById,
    UserOfAuth0Id,
    UserOfEmail,
)
from autoforge.access.work import LOADING, WORK, Work
from autoforge.access.writing import (
    Check,
    Delete,
    Put,
    Transaction,
    Write,
)

__all__ = [
    "CATALOGUE",
    "LOADING",
    "WORK",
    "ActionById",
    "ActionsOfProject",
    "ActiveRuns",
    "AddDependency",
    "AgentById",
    "AgentConfigOf",
    "AgentConfigs",
    "AgentsByStatus",
    "AgentsOfProject",
    "ArtefactOfProject",
    "ArtefactsOfProject",
    "ChangeFeature",
    "ChangeProject",
    "Check",
    "CheckpointOf",
    "CheckpointsOfProject",
    "Claim",
    "ClaimMemory",
    "Client",
    "Composite",
    "CreateFeatures",
    "CreateProject",
    "Creation",
    "Cursors",
    "Delete",
    "DeleteFeature",
    "DeleteProject",
    "DependenciesOfProject",
    "DependentsOfFeature",
    "Drift",
    "EscalationById",
    "EscalationsByStatus",
    "EscalationsOfProject",
    "EventById",
    "EventsOfDate",
    "EventsOfProject",
    "Explanation",
    "FeatureById",
    "FeatureByLinearIssue",
    "FeatureCounts",
    "FeatureGraphOf",
    "FeatureOfLinearIssue",
    "FeatureSlotsOf",
    "FeatureStats",
    "FeaturesById",
    "FeaturesByStatus",
    "FeaturesOfLinearIssues",
    "FeaturesOfProject",
    "Fetch",
    "FinishRun",
    "Get",
    "GlobalEvents",
    "HeldActions",
    "Hold",
    "Hydrate",
    "IntegrationConfigOf",
    "LinearIssue",
    "LogIn",
    "Lookup",
    "MemberOfProject",
    "MembersOfProject",
    "Outcome",
    "Overview",
    "Page",
    "Part",
    "Pattern",
    "Permission",
    "ProjectById",
    "ProjectOverview",
    "ProjectWithArtefacts",
    "ProjectsByStatus",
    "ProjectsOfUser",
    "Put",
    "Query",
    "ReadyFeatures",
    "RefusedIssue",
    "RemoveDependency",
    "RepairFeatures",
    "Repaired",
    "ReportRun",
    "RequestOf",
    "RetryPolicy",
    "RunById",
    "RunsOfAgent",
    "RunsOfFeature",
    "RunsOfProject",
    "SetMember",
    "Settle",
    "SortRange",
    "StartRun",
    "Store",
    "SyncCounts",
    "SyncTicket",
    "SyncTickets",
    "Synced",
    "SyncedTicket",
    "TicketByLinearIssue",
    "TicketsByLinearIssue",
    "TicketsOfProject",
    "Transaction",
    "Update",
    "UpsertUser",
    "UserByAuth0Id",
    "UserByEmail",
    "UserById",
    "UserOfAuth0Id",
    "UserOfEmail",
    "Work",
    "Write",
    "advance_checkpoint",
    "approve_action",
    "cancel_action",
    "claim_feature",
    "decide_escalation",
    "execute_action",
    "expire_escalation",
    "explain",
    "fail_feature",
    "hold_action",
    "pass_feature",
    "record_event",
    "release_feature",
    "renew_lease",
    "reopen_feature",
    "report_health",
    "require_disjoint",
    "revert_artefact",
    "save_integration_config",
    "send_to_review",
    "set_agent_config",
    "set_checkpoint",
    "supersede_escalation",
    "sync_ticket",
    "to_ask",
    "to_do",
    "update_agent",
    "update_artefact",
    "update_project",
]
