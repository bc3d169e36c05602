"""Dependencies between the features of a project: added and removed, and never a cycle.

A dependency is written in both features' terms: the one that waits has it in ``dependencies``, and
a reverse edge finds it from the one it waits for; one transaction writes both. Whoever adds one
has searched all edges for a cycle and changes the project's FeatureGraph in the same transaction,
so of two callers who would close a cycle together the second searches again and is refused.
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
from autoforge.dynamodb.schema.encoding import canonical_id
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, Seen, seen_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Delete, Transaction, Write
from autoforge.errors import (
    ConditionFailedError,
    CyclicDependencyError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.models.features import Feature, FeatureDependency, FeatureGraph

#: For each feature, those it depends on.
Graph = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class AddDependency:
    """Let a feature wait until another of its project passes."""

    project_id: str
    feature_id: str
    depends_on_id: str
    at: datetime
    #: What the feature that waits is expected to be; None to change whatever is there.
    expected: Expected[Feature] | None = None

    def run(self, store: Store) -> Feature:
        """Add the dependency and return the feature that has it.

        Raises:
            ItemNotFoundError: if the project has no such feature, or not the other.
            VersionConflictError: if the feature is not as expected.
            ItemExistsError: if the feature has the dependency already.
            CyclicDependencyError: if the other waits for the feature, or is the feature.
        """

        def attempt() -> Feature:
            # The guard is read first: a change after this reading fails the transaction.
            guard = store.get(FeatureGraphOf(self.project_id), consistent=True)
            feature, other = self._both(store)
            seen = Seen(feature)
            if self.expected is not None:
                pattern = FeatureById(self.project_id, self.feature_id)
                seen = seen_as_expected(store, pattern, self.expected, at=self.at)
                feature = seen.item
            # The search for cycles needs all reverse edges of what others depend on.
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
            untrue = self._untrue(store, path)
            if not untrue:
                raise CyclicDependencyError([feature_id, *path])
            for one, other in untrue:
                graph[one].discard(other)

    def _untrue(self, store: Store, path: Sequence[str]) -> list[tuple[str, str]]:
        """Edges of a path that no feature has: a deletion that was cut off may leave some."""
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
                seen.fence(replace(update, increments_version=True)),
                check_unchanged(other, at=self.at),
                *linked_to(feature, this, at=self.at),
            ),
            marked=True,
        )


@dataclass(frozen=True)
class RemoveDependency:
    """Let a feature wait no longer for another; it may be ready then.

    Args:
        project_id: The project.
        feature_id: The feature that waits.
        depends_on_id: The feature it waits for.
        at: The moment.
        checks: What else must hold; the errors of their refusals are the caller's.
        expected: What the feature that waits is expected to be; None to change whatever is there.
    """

    project_id: str
    feature_id: str
    depends_on_id: str
    at: datetime
    checks: tuple[Write[Any], ...] = ()
    expected: Expected[Feature] | None = None

    def run(self, store: Store) -> Feature:
        """Remove the dependency and return the feature that had it.

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
                writes = (*self.checks, seen.fence(replace(update, increments_version=True)), edge)
                store.transact(Transaction(writes, marked=True))
            except ConditionFailedError as error:
                raise StaleReadError from error
            if not waiting_on:
                mark_ready(store, self.project_id, at=self.at)
            return store.require(pattern, consistent=True)

        return store.retry_on_conflict(f"feature {self.feature_id}", attempt)


def require_features(store: Store, project_id: str, ids: Iterable[str]) -> list[Feature]:
    """Read features strongly consistently, in the order of the ids, each once.

    Raises:
        ItemNotFoundError: naming the first that the project does not have.
    """
    wanted = [*dict.fromkeys(map(canonical_id, ids))]
    found = {str(each.id): each for each in features_by_id(store, project_id, wanted)}
    missing = next((each for each in wanted if each not in found), None)
    if missing is not None:
        raise ItemNotFoundError(Feature.type_name, {"projectId": project_id, "featureId": missing})
    return [found[each] for each in wanted]


def change_graph(store: Store, project_id: str, *, at: datetime) -> Update[FeatureGraph]:
    """Change the guard of a project's dependencies, whatever it was."""
    values = {"changed": store.new_token()}
    return Update(FeatureGraph, {"project_id": project_id}, at, values=values, initial={})


def unless_changed(
    change: Update[FeatureGraph], guard: FeatureGraph | None
) -> Update[FeatureGraph]:
    """The same change of a guard, if it is as it was read."""
    before = None if guard is None else guard.changed
    return replace(change, expected={"changed": before}, requires="as it was read")


def path_between(graph: Graph, start: str, end: str) -> list[str] | None:
    """The shortest way from one feature to another along what each depends on, or None."""
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
    """All features, each after those it depends on.

    Raises:
        CyclicDependencyError: naming features that wait for each other.
    """
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib names each before what depends on it; the error names it after.
        raise CyclicDependencyError(error.args[1][::-1]) from error
