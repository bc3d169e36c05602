"""Routes of features: the backlog of a project."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from autoforge.access.features.creation import Creation
from autoforge.access.features.patterns import (
    FeatureById,
    FeatureByLinearIssue,
    FeaturesByStatus,
    FeaturesOfProject,
    ReadyFeatures,
    features_by_id,
)
from autoforge.access.projects.patterns import ProjectById
from autoforge.access.requests.once import Outcome
from autoforge.errors import ItemNotFoundError
from autoforge.forge import Forge
from autoforge.http.api.bodies import BULK_BODY, DOCUMENT_BODY, JsonRequest
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import FeatureId, ProjectId, text_segments
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.responses import JsonResponse
from autoforge.http.features.schemas import (
    CreatedFeatures,
    FeatureChanges,
    FeaturePage,
    FeatureView,
    NewFeatures,
    RepairView,
    StatsView,
)
from autoforge.http.idempotency import Once, placed, repeatable
from autoforge.http.tickets import LinearIssueId
from autoforge.models.features import Feature, FeatureStatus


class FeatureController(Controller):
    """What is to be built in a project."""

    path = "/projects/{projectId:str}/features"
    tags = ["features"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_features(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
        status: Annotated[
            FeatureStatus | None,
            QueryParameter(name="status", description="Only features in this status."),
        ] = None,
    ) -> Response[FeaturePage]:
        """List a project's features, all by age, or those in a status by priority.

        In a status, those that wait for others come after those that do not.
        """
        query = (
            FeaturesOfProject(project_id, order=paging.order)
            if status is None
            else FeaturesByStatus(project_id, status, order=paging.order)
        )
        return paging.answer(query, FeaturePage, under=ProjectById(project_id))

    @post(
        "",
        sync_to_thread=True,
        request_max_body_size=BULK_BODY,
        responses=repeatable(HTTPStatus.NOT_FOUND),
    )
    def create_features(
        self,
        forge: NamedDependency[Forge],
        bulk_seconds: NamedDependency[float],
        once: NamedDependency[Once],
        project_id: ProjectId,
        data: JSONBody[NewFeatures],
    ) -> Response[FeatureView | CreatedFeatures]:
        """Create a feature, or an array of up to 1,000 with dependencies among them.

        One that says the same under the same id, or was made from the same Linear issue, is that
        feature. Features that would wait for each other are refused, and none is created. Where
        the table is too small for so many at once, 503 says how many are stored: send the same ids
        again, and the rest is created.
        """

        def create(forge: Forge) -> Creation:
            return forge.features.create_many(project_id, data.new(), time_limit=bulk_seconds)

        if not data.in_array:
            return once.one(
                lambda forge: create(forge).features[0],
                lambda feature_id: forge.features.get(project_id, feature_id, consistent=True),
                lambda feature: placed(
                    FeatureView.of(feature),
                    f"/projects/{feature.project_id}/features/{feature.id}",
                ),
            )
        return once.many(
            create,
            lambda outcome: _created_before(forge, project_id, outcome),
            lambda creation: JsonResponse(CreatedFeatures.of_creation(creation)),
            came=lambda creation: (
                [str(each.id) for each in creation.features],
                len(creation.created),
            ),
        )

    @get("/ready", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_ready_features(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[FeaturePage]:
        """List a project's features that are pending and wait for nothing, by priority and age."""
        return paging.answer(
            ReadyFeatures(project_id, order=paging.order),
            FeaturePage,
            under=ProjectById(project_id),
        )

    @get("/stats", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_feature_stats(self, forge: NamedDependency[Forge], project_id: ProjectId) -> StatsView:
        """Count a project's features by status."""
        stats = StatsView.model_validate(forge.features.stats(project_id))
        if not stats.total:
            forge.projects.get(project_id, consistent=True)
        return stats

    @post(
        "/repair",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def repair_features(self, forge: NamedDependency[Forge], project_id: ProjectId) -> RepairView:
        """Finish what was begun with a project's features and cut off.

        Reads all of them; writes nothing where nothing was cut off.
        """
        # Without this check, a missing project would look like one without faults.
        forge.projects.get(project_id, consistent=True)
        return RepairView.model_validate(forge.features.repair(project_id))

    @get("/{featureId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_feature(
        self, forge: NamedDependency[Forge], project_id: ProjectId, feature_id: FeatureId
    ) -> Response[FeatureView]:
        """Get a feature."""
        return answer(forge.store, FeatureById(project_id, feature_id), FeatureView)

    @patch(
        "/{featureId:str}",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def change_feature(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[FeatureChanges],
    ) -> FeatureView:
        """Change attributes of a feature, whoever holds it."""
        return FeatureView.of(
            forge.features.update(
                project_id,
                feature_id,
                expected_version=data.expected_version,
                expected=preconditions.on(FeatureView),
                **data.changes(),
            )
        )

    @delete(
        "/{featureId:str}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    def delete_feature(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        preconditions: NamedDependency[Preconditions],
        detach: Annotated[
            bool,
            QueryParameter(
                name="detach",
                description="Whether what depends on it loses the dependency; else it is refused.",
            ),
        ] = False,
    ) -> None:
        """Delete a feature; cut off, call it again without If-Match."""
        expected = preconditions.on(FeatureView)
        forge.features.delete(project_id, feature_id, detach=detach, expected=expected)


class LinearFeatureController(Controller):
    """The features of all projects, by their Linear issues."""

    path = "/features"
    tags = ["features"]

    @get(
        "/by-linear-issue/{linearIssueId:path}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def get_feature_by_linear_issue(
        self,
        request: JsonRequest,
        forge: NamedDependency[Forge],
        linear_issue_id: LinearIssueId,  # noqa: ARG002 - documented; read exactly from the request
    ) -> Response[FeatureView]:
        """Get the feature that was made from a Linear issue."""
        (issue_id,) = text_segments(request, 1)
        return answer(forge.store, FeatureByLinearIssue(issue_id), FeatureView)


def _created_before(forge: Forge, project_id: str, outcome: Outcome) -> Creation:
    """Read the features that a request created when it first ran, without those deleted since.

    Raises:
        ItemNotFoundError: if all of them are deleted.
    """
    found = {str(each.id): each for each in features_by_id(forge.store, project_id, outcome.ids)}
    if not found:
        raise ItemNotFoundError(Feature.type_name, {"projectId": project_id})
    there = tuple(found[each] for each in outcome.ids if each in found)
    return Creation(there, frozenset(outcome.ids[: outcome.created]))
