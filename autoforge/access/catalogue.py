"""The catalogue: every access pattern of the agent platform.

The documentation, ``autoforge patterns``, ``GET /patterns`` and the tests of all patterns are
generated from it, so a pattern must be listed here.
"""

from __future__ import annotations

from typing import Any, Final

from autoforge.access.actions import ActionById, ActionsOfProject, HeldActions
from autoforge.access.agent_config import AgentConfigOf, AgentConfigs
from autoforge.access.agents import AgentById, AgentsByStatus, AgentsOfProject
from autoforge.access.artefacts import ArtefactOfProject, ArtefactsOfProject
from autoforge.access.checkpoints import CheckpointOf, CheckpointsOfProject
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
)
from autoforge.access.events.patterns import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.features.patterns import (
    DependenciesOfProject,
    DependentsOfFeature,
    FeatureById,
    FeatureByLinearIssue,
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
from autoforge.access.integrations import IntegrationConfigOf
from autoforge.access.projects.members import MemberOfProject, MembersOfProject, ProjectsOfUser
from autoforge.access.projects.patterns import (
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    ProjectWithArtefacts,
)
from autoforge.access.requests.patterns import RequestOf
from autoforge.access.runs.patterns import (
    ActiveRuns,
    RunById,
    RunsOfAgent,
    RunsOfFeature,
    RunsOfProject,
)
from autoforge.access.tickets.patterns import (
    TicketByLinearIssue,
    TicketsByLinearIssue,
    TicketsOfProject,
)
from autoforge.access.users import (
    UserByAuth0Id,
    UserByEmail,
    UserById,
    UserOfAuth0Id,
    UserOfEmail,
)
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.table import Table
from autoforge.models import PLATFORM_DESIGN

#: Every access pattern, in the order of the design.
CATALOGUE: Final[tuple[type[Pattern[Any]], ...]] = (
    ProjectById,
    ProjectsByStatus,
    ProjectOverview,
    ProjectWithArtefacts,
    ArtefactsOfProject,
    ArtefactOfProject,
    EventsOfProject,
    EventById,
    EventsOfDate,
    GlobalEvents,
    EscalationsOfProject,
    EscalationById,
    EscalationsByStatus,
    ActionsOfProject,
    ActionById,
    HeldActions,
    CheckpointsOfProject,
    CheckpointOf,
    IntegrationConfigOf,
    AgentConfigs,
    AgentConfigOf,
    UserById,
    UserByAuth0Id,
    UserByEmail,
    UserOfAuth0Id,
    UserOfEmail,
    ProjectsOfUser,
    MembersOfProject,
    MemberOfProject,
    FeaturesOfProject,
    FeaturesByStatus,
    ReadyFeatures,
    FeatureById,
    FeaturesById,
    FeatureByLinearIssue,
    FeatureOfLinearIssue,
    FeaturesOfLinearIssues,
    DependentsOfFeature,
    DependenciesOfProject,
    FeatureStats,
    FeatureGraphOf,
    FeatureSlotsOf,
    AgentsOfProject,
    AgentsByStatus,
    AgentById,
    RunsOfProject,
    RunsOfFeature,
    RunsOfAgent,
    ActiveRuns,
    RunById,
    TicketsOfProject,
    TicketByLinearIssue,
    TicketsByLinearIssue,
    RequestOf,
)

#: The agent platform's table: what it stores, and all that is asked of it.
PLATFORM_TABLE: Final = Table(
    PLATFORM_DESIGN.name, PLATFORM_DESIGN.entities, PLATFORM_DESIGN.indexes, CATALOGUE
)
