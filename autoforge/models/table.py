"""The design of the agent platform's table: its entities and its index."""

from __future__ import annotations

from typing import Final

from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.transaction_mark import TransactionMark
from autoforge.models.actions import AgentAction
from autoforge.models.agent_config import AgentConfig
from autoforge.models.agents import Agent
from autoforge.models.artefacts import Artefact
from autoforge.models.checkpoints import AgentCheckpoint
from autoforge.models.escalations import Escalation
from autoforge.models.events import Event, GlobalEventRef
from autoforge.models.features import (
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    FeatureGraph,
    FeatureSlots,
)
from autoforge.models.indexes import GSI1
from autoforge.models.integrations import IntegrationConfig
from autoforge.models.projects import Project
from autoforge.models.requests import RequestRecord
from autoforge.models.runs import AgentRun, AgentRunRef
from autoforge.models.tickets import Ticket
from autoforge.models.users import (
    ProjectMember,
    ProjectMemberRef,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)

#: What the agent platform's table stores; with the access patterns it is ``PLATFORM_TABLE``.
PLATFORM_DESIGN: Final = Design(
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
    (GSI1,),
)
