"""Claims that may be repeated: under the id of their request they are the same claim for a day.

The claim and the record of its request are written in one transaction, so a request never claims
twice, whatever answer was lost and whoever else sends it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from autoforge.access.features.claims import ClaimFeature, held
from autoforge.access.features.patterns import FeatureById
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.dynamodb.store.store import Store
from autoforge.errors import ConditionFailedError, ItemExistsError
from autoforge.models.features import Feature
from autoforge.models.requests import RequestRecord

#: A claimed feature, or None where there may be none.
Claimed = TypeVar("Claimed", Feature, Feature | None)


def claim_once(
    store: Store,
    claim: ClaimFeature,
    request_id: str,
    make: Callable[[ClaimFeature], Claimed],
    *,
    feature_id: str | None = None,
) -> Claimed | Feature:
    """Make a claim, or return the one that this request has made.

    Args:
        store: Where the features are.
        claim: Who claims, and for how long.
        request_id: What the caller knows the request by.
        make: Makes the claim.
        feature_id: The one feature that is to be claimed; None for any.

    Raises:
        ConditionFailedError: if this request made a claim that has ended since.
        ItemNotFoundError: if the feature that it claimed is no more.
        RequestReusedError: if the request was made by another agent, or for another lease.
        AutoforgeError: as the claim does.
    """
    lease = None if claim.lease is None else claim.lease.total_seconds()
    request = RepeatableRequest.of(
        request_id,
        ("claim", feature_id),
        [claim.agent_id, lease, claim.respect_limit],
        claim.project_id,
    )
    if again := _made(store, claim, request):
        return again
    try:
        return make(replace(claim, request=request))
    except ItemExistsError as error:
        if error.entity != RequestRecord.type_name:
            raise
        again = _made(store, claim, request)  # The same request was made twice at once.
        if again is None:
            raise
        return again


def _made(store: Store, claim: ClaimFeature, request: RepeatableRequest) -> Feature | None:
    """The claim that the request has made, if it has made one."""
    record = request.record(store)
    if record is None or not record.ids:
        return None
    pattern = FeatureById(claim.project_id, record.ids[0])
    claimed = held(store.require(pattern, consistent=True), record.minted)
    if claimed.lease_until is not None and claimed.lease_until <= claim.at:
        raise ConditionFailedError(
            f"the claim has ended: the lease of Feature {claimed.project_id} / {claimed.id} was "
            f"until {claimed.lease_until.isoformat()}",
            item=claimed,
        )
    return claimed
