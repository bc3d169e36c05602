"""Projects: the root items of item collections; a project's items share its partition key."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    Choice,
    Document,
    Id,
    Integer,
    Moment,
    Text,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.models.indexes import GSI1


class ProjectStatus(StrEnum):
    """Whether a project is worked on."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class ProjectSource(StrEnum):
    """Where a project's work is tracked."""

    JIRA = "jira"
    ASANA = "asana"
    LINEAR = "linear"
    MANUAL = "manual"


class AutonomyLevel(StrEnum):
    """How far agents may go without asking."""

    MONITORING = "monitoring"
    ARTEFACT = "artefact"
    TACTICAL = "tactical"


class Project(Entity):
    """A project that agents work on."""

    deletion_mark = "deletion"

    id = Id()
    name = Text()
    description = optional(Text())
    status = Choice(ProjectStatus, default_for_new=ProjectStatus.ACTIVE)
    source = Choice(ProjectSource, default_for_new=ProjectSource.MANUAL)
    source_project_key = optional(Text())
    autonomy_level = Choice(AutonomyLevel, default_for_new=AutonomyLevel.MONITORING)
    config = optional(Document())
    owner_id = optional(Id())
    repo_url = optional(Text())
    #: The most features that may be in progress at once.
    max_concurrency = optional(Integer(default_for_new=3))
    #: A ULID; each project that is created under the same id has another.
    incarnation = optional(Id())
    #: The id of the deletion in progress; the item has it until the deletion removes the item.
    deletion = optional(Id())
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation = optional(Text())
    created_at = Moment()
    updated_at = Moment()

    key = Key("PROJECT#{id}", "METADATA")
    by_status = Key("STATUS#{status}", "PROJECT#{id}", index=GSI1, where={"deletion": None})
