"""The catalogue: every access pattern of the agent platform.

The documentation, ``autoforge patterns``, ``GET /patterns`` and the proofs are made from it; a
pattern that is not in it does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from datetime import date, datetime
from enum import StrEnum
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from autoforge.access.actions import ActionById, ActionsOfProject, HeldActions
from autoforge.access.agent_config import AgentConfigOf, AgentConfigs
from autoforge.access.artefacts import ArtefactOfProject, ArtefactsOfProject
from autoforge.access.checkpoints import CheckpointOf, CheckpointsOfProject
from autoforge.access.disjoint import require_disjoint
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
)
from autoforge.access.events import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.integrations import IntegrationConfigOf
from autoforge.access.pattern import Fetch, Get, Keyed, Pattern
from autoforge.access.projects import (
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    ProjectWithArtefacts,
)
from autoforge.access.query import Query
from autoforge.models import WORKBENCH
from autoforge.models.attributes import camel_case
from autoforge.models.keys import Label

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
)


_TYPE_NAMES: Final = {str: "text", int: "whole number", datetime: "moment", date: "date"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a pattern, as it is called outside Python."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of one pattern."""

    name: str
    question: str
    notes: str
    source: str
    operation: str
    index: str
    #: With labels for values; further ones for the parameters that may be left out.
    key_conditions: Mapping[str, str]
    order: str
    consistent: bool
    requests: int
    parameters: tuple[Parameter, ...]
    answers: tuple[str, ...]


def entry(pattern: type[Pattern[Any]]) -> Entry:
    """Describe a pattern from its declaration alone."""
    return Entry(
        name=pattern.__name__,
        question=pattern.question(),
        notes=pattern.notes(),
        source=pattern.source,
        operation=_operation(pattern),
        index=_index(pattern),
        key_conditions=_key_conditions(pattern),
        order=_order(pattern),
        consistent=not issubclass(pattern, Query) or pattern.key.index.consistent_reads,
        requests=pattern.requests,
        parameters=tuple(_parameters(pattern)),
        answers=tuple(entity.type_name for entity in pattern.entities),
    )


def by_name(name: str) -> type[Pattern[Any]] | None:
    """The pattern of this name, or None."""
    return next((pattern for pattern in CATALOGUE if pattern.__name__ == name), None)


def _operation(pattern: type[Pattern[Any]]) -> str:
    if issubclass(pattern, Get):
        return "GetItem"
    if issubclass(pattern, Query):
        return "Query"
    if issubclass(pattern, Fetch):
        return "BatchGetItem"
    return "BatchGetItem + Query"


def _index(pattern: type[Pattern[Any]]) -> str:
    return (pattern.key.index.name if issubclass(pattern, Keyed) else None) or "table"


def _key_conditions(pattern: type[Pattern[Any]]) -> dict[str, str]:
    """The key condition with the required parameters, and with each optional one besides."""
    if issubclass(pattern, Get):
        return {"": str(pattern.described().condition())}
    if not issubclass(pattern, Query):
        return {}
    now = Label("now")
    conditions = {"": str(pattern.described().condition(now))}
    for each in pattern.parameters():
        if each.default is MISSING or each.name == "order":
            continue
        conditions[camel_case(each.name)] = str(pattern.described(each.name).condition(now))
    return conditions


def _order(pattern: type[Pattern[Any]]) -> str:
    if not issubclass(pattern, Query):
        return ""
    return f"{pattern.key.index.sort_key} {'descending' if pattern.newest_first else 'ascending'}"


def _parameters(pattern: type[Pattern[Any]]) -> list[Parameter]:
    hints = get_type_hints(pattern)
    return [
        Parameter(camel_case(each.name), _type_name(hints[each.name]), each.default is MISSING)
        for each in sorted(pattern.parameters(), key=lambda each: each.name == "order")
    ]


def _type_name(hint: Any) -> str:
    """Name a parameter's type as people who know no Python would."""
    members = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) is Literal:
        return " or ".join(members)
    if members:
        return _type_name(members[0])
    if issubclass(hint, StrEnum):
        return " or ".join(hint)
    return _TYPE_NAMES[hint]


require_disjoint(WORKBENCH, CATALOGUE)
