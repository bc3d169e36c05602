"""Claims with a request id: a repetition within a day returns the same claim.

One transaction writes the claim and the record of its request. So a request claims at most once,
even after a lost answer or if two callers send it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from autoforge.access.features.claims import ClaimFeature, held
from autoforge.access.features.patterns import FeatureById
from autoforge.access.features.transitions import state_of
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.identity import described
from autoforge.errors import ConditionFailedError, ItemExistsError
from autoforge.models.features import Feature
from autoforge.models.requests import RequestRecord

#: A claimed feature, or for ``claim_next`` also None.
Claimed = TypeVar("Claimed", Feature, Feature | None)


def claim_once(
    store: Store,
    claim: ClaimFeature,
    request_id: str,
    make: Callable[[ClaimFeature], Claimed],
    *,
    feature_id: str | None = None,
) -> Claimed | Feature:
    """Claim a feature, or return the claim that this request has already made.

    Args:
        store: The Store.
        claim: The agent, the lease and the limit of the claim.
        request_id: The caller's id of the request.
        make: Makes the claim.
        feature_id: The feature to claim; None for any ready feature.

    Raises:
        ConditionFailedError: if the claim of this request has ended.
        ItemNotFoundError: if the feature that the request claimed does not exist any more.
        RequestReusedError: if the request id was used with another agent, lease or limit.
        AutoforgeError: the errors of the claim.
    """
    lease = None if claim.lease is None else claim.lease.total_seconds()
    request = RepeatableRequest.of(
        request_id,
        ("claim", feature_id),
        [claim.agent_id, lease, claim.respect_limit],
        claim.project_id,
    )
    if earlier := _earlier(store, claim, request):
        return earlier
    try:
        return make(replace(claim, request=request))
    except ItemExistsError as error:
        if error.entity != RequestRecord.type_name:
            raise
        earlier = _earlier(store, claim, request)  # The same request was sent twice at once.
        if earlier is None:
            raise
        return earlier


def _earlier(store: Store, claim: ClaimFeature, request: RepeatableRequest) -> Feature | None:
    """The feature that an earlier call of the request claimed, or None.

    Raises:
        ConditionFailedError: if that claim has ended.
    """
    record = request.record(store)
    if record is None or not record.ids:
        return None
    pattern = FeatureById(claim.project_id, record.ids[0])
    claimed = held(store.require(pattern, consistent=True), record.minted)
    if claimed.lease_until is not None and claimed.lease_until <= claim.at:
        name = described(Feature, claimed.attribute_values)
        raise ConditionFailedError(
            f"{name} is {state_of(claimed)}; the lease has ended, and with it the claim of this "
            "request",
            item=claimed,
        )
    return claimed
