"""Which view shows which entity, where the route does not say: in problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autoforge.http.actions import ActionView
from autoforge.http.artefacts import ArtefactView
from autoforge.http.checkpoints import CheckpointView
from autoforge.http.configuration import AgentConfigView, IntegrationView
from autoforge.http.escalations import EscalationView
from autoforge.http.events import EventView
from autoforge.http.projects import ProjectView
from autoforge.http.views import View
from autoforge.models import (
    AgentAction,
    AgentCheckpoint,
    AgentConfig,
    Artefact,
    Entity,
    Escalation,
    Event,
    GlobalEventRef,
    IntegrationConfig,
    Project,
)

VIEWS: Final[Mapping[type[Entity], type[View]]] = {
    AgentAction: ActionView,
    AgentCheckpoint: CheckpointView,
    AgentConfig: AgentConfigView,
    Artefact: ArtefactView,
    Escalation: EscalationView,
    Event: EventView,
    GlobalEventRef: EventView,
    IntegrationConfig: IntegrationView,
    Project: ProjectView,
}


def shown(entity: Entity) -> dict[str, Any]:
    """Show an entity as its own routes do."""
    view = VIEWS[type(entity)].of(entity)
    return view.model_dump(by_alias=True)
