"""Projects: the root items of item collections; a project's items share its partition key."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.attributes import (
    DocumentAttribute,
    EnumAttribute,
    IdAttribute,
    IntegerAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI1
from autoforge.dynamodb.schema.keys import Key


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

    id = IdAttribute()
    name = TextAttribute()
    description = optional(TextAttribute())
    status = EnumAttribute(ProjectStatus, default_for_new=ProjectStatus.ACTIVE)
    source = EnumAttribute(ProjectSource, default_for_new=ProjectSource.MANUAL)
    source_project_key = optional(TextAttribute())
    autonomy_level = EnumAttribute(AutonomyLevel, default_for_new=AutonomyLevel.MONITORING)
    config = optional(DocumentAttribute())
    owner_id = optional(IdAttribute())
    repo_url = optional(TextAttribute())
    #: The most features that may be in progress at once.
    max_concurrency = optional(IntegerAttribute(default_for_new=3))
    #: A ULID; each project that is created under the same id has another.
    incarnation = optional(IdAttribute())
    #: The id of the deletion in progress; the item has it until the deletion removes the item.
    deletion = optional(IdAttribute())
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation = optional(TextAttribute())
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("PROJECT#{id}", "METADATA")
    by_status = Key("STATUS#{status}", "PROJECT#{id}", index=GSI1, where={"deletion": None})
