"""Projects: what is asked of them, and how they are created, changed and deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from pynamodb.expressions.operand import Path

from autoforge.access.batch import BATCH_WRITE, chunks, key_of
from autoforge.access.composite import Composite, Part
from autoforge.access.escalations import EscalationsOfProject
from autoforge.access.pattern import Fetch, Get
from autoforge.access.query import Query
from autoforge.access.request import KeyCondition
from autoforge.access.store import Store
from autoforge.access.tickets import TicketsOfProject
from autoforge.access.update import Update
from autoforge.access.writing import Delete, primary_key
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemNotFoundError,
    UnreadableItemError,
)
from autoforge.models.agent import AgentRun, AgentRunRef
from autoforge.models.artefact import Artefact, ArtefactType
from autoforge.models.attributes import camel_case
from autoforge.models.encoding import canonical_id
from autoforge.models.escalation import Escalation
from autoforge.models.event import Event, GlobalEventRef
from autoforge.models.feature import Feature, FeatureByLinearIssue
from autoforge.models.indexes import TABLE
from autoforge.models.keys import KeyValue
from autoforge.models.project import Project, ProjectStatus
from autoforge.models.table import Entity, Item
from autoforge.models.ticket import Ticket
from autoforge.models.user import ProjectMember, ProjectMemberRef

#: The attribute by which entities name their project, and those that tell of items elsewhere.
_PROJECT_ID: Final = camel_case("project_id")
_TELLING: Final = (camel_case("agent_id"), camel_case("linear_issue_id"))


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
        """Join the two; None where there is no project."""
        found, escalations = answers
        project = next((each for each in found if isinstance(each, Project)), None)
        artefacts = tuple(each for each in found if isinstance(each, Artefact))
        return None if project is None else Overview(project, artefacts, tuple(escalations))


def update_project(project_id: str, changes: Mapping[str, Any], *, at: datetime) -> Update[Project]:
    """Change attributes of a project; its place among the projects of a status goes with them.

    Raises:
        DeclarationError: if the owner is among them, whom ``ChangeProject`` changes.
    """
    if "owner_id" in changes:
        raise DeclarationError("an owner changes with what finds the project: use ChangeProject")
    return Update(Project, {"id": project_id}, at, values=changes)


@dataclass(frozen=True)
class DeleteProject:
    """Delete a project with everything in its partition, and with what leads to it from elsewhere.

    That is: traces of its events in the global feed, its people's memberships, what finds its runs
    by their agent and its features by their Linear issue, and its tickets.

    Goes on where an earlier run was cut off: the project reads as gone from the first request on,
    what leads to an item is deleted before the item that tells of it, and the project's own item,
    the mark that there is something left to do, is deleted last.
    """

    project_id: str
    at: datetime

    def run(self, store: Store) -> int:
        """Delete in bounded requests and return how many items there were.

        Items go in batches. What another project may have taken over by now, such as a ticket,
        is deleted on condition that it has not, in a request of its own.

        Raises:
            ItemNotFoundError: if there was nothing to delete.
        """
        root = ProjectById(self.project_id).primary_key()
        items = store.items_in(KeyCondition(TABLE, root.partition), *_TELLING)
        first = next(items, None)
        count = 0
        if first is not None:
            self._mark(store)
            inside = (item for item in chain([first], items) if key_of(item) != root)
            for chunk in chunks(inside, BATCH_WRITE):
                count += self._delete_items(store, chunk)
        # The index may lag behind. So tickets go late, and also where there is nothing else.
        count += self._delete_tickets(store)
        if first is not None:
            count += store.delete_all([root])
        if not count:
            raise ItemNotFoundError(Project.type_name, {"projectId": self.project_id})
        return count

    def _mark(self, store: Store) -> None:
        """Let the project read as gone, unless an earlier run has marked it."""
        try:
            store.write(update_project(self.project_id, {"expires_at": self.at}, at=self.at))
        except ItemNotFoundError:
            return

    def _delete_items(self, store: Store, items: Sequence[Item]) -> int:
        """Delete items of the partition, after all that they alone tell of."""
        count = store.delete_all(trace for item in items for trace in _traces(key_of(item)))
        for item in items:
            for entity, key in _references(item):
                count += self._delete_own(store, entity, key)
        return count + store.delete_all(map(key_of, items))

    def _delete_tickets(self, store: Store) -> int:
        """Delete the tickets that the index shows, if they still are of the project."""
        count = 0
        for item in store.items_in(TicketsOfProject(self.project_id).condition(self.at)):
            key = Ticket.key.decode(key_of(item))
            if key is not None:
                count += self._delete_own(store, Ticket, key)
        return count

    def _delete_own(self, store: Store, entity: type[Entity], key: Mapping[str, Any]) -> int:
        """Delete an item outside the partition, unless it is of another project; 1 if it was."""
        if not _can_be(entity, key):
            return 0
        project_id = canonical_id(self.project_id)
        own = Path([_PROJECT_ID]) == project_id
        try:
            store.write(Delete(entity, key, condition=own, requires=f"of project {project_id}"))
        except (ItemNotFoundError, ConditionFailedError, UnreadableItemError):
            return 0
        return 1


def _traces(key: KeyValue) -> Iterator[KeyValue]:
    """The keys elsewhere that follow from that of an item, and are of no other project."""
    if Event.key.decode(key) is not None:
        # The trace has the event's own sort key, also where others wrote it in another form.
        yield KeyValue(GlobalEventRef.key.partition, key.sort)
    membership = ProjectMemberRef.key.decode(key)
    if membership is not None:
        yield primary_key(ProjectMember, membership)


def _references(item: Item) -> Iterator[tuple[type[Entity], dict[str, Any]]]:
    """What leads to an item from elsewhere, and could be of another project by now."""
    agent_id, issue_id = (item.get(name, {}).get("S") for name in _TELLING)
    run = AgentRun.key.decode(key_of(item))
    if run is not None:
        yield AgentRunRef, {"agent_id": agent_id, "run_id": run["id"]}
    if Feature.key.decode(key_of(item)) is not None:
        yield FeatureByLinearIssue, {"linear_issue_id": issue_id}


def _can_be(entity: type[Entity], key: Mapping[str, Any]) -> bool:
    """Whether an item can have the key: what another program stored may tell of none."""
    try:
        return entity.primary_key.render(key) is not None
    except InvalidValueError:
        return False
