"""Features: the work items that agents claim, with their dependencies and claims."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.derived import Derived
from autoforge.dynamodb.schema.document_attributes import Array
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.set_attributes import IdSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.text_codecs import EnumCodec
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.models.indexes import GSI1

#: The priority of a feature that is created without one; 0 comes first, 99999 last.
DEFAULT_PRIORITY: Final = 1000


class FeatureStatus(StrEnum):
    """Where a feature is in its life."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    REVIEW_READY = "review_ready"
    PASSING = "passing"
    FAILING = "failing"


class Readiness(StrEnum):
    """Whether a feature waits for another; derived from its attributes and not stored."""

    READY = "READY"
    WAITING = "WAITING"


class Unsettled(StrEnum):
    """What was begun with a feature and is not finished: its neighbours do not know of it yet."""

    #: The feature passes; its dependents are being released.
    RELEASE = "release"
    #: The feature will be reopened, or will fail, once all its dependents wait for it again.
    REOPEN = "reopen"
    FAIL = "fail"
    #: The feature was created with more dependencies than one transaction holds.
    LINK = "link"


def _readiness(waiting_on: frozenset[str] | None) -> Readiness:
    return Readiness.WAITING if waiting_on else Readiness.READY


class Feature(Entity):
    """A piece of work. Agents claim it, work on it, and pass or fail it."""

    deletion_mark = "deletion"

    id: Id = Id()
    project_id: Id = Id()
    name: Text = Text()
    description: Text[None] = Text(default=None)
    #: From 0 to 99999; lower comes first.
    priority: Integer = Integer(default=DEFAULT_PRIORITY)
    category: Text[None] = Text(default=None)
    #: What to do or to check, in order.
    steps: Array[None] = Array(default=None)
    status: Choice[FeatureStatus] = Choice(FeatureStatus, default=FeatureStatus.PENDING)
    #: Ids of features of the same project that must pass first.
    dependencies: IdSet = IdSet()
    #: The dependencies that do not pass yet.
    waiting_on: IdSet = IdSet()
    #: The agent that holds the claim while the feature is in progress.
    assigned_agent_id: Id[None] = Id(default=None)
    #: The version that the latest claim returned. It is the claim token of its holder's writes.
    claim_version: Integer[None] = Integer(default=None)
    #: The request of the latest claim; a caller that retries recognises its own claim by it.
    claim_request: Id[None] = Id(default=None)
    #: The end of the claim's lease. A claim without a lease lasts until it is released.
    lease_until: Moment[None] = Moment(default=None)
    linear_issue_id: Text[None] = Text(default=None)
    linear_issue_url: Text[None] = Text(default=None)
    completed_at: Moment[None] = Moment(default=None)
    #: The change that is not yet propagated; absent from most features.
    unsettled: Choice[Unsettled, None] = Choice(Unsettled, default=None)
    #: A ULID; each feature that is created under the same id has another.
    incarnation: Id[None] = Id(default=None)
    #: The id of the deletion in progress; the item has it until the deletion removes the item.
    deletion: Id[None] = Id(default=None)
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation: Text[None] = Text(default=None)
    version: Integer = Integer(default=1)
    created_at: Moment = Moment()
    updated_at: Moment = Moment()

    readiness = Derived(EnumCodec(tuple(Readiness)), _readiness, "waiting_on")

    key = Key("PROJECT#{project_id}", "FEATURE#{id}")
    by_status = Key(
        "PROJECT#{project_id}#FEATURE#{status}",
        "{readiness}#{priority:5}#{id}",
        index=GSI1,
        where={"deletion": None},
    )

    @property
    def passes(self) -> bool:
        """Whether dependents need not wait: the feature passes and is not about to stop."""
        regressing = self.unsettled in {Unsettled.REOPEN, Unsettled.FAIL}
        return self.status == FeatureStatus.PASSING and not regressing

    def is_ready(self, now: datetime) -> bool:
        """Whether it can be claimed: pending or with an expired lease, and waiting for nothing."""
        holder, lease_until = self.assigned_agent_id, self.lease_until
        return not self.waiting_on and is_free(self.status, holder, lease_until, now)


def is_free(status: str, holder: str | None, lease_until: datetime | None, now: datetime) -> bool:
    """Whether a feature is pending and unclaimed, or in progress with an expired lease."""
    if status == FeatureStatus.IN_PROGRESS:
        return lease_until is not None and lease_until <= now
    return status == FeatureStatus.PENDING and holder is None


class FeatureDependency(Entity):
    """The reverse edge of a dependency; finds the features that depend on a feature."""

    project_id: Id = Id()
    #: The feature that must pass first.
    depends_on_id: Id = Id()
    #: The feature that waits for it.
    feature_id: Id = Id()
    created_at: Moment = Moment()

    key = Key("PROJECT#{project_id}", "DEPENDENT#{depends_on_id}#{feature_id}")


class FeatureByLinearIssueLookup(Entity):
    """Look-up item: finds the one feature that was created from a Linear issue."""

    type_name = "FeatureByLinearIssue"

    linear_issue_id: Text = Text()
    project_id: Id = Id()
    feature_id: Id = Id()

    key = Key("LINEAR#{linear_issue_id}", "FEATURE")


class FeatureGraph(Entity):
    """Guard item of a project's dependencies; every change of a dependency updates it.

    Two writers therefore conflict instead of missing each other's change.
    """

    project_id: Id = Id()
    #: A new ULID with every change of a dependency.
    changed: Id[None] = Id(default=None)
    #: A new ULID whenever a feature may have become ready.
    readied: Id[None] = Id(default=None)
    #: The value of ``readied`` at a full read that found no ready feature, and the time until
    #: which claims rely on that read.
    quiet_since: Id[None] = Id(default=None)
    quiet_until: Moment[None] = Moment(default=None)
    updated_at: Moment = Moment()

    key = Key("PROJECT#{project_id}", "GRAPH")

    def is_quiet(self, now: datetime) -> bool:
        """Whether a recent full read found no ready feature and none became ready since."""
        is_recent = self.quiet_until is not None and now < self.quiet_until
        return is_recent and self.quiet_since == self.readied


class FeatureSlots(Entity):
    """Guard item of a project's limit: the features in progress.

    Every claim under the limit updates it, so two such claims conflict.
    """

    project_id: Id = Id()
    features: IdSet = IdSet()
    version: Integer = Integer(default=1)
    updated_at: Moment = Moment()

    key = Key("PROJECT#{project_id}", "SLOTS")
