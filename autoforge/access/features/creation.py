"""The creation of one or many features with their reverse edges and look-up items."""

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
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import TRANSACTION_ITEMS, Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
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

#: The most features that one call may create.
MOST: Final = 1000
#: The most bytes of the features of one transaction. Its other items fit in the rest of the 4 MB.
_BYTES: Final = 3_000_000


@dataclass(frozen=True)
class Creation:
    """The result of a creation."""

    #: The created or already stored features, in the order of the call.
    features: tuple[Feature, ...]
    #: The ids of the features that this call created.
    created: frozenset[str]


@dataclass
class _Known:
    """Stored items that a creation has read, by the id of the new feature or of their own."""

    #: Stored features that are the same as a new one, by the id of the new one.
    instead: dict[str, Feature] = field(default_factory=dict)
    #: Features that new ones may depend on, by their own id.
    dependencies: dict[str, Feature] = field(default_factory=dict)
    #: Look-up items whose feature does not exist any more, by the id of the new feature.
    stale: dict[str, FeatureByLinearIssueLookup] = field(default_factory=dict)

    def instead_of(self, ids: Iterable[str]) -> frozenset[str]:
        """The ids, with the id of a new feature replaced by that of its stored equivalent."""
        return frozenset(str(self.instead[i].id) if i in self.instead else i for i in ids)


@dataclass(frozen=True)
class CreateFeatures:
    """Creates features of a project, with dependencies among them and on stored features.

    Each feature is created in one transaction with its reverse edges and its look-up item, after
    the features it depends on. An interrupted creation leaves some features complete and the others
    absent. If the caller chose the ids, a repetition creates the others.

    Args:
        project_id: The project.
        features: The new features, pending.
        chosen: The ids that the caller chose; features with these ids may be stored already.
        at: The time of the creation.
    """

    project_id: str
    features: tuple[Feature, ...]
    chosen: frozenset[str]
    at: datetime

    def run(self, store: Store) -> Creation:
        """Create the features that are not stored yet.

        A stored feature with the same id and content, or of the same Linear issue, is returned in
        place of the new one.

        Raises:
            CyclicDependencyError: if some would wait for each other; none was created.
            InvalidValueError: if there are no features or too many, or two have the same id or
                Linear issue.
            ItemExistsError: if a feature with other content has the id, or a feature of another
                project has the Linear issue.
            ItemNotFoundError: if a dependency is not a feature of the project.
            IncompleteCreationError: if several features were given and DynamoDB became
                unavailable; it says how many are known to be stored.
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
        """Create the features that are not stored yet, and add the ids of all stored ones."""
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
                # Another caller has created the same feature, or has created or deleted a feature
                # of the same issue: read again.
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
        """Whether the error is about a feature whose id the caller chose; it may be the same."""
        stored = error.item if isinstance(error, ItemExistsError) else None
        if not isinstance(stored, Feature) or not stored.is_live(self.at):
            return False
        return str(stored.id) in self.chosen

    def _require_sound(self) -> None:
        if not 0 < len(self.features) <= MOST:
            raise InvalidValueError(
                f"{len(self.features)} features were given; 1 to {MOST} can be created at once"
            )
        for name in ("id", "linear_issue_id"):
            given = Counter(getattr(each, name) for each in self.features)
            twice = [value for value, times in given.items() if value is not None and times > 1]
            if twice:
                raise InvalidValueError(f"two of the features have the {name} {twice[0]!r}")
        for each in self.features:
            each.to_item()  # refuses invalid values before anything is stored

    def _known(self, store: Store, created: Mapping[str, Feature], stored: set[str]) -> _Known:
        """Read the features that are stored already, by id and by Linear issue."""
        known = _Known(dependencies=dict(created))
        pending = [each for each in self.features if str(each.id) not in created]
        chosen = [str(each.id) for each in pending if str(each.id) in self.chosen]
        found = self._stored(store, chosen, stored)
        issues = {each.linear_issue_id: each for each in pending if each.linear_issue_id}
        for ids in chunks(issues, BATCH_READ):
            for lookup in store.fetch(FeaturesOfLinearIssues(ids), consistent=True):
                self._note(store, issues[lookup.linear_issue_id], lookup, known)
        stored |= {*known.instead}
        for each in pending:
            same = found.get(str(each.id))
            if same is None:
                continue
            each.dependencies = known.instead_of(each.dependencies)
            if not is_same(each, same):
                named = {"projectId": self.project_id, "id": same.id}
                raise ItemExistsError(Feature.type_name, named, item=same)
            known.instead[str(each.id)] = with_edges(store, same, at=self.at)
        return known

    def _stored(self, store: Store, ids: Sequence[str], stored: set[str]) -> dict[str, Feature]:
        """The stored features with these ids, by id; adds the ids found to ``stored``."""

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
        """The features still to create, by id, with dependencies on stored equivalents."""
        new = {}
        for each in self.features:
            if str(each.id) in {*known.instead, *known.dependencies}:
                continue
            each.dependencies = known.instead_of(each.dependencies)
            each.creation = content_of(each)
            new[str(each.id)] = each
        return new

    def _create(self, store: Store, group: Sequence[Feature], known: _Known) -> None:
        """Create a group in one transaction that checks the state of its dependencies."""
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
        """Create a feature with more dependencies than a transaction holds.

        The feature first waits for all of them, and then is propagated.
        """
        feature.unsettled = Unsettled.LINK
        feature.waiting_on = feature.dependencies
        change = change_graph(store, self.project_id, at=self.at)
        store.transact(Transaction((*self._with_lookup(feature, known), change)))
        linked = Propagation(self.project_id, str(feature.id), self.at).run(store)
        feature.unsettled, feature.waiting_on = None, linked.waiting_on
        feature.dependencies = linked.dependencies
        known.dependencies[str(feature.id)] = linked

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
        yield Update(FeatureByLinearIssueLookup, key, self.at, changes=after, expected=before)

    def _required(self, store: Store, ids: Sequence[str]) -> dict[str, Feature]:
        """The stored features that new ones depend on, by id.

        Raises:
            ItemNotFoundError: naming the first that is not a feature of the project.
        """
        found = require_features(store, self.project_id, ids)
        return _by_id(with_edges(store, each, at=self.at) for each in found)


def _groups(features: Iterable[Feature]) -> Iterator[list[Feature]]:
    """Group features so that each group and its other items fit in one transaction."""
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
    """Whether the write of a look-up item was refused."""
    match error:
        case ItemExistsError() | ItemNotFoundError():
            return error.entity == FeatureByLinearIssueLookup.type_name
        case ConditionFailedError():
            return isinstance(error.item, FeatureByLinearIssueLookup)
    return False


def _in_order(features: Mapping[str, Feature]) -> list[str]:
    """The ids of features, each after its dependencies.

    Raises:
        CyclicDependencyError: naming the features of a cycle by id and name.
    """
    try:
        return in_order({each: feature.dependencies for each, feature in features.items()})
    except CyclicDependencyError as error:
        names = {each: str(feature.name) for each, feature in features.items()}
        raise CyclicDependencyError(error.path, names) from error


def _by_id(features: Iterable[Feature]) -> dict[str, Feature]:
    return {str(each.id): each for each in features}
