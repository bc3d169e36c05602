"""What must hold for a project's features at every time, and what once every repair is done.

The whole table is read item by item, as DynamoDB stores it. No pattern, index or clock of a Store
is involved, so none of them can hide an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from typing import Any

from autoforge.dynamodb.store.store import Store
from autoforge.forge import Forge
from autoforge.models import Feature, FeatureByLinearIssueLookup, FeatureDependency, FeatureStatus
from autoforge.testing.clock import Clock
from tests.access.worlds import PROJECT, entity_of
from tests.stores import raw_items


@dataclass(frozen=True)
class Stored:
    """The stored features of a project, with their edges and look-up items."""

    #: By id; features whose deletion has begun are in ``dying``.
    features: dict[str, Feature]
    dying: dict[str, Feature]
    #: Reverse edges, as pairs of a waiting feature and the feature it waits for.
    edges: frozenset[tuple[str, str]]
    #: Linear issue ids, with the id of the feature each leads to.
    lookups: dict[str, str]

    @property
    def dependencies(self) -> frozenset[tuple[str, str]]:
        """The dependencies stored in the features, as pairs of ids."""
        return frozenset((f, d) for f, each in self.features.items() for d in each.dependencies)

    def in_status(self, *statuses: FeatureStatus) -> set[str]:
        """Return the ids of the features in some statuses."""
        return {f for f, each in self.features.items() if each.status in statuses}

    def ready(self, now: datetime) -> set[str]:
        """Return the ids of the features that may be claimed, judged by the stored items alone."""
        return {f for f, each in self.features.items() if each.is_ready(now)}


def stored(store: Store, now: datetime) -> Stored:
    """Read the features of a table with one project; each item must have the keys it renders."""
    return among([entity_of(item) for item in raw_items(store)], now)


def among(entities: Iterable[Any], now: datetime) -> Stored:
    """Select the features, edges and look-up items from the entities of one project."""
    entities = list(entities)
    features = [each for each in entities if isinstance(each, Feature)]
    return Stored(
        {str(each.id): each for each in features if each.is_live(now)},
        {str(each.id): each for each in features if not each.is_live(now)},
        frozenset(
            (str(each.feature_id), str(each.depends_on_id))
            for each in entities
            if isinstance(each, FeatureDependency)
        ),
        {
            str(each.linear_issue_id): str(each.feature_id)
            for each in entities
            if isinstance(each, FeatureByLinearIssueLookup)
        },
    )


def require_safe(store: Store, now: datetime) -> Stored:
    """Check what holds at every time, even after a call was cut off, and return the features.

    A feature does not look ready while a dependency of it is not passing. There are no dependency
    cycles. A Linear issue leads to the feature that was created from it. A feature in progress
    names its agent.
    """
    there = stored(store, now)
    demand_safe(there)
    return there


def demand_safe(there: Stored) -> None:
    """Check the conditions of ``require_safe`` on features that were already read."""
    passing = there.in_status(FeatureStatus.PASSING)
    for each in there.features.values():
        short = (each.dependencies & {*there.features}) - passing - each.waiting_on
        assert not short, f"{each.id} does not wait for {short}"
        assert (each.status == FeatureStatus.IN_PROGRESS) == (each.assigned_agent_id is not None)
        if each.linear_issue_id is not None:
            assert there.lookups.get(each.linear_issue_id) == each.id
    TopologicalSorter({f: each.dependencies for f, each in there.features.items()}).prepare()
    everything = there.features | there.dying
    for issue, feature_id in there.lookups.items():
        assert feature_id in everything, f"{issue} leads to {feature_id}, which is not there"
        assert everything[feature_id].linear_issue_id == issue


def require_released(store: Store, now: datetime) -> Stored:
    """Check what is safe, and that no feature waits for one that passes or was deleted."""
    there = stored(store, now)
    demand_released(there)
    return there


def demand_released(there: Stored) -> None:
    """Check the conditions of ``require_released`` on features that were already read."""
    demand_safe(there)
    passing = there.in_status(FeatureStatus.PASSING)
    for each in there.features.values():
        assert each.unsettled is None, f"{each.id} is left {each.unsettled}"
        assert each.waiting_on == each.dependencies - passing, f"{each.id} waits for ever"
        assert each.dependencies <= {*there.features}, f"{each.id} waits for what is no more"


def require_settled(store: Store, now: datetime) -> Stored:
    """Check what is safe, and that nothing is unfinished: both ends of each dependency agree."""
    there = stored(store, now)
    demand_settled(there)
    return there


def demand_settled(there: Stored) -> None:
    """Check the conditions of ``require_settled`` on features that were already read."""
    demand_released(there)
    assert not there.dying
    assert there.edges == there.dependencies


def work_off(store: Store, forges: Iterable[Forge], clock: Clock) -> list[str]:
    """Let agents in turn claim and pass features until none is ready; return the ids in order.

    Each claim is checked against the stored items: it must be the best of the ready features.
    """
    worked: list[str] = []
    idle = 0
    agents = list(forges)
    while idle < len(agents):
        agent = agents[len(worked) % len(agents)] if idle == 0 else agents[idle]
        ready = stored(store, clock.now).ready(clock.now)
        claimed = agent.features.claim_next(PROJECT, "worker")
        if claimed is None:
            assert not stored(store, clock.now).ready(clock.now), "told None while one is ready"
            idle += 1
            continue
        idle = 0
        require_may_be_worked_on(store, clock.now, str(claimed.id))
        assert str(claimed.id) in ready or claimed.id not in worked
        worked.append(str(claimed.id))
        agent.features.pass_(PROJECT, str(claimed.id), version=claimed.version)
    return worked


def require_may_be_worked_on(store: Store, now: datetime, feature_id: str) -> None:
    """Check that every dependency of a feature passes."""
    there = require_safe(store, now)
    passing = there.in_status(FeatureStatus.PASSING)
    assert there.features[feature_id].dependencies & {*there.features} <= passing
