"""What is asked of the table and what is written, as values, and the Store that runs them."""

from __future__ import annotations

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
from autoforge.access.client import (
    Client,
    RetryPolicy,
)
from autoforge.access.composite import Composite, Part
from autoforge.access.cursor import (
    Cursors,
)
from autoforge.access.disjoint import (
    require_disjoint,
)
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
from autoforge.access.integrations import (
    IntegrationConfigOf,
    report_health,
    save_integration_config,
)
from autoforge.access.pattern import Fetch, Get, Pattern
from autoforge.access.projects import (
    DeleteProject,
    Overview,
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    ProjectWithArtefacts,
    update_project,
)
from autoforge.access.query import Page, Query, SortRange
from autoforge.access.store import (
    Store,
)
from autoforge.access.update import (
    Update,
)
from autoforge.access.writing import (
    Check,
    Delete,
    Put,
    Transaction,
    Write,
)

__all__ = [
    "CATALOGUE",
    "ActionById",
    "ActionsOfProject",
    "AgentConfigOf",
    "AgentConfigs",
    "ArtefactOfProject",
    "ArtefactsOfProject",
    "Check",
    "CheckpointOf",
    "CheckpointsOfProject",
    "Client",
    "Composite",
    "Cursors",
    "Delete",
    "DeleteProject",
    "EscalationById",
    "EscalationsByStatus",
    "EscalationsOfProject",
    "EventById",
    "EventsOfDate",
    "EventsOfProject",
    "Explanation",
    "Fetch",
    "Get",
    "GlobalEvents",
    "HeldActions",
    "IntegrationConfigOf",
    "Overview",
    "Page",
    "Part",
    "Pattern",
    "ProjectById",
    "ProjectOverview",
    "ProjectWithArtefacts",
    "ProjectsByStatus",
    "Put",
    "Query",
    "RetryPolicy",
    "SortRange",
    "Store",
    "Transaction",
    "Update",
    "Write",
    "advance_checkpoint",
    "approve_action",
    "cancel_action",
    "decide_escalation",
    "execute_action",
    "expire_escalation",
    "explain",
    "hold_action",
    "record_event",
    "report_health",
    "require_disjoint",
    "revert_artefact",
    "save_integration_config",
    "set_agent_config",
    "set_checkpoint",
    "supersede_escalation",
    "update_artefact",
    "update_project",
]
