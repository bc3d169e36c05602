"""The view of each entity, for problems: the error of any route may carry any entity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autoforge.dynamodb import Entity
from autoforge.http.actions import ActionView
from autoforge.http.agent_config import AgentConfigView
from autoforge.http.agents import AgentView
from autoforge.http.api.schemas import ItemView, View
from autoforge.http.artefacts import ArtefactView
from autoforge.http.checkpoints import CheckpointView
from autoforge.http.escalations import EscalationView
from autoforge.http.events import EventView
from autoforge.http.features.schemas import DependencyView, FeatureLookupView, FeatureView
from autoforge.http.integrations import IntegrationView
from autoforge.http.projects.members import MemberView
from autoforge.http.projects.routes import ProjectView
from autoforge.http.runs import RunView, RunWithOutputView
from autoforge.http.tickets import TicketView
from autoforge.http.users import UserLookupView, UserView
from autoforge.models import (
    Agent,
    AgentAction,
    AgentCheckpoint,
    AgentConfig,
    AgentRun,
    Artefact,
    Escalation,
    Event,
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    GlobalEventRef,
    IntegrationConfig,
    Project,
    ProjectMember,
    ProjectMemberRef,
    Ticket,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)

#: The view that shows each entity in lists and problems.
VIEWS: Final[Mapping[type[Entity], type[View]]] = {
    Agent: AgentView,
    AgentAction: ActionView,
    AgentCheckpoint: CheckpointView,
    AgentConfig: AgentConfigView,
    AgentRun: RunView,
    Artefact: ArtefactView,
    Escalation: EscalationView,
    Event: EventView,
    Feature: FeatureView,
    FeatureByLinearIssueLookup: FeatureLookupView,
    FeatureDependency: DependencyView,
    GlobalEventRef: EventView,
    IntegrationConfig: IntegrationView,
    Project: ProjectView,
    ProjectMember: MemberView,
    ProjectMemberRef: MemberView,
    Ticket: TicketView,
    User: UserView,
    UserByAuth0IdLookup: UserLookupView,
    UserByEmailLookup: UserLookupView,
}


#: The view that the GET of an entity answers with, if it shows more than lists and problems.
_GET_VIEWS: Final[Mapping[type[Entity], type[ItemView]]] = {AgentRun: RunWithOutputView}


def tag_of(entity: Entity) -> str | None:
    """Return the ETag that the GET of an entity answers with; None if the entity has no GET."""
    view = _GET_VIEWS.get(type(entity)) or VIEWS.get(type(entity))
    return view.of(entity).tag() if view is not None and issubclass(view, ItemView) else None


def problem_item(entity: Entity) -> dict[str, Any] | None:
    """Return an entity as its routes show it; None for an internal one, such as a guard."""
    view = VIEWS.get(type(entity))
    return None if view is None else view.of(entity).model_dump(by_alias=True)
