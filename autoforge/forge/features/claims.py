"""Claims: one agent at a time works on a feature, and says how it went."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from autoforge.access.features.claim_cache import ClaimCache
from autoforge.access.features.claim_requests import claim_once
from autoforge.access.features.claims import ClaimFeature
from autoforge.access.features.outcomes import FeatureOutcome
from autoforge.access.features.transitions import UNHELD, ClaimToken, renew_lease
from autoforge.dynamodb.schema.encoding import canonical_id
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.errors import InvalidValueError
from autoforge.forge.resource import ForgeContext, Resource
from autoforge.models.features import (
    Feature,
)

#: The longest lease of a claim that is neither renewed nor held until it is released.
LONGEST_LEASE: Final = timedelta(days=366)


class Claims(Resource):
    """Claims features and ends claims.

    A write of a claim's holder takes the ``version`` which the claim returned. Without it, the
    feature must be unclaimed; with ``force`` it is written whoever holds it.
    """

    def __init__(self, tools: ForgeContext) -> None:
        super().__init__(tools)
        self._memory = ClaimCache(tools.store.client.random)

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

        One query and one conditional write, however long the backlog is. The version of the
        answer is the token of the claim: the holder's later writes take it.

        Args:
            project_id: The project.
            agent_id: The agent.
            lease: Seconds until others may claim the feature; None to hold it until released.
            respect_limit: Whether to refuse what would exceed the project's ``maxConcurrency``.
            request_id: What the caller knows this call by, up to 255 characters. Repeated with it
                within a day, the call returns the claim that it has made, as long as that holds.
                None is no claim: a repetition may make one.

        Raises:
            ConditionFailedError: if this request made a claim that has ended since.
            LimitReachedError: if the limit is to be respected and is reached.
            InvalidValueError: if the lease is not a positive number of seconds.
            RequestReusedError: if the request was another agent's, or for another lease.
        """
        claim = self._claim(project_id, agent_id, lease, respect_limit=respect_limit)
        if request_id is None:
            return claim.next(self._store, self._memory)
        return claim_once(
            self._store, claim, request_id, lambda claim: claim.next(self._store, self._memory)
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
        """Claim a feature that is ready, and as expected; see ``claim_next``.

        Raises:
            VersionConflictError: if it is not as expected; it carries the feature.
            HeldByAnotherError: if somebody holds it.
            ConditionFailedError: if it is not pending, or waits for another.
            LimitReachedError: if the limit is to be respected and is reached.
            ItemNotFoundError: if there is none.
            RequestReusedError: if the request was another agent's, or for another lease.
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
        """Let a claim hold for so many seconds from now, or with None until it is released.

        Raises:
            HeldByAnotherError: if another holds the feature by now.
            ConditionFailedError: if nobody does.
            VersionConflictError: if it is not as expected; it carries the feature.
            ItemNotFoundError: if there is none.
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
        """Give a feature back unfinished.

        Raises:
            HeldByAnotherError: if another holds it.
            ConditionFailedError: if it is not in progress.
            VersionConflictError: if it is not as expected; it carries the feature.
            ItemNotFoundError: if there is none.
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
        """Let a feature wait for its review; nobody holds it then.

        Raises:
            AutoforgeError: as ``release`` does.
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
        """Let a feature pass, and release what depends on it.

        Raises:
            HeldByAnotherError: if another holds it.
            ConditionFailedError: if it is pending.
            VersionConflictError: if it is not as expected; it carries the feature.
            ItemNotFoundError: if there is none.
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
        """Note that a feature fails; if it passed, what depends on it waits for it again.

        Raises:
            AutoforgeError: as ``pass_`` does.
        """
        outcome = self._outcome(project_id, feature_id, ClaimToken(version, force), expected)
        return outcome.mark_failing(self._store)

    def reopen(
        self, project_id: str, feature_id: str, *, expected: Expected[Feature] | None = None
    ) -> Feature:
        """Let a feature be claimed again; if it passed, what depends on it waits for it again.

        Raises:
            HeldByAnotherError: if somebody holds it.
            VersionConflictError: if it is not as expected; it carries the feature.
            ItemNotFoundError: if there is none.
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
    """A length of time of at least a millisecond, the smallest that is stored.

    Raises:
        InvalidValueError: if it is shorter, or longer than a year.
    """
    if not MILLISECOND.total_seconds() <= lease <= LONGEST_LEASE.total_seconds():
        raise InvalidValueError(f"a lease is from a millisecond to a year, not {lease} seconds")
    return timedelta(seconds=lease)
