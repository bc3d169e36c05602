"""What must hold of every table of the platform, read as DynamoDB has it.

``require_safe`` demands what holds at every moment, whatever was cut off; ``require_finished`` what
holds besides once nothing is under way. Both read every item, and so hold each to the keys it
renders, the index's included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from autoforge.dynamodb import Entity
from autoforge.dynamodb.store.store import Store
from autoforge.models import (
    Agent,
    AgentRun,
    AgentRunRef,
    Event,
    Feature,
    FeatureByLinearIssueLookup,
    GlobalEventRef,
    Project,
    Ticket,
)
from autoforge.models.runs import FINAL
from tests.access.features.laws import Stored, among, demand_safe, demand_settled
from tests.access.people import demand_people_agree
from tests.access.worlds import entity_of
from tests.stores import raw_items

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True)
class Everything:
    """The entities of a table, at a moment."""

    entities: tuple[Any, ...]
    now: datetime

    @classmethod
    def of(cls, store: Store, now: datetime) -> Everything:
        """Read a whole table; every item must have the keys that it renders."""
        return cls(tuple(entity_of(item) for item in raw_items(store)), now)

    def all(self, entity: type[E]) -> list[E]:
        """Those of one entity."""
        return [each for each in self.entities if isinstance(each, entity)]

    @cached_property
    def projects(self) -> dict[str, Project]:
        """The projects that are there, by id; one whose deletion was begun is not."""
        return {str(each.id): each for each in self.all(Project) if each.is_live(self.now)}

    @cached_property
    def dying(self) -> set[str]:
        """The ids of projects whose deletion was begun."""
        return {str(each.id) for each in self.all(Project)} - {*self.projects}

    def features(self) -> Iterator[Stored]:
        """The features of each project that has any, with what leads to them."""
        ids = {str(each.project_id) for each in self.entities if _is_of_a_feature(each)}
        for project_id in ids - self.dying:
            mine = [each for each in self.entities if getattr(each, "project_id", "") == project_id]
            yield among(mine, self.now)


def require_safe(store: Store, now: datetime) -> Everything:
    """Demand what holds at every moment, whatever was cut off, and return what there is.

    Each item has the keys it renders. No features wait for each other, none looks ready before what
    it depends on passes, and who works on one is known. A run, what finds it by its agent, and its
    agent agree; so do an event and its trace. Everything of a project has one.
    """
    there = Everything.of(store, now)
    for each in there.features():
        demand_safe(each)
    _demand_roots(there)
    _demand_runs_agree(there)
    _demand_events_agree(there)
    return there


def require_finished(store: Store, now: datetime) -> Everything:
    """Demand what is safe and that nothing is unfinished, and return what there is.

    Both ends of every dependency agree, and what a feature waits for does with what passes. People,
    memberships and owners agree from all sides. No deletion is left where it was cut off.
    """
    there = require_safe(store, now)
    assert not there.dying, f"{there.dying} are still being deleted"
    for each in there.features():
        demand_settled(each)
    demand_people_agree(there.entities)
    features = {(each.project_id, each.id) for each in there.all(Feature)}
    for lookup in there.all(FeatureByLinearIssueLookup):
        assert (lookup.project_id, lookup.feature_id) in features
    for ticket in there.all(Ticket):
        named = (ticket.project_id, ticket.feature_id)
        assert ticket.feature_id is None or named in features, f"{named} is not there"
    return there


def _demand_roots(there: Everything) -> None:
    """Everything that names a project names one that is there, or is being deleted."""
    known = {*there.projects, *there.dying}
    for each in there.entities:
        project_id = getattr(each, "project_id", None)
        assert project_id is None or project_id in known, f"{each.type_name} without a project"


def _demand_runs_agree(there: Everything) -> None:
    """A run has a reference, which is active as long as the run is; its agent knows of it."""
    runs = {(each.project_id, each.id): each for each in there.all(AgentRun)}
    references = {(each.project_id, each.run_id): each for each in there.all(AgentRunRef)}
    for name, run in runs.items():
        if run.project_id in there.dying:
            continue
        assert name in references, f"run {name} is not found by its agent"
        assert references[name].agent_id == run.agent_id
        assert references[name].active == (run.status not in FINAL), f"run {name} is {run.status}"
    for name in {*references} - {*runs}:
        assert name[0] in there.dying, f"a reference leads to run {name}, which is not there"
    for agent in there.all(Agent):
        current = runs.get((agent.project_id, agent.current_run_id or ""))
        if current is not None:
            assert current.status not in FINAL, f"{agent.id} is still at run {current.id}"
        else:
            assert agent.project_id in there.dying or agent.current_run_id is None


def _demand_events_agree(there: Everything) -> None:
    """A project's event has a trace in the global feed, and a trace has an event.

    An expired one takes an id that nothing was stored under in time (``recording.py``).
    """
    live = [event for event in there.all(Event) if event.is_live(there.now)]
    events = {(e.project_id, e.id) for e in live if e.project_id is not None}
    traces = {(each.project_id, each.id) for each in there.all(GlobalEventRef)}
    odd = {name for name in events ^ traces if name[0] not in there.dying}
    assert not odd, f"an event without a trace, or a trace without an event: {odd}"


def _is_of_a_feature(entity: Any) -> bool:
    return entity.type_name.startswith("Feature") and hasattr(entity, "project_id")
