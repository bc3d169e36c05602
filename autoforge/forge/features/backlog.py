"""Features as the backlog of a project: created, found, changed, linked and deleted."""

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
from autoforge.dynamodb.patterns.query import Page
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
        name: What it is called.
        id: Its id; minted unless given.
        description: What it is, for people.
        priority: From 0 to 99999; the lower comes first.
        category: What kind of feature it is; an open set.
        steps: What to do or to check, in order.
        dependencies: Features that must pass first: ids, or positions in the same batch from 0.
        linear_issue_id: The Linear issue it is made from; there is one feature of an issue.
        linear_issue_url: Where that issue is.
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
    """What of a feature can be changed at will."""

    name: str
    description: str | None
    priority: int
    category: str | None
    steps: Sequence[Any] | None
    linear_issue_url: str | None


class Backlog(Resource):
    """Creates, finds and changes the features of a project."""

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
        """Create a feature, or return the one that was made from the same Linear issue.

        Raises:
            CyclicDependencyError: if it would depend on itself.
            ItemExistsError: if another feature has the id or, in another project, the issue.
            ItemNotFoundError: if there is no such project, or it lacks a dependency.
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

        With ids that the caller chose, it may be called again after a crash and creates the rest.
        A table that is too small for so many at once slows it down.

        Args:
            project_id: The project.
            features: The features.
            time_limit: Seconds after which nothing more is sent; without it, it goes on as long as
                DynamoDB accepts something now and then.

        Raises:
            CyclicDependencyError: if some would wait for each other; none was created.
            IncompleteCreationError: if the time was over, or DynamoDB could not answer; it says
                how many are stored.
            AutoforgeError: as ``create`` does.
        """
        self._require_project(project_id)
        now = self._now()
        ids = [self._tools.new_id(now) if each.id is None else each.id for each in features]
        built = tuple(
            self._built(project_id, id_, each, ids, now)
            for id_, each in zip(ids, features, strict=True)
        )
        chosen = frozenset(
            str(made.id)
            for made, each in zip(built, features, strict=True)
            if each.id is not None or self._store.repeated
        )
        # One alone stands for itself: whoever waits for it learns soon that it was refused.
        store = self._store if len(built) == 1 else self._store.paced(time_limit)
        return CreateFeatures(project_id, built, chosen, now).run(store)

    def get(self, project_id: str, feature_id: str, *, consistent: bool = False) -> Feature:
        """Return a feature.

        Raises:
            ItemNotFoundError: if there is none.
        """
        return self._store.require(FeatureById(project_id, feature_id), consistent=consistent)

    def by_linear_issue(self, linear_issue_id: str, *, consistent: bool = False) -> Feature:
        """Return the feature that was made from a Linear issue.

        Raises:
            ItemNotFoundError: if there is none.
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
        """Return a page of the features that wait for nothing, by priority and then age."""
        query = ReadyFeatures(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def stats(self, project_id: str) -> FeatureCounts:
        """Return how many features of a project are in each status."""
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
        """Return a page of what depends on a feature, read strongly consistently."""
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
        """Change attributes of a feature; None removes one that may be absent.

        Args:
            project_id: The project.
            feature_id: The feature.
            expected_version: The version the caller read; None to change whatever is there.
                A feature that was deleted and made anew counts from 1 again.
            expected: The feature as the caller read it, or a test that it must pass.
            **changes: The attributes and their new values.

        Raises:
            VersionConflictError: if the feature is in another version, or not as expected.
            ItemNotFoundError: if there is none.
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
        """Delete a feature; cut off, call it again.

        Args:
            project_id: The project.
            feature_id: The feature.
            detach: Whether others that depend on it lose the dependency.
            expected: The feature as the caller read it, or a test that it must pass; None to
                delete whatever is there.

        Raises:
            ConditionFailedError: if others depend on it and are not to be detached.
            VersionConflictError: if it is not as expected; it carries the feature.
            ItemNotFoundError: if there is none.
        """
        now = self._now()
        deletion = self._tools.new_id(now)
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
        """Let a feature wait until another passes, and return the one that waits.

        Raises:
            VersionConflictError: if the feature that waits is not as expected.
            CyclicDependencyError: if the other waits for the feature, or is the feature.
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
        """Let a feature wait no longer for another.

        Raises:
            VersionConflictError: if the feature that waits is not as expected.
            ItemNotFoundError: if there is no such feature, or it has no such dependency.
        """
        operation = RemoveDependency(
            project_id, feature_id, depends_on_id, self._now(), expected=expected
        )
        return operation.run(self._store)

    def repair(self, project_id: str) -> Repaired:
        """Finish what was begun with a project's features and cut off.

        Reads all of them; writes nothing where nothing was cut off.
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
            incarnation=self._tools.new_id(now),
            created_at=now,
            updated_at=now,
        )


def _dependency(given: str | int, ids: Sequence[str]) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, bool) or not 0 <= given < len(ids):
        raise InvalidValueError(f"{given!r} is no position in a batch of {len(ids)}")
    return ids[given]
