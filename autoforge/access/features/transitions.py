"""The conditional writes that move a feature between statuses, each of one item.

=======  ===================================================  ============
write    from                                                 to
=======  ===================================================  ============
claim    pending, or in progress with a lease that has ended  in_progress
release  in progress                                          pending
review   in progress                                          review_ready
pass     in progress, review_ready, failing                   passing
fail     in progress, review_ready                            failing
reopen   review_ready, failing                                pending
regress  passing                                              passing, marked
=======  ===================================================  ============

Only a feature that waits for no other can be claimed. A feature in progress is moved by its holder,
who gives the claim token (the version that the claim returned), or by force. A feature that starts
or stops passing is marked until its dependents are updated (``propagation.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Final

from pynamodb.expressions.condition import And, Condition, Or

from autoforge.dynamodb.timestamps import timestamp_text
from autoforge.dynamodb.writes.identity import described
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    HeldByAnotherError,
    ItemNotFoundError,
    VersionConflictError,
)
from autoforge.models.features import Feature, FeatureStatus, Unsettled

#: The attributes of a claim that its end removes.
_UNCLAIMED: Final[Mapping[str, Any]] = {"assigned_agent_id": None, "lease_until": None}

_ALL: Final = frozenset(FeatureStatus)
_IN_PROGRESS: Final = FeatureStatus.IN_PROGRESS


@dataclass(frozen=True)
class ClaimToken:
    """Entitles the writer to move a feature that may be in progress.

    Attributes:
        version: The version that the writer's claim returned; None if the feature must be
            unclaimed.
        force: Whether to write even if another claim holds the feature.
    """

    version: int | None = None
    force: bool = False

    def conditions(self, unheld: Collection[FeatureStatus] = ()) -> list[Condition]:
        """The conditions of a move.

        Args:
            unheld: The statuses from which everybody may move an unclaimed feature.
        """
        if self.force:
            return []
        if self.version is not None:
            from_ = Feature.status.is_in(*sorted({_IN_PROGRESS, *unheld}))
            return [from_, Feature.claim_version == self.version]
        return [
            Feature.status.is_in(*sorted(unheld or {_IN_PROGRESS})),
            ~Feature.assigned_agent_id.exists(),
        ]


#: No token: the feature must be unclaimed.
UNHELD: Final = ClaimToken()


@dataclass(frozen=True)
class Transition(Update[Feature]):
    """An update of a feature whose error names the feature's claim.

    Args:
        token: Entitles the writer to move a claimed feature.
    """

    token: ClaimToken = UNHELD

    def error_for(self, existing: Feature | None) -> AutoforgeError:
        """Not found, held by another claim, or in another state than the update needs."""
        error = super().error_for(existing)
        if existing is None or isinstance(error, ItemNotFoundError | VersionConflictError):
            return error
        if self.found is not None:
            return error
        name = described(self.entity, self.key)
        version = self.token.version
        if existing.assigned_agent_id is not None:
            has_ended = version is not None and version != existing.claim_version
            needed = f"claim {version} has ended" if has_ended else self.requires
            return HeldByAnotherError(f"{name} is {state_of(existing)}; {needed}", item=existing)
        if version is None:
            state, needed = state_of(existing), self.requires
        else:
            state, needed = f"{existing.status} and unclaimed", f"claim {version} has ended"
        return ConditionFailedError(f"{name} is {state}; {needed}", item=existing)


def claim_feature(
    project_id: str,
    feature_id: str,
    agent_id: str,
    *,
    request_id: str,
    lease_until: datetime | None,
    at: datetime,
) -> Transition:
    """Claim a feature that is ready, or whose lease has ended; one of concurrent callers succeeds.

    The version of the returned feature is the claim token of the holder's later writes.

    Args:
        project_id: The project.
        feature_id: The feature.
        agent_id: The agent that will hold the claim.
        request_id: The id by which a caller that retries recognises its own claim.
        lease_until: The end of the lease; None for a claim that lasts until it is released.
        at: The time of the claim.
    """
    free = And(Feature.status == FeatureStatus.PENDING, ~Feature.assigned_agent_id.exists())
    abandoned = And(Feature.status == _IN_PROGRESS, Feature.lease_until <= timestamp_text(at))
    return Transition(
        Feature,
        {"project_id": project_id, "id": feature_id},
        at,
        changes=[
            Feature.status.set(_IN_PROGRESS),
            Feature.assigned_agent_id.set(agent_id),
            Feature.lease_until.set(lease_until),
            Feature.claim_request.set(request_id),
            Feature.claim_version.copy(Feature.version, plus=1),
        ],
        mark="claim_request",
        condition=And(Or(free, abandoned), ~Feature.waiting_on.exists()),
        requires="only a ready feature can be claimed",
        increments_version=True,
    )


def renew_lease(
    project_id: str,
    feature_id: str,
    *,
    token: ClaimToken,
    lease_until: datetime | None,
    at: datetime,
) -> Transition:
    """Set the end of a claim's lease; with None the claim lasts until it is released.

    The version, and so the claim token, stays the same.
    """
    return Transition(
        Feature,
        {"project_id": project_id, "id": feature_id},
        at,
        changes=[Feature.lease_until.set(lease_until)],
        condition=reduce(And, [Feature.status == _IN_PROGRESS, *token.conditions()]),
        requires="only its holder can renew a claim",
        token=token,
    )


def release_feature(
    project_id: str, feature_id: str, *, token: ClaimToken, at: datetime
) -> Transition:
    """End a claim without an outcome; the feature is pending again."""
    return _move(
        project_id,
        feature_id,
        FeatureStatus.PENDING,
        token,
        "only its holder can release a feature in progress",
        at=at,
        of={_IN_PROGRESS},
    )


def send_to_review(
    project_id: str, feature_id: str, *, token: ClaimToken, at: datetime
) -> Transition:
    """End a claim and set the feature ready for review."""
    return _move(
        project_id,
        feature_id,
        FeatureStatus.REVIEW_READY,
        token,
        "only its holder can send a feature in progress to review",
        at=at,
        of={_IN_PROGRESS},
    )


def pass_feature(
    project_id: str, feature_id: str, *, token: ClaimToken, at: datetime
) -> Transition:
    """Set a feature passing; it is marked until its dependents are released."""
    return _move(
        project_id,
        feature_id,
        FeatureStatus.PASSING,
        token,
        "only a review_ready or failing feature, or its holder's feature in progress, can pass",
        at=at,
        of=_ALL - {FeatureStatus.PASSING},
        unheld={FeatureStatus.REVIEW_READY, FeatureStatus.FAILING},
        completed_at=at,
        unsettled=Unsettled.RELEASE,
    )


def fail_feature(
    project_id: str, feature_id: str, *, token: ClaimToken, at: datetime
) -> Transition:
    """Set a feature that does not pass failing; it can be reopened."""
    return _move(
        project_id,
        feature_id,
        FeatureStatus.FAILING,
        token,
        "only a review_ready feature, or its holder's feature in progress, can fail",
        at=at,
        of=_ALL - {FeatureStatus.FAILING, FeatureStatus.PASSING},
        unheld={FeatureStatus.REVIEW_READY},
    )


def reopen_feature(project_id: str, feature_id: str, *, at: datetime) -> Transition:
    """Set a failing feature, or one ready for review, pending again."""
    back = {FeatureStatus.REVIEW_READY, FeatureStatus.FAILING}
    return _move(
        project_id,
        feature_id,
        FeatureStatus.PENDING,
        UNHELD,
        "only a failing or review_ready feature can be reopened",
        at=at,
        of=back,
        unheld=back,
    )


def regress_feature(
    project_id: str, feature_id: str, mark: Unsettled, *, at: datetime
) -> Transition:
    """Mark a passing feature as about to stop passing; its dependents must wait for it first."""
    return _move(
        project_id,
        feature_id,
        None,
        UNHELD,
        "only a passing feature can stop passing",
        at=at,
        of={FeatureStatus.PASSING},
        unheld={FeatureStatus.PASSING},
        unsettled=mark,
    )


def _move(
    project_id: str,
    feature_id: str,
    to: FeatureStatus | None,
    token: ClaimToken,
    requires: str,
    *,
    at: datetime,
    of: Collection[FeatureStatus],
    unheld: Collection[FeatureStatus] = (),
    **values: Any,
) -> Transition:
    """The update that moves a feature without a change to propagate, and ends its claim."""
    conditions = [
        Feature.status.is_in(*sorted(of)),
        ~Feature.unsettled.exists(),
        *token.conditions(unheld),
    ]
    status = {} if to is None else {"status": to, **_UNCLAIMED}
    return Transition(
        Feature,
        {"project_id": project_id, "id": feature_id},
        at,
        changes={**status, **values},
        condition=reduce(And, conditions),
        requires=requires,
        increments_version=True,
        token=token,
    )


def state_of(feature: Feature) -> str:
    """Say in an error who holds a feature, or its status and what it waits for."""
    if feature.assigned_agent_id is not None:
        until = feature.lease_until
        lease = "" if until is None else f" until {timestamp_text(until)}"
        return f"held by {feature.assigned_agent_id} by claim {feature.claim_version}{lease}"
    if feature.waiting_on and feature.status == FeatureStatus.PENDING:
        return f"{feature.status} and waits for {', '.join(sorted(feature.waiting_on))}"
    return str(feature.status)
