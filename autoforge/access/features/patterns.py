"""Patterns of features, and the read of any number of features by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, ClassVar

from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import BATCH_READ, Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Part
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Lookup
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.store.batch import chunks
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.identity import primary_key
from autoforge.models import features as entities
from autoforge.models.features import (
    Feature,
    FeatureDependency,
    FeatureGraph,
    FeatureSlots,
    FeatureStatus,
    Readiness,
)
from autoforge.models.indexes import GSI1


@dataclass(frozen=True)
class FeatureById(Get[Feature]):
    """Which feature of this project has this id?"""

    source = "AutoForge design, features: get"
    key = Feature.key
    renames = {"id": "feature_id"}

    project_id: str
    feature_id: str


@dataclass(frozen=True)
class FeaturesById(Fetch[Feature]):
    """Which features of this project have these ids?

    At most 100 of them.
    """

    source = "Part of the writes that change several features"

    project_id: str
    feature_ids: tuple[str, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """The key of each, in the order of the ids."""
        return [
            primary_key(Feature, {"project_id": self.project_id, "id": each})
            for each in self.feature_ids
        ]


@dataclass(frozen=True)
class FeaturesOfProject(Query[Feature]):
    """Which features has this project, in the order of their ids?

    For ULIDs that is the order of creation.
    """

    source = "AutoForge design, features: by project"
    key = Feature.key

    project_id: str


@dataclass(frozen=True)
class FeaturesByStatus(Query[Feature]):
    """Which features of this project are in this status, by priority?

    Those that wait for others come after those that do not. Of one priority, the order is that of
    the ids.
    """

    source = "AutoForge design, features: by project and status"
    key = Feature.by_status

    project_id: str
    status: FeatureStatus


@dataclass(frozen=True)
class ReadyFeatures(Query[Feature]):
    """Which pending features of this project wait for nothing, by priority and then age?"""

    source = "AutoForge design, features: ready to be claimed"
    key = Feature.by_status
    fixed: ClassVar[dict[str, Any]] = {
        "status": FeatureStatus.PENDING,
        "readiness": Readiness.READY,
    }

    project_id: str


@dataclass(frozen=True)
class FeatureByLinearIssue(Lookup[Feature, entities.FeatureByLinearIssueLookup]):
    """Which feature was made from this Linear issue?"""

    source = "AutoForge design, features: by Linear issue"
    key = entities.FeatureByLinearIssueLookup.key

    linear_issue_id: str

    def target(self, found: entities.FeatureByLinearIssueLookup) -> KeyValue:
        """The feature's key."""
        return primary_key(Feature, {"project_id": found.project_id, "id": found.feature_id})

    def agrees(self, item: Feature) -> bool:
        """Whether the feature still is that of the issue."""
        return item.linear_issue_id == self.linear_issue_id


@dataclass(frozen=True)
class FeatureOfLinearIssue(Get[entities.FeatureByLinearIssueLookup]):
    """Where is the feature that was made from this Linear issue?"""

    source = "Part of the writes that make features from Linear issues"
    key = entities.FeatureByLinearIssueLookup.key

    linear_issue_id: str


@dataclass(frozen=True)
class DependentsOfFeature(Query[FeatureDependency]):
    """Which features depend on this one, in the order of their ids?"""

    source = "AutoForge design, features: dependents"
    key = FeatureDependency.key

    project_id: str
    depends_on_id: str


@dataclass(frozen=True)
class DependenciesOfProject(Query[FeatureDependency]):
    """Which dependencies are there between the features of this project?"""

    source = "Design, writes: the search for cycles"
    key = FeatureDependency.key

    project_id: str


@dataclass(frozen=True)
class FeatureGraphOf(Get[FeatureGraph]):
    """In which version are this project's dependencies, and what did last become ready?"""

    source = "Design, items: the guard of the dependencies"
    key = FeatureGraph.key

    project_id: str


@dataclass(frozen=True)
class FeatureSlotsOf(Get[FeatureSlots]):
    """Which features do agents work on under this project's limit?"""

    source = "Part of claims that respect the limit"
    key = FeatureSlots.key

    project_id: str


@dataclass(frozen=True)
class FeatureCounts:
    """How many features are in each status."""

    pending: int
    in_progress: int
    review_ready: int
    passing: int
    failing: int

    @property
    def total(self) -> int:
        """How many features there are."""
        return sum(vars(self).values())


@dataclass(frozen=True)
class FeatureStats(Composite[FeatureCounts]):
    """How many features of this project are in each status?

    Each status is counted by DynamoDB, to the end, whatever the number.
    """

    source = "AutoForge design, features: statistics"
    operation = "Query"
    index = GSI1
    requests = len(FeatureStatus)
    entities = (Feature,)

    project_id: str

    def parts(self) -> Sequence[Part]:
        """One count for each status."""
        return [
            Part(FeaturesByStatus(self.project_id, status), count=True) for status in FeatureStatus
        ]

    def combine(self, answers: Sequence[Sequence[Any]]) -> FeatureCounts:
        """The counts by status."""
        return FeatureCounts(
            **{str(status): count for status, (count,) in zip(FeatureStatus, answers, strict=True)}
        )


@dataclass(frozen=True)
class FeaturesOfLinearIssues(Fetch[entities.FeatureByLinearIssueLookup]):
    """Where are the features that were made from these Linear issues?

    At most 100 of them.
    """

    source = "Part of the writes that make features from Linear issues"

    linear_issue_ids: tuple[str, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """The key of each, in the order of the ids."""
        kind = entities.FeatureByLinearIssueLookup
        return [primary_key(kind, {"linear_issue_id": each}) for each in self.linear_issue_ids]


def features_by_id(store: Store, project_id: str, ids: Iterable[str]) -> Iterator[Feature]:
    """Read any number of features strongly consistently; missing ones are left out."""
    patterns = [FeaturesById(project_id, some) for some in chunks(dict.fromkeys(ids), BATCH_READ)]
    fetches = [partial(store.fetch, pattern, consistent=True) for pattern in patterns]
    return chain.from_iterable(store.run_concurrently(fetches))
