from autoforge.models.actions import (
    ActionState,
    AgentAction,
)
from autoforge.models.agent_config import (
    AgentConfig,
)
from autoforge.models.agents import (
    Agent,
    AgentRole,
    AgentStatus,
)
from autoforge.models.artefacts import (
    Artefact,
    ArtefactType,
)
from autoforge.models.checkpoints import (
    AgentCheckpoint,
)
from autoforge.models.escalations import (
    Escalation,
    EscalationStatus,
)
from autoforge.models.events import (
    Event,
    GlobalEventRef,
    Severity,
)
from autoforge.models.features import (
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    FeatureGraph,
    FeatureSlots,
    FeatureStatus,
    Readiness,
)
from autoforge.models.integrations import (
    IntegrationConfig,
    IntegrationStatus,
)
from autoforge.models.projects import (
    AutonomyLevel,
    Project,
    ProjectSource,
    ProjectStatus,
)
from autoforge.models.requests import (
    RequestRecord,
)
from autoforge.models.runs import (
    AgentRun,
    AgentRunRef,
    RunStatus,
)
from autoforge.models.table import (
    PLATFORM_DESIGN,
)
from autoforge.models.tickets import (
    Ticket,
)
from autoforge.models.users import (
    ProjectMember,
    ProjectMemberRef,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
    UserRole,
)

__all__ = [
    "PLATFORM_DESIGN",
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
