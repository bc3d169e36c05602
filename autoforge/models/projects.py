"""Projects: the root items of item collections; a project's items share its partition key."""

from __future__ import annotations

from enum import StrEnum

from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.document_attributes import Document
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
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

    id: Id = Id()
    name: Text = Text()
    description: Text[None] = Text(default=None)
    status: Choice[ProjectStatus] = Choice(ProjectStatus, default=ProjectStatus.ACTIVE)
    source: Choice[ProjectSource] = Choice(ProjectSource, default=ProjectSource.MANUAL)
    source_project_key: Text[None] = Text(default=None)
    autonomy_level: Choice[AutonomyLevel] = Choice(AutonomyLevel, default=AutonomyLevel.MONITORING)
    config: Document[None] = Document(default=None)
    owner_id: Id[None] = Id(default=None)
    repo_url: Text[None] = Text(default=None)
    #: The most features that may be in progress at once.
    max_concurrency: Integer[None] = Integer(default=None, default_factory=lambda: 3)
    #: A ULID; each project that is created under the same id has another.
    incarnation: Id[None] = Id(default=None)
    #: The id of the deletion in progress; the item has it until the deletion removes the item.
    deletion: Id[None] = Id(default=None)
    #: A hash of the content it was created with; a repeated creation is recognised by it.
    creation: Text[None] = Text(default=None)
    created_at: Moment = Moment()
    updated_at: Moment = Moment()

    key = Key("PROJECT#{id}", "METADATA")
    by_status = Key("STATUS#{status}", "PROJECT#{id}", index=GSI1, where={"deletion": None})
