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
from autoforge.access.catalogue import (
    CATALOGUE,
)
from autoforge.access.checkpoints import (
    CheckpointOf,
    CheckpointsOfProject,
    advance_checkpoint,
    set_checkpoint,
)
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
    decide_escalation,
    expire_escalation,
    supersede_escalation,
)
from autoforge.access.events.patterns import (
    EventById,
    EventsOfDate,
    EventsOfProject,
    GlobalEvents,
    record_event,
)
from autoforge.access.features.claim_cache import (
    ClaimCache,
)
from autoforge.access.features.claims import (
    ClaimFeature,
)
from autoforge.access.features.creation import (
    CreateFeatures,
    Creation,
)
from autoforge.access.features.deletion import (
    DeleteFeature,
)
from autoforge.access.features.dependencies import (
    AddDependency,
    RemoveDependency,
)
from autoforge.access.features.edit import (
    ChangeFeature,
)
from autoforge.access.features.outcomes import (
    FeatureOutcome,
)
from autoforge.access.features.patterns import (
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
from autoforge.access.features.propagation import (
    Propagation,
)
from autoforge.access.features.repair import (
    Repaired,
    RepairFeatures,
)
from autoforge.access.features.transitions import (
    ClaimToken,
    claim_feature,
    fail_feature,
    pass_feature,
    release_feature,
    renew_lease,
    reopen_feature,
    send_to_review,
)
from autoforge.access.integrations import (
    IntegrationConfigOf,
    report_health,
    save_integration_config,
)
from autoforge.access.operations import LOADING, WORK
from autoforge.access.projects.deletion import (
    DeleteProject,
)
from autoforge.access.projects.members import (
    MemberOfProject,
    MembersOfProject,
    ProjectsOfUser,
    SetMember,
)
from autoforge.access.projects.ownership import (
    ChangeProject,
    CreateProject,
)
from autoforge.access.projects.patterns import (
    Overview,
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    ProjectWithArtefacts,
    update_project,
)
from autoforge.access.requests.patterns import (
    RequestOf,
)
from autoforge.access.runs.lifecycle import (
    FinishRun,
    ReportRun,
    StartRun,
)
from autoforge.access.runs.patterns import (
    ActiveRuns,
    RunById,
    RunsOfAgent,
    RunsOfFeature,
    RunsOfProject,
)
from autoforge.access.tickets.patterns import (
    LinearIssue,
    TicketByLinearIssue,
    TicketsByLinearIssue,
    TicketsOfProject,
    sync_ticket,
)
from autoforge.access.tickets.sync import (
    RefusedIssue,
    SyncCounts,
    Synced,
    SyncedTicket,
    SyncTicket,
    SyncTickets,
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
from autoforge.dynamodb.admin.operation import Operation

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
    "CheckpointOf",
    "CheckpointsOfProject",
    "ClaimCache",
    "ClaimFeature",
    "ClaimToken",
    "CreateFeatures",
    "CreateProject",
    "Creation",
    "DeleteFeature",
    "DeleteProject",
    "DependenciesOfProject",
    "DependentsOfFeature",
    "EscalationById",
    "EscalationsByStatus",
    "EscalationsOfProject",
    "EventById",
    "EventsOfDate",
    "EventsOfProject",
    "FeatureById",
    "FeatureByLinearIssue",
    "FeatureCounts",
    "FeatureGraphOf",
    "FeatureOfLinearIssue",
    "FeatureOutcome",
    "FeatureSlotsOf",
    "FeatureStats",
    "FeaturesById",
    "FeaturesByStatus",
    "FeaturesOfLinearIssues",
    "FeaturesOfProject",
    "FinishRun",
    "GlobalEvents",
    "HeldActions",
    "IntegrationConfigOf",
    "LinearIssue",
    "LogIn",
    "MemberOfProject",
    "MembersOfProject",
    "Operation",
    "Overview",
    "ProjectById",
    "ProjectOverview",
    "ProjectWithArtefacts",
    "ProjectsByStatus",
    "ProjectsOfUser",
    "Propagation",
    "ReadyFeatures",
    "RefusedIssue",
    "RemoveDependency",
    "RepairFeatures",
    "Repaired",
    "ReportRun",
    "RequestOf",
    "RunById",
    "RunsOfAgent",
    "RunsOfFeature",
    "RunsOfProject",
    "SetMember",
    "StartRun",
    "SyncCounts",
    "SyncTicket",
    "SyncTickets",
    "Synced",
    "SyncedTicket",
    "TicketByLinearIssue",
    "TicketsByLinearIssue",
    "TicketsOfProject",
    "UpsertUser",
    "UserByAuth0Id",
    "UserByEmail",
    "UserById",
    "UserOfAuth0Id",
    "UserOfEmail",
    "advance_checkpoint",
    "approve_action",
    "cancel_action",
    "claim_feature",
    "decide_escalation",
    "execute_action",
    "expire_escalation",
    "fail_feature",
    "hold_action",
    "pass_feature",
    "record_event",
    "release_feature",
    "renew_lease",
    "reopen_feature",
    "report_health",
    "revert_artefact",
    "save_integration_config",
    "send_to_review",
    "set_agent_config",
    "set_checkpoint",
    "supersede_escalation",
    "sync_ticket",
    "update_agent",
    "update_artefact",
    "update_project",
]
