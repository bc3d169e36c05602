"""What is stored: the entities of the agent platform's table, and what entities are made of."""

from __future__ import annotations

from typing import Final

from autoforge.models.action import ActionState, AgentAction
from autoforge.models.artefact import Artefact, ArtefactType
from autoforge.models.checkpoint import AgentCheckpoint
from autoforge.models.configuration import AgentConfig, IntegrationConfig, IntegrationStatus
from autoforge.models.design import Design
from autoforge.models.escalation import Escalation, EscalationStatus
from autoforge.models.event import Event, GlobalEventRef, Severity
from autoforge.models.project import AutonomyLevel, Project, ProjectSource, ProjectStatus
from autoforge.models.table import Entity

__all__ = [
    "WORKBENCH",
    "ActionState",
    "AgentAction",
    "AgentCheckpoint",
    "AgentConfig",
    "Artefact",
    "ArtefactType",
    "AutonomyLevel",
    "Design",
    "Entity",
    "Escalation",
    "EscalationStatus",
    "Event",
    "GlobalEventRef",
    "IntegrationConfig",
    "IntegrationStatus",
    "Project",
    "ProjectSource",
    "ProjectStatus",
    "Severity",
]

#: Every entity of the agent platform's table.
WORKBENCH: Final = Design(
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
    ),
)
