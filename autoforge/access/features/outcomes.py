"""Ends of a claim: release, review, pass, fail; and reopening. Each is propagated to dependents.

Each outcome begins with one conditional write. If that changes what other features wait for, it
marks the feature, and the propagation completes the change (``propagation.py``). If the same holder
repeats an outcome after a crash or a lost answer, the write is recognised as applied and the
propagation is completed.
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
    """Ends a claim: release, review, pass or fail; or reopens a feature.

    Args:
        project_id: The project.
        feature_id: The feature.
        at: The time of the write.
        token: The claim token, or force.
        expected: The state that the caller expects of the feature; None to accept any.
    """

    project_id: str
    feature_id: str
    at: datetime
    token: ClaimToken = UNHELD
    expected: Expected[Feature] | None = None

    def release(self, store: Store) -> Feature:
        """End the claim without an outcome: the feature is pending, and ready unless it waits.

        Raises:
            HeldByAnotherError: if another claim holds the feature.
            ConditionFailedError: if it is not in progress.
            ItemNotFoundError: if there is no such feature.
        """
        write = release_feature(self.project_id, self.feature_id, token=self.token, at=self.at)
        return self._marked_ready(store, self._applied(store, write, FeatureStatus.PENDING))

    def send_to_review(self, store: Store) -> Feature:
        """Set the feature ready for review.

        Raises:
            AutoforgeError: the errors of ``release``.
        """
        write = send_to_review(self.project_id, self.feature_id, token=self.token, at=self.at)
        return self._applied(store, write, FeatureStatus.REVIEW_READY)

    def mark_passing(self, store: Store) -> Feature:
        """Set the feature passing, and release its dependents.

        Raises:
            HeldByAnotherError: if another claim holds the feature.
            ConditionFailedError: if it is pending.
            ItemNotFoundError: if there is no such feature.
        """
        write = pass_feature(self.project_id, self.feature_id, token=self.token, at=self.at)
        passing = self._applied(store, write, FeatureStatus.PASSING)
        return Propagation(self.project_id, self.feature_id, self.at).run(store, passing)

    def mark_failing(self, store: Store) -> Feature:
        """Set the feature failing; if it passed, its dependents wait for it again.

        Raises:
            HeldByAnotherError: if another claim holds the feature.
            ConditionFailedError: if it is pending.
            ItemNotFoundError: if there is no such feature.
        """
        write = fail_feature(self.project_id, self.feature_id, token=self.token, at=self.at)
        return self._unless_passing(store, write, FeatureStatus.FAILING, Unsettled.FAIL)

    def reopen(self, store: Store) -> Feature:
        """Set the feature pending again; if it passed, its dependents wait for it again.

        Raises:
            HeldByAnotherError: if a claim holds the feature.
            ItemNotFoundError: if there is no such feature.
        """
        write = reopen_feature(self.project_id, self.feature_id, at=self.at)
        return self._unless_passing(store, write, FeatureStatus.PENDING, Unsettled.REOPEN)

    def _unless_passing(
        self, store: Store, write: Transition, to: FeatureStatus, mark: Unsettled
    ) -> Feature:
        """Apply a write, or for a passing feature first let its dependents wait for it."""
        try:
            return self._marked_ready(store, self._applied(store, write, to))
        except VersionConflictError:
            raise
        except ConditionFailedError as error:
            passing = error.item is not None and error.item.status == FeatureStatus.PASSING
            if not passing or not self._is_ours(error.item):
                raise
        regress = regress_feature(self.project_id, self.feature_id, mark, at=self.at)
        marked = self._applied(store, regress, to)
        return Propagation(self.project_id, self.feature_id, self.at).run(store, marked)

    def _applied(self, store: Store, write: Transition, to: FeatureStatus) -> Feature:
        """Apply a write, unless it is applied already; first complete a pending propagation."""

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
        """Whether the feature is unclaimed and its latest claim is that of the token, if any."""
        claim = self.token.version
        return feature.assigned_agent_id is None and claim in {None, feature.claim_version}

    def _marked_ready(self, store: Store, feature: Feature) -> Feature:
        """Mark the project if the feature is ready, and return the feature."""
        if feature.status == FeatureStatus.PENDING and not feature.waiting_on:
            mark_ready(store, self.project_id, at=self.at)
        return feature
