"""Claims: which feature an agent works on next, decided by one conditional write.

The index names candidates and is never trusted: a row that is stale costs a request. Before the
answer is "none", the features themselves are read, strongly consistently, so a feature whose row is
missing is found. Whoever has read them all in vain notes so in the project's FeatureGraph, and
until a feature is announced to have become ready, a lease ends or a minute passes, nobody need read
them again.
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
from autoforge.access.features.transitions import claim_feature
from autoforge.access.projects.patterns import ProjectById
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.dynamodb.schema.encoding import canonical_id
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, seen_as_expected, with_condition
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Put, Transaction, Write
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

#: Candidates read beside those to choose from: some rows may be stale.
_SPARE: Final = 4
#: How long "none is ready" is believed at most, while nobody announces that one is. It bounds what
#: a crash before the announcement, or a writer who makes none, can hide.
QUIET: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class ClaimFeature:
    """Claims features of a project for an agent.

    Args:
        project_id: The project.
        agent_id: The agent that is to hold what is claimed.
        at: The moment.
        lease: How long the claim holds unless renewed; None until it is released.
        respect_limit: Whether to refuse what would let more features be in progress than the
            project's ``maxConcurrency``.
        request: What this is known by, if it may be repeated (``claim_requests.py``).
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
            HeldByAnotherError: if somebody holds it.
            ConditionFailedError: if it is not pending, or waits for another.
            LimitReachedError: if the limit is to be respected and is reached.
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

    def next(self, store: Store, memory: ClaimCache) -> Feature | None:
        """Claim the ready feature of the highest priority, the oldest first; None if none is.

        A caller who is alone gets the first. While others race, each chooses among the first
        few, the more of them the more races were lost.

        Raises:
            LimitReachedError: if the limit is to be respected and is reached.
        """
        if memory.must_look_at_leases(self.project_id, self.lease, self.at):
            self._look_at_leases(store, memory)
        try:
            return self._from_index(store, memory) or self._from_table(store, memory)
        except LimitReachedError:
            # To take over what is in progress already changes no number.
            self._look_at_leases(store, memory)
            if claimed := self._one_of(store, memory, memory.abandoned(self.project_id)):
                return claimed
            raise

    def _look_at_leases(self, store: Store, memory: ClaimCache) -> None:
        query = FeaturesByStatus(self.project_id, FeatureStatus.IN_PROGRESS)
        held = list(candidates(store, query, self.at))
        memory.looked_at_leases(self.project_id, held, self.at)

    def _from_index(self, store: Store, memory: ClaimCache) -> Feature | None:
        """Claim one of the features that the index, or a lease that has ended, says are ready."""
        tried: set[str] = set()
        while True:
            spread = memory.spread(self.project_id, self.at)
            for rows in self._pages(store, spread + _SPARE):
                known = [*memory.abandoned(self.project_id), *rows]
                with memory.choosing(self._untried(known, tried), spread) as chosen:
                    if chosen is None:
                        continue
                    tried.add(chosen.id)
                    if claimed := self._try(store, memory, chosen):
                        return claimed
                break  # Others are faster: see anew what is left, and choose among more.
            else:
                return None

    def _from_table(self, store: Store, memory: ClaimCache) -> Feature | None:
        """Claim one of the features that are ready by their own items, or be sure that none is."""

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
            lease_ends = memory.looked_at_leases(self.project_id, held, self.at)
            unsettled = [each.id for each in all_ if each.unsettled]
            propagate_all(store, self.project_id, unsettled, at=self.at)
            ready = [each for each in all_ if each.is_ready(self.at)]
            if claimed := self._one_of(store, memory, ready):
                return claimed
            if not ready and not unsettled:
                self._tell_of_cycle(waiting)
                if graph is not None:  # else no feature was ever created here, or not by us
                    self._note_quiet(store, graph, lease_ends)
                return None
            raise StaleReadError

        return store.retry_on_conflict(f"the features of project {self.project_id}", attempt)

    def _tell_of_cycle(self, waiting: Mapping[str, frozenset[str]]) -> None:
        """Log features that wait for each other: none of them is ever ready.

        There is work that can still be claimed, or is, so it is no error of the claim.
        """
        path = cycle_in(waiting)
        if path is not None:
            _log.error("features.cycle", extra={"project": self.project_id, "path": [*path]})

    def _note_quiet(self, store: Store, graph: FeatureGraph, lease_ends: datetime | None) -> None:
        """Spare others the reading, unless something was announced in between."""
        until = self.at + QUIET
        note = Update(
            FeatureGraph,
            {"project_id": self.project_id},
            self.at,
            values={
                "quiet_since": graph.readied,
                "quiet_until": until if lease_ends is None else min(until, lease_ends),
            },
            expected={"readied": graph.readied},
            requires="as it was read",
        )
        with suppress(ConditionFailedError, ItemNotFoundError):
            store.write(note)

    def _one_of(
        self, store: Store, memory: ClaimCache, ready: Iterable[Candidate]
    ) -> Feature | None:
        """Claim one of some features; None if others have claimed all of them."""
        ready = list(ready)
        tried: set[str] = set()
        while untried := self._untried(ready, tried):
            spread = memory.spread(self.project_id, self.at)
            with memory.choosing(untried, spread) as chosen:
                # What another thread of this process is at, it may yet fail to claim.
                candidate = chosen or untried[0]
                tried.add(candidate.id)
                if claimed := self._try(store, memory, candidate):
                    return claimed
        return None

    def _pages(self, store: Store, size: int) -> Iterator[list[Candidate]]:
        """The features that the index says are ready, in its order, as they are taken."""
        rows = candidates(store, ReadyFeatures(self.project_id), self.at, page_size=size)
        while True:
            page = list(islice(rows, size))
            yield page
            if len(page) < size:
                return

    def _untried(self, known: Iterable[Candidate], tried: AbstractSet[str]) -> list[Candidate]:
        """Those that are ready and were not tried, the best first, each once."""
        untried = {e.id: e for e in known if e.id not in tried and e.is_ready(self.at)}
        return sorted(untried.values(), key=lambda each: each.place)

    def _try(self, store: Store, memory: ClaimCache, candidate: Candidate) -> Feature | None:
        """Claim a candidate, or learn that another caller was faster or its row was stale."""
        try:
            claimed = self.one(store, candidate.id)
        except LimitReachedError:
            raise
        except ConditionFailedError as error:
            # A row whose item was like that all along is stale, and no sign of a race.
            if error.item is not None and error.item.version != candidate.version:
                memory.lost(Candidate.of(error.item), self.at)
            return None
        except ItemNotFoundError as error:
            if error.entity != Feature.type_name:
                raise  # The project is gone, and with it the limit.
            return None
        memory.won(Candidate.of(claimed))
        return claimed

    def _record(self, feature_id: str, token: str) -> tuple[Put[RequestRecord], ...]:
        """What says that the request has claimed a feature; first, so that its refusal is told."""
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
    """Make a claim together with a change of the project's slots, which all such claims change.

    The slots name the features claimed so; those that are in progress without a slot count too,
    as far as the index shows them.

    Raises:
        LimitReachedError: if as many others are in progress as the project allows.
        ConditionFailedError: as the claim alone does.
    """
    project_id = claim.project_id

    def attempt() -> Feature:
        project = store.require(ProjectById(project_id), consistent=True)
        slots = store.get(FeatureSlotsOf(project_id), consistent=True)
        working = _in_progress(store, project_id, slots) - {feature_id}
        if project.max_concurrency is not None and len(working) >= project.max_concurrency:
            raise LimitReachedError(
                f"{len(working)} features of project {project_id} are in progress, "
                f"and it allows {project.max_concurrency}"
            )
        taken = _take(project_id, working | {feature_id}, slots, at=claim.at)
        try:
            store.transact(Transaction((*writes, taken)))
        except VersionConflictError as error:
            raise StaleReadError from error  # Another claim took a slot in between: count again.
        except ItemExistsError as error:
            if error.entity != FeatureSlots.type_name:
                raise
            raise StaleReadError from error
        claimed = store.require(FeatureById(project_id, feature_id), consistent=True)
        return held(claimed, token)

    return store.retry_on_conflict(f"the slots of project {project_id}", attempt)


def held(claimed: Feature, token: str) -> Feature:
    """A claimed feature with the token of the claim as its version, whoever edited it since.

    Args:
        claimed: The feature as it is.
        token: What the claim marked it with.

    Raises:
        ConditionFailedError: if the claim has ended.
    """
    is_held = claimed.claim_request == token and claimed.status == FeatureStatus.IN_PROGRESS
    if not is_held or claimed.claim_version is None:
        by = f" by {claimed.assigned_agent_id}" if claimed.assigned_agent_id else ""
        name = f"{claimed.project_id} / {claimed.id}"
        raise ConditionFailedError(
            f"the claim has ended: Feature {name} is {claimed.status}{by}", item=claimed
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
        values={"features": features},
        expected_version=slots.version,
    )


def _matters(candidate: Candidate, now: datetime) -> bool:
    """Whether it may be claimed now or later without becoming ready anew, or is unsettled."""
    held = candidate.status == FeatureStatus.IN_PROGRESS
    return held or candidate.unsettled or candidate.is_ready(now)
