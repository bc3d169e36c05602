"""The deletion of a feature, with its edges and what finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import And

from autoforge.access.batch import chunks
from autoforge.access.dependencies import RemoveDependency, change_graph, unless_changed
from autoforge.access.features import (
    DependentsOfFeature,
    FeatureById,
    FeatureGraphOf,
    FeaturesById,
)
from autoforge.access.settling import NEIGHBOURS
from autoforge.access.store import Store
from autoforge.access.update import Update
from autoforge.access.writing import Delete, Transaction, Write, primary_key
from autoforge.errors import ConditionFailedError, ItemNotFoundError
from autoforge.models.feature import Feature, FeatureByLinearIssue, FeatureDependency
from autoforge.models.ticket import Ticket


@dataclass(frozen=True)
class DeleteFeature:
    """Delete a feature with its edges, and with what finds it by its Linear issue.

    It reads as gone from one request on; its own item, the mark that there is something left to
    do, is deleted last. Cut off, it may be run again and goes on.

    Args:
        project_id: The project.
        feature_id: The feature.
        at: The moment.
        detach: Whether to remove the dependencies of others on it; else they are a refusal.
    """

    project_id: str
    feature_id: str
    at: datetime
    detach: bool = False

    def run(self, store: Store) -> None:
        """Delete it.

        Raises:
            ItemNotFoundError: if there is no such feature.
            ConditionFailedError: if others depend on it and are not to be detached.
        """
        pattern = FeatureById(self.project_id, self.feature_id)
        for _ in store.client.rounds(f"the dependencies of project {self.project_id}"):
            feature = store.with_expired().require(pattern, consistent=True)
            if not feature.is_live(self.at) or self._mark(store, feature):
                remove_traces(store, feature, at=self.at)
                return

    def _mark(self, store: Store, feature: Feature) -> bool:
        """Let the feature read as gone; or not, if a dependency was added in between."""
        guard = store.get(FeatureGraphOf(self.project_id), consistent=True)
        self._detach(store, feature)
        change = unless_changed(change_graph(store, self.project_id, at=self.at), guard)
        key = {"project_id": self.project_id, "id": self.feature_id}
        mark = Update(Feature, key, self.at, values={"expires_at": self.at})
        try:
            store.transact(Transaction((change, mark)))
        except ConditionFailedError:
            return False
        return True

    def _detach(self, store: Store, feature: Feature) -> None:
        edges = store.each(
            DependentsOfFeature(self.project_id, str(feature.id)), page_size=1000, consistent=True
        )
        for ids in chunks((str(each.feature_id) for each in edges), NEIGHBOURS):
            for each in store.fetch(FeaturesById(self.project_id, ids), consistent=True):
                if feature.id not in each.dependencies:
                    continue
                if not self.detach:
                    raise ConditionFailedError(
                        f"Feature {feature.id} cannot go: {each.id} depends on it", item=feature
                    )
                self._detach_one(store, str(each.id), str(feature.id))

    def _detach_one(self, store: Store, dependent_id: str, feature_id: str) -> None:
        try:
            RemoveDependency(self.project_id, dependent_id, feature_id, self.at).run(store)
        except ItemNotFoundError:
            return  # Another caller removed it, or the dependent.


def remove_traces(store: Store, feature: Feature, *, at: datetime) -> None:
    """Delete a feature that reads as gone already, and before it all that leads to it."""
    edges = (
        {"project_id": feature.project_id, "depends_on_id": each, "feature_id": feature.id}
        for each in feature.dependencies
    )
    store.delete_all(primary_key(FeatureDependency, edge) for edge in edges)
    if feature.linear_issue_id is not None:
        issue = {"linear_issue_id": feature.linear_issue_id}
        this = And(
            FeatureByLinearIssue.project_id == feature.project_id,
            FeatureByLinearIssue.feature_id == feature.id,
        )
        _unless_moved(store, Delete(FeatureByLinearIssue, issue, condition=this))
        named = {"project_id": feature.project_id, "feature_id": feature.id}
        _unless_moved(store, Update(Ticket, issue, at, values={"feature_id": None}, given=named))
    key = {"project_id": feature.project_id, "id": feature.id}
    # One with the same id may have been created since.
    gone = Delete(Feature, key, condition=Feature.expires_at.exists(), requires="being deleted")
    _unless_moved(store, gone)


def _unless_moved(store: Store, write: Write[Any]) -> None:
    """Make a write unless its item belongs to another feature by now, or is no more."""
    try:
        store.write(write)
    except (ConditionFailedError, ItemNotFoundError):
        return
