"""Routes of claims: claim a feature, renew the claim, end it with an outcome.

A claim returns the feature's ``version``, the claim token, which the agent sends with its next
requests. An agent whose lease has ended thus learns that another one has claimed the feature.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from pydantic import Field

from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.forge import Forge
from autoforge.forge.features.claims import LONGEST_LEASE
from autoforge.http.api.parameters import FeatureId, ProjectId
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import ID_PATTERN, Body
from autoforge.http.features.schemas import FeatureView, Version

_SHORTEST: Final = MILLISECOND.total_seconds()
_LONGEST: Final = LONGEST_LEASE.total_seconds()

_PROBLEMS: Final = responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
_CLAIM_PROBLEMS: Final = responses(
    HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY
)


class Claim(Body):
    """Who claims, and for how long."""

    example = {"agentId": "01KGKR2T40V3M1Q5C8Y7D2N6XA", "leaseSeconds": 900, "respectLimit": True}

    agent_id: str = Field(pattern=ID_PATTERN)
    lease_seconds: float | None = Field(
        default=None,
        ge=_SHORTEST,
        le=_LONGEST,
        strict=True,
        description="After how many others may claim it; null to hold it until it is released.",
    )
    respect_limit: bool = Field(
        default=False,
        strict=True,
        description="Whether to refuse what would exceed the project's maxConcurrency.",
    )


class Renewal(Body):
    """How long a claim is to hold from now."""

    example = {"version": 7, "leaseSeconds": 900}

    version: Version = Field(description="The version that the claim returned.")
    lease_seconds: float | None = Field(
        ge=_SHORTEST,
        le=_LONGEST,
        strict=True,
        description="Seconds from now; null to hold it until it is released.",
    )


class FeatureMove(Body):
    """By what right a feature goes on to another status."""

    example = {"version": 7, "force": False}

    version: Version | None = Field(
        default=None,
        description="The version that the claim returned; null if nobody may hold the feature.",
    )
    force: bool = Field(
        default=False,
        strict=True,
        description="Whether to move it whoever holds it, and whatever its status.",
    )


class ClaimController(Controller):
    """Who works on which feature of a project."""

    path = "/projects/{projectId:str}/features"
    tags = ["features"]

    @post(
        "/claim",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses={
            HTTPStatus.NO_CONTENT: ResponseSpec(None, description="Nothing is ready"),
            **_CLAIM_PROBLEMS,
        },
    )
    def claim_next_feature(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        idempotency_key: NamedDependency[str | None],
        data: JSONBody[Claim],
    ) -> Response[FeatureView]:
        """Claim the ready feature of the highest priority, the oldest first.

        The version of the answer is the token of the claim: what its holder does next takes it.
        Sent again under its Idempotency-Key, it is the same claim as long as that holds, and 409
        when it has ended; that nothing was ready is not remembered.
        """
        feature = forge.features.claim_next(
            project_id,
            data.agent_id,
            data.lease_seconds,
            respect_limit=data.respect_limit,
            request_id=idempotency_key,
        )
        if feature is None:
            # In a missing project nothing is ready either, and the client would wait for ever.
            forge.projects.get(project_id, consistent=True)
            return JsonResponse(None, status_code=HTTPStatus.NO_CONTENT)
        return JsonResponse(FeatureView.of(feature))

    @post(
        "/{featureId:str}/claim",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_CLAIM_PROBLEMS,
    )
    def claim_feature(
        self,
        *,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        idempotency_key: NamedDependency[str | None],
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[Claim],
    ) -> FeatureView:
        """Claim a feature that is ready, or whose holder's lease has ended.

        Sent again under its Idempotency-Key, it is the same claim as long as that holds.
        """
        feature = forge.features.claim(
            project_id,
            feature_id,
            data.agent_id,
            data.lease_seconds,
            respect_limit=data.respect_limit,
            request_id=idempotency_key,
            expected=preconditions.on(FeatureView),
        )
        return FeatureView.of(feature)

    @post(
        "/{featureId:str}/renew",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def renew_claim(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[Renewal],
    ) -> FeatureView:
        """Let a claim hold for so many seconds from now, or until it is released."""
        feature = forge.features.renew(
            project_id,
            feature_id,
            version=data.version,
            lease=data.lease_seconds,
            expected=preconditions.on(FeatureView),
        )
        return FeatureView.of(feature)

    @post(
        "/{featureId:str}/release",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def release_feature(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[FeatureMove],
    ) -> FeatureView:
        """Give a feature back unfinished; it is pending again."""
        expected = preconditions.on(FeatureView)
        feature = forge.features.release(project_id, feature_id, expected=expected, **dict(data))
        return FeatureView.of(feature)

    @post(
        "/{featureId:str}/review",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def review_feature(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[FeatureMove],
    ) -> FeatureView:
        """Let a feature wait for its review; nobody holds it meanwhile."""
        expected = preconditions.on(FeatureView)
        feature = forge.features.send_to_review(
            project_id, feature_id, expected=expected, **dict(data)
        )
        return FeatureView.of(feature)

    @post(
        "/{featureId:str}/pass",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def pass_feature(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[FeatureMove],
    ) -> FeatureView:
        """Let a feature pass, and release what depends on it; cut off, call it again."""
        expected = preconditions.on(FeatureView)
        feature = forge.features.pass_(project_id, feature_id, expected=expected, **dict(data))
        return FeatureView.of(feature)

    @post(
        "/{featureId:str}/fail",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def fail_feature(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[FeatureMove],
    ) -> FeatureView:
        """Note that a feature fails; if it passed, what depends on it waits for it again."""
        expected = preconditions.on(FeatureView)
        feature = forge.features.fail(project_id, feature_id, expected=expected, **dict(data))
        return FeatureView.of(feature)

    @post(
        "/{featureId:str}/reopen",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=_PROBLEMS,
    )
    def reopen_feature(
        self,
        forge: NamedDependency[Forge],
        preconditions: NamedDependency[Preconditions],
        project_id: ProjectId,
        feature_id: FeatureId,
    ) -> FeatureView:
        """Let a feature be claimed again; if it passed, what depends on it waits for it again."""
        expected = preconditions.on(FeatureView)
        return FeatureView.of(forge.features.reopen(project_id, feature_id, expected=expected))
