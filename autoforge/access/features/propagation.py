"""Propagation: a change of a feature is completed in its dependents.

A feature that passes releases its dependents; one that stops passing makes them wait again. That
may be more items than one transaction holds, and the process may crash in between. So the feature
is marked first, its neighbours are updated in transactions that check the mark, and the mark is
removed last. Any caller that finds the mark can complete the propagation; repeating it changes
nothing.

* ``release``          the feature passes; its dependents stop waiting for it
* ``reopen``, ``fail`` the feature still passes; its dependents start waiting for it, and then it
                       stops passing
* ``link``             the feature is new and waits for all its dependencies; their reverse edges
                       are written, and it stops waiting for those that pass

So a dependent is never ready before all its dependencies pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pynamodb.expressions.condition import And, Condition, Or

from autoforge.access.features.patterns import DependentsOfFeature, FeatureById, FeaturesById
from autoforge.access.features.transitions import Transition
from autoforge.dynamodb.store.batch import chunks
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import ConditionFailedError, ItemNotFoundError
from autoforge.models.features import (
    Feature,
    FeatureDependency,
    FeatureGraph,
    FeatureStatus,
    Unsettled,
)

#: The dependents updated in one transaction, which also checks the feature they wait for.
NEIGHBOURS: Final = 90
#: The dependencies written in one transaction, each with a check and a reverse edge.
LINKS: Final = 45

#: The status that a feature gets when it stops passing.
_AFTER: Final[Mapping[Unsettled, FeatureStatus]] = {
    Unsettled.REOPEN: FeatureStatus.PENDING,
    Unsettled.FAIL: FeatureStatus.FAILING,
}


@dataclass(frozen=True)
class Propagation:
    """Completes the change that a feature is marked with, even if it is partly propagated."""

    project_id: str
    feature_id: str
    at: datetime

    def run(self, store: Store, seen: Feature | None = None) -> Feature:
        """Complete the propagation, and return the stored feature.

        Args:
            store: The Store.
            seen: The feature if it has just been read; None to read it.

        Raises:
            ItemNotFoundError: if there is no such feature.
        """

        def attempt() -> Feature:
            nonlocal seen
            pattern = FeatureById(self.project_id, self.feature_id)
            feature = seen or store.require(pattern, consistent=True)
            seen = None
            if feature.unsettled is None:
                return feature
            try:
                return self._finish(store, feature)
            except (ConditionFailedError, ItemNotFoundError) as error:
                # Another caller has changed the feature or a neighbour: read again.
                raise StaleReadError from error

        return store.retry_on_conflict(f"feature {self.feature_id}", attempt)

    def _finish(self, store: Store, feature: Feature) -> Feature:
        if feature.unsettled == Unsettled.LINK:
            return link(store, feature, at=self.at)
        pattern = DependentsOfFeature(self.project_id, self.feature_id)
        edges = store.each(pattern, page_size=1000, consistent=True)
        released = [
            self._update_dependents(store, feature, ids)
            for ids in chunks((str(edge.feature_id) for edge in edges), NEIGHBOURS)
        ]
        propagated = store.save(self._unmarked(feature))
        if any(released) or feature.unsettled == Unsettled.REOPEN:
            mark_ready(store, self.project_id, at=self.at)
        return propagated

    def _update_dependents(self, store: Store, feature: Feature, ids: tuple[str, ...]) -> bool:
        """Update some dependents, and return whether one of them no longer waits.

        Other callers change dependents too, so the transaction is retried after a conflict.
        """
        this = str(feature.id)

        def attempt() -> bool:
            pattern = FeaturesById(self.project_id, (this, *ids))
            seen = {str(each.id): each for each in store.fetch(pattern, consistent=True)}
            now = seen.pop(this, None)
            changes = list(self._changes(feature, list(seen.values())))
            if not changes:
                return False
            if now is None or now.version != feature.version:
                raise ConditionFailedError(
                    f"feature {this} has changed since it was read", item=now
                )
            with suppress(ConditionFailedError, ItemNotFoundError):
                store.transact(Transaction((_unchanged(feature, at=self.at), *changes)))
                return any(not each.values["waiting_on"] for each in changes)
            raise StaleReadError

        return store.retry_on_conflict(f"the dependents of feature {this}", attempt)

    def _changes(self, feature: Feature, dependents: Sequence[Feature]) -> Iterator[Transition]:
        """The updates of the dependents that must start or stop waiting."""
        this = frozenset({str(feature.id)})
        for each in dependents:
            if feature.passes and each.waiting_on & this:
                yield set_waiting_on(each, each.waiting_on - this, at=self.at)
            elif not feature.passes and each.dependencies & this and not each.waiting_on & this:
                yield set_waiting_on(each, each.waiting_on | this, at=self.at)

    def _unmarked(self, feature: Feature) -> Transition:
        """The update that completes the change and removes the mark."""
        values: dict[str, Any] = {"unsettled": None}
        if not feature.passes and feature.unsettled is not None:
            values |= {"status": _AFTER[feature.unsettled], "completed_at": None}
        return Transition(
            Feature,
            {"project_id": self.project_id, "id": self.feature_id},
            self.at,
            changes=values,
            expected_version=feature.version,
        )


def link(store: Store, feature: Feature, *, at: datetime) -> Feature:
    """Write a feature's reverse edges again, correct what it waits for, and return it.

    Dependencies on features that do not exist are dropped.

    Raises:
        ConditionFailedError: if another caller has changed the feature or a dependency.
        ItemNotFoundError: if the feature or a dependency was deleted in between.
    """
    if stray := feature.waiting_on - feature.dependencies:
        store.write(set_waiting_on(feature, feature.waiting_on - stray, at=at))
        feature.waiting_on -= stray
    for ids in chunks(sorted(feature.dependencies), LINKS):
        there = store.fetch(FeaturesById(str(feature.project_id), ids), consistent=True)
        missing = {*ids} - {str(each.id) for each in there}
        passing = {str(each.id) for each in there if each.passes}
        linked = linked_to(feature, {*ids} - missing, at=at)
        waiting_on = (feature.waiting_on | {*ids}) - missing - passing
        dependencies = feature.dependencies - missing
        update = set_waiting_on(feature, waiting_on, dependencies=dependencies, at=at)
        checks = [check_unchanged(each, at=at) for each in there]
        store.transact(Transaction((update, *checks, *linked)))
        feature.waiting_on, feature.dependencies = waiting_on, dependencies
    if feature.unsettled == Unsettled.LINK:
        feature = store.save(_linked(feature, at=at))
    if not feature.waiting_on:
        mark_ready(store, str(feature.project_id), at=at)
    return feature


def with_edges(store: Store, feature: Feature, *, at: datetime) -> Feature:
    """Return the feature after writing its missing reverse edges.

    A feature without them gets no dependents, so that a search for cycles misses no edge.

    Raises:
        ItemNotFoundError: if the feature does not exist any more.
    """
    if feature.unsettled != Unsettled.LINK:
        return feature
    return Propagation(str(feature.project_id), str(feature.id), at).run(store, feature)


def linked_to(
    feature: Feature, dependencies: Iterable[str], *, at: datetime
) -> list[Update[FeatureDependency]]:
    """The writes of the reverse edges of some dependencies, idempotent."""
    return [
        Update(
            FeatureDependency,
            {
                "project_id": feature.project_id,
                "depends_on_id": each,
                "feature_id": feature.id,
            },
            at,
            initial={"created_at": at},
        )
        for each in sorted(dependencies)
    ]


def set_waiting_on(
    feature: Feature,
    waiting_on: frozenset[str],
    *,
    at: datetime,
    dependencies: frozenset[str] | None = None,
) -> Transition:
    """The update of what a feature waits for, on condition that it is as it was read.

    The version stays the same, so the claim token and versions that callers read remain valid.
    """
    changes = [Feature.waiting_on.set(waiting_on)]
    if dependencies is not None:
        changes.append(Feature.dependencies.set(dependencies))
    return Transition(
        Feature,
        {"project_id": feature.project_id, "id": feature.id},
        at,
        changes=changes,
        expected=[
            Feature.waiting_on.equals(feature.waiting_on),
            Feature.dependencies.equals(feature.dependencies),
            Feature.priority.equals(feature.priority),
        ],
        found=changed_since_read,
    )


def check_unchanged(feature: Feature, *, at: datetime) -> Check[Feature]:
    """The check that a feature exists and passes, or does not pass, as it did when it was read."""
    regressing = Feature.unsettled.is_in(Unsettled.REOPEN, Unsettled.FAIL)
    passing = Feature.status == FeatureStatus.PASSING
    condition: Condition = (
        And(passing, Or(~Feature.unsettled.exists(), ~regressing))
        if feature.passes
        else Or(~passing, regressing)
    )
    return Check(
        Feature,
        {"project_id": feature.project_id, "id": feature.id},
        at,
        condition=condition,
        found=changed_since_read,
    )


def propagate_all(store: Store, project_id: str, ids: Iterable[str], *, at: datetime) -> None:
    """Complete the propagation of some features; deleted ones are skipped."""
    for each in ids:
        with suppress(ItemNotFoundError):
            Propagation(project_id, each, at).run(store)


def mark_ready(store: Store, project_id: str, *, at: datetime) -> None:
    """Mark that a feature of the project may be ready, so that claims read all features again."""
    readied = FeatureGraph.readied.set(store.new_token())
    store.write(Update(FeatureGraph, {"project_id": project_id}, at, changes=[readied], initial={}))


def _linked(feature: Feature, *, at: datetime) -> Update[Feature]:
    """The update that removes the link mark, if the feature still has it.

    Another caller may have completed it, and the feature may have another mark.
    """
    return Update(
        Feature,
        {"project_id": feature.project_id, "id": feature.id},
        at,
        changes=[Feature.unsettled.remove()],
        expected=[Feature.unsettled.equals(Unsettled.LINK)],
        found=changed_since_read,
    )


def _unchanged(feature: Feature, *, at: datetime) -> Write[Feature]:
    return Check(
        Feature,
        {"project_id": feature.project_id, "id": feature.id},
        at,
        condition=Feature.version == feature.version,
        found=changed_since_read,
    )
