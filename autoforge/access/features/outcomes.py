"""Outcomes: features pass, fail and are reopened, and their neighbours follow.

Each begins with one conditional write. Where that changes what other features wait for, it marks
the feature, and settling finishes what the mark says (``propagation.py``). Run again by the same
holder, after a crash or a lost answer, each finds itself done and finishes what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from autoforge.access.features.propagation import Propagation, mark_ready
from autoforge.access.features.transitions import (
    UNHELD,
    ClaimToken,
    Transition,
    fail_feature,
    pass_feature,
    regress_feature,
    release_feature,
    reopen_feature,
    send_to_review,
)
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.errors import ConditionFailedError, VersionConflictError
from autoforge.models.features import Feature, FeatureStatus, Unsettled


@dataclass(frozen=True)
class FeatureOutcome:
    """What becomes of a feature, by what right.

    Args:
        project_id: The project.
        feature_id: The feature.
        at: The moment.
        hold: The token of the claim, or by force.
        expected: What the feature is expected to be; None to move whatever is there.
    """

    project_id: str
    feature_id: str
    at: datetime
    token: ClaimToken = UNHELD
    expected: Expected[Feature] | None = None

    def release(self, store: Store) -> Feature:
        """Give the feature back unfinished: pending, and ready unless it waits.

        Raises:
            HeldByAnotherError: if it is not the holder's who asks.
            ConditionFailedError: if it is not in progress.
            ItemNotFoundError: if there is no such feature.
        """
        write = release_feature(self.project_id, self.feature_id, token=self.token, at=self.at)
        return self._marked_ready(store, self._made(store, write, FeatureStatus.PENDING))

    def send_to_review(self, store: Store) -> Feature:
        """Let the feature wait for its review.

        Raises:
            AutoforgeError: as ``release`` does.
        """
        write = send_to_review(self.project_id, self.feature_id, token=self.token, at=self.at)
        return self._made(store, write, FeatureStatus.REVIEW_READY)

    def mark_passing(self, store: Store) -> Feature:
        """Let the feature pass, and release what depends on it.

        Raises:
            HeldByAnotherError: if it is not the holder's who asks.
            ConditionFailedError: if it is pending.
            ItemNotFoundError: if there is no such feature.
        """
        write = pass_feature(self.project_id, self.feature_id, token=self.token, at=self.at)
        passing = self._made(store, write, FeatureStatus.PASSING)
        return Propagation(self.project_id, self.feature_id, self.at).run(store, passing)

    def mark_failing(self, store: Store) -> Feature:
        """Note that the feature fails; what depends on it waits for it again if it passed.

        Raises:
            HeldByAnotherError: if it is not the holder's who asks.
            ConditionFailedError: if it is pending.
            ItemNotFoundError: if there is no such feature.
        """
        write = fail_feature(self.project_id, self.feature_id, token=self.token, at=self.at)
        return self._unless_passing(store, write, FeatureStatus.FAILING, Unsettled.FAIL)

    def reopen(self, store: Store) -> Feature:
        """Let the feature be pending again; what depends on it waits for it again if it passed.

        Raises:
            HeldByAnotherError: if somebody holds it.
            ItemNotFoundError: if there is no such feature.
        """
        write = reopen_feature(self.project_id, self.feature_id, at=self.at)
        return self._unless_passing(store, write, FeatureStatus.PENDING, Unsettled.REOPEN)

    def _unless_passing(
        self, store: Store, write: Transition, to: FeatureStatus, mark: Unsettled
    ) -> Feature:
        """Make a write; where the feature passes, its dependents must wait for it first."""
        try:
            return self._marked_ready(store, self._made(store, write, to))
        except VersionConflictError:
            raise
        except ConditionFailedError as error:
            passing = error.item is not None and error.item.status == FeatureStatus.PASSING
            if not passing or not self._is_ours(error.item):
                raise
        regress = regress_feature(self.project_id, self.feature_id, mark, at=self.at)
        marked = self._made(store, regress, to)
        return Propagation(self.project_id, self.feature_id, self.at).run(store, marked)

    def _made(self, store: Store, write: Transition, to: FeatureStatus) -> Feature:
        """Make a write, unless it is made already; what is unfinished is finished before."""

        def attempt() -> Feature:
            try:
                return save_as_expected(store, write, self.expected)
            except VersionConflictError:
                raise
            except ConditionFailedError as error:
                existing: Feature | None = error.item
                if existing is None:
                    raise
                if existing.status == to and self._is_ours(existing):
                    return existing
                if existing.unsettled is None:
                    raise
            Propagation(self.project_id, self.feature_id, self.at).run(store)
            raise StaleReadError

        return store.retry_on_conflict(f"feature {self.feature_id}", attempt)

    def _is_ours(self, feature: Feature) -> bool:
        """Whether the claim we know of, if any, is the latest."""
        claim = self.token.version
        return feature.assigned_agent_id is None and claim in {None, feature.claim_version}

    def _marked_ready(self, store: Store, feature: Feature) -> Feature:
        """Say that a feature which is pending may be ready."""
        if feature.status == FeatureStatus.PENDING and not feature.waiting_on:
            mark_ready(store, self.project_id, at=self.at)
        return feature
