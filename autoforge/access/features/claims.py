"""Claims of features, each decided by one conditional write.

Candidates come from an index, which may be stale: a stale entry costs a request. Before a claim
returns None, it reads all features of the project strongly consistently, so a feature that is
missing from the index is found. A claim that finds no ready feature notes this in the project's
FeatureGraph. Other claims then skip the full read until a feature is marked ready, a lease ends or
a minute has passed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from pynamodb.expressions.condition import Condition

from autoforge.access.features.claim_cache import ClaimCache
from autoforge.access.features.claim_candidates import Candidate, candidates
from autoforge.access.features.cycles import cycle_in
from autoforge.access.features.patterns import (
    FeatureById,
    FeatureGraphOf,
    FeaturesByStatus,
    FeatureSlotsOf,
    FeaturesOfProject,
    ReadyFeatures,
    features_by_id,
)
from autoforge.access.features.propagation import propagate_all
from autoforge.access.features.transitions import claim_feature, state_of
from autoforge.access.projects.patterns import ProjectById
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.dynamodb.schema.value_codecs import canonical_id
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, seen_as_expected, with_condition
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.identity import described
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import (
    ConditionFailedError,
    ItemExistsError,
    ItemNotFoundError,
    LimitReachedError,
    VersionConflictError,
)
from autoforge.models.features import Feature, FeatureGraph, FeatureSlots, FeatureStatus
from autoforge.models.requests import RequestRecord

_log = logging.getLogger("autoforge.features")

#: Candidates to read in addition to the spread, since some index entries may be stale.
_SPARE: Final = 4
#: How long claims rely on a full read that found no ready feature, if none is marked ready since.
#: A crash before the mark, or a writer that sets none, hides a ready feature at most this long.
QUIET: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class ClaimFeature:
    """Claims features of a project for an agent.

    Args:
        project_id: The project.
        agent_id: The agent that will hold the claim.
        at: The time of the claim.
        lease: The length of the lease; None for a claim that lasts until it is released.
        respect_limit: Whether to refuse a claim that would put more features in progress than the
            project's ``maxConcurrency``.
        request: Identifies the request, if it can be repeated (``claim_requests.py``).
    """

    project_id: str
    agent_id: str
    at: datetime
    lease: timedelta | None = None
    respect_limit: bool = False
    request: RepeatableRequest | None = None

    def one(
        self, store: Store, feature_id: str, expected: Expected[Feature] | None = None
    ) -> Feature:
        """Claim the feature with this id, if it is as expected.

        Raises:
            VersionConflictError: if it is not as expected.
            HeldByAnotherError: if another claim holds it.
            ConditionFailedError: if it is not pending, or waits for another.
            LimitReachedError: if ``respect_limit`` is set and the limit is reached.
            ItemNotFoundError: if there is no such feature.
        """
        if expected is None:
            return self._one(store, feature_id)
        pattern = FeatureById(self.project_id, feature_id)

        def attempt() -> Feature:
            seen = seen_as_expected(store, pattern, expected, at=self.at)
            try:
                return self._one(store, feature_id, seen.condition)
            except LimitReachedError:
                raise
            except ConditionFailedError as error:
                if not seen.has_changed(error):
                    raise
                raise StaleReadError from error

        return store.retry_on_conflict(f"feature {feature_id}", attempt)

    def _one(self, store: Store, feature_id: str, unchanged: Condition | None = None) -> Feature:
        token = store.new_token()
        write = with_condition(self._write(feature_id, token), unchanged)
        record = self._record(feature_id, token)
        if self.respect_limit:
            named = canonical_id(feature_id)
            return _within_limit(store, self, named, (*record, write), token)
        if not record:
            return held(store.save(write), token)
        store.transact(Transaction((*record, write)))
        pattern = FeatureById(self.project_id, feature_id)
        return held(store.require(pattern, consistent=True), token)

    def next(self, store: Store, cache: ClaimCache) -> Feature | None:
        """Claim the ready feature of the highest priority, or the oldest of these; None if none is.

        A process that loses claims to others chooses at random among more of the first candidates.

        Raises:
            LimitReachedError: if ``respect_limit`` is set and the limit is reached.
        """
        if cache.must_look_at_leases(self.project_id, self.lease, self.at):
            self._look_at_leases(store, cache)
        try:
            return self._from_index(store, cache) or self._from_table(store, cache)
        except LimitReachedError:
            # Taking over an expired claim does not raise the number in progress.
            self._look_at_leases(store, cache)
            if claimed := self._one_of(store, cache, cache.abandoned(self.project_id)):
                return claimed
            raise

    def _look_at_leases(self, store: Store, cache: ClaimCache) -> None:
        query = FeaturesByStatus(self.project_id, FeatureStatus.IN_PROGRESS)
        held = list(candidates(store, query, self.at))
        cache.looked_at_leases(self.project_id, held, self.at)

    def _from_index(self, store: Store, cache: ClaimCache) -> Feature | None:
        """Claim a feature that is ready by the index or by a lease that has ended, or None."""
        tried: set[str] = set()
        while True:
            spread = cache.spread(self.project_id, self.at)
            for rows in self._pages(store, spread + _SPARE):
                known = [*cache.abandoned(self.project_id), *rows]
                with cache.choosing(self._untried(known, tried), spread) as chosen:
                    if chosen is None:
                        continue
                    tried.add(chosen.id)
                    if claimed := self._try(store, cache, chosen):
                        return claimed
                break  # The claim was lost: read the index again, with a larger spread.
            else:
                return None

    def _from_table(self, store: Store, cache: ClaimCache) -> Feature | None:
        """Claim a feature that is ready by a strongly consistent read of all; None if none is."""

        def attempt() -> Feature | None:
            graph = store.get(FeatureGraphOf(self.project_id), consistent=True)
            if graph is not None and graph.is_quiet(self.at):
                return None
            query = FeaturesOfProject(self.project_id)
            waiting: dict[str, frozenset[str]] = {}
            all_: list[Candidate] = []
            for each in candidates(store, query, self.at):
                if each.waiting_on:
                    waiting[each.id] = each.waiting_on
                if _matters(each, self.at):
                    all_.append(each)
            held = [each for each in all_ if each.status == FeatureStatus.IN_PROGRESS]
            lease_ends = cache.looked_at_leases(self.project_id, held, self.at)
            unsettled = [each.id for each in all_ if each.unsettled]
            propagate_all(store, self.project_id, unsettled, at=self.at)
            ready = [each for each in all_ if each.is_ready(self.at)]
            if claimed := self._one_of(store, cache, ready):
                return claimed
            if not ready and not unsettled:
                self._log_cycle(waiting)
                if graph is not None:  # without it no feature was created here by this library
                    self._note_quiet(store, graph, lease_ends)
                return None
            raise StaleReadError

        return store.retry_on_conflict(f"the features of project {self.project_id}", attempt)

    def _log_cycle(self, waiting: Mapping[str, frozenset[str]]) -> None:
        """Log a cycle of dependencies, whose features never become ready.

        It is not an error of the claim, since other features can be claimed.
        """
        path = cycle_in(waiting)
        if path is not None:
            _log.error("features.cycle", extra={"project": self.project_id, "path": [*path]})

    def _note_quiet(self, store: Store, graph: FeatureGraph, lease_ends: datetime | None) -> None:
        """Note that no feature is ready, unless one was marked ready since the read."""
        until = self.at + QUIET
        note = Update(
            FeatureGraph,
            {"project_id": self.project_id},
            self.at,
            changes=[
                FeatureGraph.quiet_since.set(graph.readied),
                FeatureGraph.quiet_until.set(min(until, lease_ends or until)),
            ],
            expected=[FeatureGraph.readied.equals(graph.readied)],
            found=changed_since_read,
        )
        with suppress(ConditionFailedError, ItemNotFoundError):
            store.write(note)

    def _one_of(
        self, store: Store, cache: ClaimCache, ready: Iterable[Candidate]
    ) -> Feature | None:
        """Claim one of the given features; None if other callers have claimed all of them."""
        ready = list(ready)
        tried: set[str] = set()
        while untried := self._untried(ready, tried):
            spread = cache.spread(self.project_id, self.at)
            with cache.choosing(untried, spread) as chosen:
                # Another thread is trying this one and may fail.
                candidate = chosen or untried[0]
                tried.add(candidate.id)
                if claimed := self._try(store, cache, candidate):
                    return claimed
        return None

    def _pages(self, store: Store, size: int) -> Iterator[list[Candidate]]:
        """Pages of the features that the index lists as ready, read as they are needed."""
        rows = candidates(store, ReadyFeatures(self.project_id), self.at, page_size=size)
        while True:
            page = list(islice(rows, size))
            yield page
            if len(page) < size:
                return

    def _untried(self, known: Iterable[Candidate], tried: AbstractSet[str]) -> list[Candidate]:
        """The ready candidates that were not tried yet, without duplicates, the best first."""
        untried = {e.id: e for e in known if e.id not in tried and e.is_ready(self.at)}
        return sorted(untried.values(), key=lambda each: each.place)

    def _try(self, store: Store, cache: ClaimCache, candidate: Candidate) -> Feature | None:
        """Claim a candidate; None if it was stale or another caller has claimed it."""
        try:
            claimed = self.one(store, candidate.id)
        except LimitReachedError:
            raise
        except ConditionFailedError as error:
            # With the same version the candidate was stale from the start, not lost to a caller.
            if error.item is not None and error.item.version != candidate.version:
                cache.lost(Candidate.of(error.item), self.at)
            return None
        except ItemNotFoundError as error:
            if error.entity != Feature.type_name:
                raise  # The project has been deleted.
            return None
        cache.won(Candidate.of(claimed))
        return claimed

    def _record(self, feature_id: str, token: str) -> tuple[Put[RequestRecord], ...]:
        """The record of the request; it is the first write, so that its refusal is raised."""
        if self.request is None:
            return ()
        record = self.request.new_record(token, self.at)
        record.ids = [canonical_id(feature_id)]
        return (Put(record, expired_by=self.at),)

    def _write(self, feature_id: str, request_id: str) -> Update[Feature]:
        return claim_feature(
            self.project_id,
            feature_id,
            self.agent_id,
            request_id=request_id,
            lease_until=None if self.lease is None else self.at + self.lease,
            at=self.at,
        )


def _within_limit(
    store: Store, claim: ClaimFeature, feature_id: str, writes: tuple[Write[Any], ...], token: str
) -> Feature:
    """Claim a feature in one transaction with an update of the project's slots.

    All claims under the limit update the slots, so two of them conflict. The slots name the
    features claimed under the limit. Features claimed without it count too, if the index lists
    them as in progress.

    Raises:
        LimitReachedError: if as many other features are in progress as the project allows.
        ConditionFailedError: if the claim itself is refused.
    """
    project_id = claim.project_id

    def attempt() -> Feature:
        project = store.require(ProjectById(project_id), consistent=True)
        slots = store.get(FeatureSlotsOf(project_id), consistent=True)
        working = _in_progress(store, project_id, slots) - {feature_id}
        if project.max_concurrency is not None and len(working) >= project.max_concurrency:
            raise LimitReachedError(
                f"{len(working)} features of project {project_id} are in progress; "
                f"it allows at most {project.max_concurrency}"
            )
        taken = _take(project_id, working | {feature_id}, slots, at=claim.at)
        try:
            store.transact(Transaction((*writes, taken)))
        except VersionConflictError as error:
            raise StaleReadError from error  # Another claim has changed the slots: count again.
        except ItemExistsError as error:
            if error.entity != FeatureSlots.type_name:
                raise
            raise StaleReadError from error
        claimed = store.require(FeatureById(project_id, feature_id), consistent=True)
        return held(claimed, token)

    return store.retry_on_conflict(f"the slots of project {project_id}", attempt)


def held(claimed: Feature, token: str) -> Feature:
    """Return a claimed feature with the claim token as its version, even if it was edited since.

    Args:
        claimed: The stored feature.
        token: The id that the claim wrote as ``claim_request``.

    Raises:
        ConditionFailedError: if the claim has ended.
    """
    is_held = claimed.claim_request == token and claimed.status == FeatureStatus.IN_PROGRESS
    if not is_held or claimed.claim_version is None:
        name = described(Feature, claimed.attribute_values)
        raise ConditionFailedError(
            f"{name} is {state_of(claimed)}; the claim of this request has ended", item=claimed
        )
    claimed.version = claimed.claim_version
    return claimed


def _in_progress(store: Store, project_id: str, slots: FeatureSlots | None) -> frozenset[str]:
    """The ids of the features that are in progress by their own items."""
    query = FeaturesByStatus(project_id, FeatureStatus.IN_PROGRESS)
    ids = {str(each.id) for each in store.each(query)} | (slots.features if slots else set())
    found = features_by_id(store, project_id, sorted(ids))
    return frozenset(str(each.id) for each in found if each.status == FeatureStatus.IN_PROGRESS)


def _take(
    project_id: str, features: frozenset[str], slots: FeatureSlots | None, *, at: datetime
) -> Write[FeatureSlots]:
    if slots is None:
        return Put(FeatureSlots(project_id=project_id, features=features, updated_at=at))
    return Update(
        FeatureSlots,
        {"project_id": project_id},
        at,
        changes=[FeatureSlots.features.set(features)],
        expected_version=slots.version,
    )


def _matters(candidate: Candidate, now: datetime) -> bool:
    """Whether it is ready, in progress (its lease may end) or has a change to propagate."""
    held = candidate.status == FeatureStatus.IN_PROGRESS
    return held or candidate.unsettled or candidate.is_ready(now)
