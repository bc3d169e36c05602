"""The deletion of a feature with its edges and its look-up item."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pynamodb.expressions.condition import And, Not

from autoforge.access.deletion import Removal, Root, RootChangedError, sweep
from autoforge.access.features.dependencies import RemoveDependency, change_graph, unless_changed
from autoforge.access.features.patterns import (
    DependentsOfFeature,
    FeatureById,
    FeatureGraphOf,
    FeatureOfLinearIssue,
    FeaturesById,
)
from autoforge.access.features.propagation import NEIGHBOURS
from autoforge.access.tickets.patterns import TicketByLinearIssue
from autoforge.dynamodb.store.batch import chunks
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, Seen, seen_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.identity import described, primary_key
from autoforge.dynamodb.writes.transaction import TRANSACTION_ITEMS, Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.values import has
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import ConditionFailedError, ItemNotFoundError, UnreadableItemError
from autoforge.models.features import (
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
)
from autoforge.models.tickets import Ticket

#: The writes of one transaction, without those of the feature and of the guard item.
_ROOM: Final = TRANSACTION_ITEMS - 2


@dataclass(frozen=True)
class DeleteFeature:
    """Deletes a feature with its edges and its look-up item.

    They are deleted in one transaction. A feature with more dependencies than a transaction holds
    is marked first, and readers no longer see it. Its own item, with the mark, is deleted last.
    After an interruption, the next deletion or the repair of the project continues.

    Args:
        project_id: The project.
        feature_id: The feature.
        at: The time of the deletion.
        deletion: The id of this deletion, for the mark.
        detach: Whether to remove the dependencies of other features on it; False refuses to delete
            a feature with dependents.
        expected: The state that the caller expects of the feature; None to delete it in any state.
    """

    project_id: str
    feature_id: str
    at: datetime
    deletion: str
    detach: bool = False
    expected: Expected[Feature] | None = None

    def run(self, store: Store) -> None:
        """Delete the feature, but not a new one that is created under its id in between.

        Raises:
            ItemNotFoundError: if there is no such feature.
            ConditionFailedError: if others depend on it and ``detach`` is False.
            VersionConflictError: if it is not as expected.
        """
        pattern = FeatureById(self.project_id, self.feature_id)
        seen = self._seen(store, pattern)

        def attempt() -> None:
            nonlocal seen
            if seen.item.deletion is not None:
                finish_deletion(store, seen.item, at=self.at)
                return
            try:
                self._delete(store, seen)
            except RootChangedError as error:
                stored = store.with_expired().get(pattern, consistent=True)
                if stored is None or stored.incarnation != seen.item.incarnation:
                    return  # Another deletion has finished.
                seen = Seen(stored) if self.expected is None else self._seen(store, pattern)
                raise StaleReadError from error

        store.retry_on_conflict(f"feature {self.feature_id}", attempt)

    def _seen(self, store: Store, pattern: FeatureById) -> Seen[Feature]:
        if self.expected is not None:
            return seen_as_expected(store, pattern, self.expected, at=self.at)
        return Seen(store.with_expired().require(pattern, consistent=True))

    def _delete(self, store: Store, seen: Seen[Feature]) -> None:
        """Delete the feature that was read.

        Raises:
            RootChangedError: if it has changed, or a dependency was added in between.
        """
        feature = seen.item
        # The guard item is read first, so that a dependency added later fails the transaction.
        guard = store.get(FeatureGraphOf(self.project_id), consistent=True)
        self._detach(store, feature)
        writes = _writes_with(store, feature, at=self.at)
        root = replace(
            _root(
                feature,
                incarnation=feature.incarnation,
                deletion=None,
                dependencies=feature.dependencies,
            ),
            unchanged=seen.condition,
        )
        all_at_once = len(writes) <= _ROOM
        change = unless_changed(change_graph(store, self.project_id, at=self.at), guard)
        first = root.deleted() if all_at_once else root.marked(self.deletion, at=self.at)
        try:
            store.transact(Transaction((change, first, *(writes if all_at_once else ()))))
        except (ConditionFailedError, ItemNotFoundError) as error:
            raise RootChangedError(str(error)) from error
        if not all_at_once:
            feature.deletion = self.deletion
            finish_deletion(store, feature, at=self.at)

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
                        f"{described(Feature, feature.attribute_values)} has the dependent "
                        f"{each.id}; only a feature without dependents can be deleted without "
                        "detach",
                        item=feature,
                    )
                self._detach_one(store, str(each.id), feature)

    def _detach_one(self, store: Store, dependent_id: str, feature: Feature) -> None:
        """Remove a dependency on the feature, but not on a new feature with the same id."""
        this = _root(feature, incarnation=feature.incarnation, deletion=None)
        removal = RemoveDependency(
            self.project_id, dependent_id, str(feature.id), self.at, checks=(this,)
        )
        with suppress(ItemNotFoundError):  # The dependency or the dependent was removed already.
            removal.run(store)


def finish_deletion(store: Store, feature: Feature, *, at: datetime) -> None:
    """Finish the deletion that a feature is marked with, unless another caller has finished it."""
    root = _root(feature, deletion=feature.deletion)

    def attempt() -> None:
        try:
            for writes in chunks(_writes_with(store, feature, at=at), _ROOM):
                sweep(store, root, writes)
            store.write(root.deleted())
        except RootChangedError:
            return
        except (ConditionFailedError, ItemNotFoundError) as error:
            raise StaleReadError from error  # A look-up item or a ticket has changed: read again.

    store.retry_on_conflict(f"feature {feature.id}", attempt)


def _writes_with(store: Store, feature: Feature, *, at: datetime) -> list[Write[Any]]:
    """The writes that go with the deletion of a feature: edges, look-up item and ticket."""
    edges = (
        {"project_id": feature.project_id, "depends_on_id": each, "feature_id": feature.id}
        for each in sorted(feature.dependencies)
    )
    writes: list[Write[Any]] = [Removal(primary_key(FeatureDependency, edge)) for edge in edges]
    if feature.linear_issue_id is None:
        return writes
    key = {"linear_issue_id": feature.linear_issue_id}
    named = {"project_id": feature.project_id, "feature_id": feature.id}
    with suppress(UnreadableItemError):
        lookup = store.get(FeatureOfLinearIssue(feature.linear_issue_id), consistent=True)
        if lookup is not None and _names(lookup, feature):
            same = And(*has(FeatureByLinearIssueLookup, named))
            writes.append(Delete(FeatureByLinearIssueLookup, key, missing_ok=True, condition=same))
    with suppress(UnreadableItemError):
        ticket = store.get(TicketByLinearIssue(feature.linear_issue_id), consistent=True)
        if ticket is not None and _names(ticket, feature):
            unnamed = [Ticket.feature_id.remove()]
            writes.append(Update(Ticket, key, at, changes=unnamed, expected=named))
        else:
            # A sync may be about to name the feature, which it has found by the look-up item.
            another = Not(And(*has(Ticket, named)))
            writes.append(Check(Ticket, key, at, condition=another, missing_ok=True))
    return writes


def _names(item: FeatureByLinearIssueLookup | Ticket, feature: Feature) -> bool:
    return (item.project_id, item.feature_id) == (feature.project_id, feature.id)


def _root(feature: Feature, **values: Any) -> Root[Feature]:
    key = {"project_id": feature.project_id, "id": feature.id}
    return Root(Feature, key, values)
