"""The design of the agent platform's table: every entity that shares it."""

from __future__ import annotations

from typing import Final

from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.transaction_mark import TransactionMark
from autoforge.models.action import AgentAction
from autoforge.models.agent import Agent, AgentRun, AgentRunRef
from autoforge.models.artefact import Artefact
from autoforge.models.checkpoint import AgentCheckpoint
from autoforge.models.configuration import AgentConfig, IntegrationConfig
from autoforge.models.escalation import Escalation
from autoforge.models.event import Event, GlobalEventRef
from autoforge.models.feature import (
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    FeatureGraph,
    FeatureSlots,
)
from autoforge.models.project import Project
from autoforge.models.request import RequestRecord
from autoforge.models.ticket import Ticket
from autoforge.models.user import (
    ProjectMember,
    ProjectMemberRef,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)

#: Every entity of the agent platform's table.
PLATFORM_TABLE: Final = Design(
    "AgenticPM",
    (
        Project,
        Artefact,
        Event,
        GlobalEventRef,
        Escalation,
        AgentAction,
        AgentCheckpoint,
        IntegrationConfig,
        AgentConfig,
        User,
        UserByAuth0IdLookup,
        UserByEmailLookup,
        ProjectMember,
        ProjectMemberRef,
        Feature,
        FeatureDependency,
        FeatureByLinearIssueLookup,
        FeatureGraph,
        FeatureSlots,
        Agent,
        AgentRun,
        AgentRunRef,
        Ticket,
        RequestRecord,
        TransactionMark,
    ),
)
