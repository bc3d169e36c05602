"""A project's backlog: features created, one or a thousand, each with all that belongs to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Final

from autoforge.access.creation import content_of, is_same
from autoforge.access.features.dependencies import change_graph, in_order, require_features
from autoforge.access.features.patterns import (
    FeaturesById,
    FeaturesOfLinearIssues,
)
from autoforge.access.features.propagation import (
    LINKS,
    Propagation,
    check_unchanged,
    linked_to,
    mark_ready,
    with_edges,
)
from autoforge.dynamodb.patterns.fetch import BATCH_READ
from autoforge.dynamodb.schema.item_size import item_size
from autoforge.dynamodb.store.batch import chunks
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import TRANSACTION_ITEMS, Put, Transaction, Write
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    CyclicDependencyError,
    IncompleteCreationError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    UnavailableError,
)
from autoforge.models.features import Feature, FeatureByLinearIssueLookup, Unsettled

#: Features that one call may create.
MOST: Final = 1000
#: Bytes of the features of one transaction, which with all that goes with them has room for 4 MB.
_BYTES: Final = 3_000_000


@dataclass(frozen=True)
class Creation:
    """The features a caller asked for, in the order they were asked for."""

    features: tuple[Feature, ...]
    #: The ids of those that were not there before.
    created: frozenset[str]


@dataclass
class _Known:
    """What is known of features while others are created; by id."""

    #: Those that stand for a new one, because they are that one already.
    instead: dict[str, Feature] = field(default_factory=dict)
    #: Those that new ones depend on.
    dependencies: dict[str, Feature] = field(default_factory=dict)
    #: What finds a feature by its Linear issue, and finds one that is no more.
    stale: dict[str, FeatureByLinearIssueLookup] = field(default_factory=dict)

    def instead_of(self, ids: Iterable[str]) -> frozenset[str]:
        """The same features, each by the id of the one that stands for it."""
        return frozenset(str(self.instead[i].id) if i in self.instead else i for i in ids)


@dataclass(frozen=True)
class CreateFeatures:
    """Create features of a project, with dependencies among them and on others of the project.

    Each is created together with its reverse edges and its look-up, and after all it depends on.
    Cut off in between, some are there and whole and the others are not; with the ids that the
    caller chose, running it again creates the rest.

    Args:
        project_id: The project.
        features: The new features, pending.
        chosen: The ids among theirs that the caller chose; one of them may be there already.
        at: The moment.
    """

    project_id: str
    features: tuple[Feature, ...]
    chosen: frozenset[str]
    at: datetime

    def run(self, store: Store) -> Creation:
        """Create those that are not there.

        A feature that says the same and has the same id, or was made from the same Linear issue,
        is that feature.

        Raises:
            CyclicDependencyError: if some would wait for each other; none was created.
            InvalidValueError: if there are none or too many, or two with one id or issue.
            ItemExistsError: if another feature has the id or, in another project, the issue.
            ItemNotFoundError: if the project lacks a dependency.
            IncompleteCreationError: if DynamoDB could not answer and there are several; it says how
                many are known to be stored.
        """
        self._require_sound()
        stored = set[str]()
        try:
            return self._run(store, stored)
        except UnavailableError as error:
            if len(self.features) == 1:
                raise
            raise IncompleteCreationError(
                stored=len(stored), asked=len(self.features), reason=str(error)
            ) from error

    def _run(self, store: Store, stored: set[str]) -> Creation:
        """Create those that are not there, noting the ids of those that are, or are by now."""
        created: dict[str, Feature] = {}

        def attempt() -> Creation:
            known = self._known(store, created, stored)
            new = self._new(known)
            order = _in_order(new)
            wanted = {d for each in new.values() for d in each.dependencies} - {*new}
            known.dependencies |= self._required(store, sorted(wanted))
            try:
                for group in _groups([new[each] for each in order if each in new]):
                    self._create(store, group, known)
                    created.update(_by_id(group))
                    stored.update(created)
            except AutoforgeError as error:
                # Somebody creates the same, or makes a feature of the same issue, or deletes one:
                # see which is there.
                if not _is_of_lookup(error) and not self._is_chosen(error):
                    raise
                raise StaleReadError from error
            if any(not each.waiting_on for each in created.values()):
                mark_ready(store, self.project_id, at=self.at)
            answer = known.instead | created
            return Creation(
                tuple(answer[str(each.id)] for each in self.features), frozenset(created)
            )

        return store.retry_on_conflict(f"the features of project {self.project_id}", attempt)

    def _is_chosen(self, error: AutoforgeError) -> bool:
        """Whether a feature is there by now whose id the caller chose; it may be the same."""
        there = error.item if isinstance(error, ItemExistsError) else None
        if not isinstance(there, Feature) or not there.is_live(self.at):
            return False
        return str(there.id) in self.chosen

    def _require_sound(self) -> None:
        if not 0 < len(self.features) <= MOST:
            raise InvalidValueError(
                f"1 to {MOST} features are created at once, not {len(self.features)}"
            )
        for name in ("id", "linear_issue_id"):
            given = Counter(getattr(each, name) for each in self.features)
            twice = [value for value, times in given.items() if value is not None and times > 1]
            if twice:
                raise InvalidValueError(f"two of the features have the {name} {twice[0]!r}")
        for each in self.features:
            each.to_item()  # refuses what cannot be stored before anything is

    def _known(self, store: Store, created: Mapping[str, Feature], stored: set[str]) -> _Known:
        """Find the features that are there already, by id and by Linear issue."""
        known = _Known(dependencies=dict(created))
        pending = [each for each in self.features if str(each.id) not in created]
        chosen = [str(each.id) for each in pending if str(each.id) in self.chosen]
        there = self._there(store, chosen, stored)
        issues = {each.linear_issue_id: each for each in pending if each.linear_issue_id}
        for ids in chunks(issues, BATCH_READ):
            for lookup in store.fetch(FeaturesOfLinearIssues(ids), consistent=True):
                self._note(store, issues[lookup.linear_issue_id], lookup, known)
        stored |= {*known.instead}
        for each in pending:
            same = there.get(str(each.id))
            if same is None:
                continue
            each.dependencies = known.instead_of(each.dependencies)
            if not is_same(each, same):
                named = {"projectId": self.project_id, "id": same.id}
                raise ItemExistsError(Feature.type_name, named, item=same)
            known.instead[str(each.id)] = with_edges(store, same, at=self.at)
        return known

    def _there(self, store: Store, ids: Sequence[str], stored: set[str]) -> dict[str, Feature]:
        """Those of the features with these ids that are there, by id."""

        def read(some: tuple[str, ...]) -> tuple[Feature, ...]:
            found = store.fetch(FeaturesById(self.project_id, some), consistent=True)
            stored.update(str(each.id) for each in found)
            return found

        reads = [partial(read, some) for some in chunks(ids, BATCH_READ)]
        return _by_id(chain.from_iterable(store.run_concurrently(reads)))

    def _note(
        self, store: Store, new: Feature, lookup: FeatureByLinearIssueLookup, known: _Known
    ) -> None:
        pattern = FeaturesById(str(lookup.project_id), (str(lookup.feature_id),))
        found = store.fetch(pattern, consistent=True)
        if not found:
            known.stale[str(new.id)] = lookup
        elif lookup.project_id != self.project_id:
            named = {"linearIssueId": lookup.linear_issue_id}
            raise ItemExistsError(Feature.type_name, named, item=found[0])
        else:
            known.instead[str(new.id)] = with_edges(store, found[0], at=self.at)

    def _new(self, known: _Known) -> dict[str, Feature]:
        """Those still to be created, their dependencies put right, by id."""
        new = {}
        for each in self.features:
            if str(each.id) in {*known.instead, *known.dependencies}:
                continue
            each.dependencies = known.instead_of(each.dependencies)
            each.creation = content_of(each)
            new[str(each.id)] = each
        return new

    def _create(self, store: Store, group: Sequence[Feature], known: _Known) -> None:
        """Create some in one transaction, as what they depend on is at that moment."""
        if len(group[0].dependencies) > LINKS:
            self._create_with_many(store, group[0], known)
            return
        ids = {str(each.id) for each in group}
        outside = sorted({d for each in group for d in each.dependencies} - ids)

        def attempt() -> None:
            for each in group:
                each.waiting_on = frozenset(
                    d for d in each.dependencies if d in ids or not known.dependencies[d].passes
                )
            writes: list[Write[Any]] = [
                write for each in group for write in self._with_lookup(each, known)
            ]
            for each in group:
                writes += linked_to(each, each.dependencies, at=self.at)
            writes += [check_unchanged(known.dependencies[each], at=self.at) for each in outside]
            if len(writes) == 1:
                store.write(writes[0])
                return
            if any(each.dependencies for each in group):
                writes.append(change_graph(store, self.project_id, at=self.at))
            try:
                store.transact(Transaction(tuple(writes)))
            except (ConditionFailedError, ItemNotFoundError) as error:
                if _is_of_lookup(error):
                    raise
                known.dependencies |= self._required(store, outside)
                raise StaleReadError from error

        store.retry_on_conflict(f"what new features of {self.project_id} depend on", attempt)
        known.dependencies |= _by_id(group)

    def _create_with_many(self, store: Store, feature: Feature, known: _Known) -> None:
        """Create a feature with more dependencies than a transaction holds: it waits for all."""
        feature.unsettled = Unsettled.LINK
        feature.waiting_on = feature.dependencies
        change = change_graph(store, self.project_id, at=self.at)
        store.transact(Transaction((*self._with_lookup(feature, known), change)))
        settled = Propagation(self.project_id, str(feature.id), self.at).run(store)
        feature.unsettled, feature.waiting_on = None, settled.waiting_on
        feature.dependencies = settled.dependencies
        known.dependencies[str(feature.id)] = settled

    def _with_lookup(self, feature: Feature, known: _Known) -> Iterator[Write[Any]]:
        yield Put(feature, idempotent=True)
        if feature.linear_issue_id is None:
            return
        lookup = FeatureByLinearIssueLookup(
            linear_issue_id=feature.linear_issue_id,
            project_id=self.project_id,
            feature_id=feature.id,
        )
        stale = known.stale.get(str(feature.id))
        if stale is None:
            yield Put(lookup, idempotent=True)
            return
        before = {"project_id": stale.project_id, "feature_id": stale.feature_id}
        after = {"project_id": self.project_id, "feature_id": feature.id}
        key = {"linear_issue_id": feature.linear_issue_id}
        yield Update(FeatureByLinearIssueLookup, key, self.at, values=after, expected=before)

    def _required(self, store: Store, ids: Sequence[str]) -> dict[str, Feature]:
        """What new features depend on, by id.

        Raises:
            ItemNotFoundError: naming the first that the project does not have.
        """
        found = require_features(store, self.project_id, ids)
        return _by_id(with_edges(store, each, at=self.at) for each in found)


def _groups(features: Iterable[Feature]) -> Iterator[list[Feature]]:
    """Cut features into as many as one transaction holds, with all that goes with them."""
    group: list[Feature] = []
    ids: set[str] = set()
    items, size, outside = 1, 0, set[str]()
    for each in features:
        mine = 1 + len(each.dependencies) + (each.linear_issue_id is not None)
        needed = outside | (each.dependencies - ids)
        weight = item_size(each.to_item())
        too_many = items + mine + len(needed) > TRANSACTION_ITEMS or size + weight > _BYTES
        many = len(each.dependencies) > LINKS
        if group and (too_many or many or len(group[0].dependencies) > LINKS):
            yield group
            group, ids, items, size, outside = [], set(), 1, 0, set()
            needed = set(each.dependencies)
        group.append(each)
        ids.add(str(each.id))
        items, size, outside = items + mine, size + weight, needed
    if group:
        yield group


def _is_of_lookup(error: AutoforgeError) -> bool:
    """Whether a write was refused for what finds a feature by its Linear issue."""
    match error:
        case ItemExistsError() | ItemNotFoundError():
            return error.entity == FeatureByLinearIssueLookup.type_name
        case ConditionFailedError():
            return isinstance(error.item, FeatureByLinearIssueLookup)
    return False


def _in_order(features: Mapping[str, Feature]) -> list[str]:
    """The ids of features, each after those it depends on; a cycle is told by their names."""
    try:
        return in_order({each: feature.dependencies for each, feature in features.items()})
    except CyclicDependencyError as error:
        names = {each: str(feature.name) for each, feature in features.items()}
        raise CyclicDependencyError(error.path, names) from error


def _by_id(features: Iterable[Feature]) -> dict[str, Feature]:
    return {str(each.id): each for each in features}
