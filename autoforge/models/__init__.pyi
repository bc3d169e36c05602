from autoforge.models.action import (
    ActionState,
    AgentAction,
)
from autoforge.models.agent import (
    Agent,
    AgentRole,
    AgentRun,
    AgentRunRef,
    AgentStatus,
    RunStatus,
)
from autoforge.models.artefact import (
    Artefact,
    ArtefactType,
)
from autoforge.models.checkpoint import (
    AgentCheckpoint,
)
from autoforge.models.configuration import (
    AgentConfig,
    IntegrationConfig,
    IntegrationStatus,
)
from autoforge.models.escalation import (
    Escalation,
    EscalationStatus,
)
from autoforge.models.event import (
    Event,
    GlobalEventRef,
    Severity,
)
from autoforge.models.feature import (
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    FeatureGraph,
    FeatureSlots,
    FeatureStatus,
    Readiness,
)
from autoforge.models.project import (
    AutonomyLevel,
    Project,
    ProjectSource,
    ProjectStatus,
)
from autoforge.models.request import (
    RequestRecord,
)
from autoforge.models.table import (
    PLATFORM_TABLE,
)
from autoforge.models.ticket import (
    Ticket,
)
from autoforge.models.user import (
    ProjectMember,
    ProjectMemberRef,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
    UserRole,
)

__all__ = [
    "PLATFORM_TABLE",
    "ActionState",
    "Agent",
    "AgentAction",
    "AgentCheckpoint",
    "AgentConfig",
    "AgentRole",
    "AgentRun",
    "AgentRunRef",
    "AgentStatus",
    "Artefact",
    "ArtefactType",
    "AutonomyLevel",
    "Escalation",
    "EscalationStatus",
    "Event",
    "Feature",
    "FeatureByLinearIssueLookup",
    "FeatureDependency",
    "FeatureGraph",
    "FeatureSlots",
    "FeatureStatus",
    "GlobalEventRef",
    "IntegrationConfig",
    "IntegrationStatus",
    "Project",
    "ProjectMember",
    "ProjectMemberRef",
    "ProjectSource",
    "ProjectStatus",
    "Readiness",
    "RequestRecord",
    "RunStatus",
    "Severity",
    "Ticket",
    "User",
    "UserByAuth0IdLookup",
    "UserByEmailLookup",
    "UserRole",
]
