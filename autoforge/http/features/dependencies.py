"""Routes of dependencies between the features of a project."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from litestar import Controller, Response, delete, get, put
from litestar.di import NamedDependency

from autoforge.access.features.patterns import DependentsOfFeature, FeatureById
from autoforge.forge import Forge
from autoforge.http.api.paging import Paging
from autoforge.http.api.parameters import FeatureId, ProjectId, id_in_path
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.features.schemas import DependencyPage, FeatureView

DependsOnId = Annotated[str, id_in_path("dependsOnId", "01KGKR2T40A7C9E1G3J5M7P9R1")]


class DependencyController(Controller):
    """What waits for what in a project."""

    path = "/projects/{projectId:str}/features/{featureId:str}"
    tags = ["features"]

    @get("/dependents", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_dependents(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
        feature_id: FeatureId,
    ) -> Response[DependencyPage]:
        """List what depends on a feature, in the order of the ids."""
        query = DependentsOfFeature(project_id, feature_id, order=paging.order)
        return paging.answer(
            query, DependencyPage, consistent=True, under=FeatureById(project_id, feature_id)
        )

    @put(
        "/dependencies/{dependsOnId:str}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    def add_dependency(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        depends_on_id: DependsOnId,
        preconditions: NamedDependency[Preconditions],
    ) -> FeatureView:
        """Let a feature wait until another passes; a dependency it has is refused, and a cycle."""
        feature = forge.features.add_dependency(
            project_id, feature_id, depends_on_id, expected=preconditions.on(FeatureView)
        )
        return FeatureView.of(feature)

    @delete(
        "/dependencies/{dependsOnId:str}",
        sync_to_thread=True,
        responses=responses(HTTPStatus.NOT_FOUND),
    )
    def remove_dependency(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        feature_id: FeatureId,
        depends_on_id: DependsOnId,
        preconditions: NamedDependency[Preconditions],
    ) -> None:
        """Let a feature wait no longer for another."""
        forge.features.remove_dependency(
            project_id, feature_id, depends_on_id, expected=preconditions.on(FeatureView)
        )
