"""Settling: what is begun with a feature is finished with its neighbours.

A feature that passes releases what depends on it; one that stops passing lets it wait again. Both
may be more items than one transaction holds, and the process may die in between, so the feature is
marked first, its neighbours follow in transactions that check the mark, and the mark goes last.
Whoever meets the mark may finish, and finishing twice comes to the same.

* ``release``          it passes already; its dependents cease to wait for it
* ``reopen``, ``fail`` it passes still; its dependents begin to wait for it, then it stops passing
* ``link``             it is new and waits for all its dependencies; their reverse edges are
                       written, and it ceases to wait for those that pass

So at no moment does a dependent look ready before what it depends on passes.
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
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Check, Transaction, Write
from autoforge.errors import ConditionFailedError, ItemNotFoundError
from autoforge.models.features import (
    Feature,
    FeatureDependency,
    FeatureGraph,
    FeatureStatus,
    Unsettled,
)

#: Features of one transaction: beside them it has room for the feature they wait for.
NEIGHBOURS: Final = 90
#: Dependencies of one transaction, each with its check and its reverse edge.
LINKS: Final = 45

#: What a feature that is about to stop passing becomes.
_AFTER: Final[Mapping[Unsettled, FeatureStatus]] = {
    Unsettled.REOPEN: FeatureStatus.PENDING,
    Unsettled.FAIL: FeatureStatus.FAILING,
}


@dataclass(frozen=True)
class Propagation:
    """Finish what was begun with a feature, however much of it is done already."""

    project_id: str
    feature_id: str
    at: datetime

    def run(self, store: Store, seen: Feature | None = None) -> Feature:
        """Finish, and return the feature as it then is.

        Args:
            store: Where the feature is.
            seen: The feature as it was a moment ago; read unless given.

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
                # Another caller changed the feature or a neighbour: look again.
                raise StaleReadError from error

        return store.retry_on_conflict(f"feature {self.feature_id}", attempt)

    def _finish(self, store: Store, feature: Feature) -> Feature:
        if feature.unsettled == Unsettled.LINK:
            return link(store, feature, at=self.at)
        pattern = DependentsOfFeature(self.project_id, self.feature_id)
        edges = store.each(pattern, page_size=1000, consistent=True)
        released = [
            self._let_follow(store, feature, ids)
            for ids in chunks((str(edge.feature_id) for edge in edges), NEIGHBOURS)
        ]
        settled = store.save(self._last(feature))
        if any(released) or feature.unsettled == Unsettled.REOPEN:
            mark_ready(store, self.project_id, at=self.at)
        return settled

    def _let_follow(self, store: Store, feature: Feature, ids: tuple[str, ...]) -> bool:
        """Let some dependents follow, and say whether one waits for nothing any more.

        Others change dependents too, so each transaction may have to be made anew.
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
                raise ConditionFailedError(f"feature {this} was settled or changed", item=now)
            with suppress(ConditionFailedError, ItemNotFoundError):
                store.transact(Transaction((_unchanged(feature, at=self.at), *changes)))
                return any(not each.values["waiting_on"] for each in changes)
            raise StaleReadError

        return store.retry_on_conflict(f"the dependents of feature {this}", attempt)

    def _changes(self, feature: Feature, dependents: Sequence[Feature]) -> Iterator[Transition]:
        """What each dependent waits for, where that is to change."""
        this = frozenset({str(feature.id)})
        for each in dependents:
            if feature.passes and each.waiting_on & this:
                yield set_waiting_on(each, each.waiting_on - this, at=self.at)
            elif not feature.passes and each.dependencies & this and not each.waiting_on & this:
                yield set_waiting_on(each, each.waiting_on | this, at=self.at)

    def _last(self, feature: Feature) -> Transition:
        """The feature as it is when all its neighbours know."""
        values: dict[str, Any] = {"unsettled": None}
        if not feature.passes and feature.unsettled is not None:
            values |= {"status": _AFTER[feature.unsettled], "completed_at": None}
        return Transition(
            Feature,
            {"project_id": self.project_id, "id": self.feature_id},
            self.at,
            values=values,
            expected_version=feature.version,
            requires="as it was read",
        )


def link(store: Store, feature: Feature, *, at: datetime) -> Feature:
    """Write a feature's reverse edges again, set right what it waits for, and return it.

    Dependencies that are no more are dropped.

    Raises:
        ConditionFailedError: if another caller changed the feature or a dependency meanwhile.
        ItemNotFoundError: if it is no more, or a dependency was just deleted.
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
    """The feature with all its reverse edges written, so that others may depend on it.

    Until then nothing does, so no search for cycles can miss an edge.

    Raises:
        ItemNotFoundError: if it is no more.
    """
    if feature.unsettled != Unsettled.LINK:
        return feature
    return Propagation(str(feature.project_id), str(feature.id), at).run(store, feature)


def linked_to(
    feature: Feature, dependencies: Iterable[str], *, at: datetime
) -> list[Update[FeatureDependency]]:
    """The reverse edges of some dependencies, written whether or not they are there."""
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
    """Change what a feature waits for, if it is as it was read.

    Its version stays: neither its holder's token nor a caller's copy is out of date.
    """
    dependent = {} if dependencies is None else {"dependencies": dependencies}
    return Transition(
        Feature,
        {"project_id": feature.project_id, "id": feature.id},
        at,
        values={"waiting_on": waiting_on, **dependent},
        expected={
            "waiting_on": feature.waiting_on,
            "dependencies": feature.dependencies,
            "priority": feature.priority,
        },
        requires="as it was read",
    )


def check_unchanged(feature: Feature, *, at: datetime) -> Check[Feature]:
    """Demand that a feature still is there, and still passes or still does not."""
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
        requires="as it was read",
    )


def propagate_all(store: Store, project_id: str, ids: Iterable[str], *, at: datetime) -> None:
    """Finish what was begun with some features; those deleted meanwhile are passed over."""
    for each in ids:
        with suppress(ItemNotFoundError):
            Propagation(project_id, each, at).run(store)


def mark_ready(store: Store, project_id: str, *, at: datetime) -> None:
    """Let those who found nothing ready in a project know that something may be by now."""
    values = {"readied": store.new_token()}
    store.write(Update(FeatureGraph, {"project_id": project_id}, at, values=values, initial={}))


def _linked(feature: Feature, *, at: datetime) -> Update[Feature]:
    """Take the mark away, if it still is this one: another may have finished and begun anew."""
    return Update(
        Feature,
        {"project_id": feature.project_id, "id": feature.id},
        at,
        values={"unsettled": None},
        expected={"unsettled": Unsettled.LINK},
        requires="as it was read",
    )


def _unchanged(feature: Feature, *, at: datetime) -> Write[Feature]:
    return Check(
        Feature,
        {"project_id": feature.project_id, "id": feature.id},
        at,
        condition=Feature.version == feature.version,
        requires="as it was read",
    )
