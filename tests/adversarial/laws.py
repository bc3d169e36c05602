"""What must hold for every table of the platform, checked on all its items as DynamoDB stores them.

``require_safe`` checks what holds at every time, even after a call was cut off.
``require_finished`` also checks what holds once no call is in progress. Both read every item, and
check that it has the keys it renders, including those of the index.
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
    """The entities of a table at a time."""

    entities: tuple[Any, ...]
    now: datetime

    @classmethod
    def of(cls, store: Store, now: datetime) -> Everything:
        """Read a whole table; every item must have the keys that it renders."""
        return cls(tuple(entity_of(item) for item in raw_items(store)), now)

    def all(self, entity: type[E]) -> list[E]:
        """Return the entities of one type."""
        return [each for each in self.entities if isinstance(each, entity)]

    @cached_property
    def projects(self) -> dict[str, Project]:
        """The existing projects, by id, without those whose deletion has begun."""
        return {str(each.id): each for each in self.all(Project) if each.is_live(self.now)}

    @cached_property
    def dying(self) -> set[str]:
        """The ids of projects whose deletion has begun."""
        return {str(each.id) for each in self.all(Project)} - {*self.projects}

    def features(self) -> Iterator[Stored]:
        """Yield the features of each project that has any, with their edges and look-up items."""
        ids = {str(each.project_id) for each in self.entities if _is_of_a_feature(each)}
        for project_id in ids - self.dying:
            mine = [each for each in self.entities if getattr(each, "project_id", "") == project_id]
            yield among(mine, self.now)


def require_safe(store: Store, now: datetime) -> Everything:
    """Check what holds at every time, even after a call was cut off, and return the entities.

    Each item has the keys it renders. There are no dependency cycles, no feature looks ready before
    its dependencies pass, and a feature in progress names its agent. A run agrees with its
    reference and its agent, and an event with its reference in the global feed. An entity of a
    project has a project that exists or is being deleted.
    """
    there = Everything.of(store, now)
    for each in there.features():
        demand_safe(each)
    _demand_roots(there)
    _demand_runs_agree(there)
    _demand_events_agree(there)
    return there


def require_finished(store: Store, now: datetime) -> Everything:
    """Check what is safe and that nothing is unfinished, and return the entities.

    Both ends of every dependency agree, and no feature waits for one that passes. Users,
    memberships and owners agree with their look-up items and references. No deletion is unfinished.
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
    """Check that the project of each entity exists or is being deleted."""
    known = {*there.projects, *there.dying}
    for each in there.entities:
        project_id = getattr(each, "project_id", None)
        assert project_id is None or project_id in known, f"{each.type_name} without a project"


def _demand_runs_agree(there: Everything) -> None:
    """Check that each run has a reference that is active until it ends, and its agent agrees."""
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
    """Check that each event of a project has a reference in the global feed, and vice versa.

    Expired events are left out: such an item reserves an id that no event was stored under in time
    (``recording.py``).
    """
    live = [event for event in there.all(Event) if event.is_live(there.now)]
    events = {(e.project_id, e.id) for e in live if e.project_id is not None}
    traces = {(each.project_id, each.id) for each in there.all(GlobalEventRef)}
    odd = {name for name in events ^ traces if name[0] not in there.dying}
    assert not odd, f"an event without a trace, or a trace without an event: {odd}"


def _is_of_a_feature(entity: Any) -> bool:
    return entity.type_name.startswith("Feature") and hasattr(entity, "project_id")
