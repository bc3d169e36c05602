"""The repair of a project's features: interrupted changes and deletions are completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from autoforge.access.features.cycles import Cycle, find_cycles
from autoforge.access.features.deletion import finish_deletion
from autoforge.access.features.dependencies import change_graph, unless_changed
from autoforge.access.features.patterns import (
    DependenciesOfProject,
    FeatureById,
    FeatureGraphOf,
    FeaturesOfProject,
)
from autoforge.access.features.propagation import link, propagate_all
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.errors import ConditionFailedError, ItemNotFoundError
from autoforge.models.features import FeatureDependency, FeatureGraph


@dataclass(frozen=True)
class Repaired:
    """The numbers of repaired features and edges, and the cycles found."""

    #: Features whose change was not completely propagated.
    settled: int = 0
    #: Features whose deletion was not finished.
    deleted: int = 0
    #: Features that waited for a passing one, did not wait for one that does not pass, or lacked a
    #: reverse edge.
    relinked: int = 0
    #: Reverse edges without a dependency.
    edges: int = 0
    #: Cycles of dependencies. They are not changed: a person must decide which dependency is wrong
    #: and remove it with ``remove_dependency``.
    cycles: tuple[Cycle, ...] = ()


@dataclass(frozen=True)
class RepairFeatures:
    """Completes interrupted changes of a project's features, and corrects inconsistencies.

    Reads all features and edges of the project, strongly consistently. Writes nothing if nothing
    was interrupted.
    """

    project_id: str
    at: datetime

    def run(self, store: Store) -> Repaired:
        """Repair the features, and return what was repaired."""
        # Edges are read before features: a dependency added in between looks like a missing edge,
        # and linking its feature again does no harm.
        guard = store.get(FeatureGraphOf(self.project_id), consistent=True)
        query = DependenciesOfProject(self.project_id)
        edges = {
            (str(edge.feature_id), str(edge.depends_on_id)): edge.created_at
            for edge in store.each(query, page_size=1000, consistent=True)
        }
        features, deleted = self._survey(store)
        unsettled = [each for each, seen in features.items() if seen.unsettled]
        propagate_all(store, self.project_id, unsettled, at=self.at)
        if unsettled:
            features, more = self._survey(store)
            deleted += more
        wrong = [
            each for each, seen in features.items() if _contradictory(each, features, {*edges})
        ]
        for each in wrong:
            self._relink(store, each)
        real = {(each, other) for each, seen in features.items() for other in seen.dependencies}
        removed = self._remove(store, sorted(edges.keys() - real), guard)
        graph = {each: seen.dependencies & {*features} for each, seen in features.items()}
        cycles = tuple(find_cycles(graph, edges))
        return Repaired(len(unsettled), deleted, len(wrong), removed, cycles)

    def _survey(self, store: Store) -> tuple[dict[str, _Seen], int]:
        """Read all features, and finish the deletions in progress; return the count of these."""
        features: dict[str, _Seen] = {}
        deleted = 0
        query = FeaturesOfProject(self.project_id)
        for each in store.with_expired().each(query, page_size=1000, consistent=True):
            if each.deletion is not None:
                finish_deletion(store, each, at=self.at)
                deleted += 1
            elif each.is_live(self.at):
                features[str(each.id)] = _Seen(
                    each.passes, each.unsettled is not None, each.dependencies, each.waiting_on
                )
        return features, deleted

    def _relink(self, store: Store, feature_id: str) -> None:
        def attempt() -> None:
            feature = store.get(FeatureById(self.project_id, feature_id), consistent=True)
            if feature is None:
                return
            try:
                link(store, feature, at=self.at)
            except (ConditionFailedError, ItemNotFoundError) as error:
                raise StaleReadError from error

        store.retry_on_conflict(f"feature {feature_id}", attempt)

    def _remove(
        self, store: Store, edges: Sequence[tuple[str, str]], guard: FeatureGraph | None
    ) -> int:
        """Delete edges without a dependency until another caller changes the dependencies.

        Returns:
            The number of deleted edges.
        """
        for count, (feature_id, depends_on_id) in enumerate(edges):
            change = change_graph(store, self.project_id, at=self.at)
            key = {
                "project_id": self.project_id,
                "depends_on_id": depends_on_id,
                "feature_id": feature_id,
            }
            edge = Delete(FeatureDependency, key, missing_ok=True)
            try:
                store.transact(Transaction((unless_changed(change, guard), edge)))
            except ConditionFailedError:
                return count
            guard = FeatureGraph(
                project_id=self.project_id, changed=change.values["changed"], updated_at=self.at
            )
        return len(edges)


@dataclass(frozen=True)
class _Seen:
    """The attributes of a feature that the repair needs."""

    passes: bool
    unsettled: bool
    dependencies: frozenset[str]
    waiting_on: frozenset[str]


def _contradictory(
    feature_id: str, features: Mapping[str, _Seen], edges: AbstractSet[tuple[str, str]]
) -> bool:
    """Whether a feature waits for the wrong features, or lacks a reverse edge."""
    seen = features[feature_id]
    missing = seen.dependencies - {*features}
    should = {each for each in seen.dependencies - missing if not features[each].passes}
    unlinked = {(feature_id, each) for each in seen.dependencies} - edges
    return bool(missing or unlinked or seen.waiting_on != should)
