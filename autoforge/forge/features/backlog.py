"""The features of a project: creation, queries, changes, dependencies and deletion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from autoforge.access.features.creation import CreateFeatures, Creation
from autoforge.access.features.deletion import DeleteFeature
from autoforge.access.features.dependencies import AddDependency, RemoveDependency
from autoforge.access.features.edit import ChangeFeature
from autoforge.access.features.patterns import (
    DependentsOfFeature,
    FeatureById,
    FeatureByLinearIssue,
    FeatureCounts,
    FeaturesByStatus,
    FeaturesOfProject,
    FeatureStats,
    ReadyFeatures,
)
from autoforge.access.features.repair import Repaired, RepairFeatures
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected
from autoforge.errors import InvalidValueError
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.features import (
    DEFAULT_PRIORITY,
    Feature,
    FeatureDependency,
    FeatureStatus,
)


@dataclass(frozen=True, kw_only=True)
class NewFeature:
    """A feature to create.

    Attributes:
        name: The feature's name.
        id: The feature's id; None to mint one.
        description: The feature in words, for people.
        priority: From 0 to 99999; lower comes first.
        category: The kind of feature; any text.
        steps: What to do or to check, in order.
        dependencies: The features that must pass first: their ids, or their positions in the same
            batch, from 0.
        linear_issue_id: The Linear issue of the feature; an issue has at most one feature.
        linear_issue_url: The URL of that issue.
    """

    name: str
    id: str | None = None
    description: str | None = None
    priority: int = DEFAULT_PRIORITY
    category: str | None = None
    steps: Sequence[Any] | None = None
    dependencies: Sequence[str | int] = ()
    linear_issue_id: str | None = None
    linear_issue_url: str | None = None


class FeatureUpdate(TypedDict, total=False):
    """The attributes of a feature that can be changed in any status."""

    name: str
    description: str | None
    priority: int
    category: str | None
    steps: Sequence[Any] | None
    linear_issue_url: str | None


class Backlog(Resource):
    """Creates, reads, changes and deletes the features of a project."""

    def create(
        self,
        project_id: str,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - the attribute's name
        description: str | None = None,
        priority: int = DEFAULT_PRIORITY,
        category: str | None = None,
        steps: Sequence[Any] | None = None,
        dependencies: Sequence[str] = (),
        linear_issue_id: str | None = None,
        linear_issue_url: str | None = None,
    ) -> Feature:
        """Create a feature, or return the stored feature of the same Linear issue.

        Raises:
            CyclicDependencyError: if it would depend on itself.
            ItemExistsError: if a feature with other content has the id, or a feature of another
                project has the Linear issue.
            ItemNotFoundError: if there is no such project, or a dependency is not a feature of
                the project.
            InvalidValueError: if a value cannot be stored.
        """
        new = NewFeature(
            name=name,
            id=id,
            description=description,
            priority=priority,
            category=category,
            steps=steps,
            dependencies=dependencies,
            linear_issue_id=linear_issue_id,
            linear_issue_url=linear_issue_url,
        )
        return self.create_many(project_id, [new]).features[0]

    def create_many(
        self,
        project_id: str,
        features: Sequence[NewFeature],
        *,
        time_limit: float | None = None,
    ) -> Creation:
        """Create up to 1,000 features, with dependencies among them.

        If the caller chose the ids, the call can be repeated after a crash and creates the rest. If
        the table throttles, the call slows down.

        Args:
            project_id: The project.
            features: The features.
            time_limit: The seconds after which no further request is sent; None to continue as
                long as DynamoDB accepts requests from time to time.

        Raises:
            CyclicDependencyError: if some would wait for each other; none was created.
            IncompleteCreationError: if the time limit was over, or DynamoDB became unavailable; it
                says how many are known to be stored.
            AutoforgeError: the errors of ``create``.
        """
        self._require_project(project_id)
        now = self._now()
        ids = [self._context.new_id(now) if each.id is None else each.id for each in features]
        built = tuple(
            self._built(project_id, id_, each, ids, now)
            for id_, each in zip(ids, features, strict=True)
        )
        chosen = frozenset(
            str(made.id)
            for made, each in zip(built, features, strict=True)
            if each.id is not None or self._store.repeated
        )
        # A single feature is not paced, so that its caller soon gets the error of a refusal.
        store = self._store if len(built) == 1 else self._store.paced(time_limit)
        return CreateFeatures(project_id, built, chosen, now).run(store)

    def get(self, project_id: str, feature_id: str, *, consistent: bool = False) -> Feature:
        """Return a feature.

        Raises:
            ItemNotFoundError: if there is no such feature.
        """
        return self._store.require(FeatureById(project_id, feature_id), consistent=consistent)

    def by_linear_issue(self, linear_issue_id: str, *, consistent: bool = False) -> Feature:
        """Return the feature of a Linear issue.

        Raises:
            ItemNotFoundError: if there is no such feature.
        """
        return self._store.require(FeatureByLinearIssue(linear_issue_id), consistent=consistent)

    def of_project(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Feature]:
        """Return a page of a project's features, in the order of creation."""
        query = FeaturesOfProject(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def by_status(
        self,
        project_id: str,
        status: FeatureStatus,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Feature]:
        """Return a page of a project's features in a status, by priority; waiting ones last."""
        query = FeaturesByStatus(project_id, status, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def ready(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Feature]:
        """Return a page of the pending features that wait for nothing, by priority and then age."""
        query = ReadyFeatures(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def stats(self, project_id: str) -> FeatureCounts:
        """Return the number of features of a project in each status."""
        return self._store.answer(FeatureStats(project_id))

    def dependents(
        self,
        project_id: str,
        feature_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[FeatureDependency]:
        """Return a page of the dependents of a feature, read strongly consistently."""
        query = DependentsOfFeature(project_id, feature_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor, consistent=True)

    def update(
        self,
        project_id: str,
        feature_id: str,
        *,
        expected_version: int | None = None,
        expected: Expected[Feature] | None = None,
        **changes: Unpack[FeatureUpdate],
    ) -> Feature:
        """Change attributes of a feature.

        Args:
            project_id: The project.
            feature_id: The feature.
            expected_version: The version the caller read; None to accept any. A feature that was
                deleted and created again starts at version 1.
            expected: The feature as the caller read it, or a test that it must pass; None to
                accept any state.
            **changes: The attributes and their new values; None removes an optional attribute.

        Raises:
            VersionConflictError: if the feature is in another version, or not as expected;
                ``item`` is the feature.
            ItemNotFoundError: if there is no such feature.
            InvalidValueError: if a value cannot be stored.
        """
        operation = ChangeFeature(
            project_id, feature_id, changes, self._now(), expected_version, expected
        )
        return operation.run(self._store)

    def delete(
        self,
        project_id: str,
        feature_id: str,
        *,
        detach: bool = False,
        expected: Expected[Feature] | None = None,
    ) -> None:
        """Delete a feature; repeat the call after an interruption.

        Args:
            project_id: The project.
            feature_id: The feature.
            detach: Whether to remove the dependencies of other features on it.
            expected: The feature as the caller read it, or a test that it must pass; None to
                accept any state.

        Raises:
            ConditionFailedError: if others depend on it and ``detach`` is False.
            VersionConflictError: if it is not as expected; ``item`` is the feature.
            ItemNotFoundError: if there is no such feature.
        """
        now = self._now()
        deletion = self._context.new_id(now)
        operation = DeleteFeature(project_id, feature_id, now, deletion, detach, expected)
        operation.run(self._store)

    def add_dependency(
        self,
        project_id: str,
        feature_id: str,
        depends_on_id: str,
        *,
        expected: Expected[Feature] | None = None,
    ) -> Feature:
        """Add a dependency: the feature waits until the other passes. Return the one that waits.

        Raises:
            VersionConflictError: if the feature that waits is not as expected.
            CyclicDependencyError: if the other feature waits for this one, or is this one.
            ItemExistsError: if the feature has the dependency already.
            ItemNotFoundError: if the project lacks one of the two.
        """
        operation = AddDependency(project_id, feature_id, depends_on_id, self._now(), expected)
        return operation.run(self._store)

    def remove_dependency(
        self,
        project_id: str,
        feature_id: str,
        depends_on_id: str,
        *,
        expected: Expected[Feature] | None = None,
    ) -> Feature:
        """Remove a dependency, and return the feature that had it.

        Raises:
            VersionConflictError: if the feature that waits is not as expected.
            ItemNotFoundError: if there is no such feature, or it has no such dependency.
        """
        operation = RemoveDependency(
            project_id, feature_id, depends_on_id, self._now(), expected=expected
        )
        return operation.run(self._store)

    def repair(self, project_id: str) -> Repaired:
        """Complete the interrupted changes and deletions of a project's features.

        Reads all features of the project; writes nothing if nothing was interrupted.
        """
        return RepairFeatures(project_id, self._now()).run(self._store)

    def _built(
        self, project_id: str, id_: str, new: NewFeature, ids: Sequence[str], now: datetime
    ) -> Feature:
        return Feature(
            id=id_,
            project_id=project_id,
            name=new.name,
            description=new.description,
            priority=new.priority,
            category=new.category,
            steps=None if new.steps is None else list(new.steps),
            dependencies=[_dependency(each, ids) for each in new.dependencies],
            linear_issue_id=new.linear_issue_id,
            linear_issue_url=new.linear_issue_url,
            incarnation=self._context.new_id(now),
            created_at=now,
            updated_at=now,
        )


def _dependency(given: str | int, ids: Sequence[str]) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, bool) or not 0 <= given < len(ids):
        raise InvalidValueError(f"dependency {given!r} is not a position in a batch of {len(ids)}")
    return ids[given]
