"""Features: what agents build, what each waits for, and who holds it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from autoforge.dynamodb.schema.attributes import (
    EnumAttribute,
    IdAttribute,
    IdSetAttribute,
    IntegerAttribute,
    ListAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.encoding import EnumCodec
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI1
from autoforge.dynamodb.schema.keys import Derived, Key

#: The priority of a feature for which nobody chose one; 0 comes first, 99999 last.
DEFAULT_PRIORITY: Final = 1000


class FeatureStatus(StrEnum):
    """Where a feature is in its life."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    REVIEW_READY = "review_ready"
    PASSING = "passing"
    FAILING = "failing"


class Readiness(StrEnum):
    """Whether a feature waits for another; follows from its attributes and is not stored."""

    READY = "READY"
    WAITING = "WAITING"


class Unsettled(StrEnum):
    """What was begun with a feature and is not finished: its neighbours do not know of it yet."""

    #: It passes; what depends on it is being released.
    RELEASE = "release"
    #: It is to be reopened, or to fail, once all that depends on it waits for it again.
    REOPEN = "reopen"
    FAIL = "fail"
    #: It was created with more dependencies than one transaction holds.
    LINK = "link"


def _readiness(waiting_on: frozenset[str] | None) -> Readiness:
    return Readiness.WAITING if waiting_on else Readiness.READY


class Feature(Entity):
    """Something to build. Agents claim it, work on it, and pass or fail it."""

    deletion_mark = "deletion"

    id = IdAttribute()
    project_id = IdAttribute()
    name = TextAttribute()
    description = optional(TextAttribute())
    #: From 0 to 99999; the lower comes first.
    priority = IntegerAttribute(default_for_new=DEFAULT_PRIORITY)
    category = optional(TextAttribute())
    #: What to do or to check, in order.
    steps = optional(ListAttribute())
    status = EnumAttribute(FeatureStatus, default_for_new=FeatureStatus.PENDING)
    #: Features of the same project that must pass first.
    dependencies = IdSetAttribute()
    #: Those of the dependencies that do not pass yet.
    waiting_on = IdSetAttribute()
    #: Who holds the feature while it is in progress.
    assigned_agent_id = optional(IdAttribute())
    #: The version the latest claim returned: the token that its holder's writes are known by.
    claim_version = optional(IntegerAttribute())
    #: The request that made the latest claim: by it a caller whose answer was lost knows its own.
    claim_request = optional(IdAttribute())
    #: Until when the claim holds; a claim without it holds until it is released.
    lease_until = optional(TimestampAttribute())
    linear_issue_id = optional(TextAttribute())
    linear_issue_url = optional(TextAttribute())
    completed_at = optional(TimestampAttribute())
    #: What a crash may have cut off; absent from nearly every feature.
    unsettled = optional(EnumAttribute(Unsettled))
    #: A ULID, another for every feature that is created under the id.
    incarnation = optional(IdAttribute())
    #: The id of the deletion that the feature is marked with, until its own item is deleted.
    deletion = optional(IdAttribute())
    #: A hash of what it was created with: created with the same again, it is the same.
    creation = optional(TextAttribute())
    version = IntegerAttribute(default_for_new=1)
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

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
        """Whether what depends on it need not wait: it passes, and is not about to stop."""
        regressing = self.unsettled in {Unsettled.REOPEN, Unsettled.FAIL}
        return self.status == FeatureStatus.PASSING and not regressing

    def is_ready(self, now: datetime) -> bool:
        """Whether it may be claimed: pending or abandoned, and waiting for nothing."""
        holder, lease_until = self.assigned_agent_id, self.lease_until
        return not self.waiting_on and is_free(self.status, holder, lease_until, now)


def is_free(status: str, holder: str | None, lease_until: datetime | None, now: datetime) -> bool:
    """Whether nobody holds a feature that is to be built, or only by a lease that has ended."""
    if status == FeatureStatus.IN_PROGRESS:
        return lease_until is not None and lease_until <= now
    return status == FeatureStatus.PENDING and holder is None


class FeatureDependency(Entity):
    """The reverse edge of a dependency: finds what depends on a feature."""

    project_id = IdAttribute()
    #: The feature that must pass first.
    depends_on_id = IdAttribute()
    #: The feature that waits for it.
    feature_id = IdAttribute()
    created_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}", "DEPENDENT#{depends_on_id}#{feature_id}")


class FeatureByLinearIssueLookup(Entity):
    """Finds the feature that was made from a Linear issue; there is one at most."""

    type_name = "FeatureByLinearIssue"

    linear_issue_id = TextAttribute()
    project_id = IdAttribute()
    feature_id = IdAttribute()

    key = Key("LINEAR#{linear_issue_id}", "FEATURE")


class FeatureGraph(Entity):
    """What all writers of a project's dependencies change, so that no two miss each other."""

    project_id = IdAttribute()
    #: A ULID, another with every change of a dependency.
    changed = optional(IdAttribute())
    #: A ULID, another whenever some feature has become ready.
    readied = optional(IdAttribute())
    #: The value of ``readied`` after which somebody read all features and found none ready, and
    #: until when that is believed.
    quiet_since = optional(IdAttribute())
    quiet_until = optional(TimestampAttribute())
    updated_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}", "GRAPH")

    def is_quiet(self, now: datetime) -> bool:
        """Whether none is ready: none was, nothing was announced since, no lease has ended."""
        believed = self.quiet_until is not None and now < self.quiet_until
        return believed and self.quiet_since == self.readied


class FeatureSlots(Entity):
    """The features that agents work on under their project's limit, for claims that respect it."""

    project_id = IdAttribute()
    features = IdSetAttribute()
    version = IntegerAttribute(default_for_new=1)
    updated_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}", "SLOTS")
