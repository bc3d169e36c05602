"""How a feature goes from one status to the next, as writes of one item each.

=======  ===================================================  ============
write    from                                                 to
=======  ===================================================  ============
claim    pending, or in progress with a lease that has ended  in_progress
release  in progress                                          pending
review   in progress                                          review_ready
pass     in progress, review_ready, failing                   passing
fail     in progress, review_ready                            failing
reopen   review_ready, failing                                pending
regress  passing                                              as it is, marked
=======  ===================================================  ============

A claim waits for nothing: its feature must not wait for another. What is in progress moves for its
holder only, who is known by the version that the claim returned, or by force. A feature that
passes, or stops passing, is marked until what depends on it knows (``propagation.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Final

from pynamodb.expressions.condition import And, Condition, Or

from autoforge.dynamodb.timestamps import timestamp_text
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import described
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    HeldByAnotherError,
    ItemNotFoundError,
    VersionConflictError,
)
from autoforge.models.features import Feature, FeatureStatus, Unsettled

#: What a feature loses when nobody holds it any more.
_LET_GO: Final[Mapping[str, Any]] = {"assigned_agent_id": None, "lease_until": None}

_ALL: Final = frozenset(FeatureStatus)
_IN_PROGRESS: Final = FeatureStatus.IN_PROGRESS


@dataclass(frozen=True)
class ClaimToken:
    """By what right a feature that may be in progress is written.

    Attributes:
        version: The version that the writer's claim returned; None if nobody may hold it.
        force: Whether to write whoever holds it, and whatever its status.
    """

    version: int | None = None
    force: bool = False

    def conditions(self, unheld: Collection[FeatureStatus] = ()) -> list[Condition]:
        """What must hold, where a move is open to all from statuses in which nobody holds it."""
        if self.force:
            return []
        if self.version is not None:
            from_ = Feature.status.is_in(*sorted({_IN_PROGRESS, *unheld}))
            return [from_, Feature.claim_version == self.version]
        return [
            Feature.status.is_in(*sorted(unheld or {_IN_PROGRESS})),
            ~Feature.assigned_agent_id.exists(),
        ]


#: The right of everybody: the feature is nobody's.
UNHELD: Final = ClaimToken()


@dataclass(frozen=True)
class Transition(Update[Feature]):
    """A change of a feature that is refused in the words of claims.

    Args:
        hold: By what right it is made.
    """

    token: ClaimToken = UNHELD

    def error_for(self, existing: Feature | None) -> AutoforgeError:
        """Not found, held by another, waiting for others, or in another status."""
        error = super().error_for(existing)
        if existing is None or isinstance(error, ItemNotFoundError | VersionConflictError):
            return error
        name = described(self.entity, self.key)
        by_claim = "" if self.token.version is None else f", not by claim {self.token.version}"
        if existing.assigned_agent_id is not None:
            holder = _holder(existing)
            return HeldByAnotherError(f"{name} is held by {holder}{by_claim}", item=existing)
        if existing.waiting_on and existing.status == FeatureStatus.PENDING:
            waits = ", ".join(sorted(existing.waiting_on))
            return ConditionFailedError(f"{name} waits for {waits}", item=existing)
        held = f", and held by nobody{by_claim}" if by_claim else ""
        return ConditionFailedError(
            f"{name} is {existing.status}{held}, not {self.requires}", item=existing
        )


def claim_feature(
    project_id: str,
    feature_id: str,
    agent_id: str,
    *,
    request_id: str,
    lease_until: datetime | None,
    at: datetime,
) -> Transition:
    """Take a feature that is ready, or whose holder's lease has ended; one of racing callers may.

    The version of the answer is the token that the holder's later writes are known by. The id of
    the request is what a caller whose answer was lost knows its own claim by.
    """
    free = And(Feature.status == FeatureStatus.PENDING, ~Feature.assigned_agent_id.exists())
    abandoned = And(Feature.status == _IN_PROGRESS, Feature.lease_until <= timestamp_text(at))
    return Transition(
        Feature,
        {"project_id": project_id, "id": feature_id},
        at,
        values={
            "status": _IN_PROGRESS,
            "assigned_agent_id": agent_id,
            "lease_until": lease_until,
            "claim_request": request_id,
        },
        mark="claim_request",
        actions=[Feature.claim_version.set(Feature.version + 1)],
        condition=And(Or(free, abandoned), ~Feature.waiting_on.exists()),
        requires="ready to be claimed",
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
    """Let a claim hold until another moment, or with None until it is released.

    The version stays, so the claim's token does.
    """
    return Transition(
        Feature,
        {"project_id": project_id, "id": feature_id},
        at,
        values={"lease_until": lease_until},
        condition=reduce(And, [Feature.status == _IN_PROGRESS, *token.conditions()]),
        requires="in progress",
        token=token,
    )


def release_feature(
    project_id: str, feature_id: str, *, token: ClaimToken, at: datetime
) -> Transition:
    """Give a feature back unfinished; it is pending again."""
    return _move(project_id, feature_id, FeatureStatus.PENDING, token, at=at, of={_IN_PROGRESS})


def send_to_review(
    project_id: str, feature_id: str, *, token: ClaimToken, at: datetime
) -> Transition:
    """Let a feature wait for its review; nobody holds it meanwhile."""
    to = FeatureStatus.REVIEW_READY
    return _move(project_id, feature_id, to, token, at=at, of={_IN_PROGRESS})


def pass_feature(
    project_id: str, feature_id: str, *, token: ClaimToken, at: datetime
) -> Transition:
    """Let a feature pass; it is marked until what depends on it is released."""
    return _move(
        project_id,
        feature_id,
        FeatureStatus.PASSING,
        token,
        at=at,
        of=_ALL - {FeatureStatus.PASSING},
        unheld={FeatureStatus.REVIEW_READY, FeatureStatus.FAILING},
        completed_at=at,
        unsettled=Unsettled.RELEASE,
    )


def fail_feature(
    project_id: str, feature_id: str, *, token: ClaimToken, at: datetime
) -> Transition:
    """Note that a feature that does not pass fails; it may be reopened."""
    return _move(
        project_id,
        feature_id,
        FeatureStatus.FAILING,
        token,
        at=at,
        of=_ALL - {FeatureStatus.FAILING, FeatureStatus.PASSING},
        unheld={FeatureStatus.REVIEW_READY},
    )


def reopen_feature(project_id: str, feature_id: str, *, at: datetime) -> Transition:
    """Let a feature that failed, or waits for its review, be claimed again."""
    back = {FeatureStatus.REVIEW_READY, FeatureStatus.FAILING}
    return _move(project_id, feature_id, FeatureStatus.PENDING, UNHELD, at=at, of=back, unheld=back)


def regress_feature(
    project_id: str, feature_id: str, mark: Unsettled, *, at: datetime
) -> Transition:
    """Mark a feature that passes as about to stop: what depends on it must first wait for it."""
    return _move(
        project_id,
        feature_id,
        None,
        UNHELD,
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
    *,
    at: datetime,
    of: Collection[FeatureStatus],
    unheld: Collection[FeatureStatus] = (),
    **values: Any,
) -> Transition:
    """Change the status of a feature of which nothing is unfinished; nobody holds it then."""
    conditions = [
        Feature.status.is_in(*sorted(of)),
        ~Feature.unsettled.exists(),
        *token.conditions(unheld),
    ]
    status = {} if to is None else {"status": to, **_LET_GO}
    return Transition(
        Feature,
        {"project_id": project_id, "id": feature_id},
        at,
        values={**status, **values},
        condition=reduce(And, conditions),
        requires=" or ".join(sorted({*unheld} or of)),
        increments_version=True,
        token=token,
    )


def _holder(feature: Feature) -> str:
    until = feature.lease_until
    lease = "" if until is None else f" until {timestamp_text(until)}"
    return f"{feature.assigned_agent_id} by claim {feature.claim_version}{lease}"
