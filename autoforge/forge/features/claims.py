"""The claims of features, and the outcomes that end them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from autoforge.access.features.claim_cache import ClaimCache
from autoforge.access.features.claim_requests import claim_once
from autoforge.access.features.claims import ClaimFeature
from autoforge.access.features.outcomes import FeatureOutcome
from autoforge.access.features.transitions import UNHELD, ClaimToken, renew_lease
from autoforge.dynamodb.schema.value_codecs import canonical_id
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.errors import InvalidValueError
from autoforge.forge.resource import ForgeContext, Resource
from autoforge.models.features import (
    Feature,
)

#: The longest lease. A claim without a lease lasts until it is released.
LONGEST_LEASE: Final = timedelta(days=366)


class Claims(Resource):
    """Claims features, renews claims and ends them.

    The ``version`` that a claim returns is the claim token; its holder passes it to the methods
    that end the claim. Without it, the feature must be unclaimed. With ``force``, the feature is
    moved even if another claim holds it.
    """

    def __init__(self, context: ForgeContext) -> None:
        super().__init__(context)
        self._cache = ClaimCache(context.store.client.random)

    def claim_next(
        self,
        project_id: str,
        agent_id: str,
        lease: float | None = None,
        *,
        respect_limit: bool = False,
        request_id: str | None = None,
    ) -> Feature | None:
        """Claim the ready feature of the highest priority for an agent; None if none is ready.

        Takes one query and one conditional write, whatever the number of features. The version of
        the returned feature is the claim token of the holder's later writes.

        Args:
            project_id: The project.
            agent_id: The agent.
            lease: The seconds until others may claim the feature; None for a claim that lasts
                until it is released.
            respect_limit: Whether to refuse a claim that would exceed the project's
                ``maxConcurrency``.
            request_id: The caller's id of this call, up to 255 characters; None for a call that is
                not repeated. A repetition within a day returns the claim that the call has made,
                until that claim ends. If the call returned None, a repetition may claim a feature.

        Raises:
            ConditionFailedError: if the claim of this request has ended.
            LimitReachedError: if ``respect_limit`` is set and the limit is reached.
            InvalidValueError: if the lease is shorter than a millisecond or longer than a year.
            RequestReusedError: if the request id was used with another agent, lease or limit.
        """
        claim = self._claim(project_id, agent_id, lease, respect_limit=respect_limit)
        if request_id is None:
            return claim.next(self._store, self._cache)
        return claim_once(
            self._store, claim, request_id, lambda claim: claim.next(self._store, self._cache)
        )

    def claim(
        self,
        project_id: str,
        feature_id: str,
        agent_id: str,
        lease: float | None = None,
        *,
        respect_limit: bool = False,
        request_id: str | None = None,
        expected: Expected[Feature] | None = None,
    ) -> Feature:
        """Claim a given feature, if it is ready and as expected.

        The other arguments are those of ``claim_next``.

        Raises:
            VersionConflictError: if it is not as expected; ``item`` is the feature.
            HeldByAnotherError: if a claim holds it; ``item`` is the feature.
            ConditionFailedError: if it is not pending, or waits for another feature; or if the
                claim of this request has ended.
            LimitReachedError: if ``respect_limit`` is set and the limit is reached.
            ItemNotFoundError: if there is no such feature.
            InvalidValueError: if the lease is shorter than a millisecond or longer than a year.
            RequestReusedError: if the request id was used with another feature, agent, lease or
                limit.
        """
        claim = self._claim(project_id, agent_id, lease, respect_limit=respect_limit)
        if request_id is None:
            return claim.one(self._store, feature_id, expected)
        return claim_once(
            self._store,
            claim,
            request_id,
            lambda claim: claim.one(self._store, feature_id, expected),
            feature_id=canonical_id(feature_id),
        )

    def renew(
        self,
        project_id: str,
        feature_id: str,
        *,
        version: int,
        lease: float | None,
        expected: Expected[Feature] | None = None,
    ) -> Feature:
        """Set the lease of a claim to a number of seconds from now, or with None to no end.

        Raises:
            HeldByAnotherError: if another claim holds the feature.
            ConditionFailedError: if no claim holds it.
            VersionConflictError: if it is not as expected; ``item`` is the feature.
            ItemNotFoundError: if there is no such feature.
            InvalidValueError: if the lease is shorter than a millisecond or longer than a year.
        """
        now = self._now()
        ends = None if lease is None else now + _seconds(lease)
        write = renew_lease(
            project_id, feature_id, token=ClaimToken(version), lease_until=ends, at=now
        )
        return save_as_expected(self._store, write, expected)

    def release(
        self,
        project_id: str,
        feature_id: str,
        *,
        version: int | None = None,
        force: bool = False,
        expected: Expected[Feature] | None = None,
    ) -> Feature:
        """End a claim without an outcome; the feature is pending again.

        Raises:
            HeldByAnotherError: if another claim holds the feature.
            ConditionFailedError: if it is not in progress.
            VersionConflictError: if it is not as expected; ``item`` is the feature.
            ItemNotFoundError: if there is no such feature.
        """
        outcome = self._outcome(project_id, feature_id, ClaimToken(version, force), expected)
        return outcome.release(self._store)

    def send_to_review(
        self,
        project_id: str,
        feature_id: str,
        *,
        version: int | None = None,
        force: bool = False,
        expected: Expected[Feature] | None = None,
    ) -> Feature:
        """End a claim and set the feature ready for review.

        Raises:
            AutoforgeError: the errors of ``release``.
        """
        outcome = self._outcome(project_id, feature_id, ClaimToken(version, force), expected)
        return outcome.send_to_review(self._store)

    def pass_(
        self,
        project_id: str,
        feature_id: str,
        *,
        version: int | None = None,
        force: bool = False,
        expected: Expected[Feature] | None = None,
    ) -> Feature:
        """Set a feature passing, and release its dependents.

        Raises:
            HeldByAnotherError: if another claim holds the feature.
            ConditionFailedError: if it is pending.
            VersionConflictError: if it is not as expected; ``item`` is the feature.
            ItemNotFoundError: if there is no such feature.
        """
        outcome = self._outcome(project_id, feature_id, ClaimToken(version, force), expected)
        return outcome.mark_passing(self._store)

    def fail(
        self,
        project_id: str,
        feature_id: str,
        *,
        version: int | None = None,
        force: bool = False,
        expected: Expected[Feature] | None = None,
    ) -> Feature:
        """Set a feature failing; if it passed, its dependents wait for it again.

        Raises:
            AutoforgeError: the errors of ``pass_``.
        """
        outcome = self._outcome(project_id, feature_id, ClaimToken(version, force), expected)
        return outcome.mark_failing(self._store)

    def reopen(
        self, project_id: str, feature_id: str, *, expected: Expected[Feature] | None = None
    ) -> Feature:
        """Set a feature pending again; if it passed, its dependents wait for it again.

        Raises:
            HeldByAnotherError: if a claim holds the feature.
            VersionConflictError: if it is not as expected; ``item`` is the feature.
            ItemNotFoundError: if there is no such feature.
        """
        outcome = self._outcome(project_id, feature_id, UNHELD, expected)
        return outcome.reopen(self._store)

    def _claim(
        self, project_id: str, agent_id: str, lease: float | None, *, respect_limit: bool
    ) -> ClaimFeature:
        length = None if lease is None else _seconds(lease)
        return ClaimFeature(project_id, agent_id, self._now(), length, respect_limit)

    def _outcome(
        self,
        project_id: str,
        feature_id: str,
        token: ClaimToken,
        expected: Expected[Feature] | None,
    ) -> FeatureOutcome:
        return FeatureOutcome(project_id, feature_id, self._now(), token, expected)


def _seconds(lease: float) -> timedelta:
    """The length of a lease; the shortest is a millisecond, the precision of stored timestamps.

    Raises:
        InvalidValueError: if it is shorter than a millisecond or longer than a year.
    """
    if not MILLISECOND.total_seconds() <= lease <= LONGEST_LEASE.total_seconds():
        raise InvalidValueError(f"a lease is from a millisecond to a year, not {lease} seconds")
    return timedelta(seconds=lease)
