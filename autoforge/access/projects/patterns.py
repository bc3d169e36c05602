"""Patterns of projects, and the update of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.access.escalations import EscalationsOfProject
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Part
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    DeclarationError,
)
from autoforge.models.artefacts import Artefact, ArtefactType
from autoforge.models.escalations import Escalation
from autoforge.models.projects import Project, ProjectStatus


@dataclass(frozen=True)
class ProjectById(Get[Project]):
    """Which project has this id?"""

    source = "Database analysis §4.1, get project by ID"
    key = Project.key
    renames = {"id": "project_id"}

    project_id: str


@dataclass(frozen=True)
class ProjectsByStatus(Query[Project]):
    """Which projects are in this status, in the order of their ids?"""

    source = "Database analysis §4.2, get active projects"
    key = Project.by_status

    status: ProjectStatus


@dataclass(frozen=True)
class ProjectWithArtefacts(Fetch[Project | Artefact]):
    """What is this project, and which artefacts has it?

    The types of artefacts are a closed set, so their keys are known.
    """

    source = "Part of ProjectOverview"

    project_id: str

    def primary_keys(self) -> Sequence[KeyValue]:
        """The project's key and that of each artefact it may have."""
        keys = [
            Project.key.render({"id": self.project_id}),
            *(
                Artefact.key.render({"project_id": self.project_id, "type": each})
                for each in ArtefactType
            ),
        ]
        return [key for key in keys if key is not None]


@dataclass(frozen=True)
class Overview:
    """A project with its artefacts and latest escalations."""

    project: Project
    artefacts: tuple[Artefact, ...]
    #: The latest escalations, newest first if their ids are ULIDs.
    escalations: tuple[Escalation, ...]


@dataclass(frozen=True)
class ProjectOverview(Composite[Overview | None]):
    """What is this project with its artefacts and its latest escalations?

    Two requests, neither of which comes near the events: the artefacts' keys are known, and
    escalations are read from their end.
    """

    source = "Design, access patterns: a project with its artefacts and latest escalations"
    operation = "BatchGetItem + Query"
    requests = 2
    entities = (Project, Artefact, Escalation)

    project_id: str
    escalations: int = 10

    def parts(self) -> Sequence[Part]:
        """The project with its artefacts, and the latest escalations."""
        return (
            Part(ProjectWithArtefacts(self.project_id)),
            Part(EscalationsOfProject(self.project_id, order="desc"), limit=self.escalations),
        )

    def combine(self, answers: Sequence[Sequence[Any]]) -> Overview | None:
        """Join the two answers; None if there is no project."""
        found, escalations = answers
        project = next((each for each in found if isinstance(each, Project)), None)
        artefacts = tuple(each for each in found if isinstance(each, Artefact))
        return None if project is None else Overview(project, artefacts, tuple(escalations))


def update_project(project_id: str, changes: Mapping[str, Any], *, at: datetime) -> Update[Project]:
    """Change attributes of a project; its key in the index by status follows.

    Raises:
        DeclarationError: if ``owner_id`` is among them; use ``ChangeProject``.
    """
    if "owner_id" in changes:
        raise DeclarationError(
            "update_project does not change owner_id, since the owner's membership must change "
            "with it; use ChangeProject"
        )
    return Update(Project, {"id": project_id}, at, changes=changes)
