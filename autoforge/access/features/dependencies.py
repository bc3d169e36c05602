"""The writes that add and remove dependencies between features, without cycles.

A dependency is stored twice in one transaction: in ``dependencies`` of the feature that waits, and
as a reverse edge, which finds it from the feature it waits for. A caller that adds a dependency
first searches all edges for a cycle, and then changes the project's FeatureGraph in the same
transaction. So if two callers would together close a cycle, the second conflicts, searches again
and is refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from autoforge.access.features.patterns import (
    DependenciesOfProject,
    FeatureById,
    FeatureGraphOf,
    features_by_id,
)
from autoforge.access.features.propagation import (
    check_unchanged,
    linked_to,
    mark_ready,
    set_waiting_on,
    with_edges,
)
from autoforge.dynamodb.schema.value_codecs import canonical_id
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, Seen, seen_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import (
    ConditionFailedError,
    CyclicDependencyError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.models.features import Feature, FeatureDependency, FeatureGraph

#: The ids of the dependencies of each feature.
Graph = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class AddDependency:
    """Adds a dependency: a feature then waits until another feature of its project passes."""

    project_id: str
    feature_id: str
    depends_on_id: str
    at: datetime
    #: The state that the caller expects of the feature that waits; None to accept any.
    expected: Expected[Feature] | None = None

    def run(self, store: Store) -> Feature:
        """Add the dependency, and return the feature that waits.

        Raises:
            ItemNotFoundError: if the project lacks one of the two features.
            VersionConflictError: if the feature that waits is not as expected.
            ItemExistsError: if the feature has the dependency already.
            CyclicDependencyError: if the other feature waits for this one, or is this one.
        """

        def attempt() -> Feature:
            # The guard item is read first, so that a later change fails the transaction.
            guard = store.get(FeatureGraphOf(self.project_id), consistent=True)
            feature, other = self._both(store)
            seen = Seen(feature)
            if self.expected is not None:
                pattern = FeatureById(self.project_id, self.feature_id)
                seen = seen_as_expected(store, pattern, self.expected, at=self.at)
                feature = seen.item
            # The search for cycles needs all reverse edges.
            other = with_edges(store, other, at=self.at)
            if other.id in feature.dependencies:
                raise ItemExistsError(
                    FeatureDependency.type_name,
                    {"featureId": feature.id, "dependsOnId": other.id},
                )
            self._refuse_cycle(store, str(feature.id), str(other.id))
            try:
                store.transact(self._transaction(store, guard, seen, other))
            except ConditionFailedError as error:
                raise StaleReadError from error
            return store.require(FeatureById(self.project_id, self.feature_id), consistent=True)

        return store.retry_on_conflict(f"the dependencies of project {self.project_id}", attempt)

    def _both(self, store: Store) -> tuple[Feature, Feature]:
        ids = (self.feature_id, self.depends_on_id)
        found = require_features(store, self.project_id, ids)
        return found[0], found[-1]

    def _refuse_cycle(self, store: Store, feature_id: str, depends_on_id: str) -> None:
        if feature_id == depends_on_id:
            raise CyclicDependencyError([feature_id, depends_on_id])
        pattern = DependenciesOfProject(self.project_id)
        graph: dict[str, set[str]] = {}
        for edge in store.each(pattern, page_size=1000, consistent=True):
            graph.setdefault(str(edge.feature_id), set()).add(str(edge.depends_on_id))
        while path := path_between(graph, depends_on_id, feature_id):
            leftovers = self._leftovers(store, path)
            if not leftovers:
                raise CyclicDependencyError([feature_id, *path])
            for one, other in leftovers:
                graph[one].discard(other)

    def _leftovers(self, store: Store, path: Sequence[str]) -> list[tuple[str, str]]:
        """The edges of a path without a dependency, which an interrupted deletion may leave."""
        found = {str(each.id): each for each in features_by_id(store, self.project_id, path)}
        return [
            (one, other)
            for one, other in pairwise(path)
            if one not in found or other not in found[one].dependencies
        ]

    def _transaction(
        self, store: Store, guard: FeatureGraph | None, seen: Seen[Feature], other: Feature
    ) -> Transaction:
        feature = seen.item
        this = frozenset({str(other.id)})
        waiting_on = feature.waiting_on if other.passes else feature.waiting_on | this
        dependencies = feature.dependencies | this
        update = set_waiting_on(feature, waiting_on, dependencies=dependencies, at=self.at)
        return Transaction(
            (
                unless_changed(change_graph(store, self.project_id, at=self.at), guard),
                seen.if_unchanged(replace(update, increments_version=True)),
                check_unchanged(other, at=self.at),
                *linked_to(feature, this, at=self.at),
            ),
            marked=True,
        )


@dataclass(frozen=True)
class RemoveDependency:
    """Removes a dependency; the feature that waited may then be ready.

    Args:
        project_id: The project.
        feature_id: The feature that waits.
        depends_on_id: The feature it waits for.
        at: The time of the write.
        checks: Further writes of the transaction; their errors are raised to the caller.
        expected: The state that the caller expects of the feature that waits; None to accept any.
    """

    project_id: str
    feature_id: str
    depends_on_id: str
    at: datetime
    checks: tuple[Write[Any], ...] = ()
    expected: Expected[Feature] | None = None

    def run(self, store: Store) -> Feature:
        """Remove the dependency, and return the feature that had it.

        Raises:
            ItemNotFoundError: if there is no such feature, or it has no such dependency.
            VersionConflictError: if the feature is not as expected.
        """

        def attempt() -> Feature:
            pattern = FeatureById(self.project_id, self.feature_id)
            seen = seen_as_expected(store, pattern, self.expected, at=self.at)
            feature = seen.item
            this = canonical_id(self.depends_on_id)
            key = {
                "project_id": self.project_id,
                "depends_on_id": this,
                "feature_id": feature.id,
            }
            edge = Delete(FeatureDependency, key, missing_ok=True)
            if this not in feature.dependencies:
                raise ItemNotFoundError(
                    FeatureDependency.type_name,
                    {"featureId": feature.id, "dependsOnId": this},
                )
            waiting_on = feature.waiting_on - {this}
            dependencies = feature.dependencies - {this}
            update = set_waiting_on(feature, waiting_on, dependencies=dependencies, at=self.at)
            try:
                writes = (
                    *self.checks,
                    seen.if_unchanged(replace(update, increments_version=True)),
                    edge,
                )
                store.transact(Transaction(writes, marked=True))
            except ConditionFailedError as error:
                raise StaleReadError from error
            if not waiting_on:
                mark_ready(store, self.project_id, at=self.at)
            return store.require(pattern, consistent=True)

        return store.retry_on_conflict(f"feature {self.feature_id}", attempt)


def require_features(store: Store, project_id: str, ids: Iterable[str]) -> list[Feature]:
    """Read features strongly consistently, in the order of the ids, without duplicates.

    Raises:
        ItemNotFoundError: naming the first that is not a feature of the project.
    """
    wanted = [*dict.fromkeys(map(canonical_id, ids))]
    found = {str(each.id): each for each in features_by_id(store, project_id, wanted)}
    missing = next((each for each in wanted if each not in found), None)
    if missing is not None:
        raise ItemNotFoundError(Feature.type_name, {"projectId": project_id, "featureId": missing})
    return [found[each] for each in wanted]


def change_graph(store: Store, project_id: str, *, at: datetime) -> Update[FeatureGraph]:
    """The update of the guard item of a project's dependencies, without a condition."""
    changed = FeatureGraph.changed.set(store.new_token())
    return Update(FeatureGraph, {"project_id": project_id}, at, changes=[changed], initial={})


def unless_changed(
    change: Update[FeatureGraph], guard: FeatureGraph | None
) -> Update[FeatureGraph]:
    """The same update, on condition that the guard item is as it was read."""
    before = None if guard is None else guard.changed
    return replace(change, expected=[FeatureGraph.changed.equals(before)], found=changed_since_read)


def path_between(graph: Graph, start: str, end: str) -> list[str] | None:
    """The shortest path from one feature to another along dependencies, or None."""
    came_from: dict[str, str | None] = {start: None}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        if here == end:
            path = [here]
            while (before := came_from[path[-1]]) is not None:
                path.append(before)
            return path[::-1]
        for each in sorted(graph.get(here, ())):
            if each not in came_from:
                came_from[each] = here
                queue.append(each)
    return None


def in_order(graph: Graph) -> list[str]:
    """The ids of all features, each after its dependencies.

    Raises:
        CyclicDependencyError: naming the features of a cycle.
    """
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib lists each feature before its dependents; the error lists it after them.
        raise CyclicDependencyError(error.args[1][::-1]) from error
