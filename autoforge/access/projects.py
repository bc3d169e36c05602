"""Projects: what is asked of them, and how they are created, changed and deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.access.composite import Composite, Part
from autoforge.access.escalations import EscalationsOfProject
from autoforge.access.pattern import Fetch, Get
from autoforge.access.query import Query
from autoforge.access.store import Store
from autoforge.access.update import Update
from autoforge.errors import ItemNotFoundError
from autoforge.models.artefact import Artefact, ArtefactType
from autoforge.models.escalation import Escalation
from autoforge.models.event import Event, GlobalEventRef
from autoforge.models.keys import KeyValue
from autoforge.models.project import Project, ProjectStatus


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
    """A project at a glance."""

    project: Project
    artefacts: tuple[Artefact, ...]
    #: The latest ones, newest first where their ids are ULIDs.
    escalations: tuple[Escalation, ...]


@dataclass(frozen=True)
class ProjectOverview(Composite[Overview | None]):
    """What is this project with its artefacts and its latest escalations?

    Two requests, neither of which comes near the events: the artefacts' keys are known, and
    escalations are read from their end.
    """

    source = "Design, access patterns: a project with its artefacts and latest escalations"
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
        """Join the two; None where there is no project."""
        found, escalations = answers
        project = next((each for each in found if isinstance(each, Project)), None)
        artefacts = tuple(each for each in found if isinstance(each, Artefact))
        return None if project is None else Overview(project, artefacts, tuple(escalations))


def update_project(project_id: str, changes: Mapping[str, Any], *, at: datetime) -> Update[Project]:
    """Change attributes of a project; its place among the projects of a status goes with them."""
    return Update(Project, {"id": project_id}, at, values=changes)


@dataclass(frozen=True)
class DeleteProject:
    """Delete a project with everything in its partition, and its traces in the global feed.

    Goes on where an earlier run was cut off: the project reads as gone from the first request on,
    and its own item, the mark that there is something left to do, is deleted last.
    """

    project_id: str
    at: datetime

    def run(self, store: Store) -> int:
        """Delete in bounded requests and return how many items there were.

        Raises:
            ItemNotFoundError: if there was nothing to delete.
        """
        root = ProjectById(self.project_id).primary_key()
        keys = store.keys_in(root.partition)
        first = next(keys, None)
        if first is None:
            raise ItemNotFoundError(Project.type_name, {"projectId": self.project_id})
        self._mark(store)
        inside = (key for key in (first, *keys) if key != root)
        count = store.delete_all(key for own in inside for key in _with_reference(own))
        return count + store.delete_all([root])

    def _mark(self, store: Store) -> None:
        """Let the project read as gone, unless an earlier run has marked it."""
        try:
            store.write(update_project(self.project_id, {"expires_at": self.at}, at=self.at))
        except ItemNotFoundError:
            return


def _with_reference(key: KeyValue) -> Iterator[KeyValue]:
    """An item's key, and before it that of its trace in the global feed if it is an event."""
    if Event.key.decode(key) is not None:
        # The trace has the event's own sort key, also where others wrote it in another form.
        yield KeyValue(GlobalEventRef.key.partition, key.sort)
    yield key
