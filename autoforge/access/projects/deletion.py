"""The deletion of a project with its item collection and the items elsewhere that refer to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pynamodb.expressions.condition import And, Or
from pynamodb.expressions.operand import Path

from autoforge.access.deletion import Removal, Root, RootChangedError, exists, sweep
from autoforge.access.projects.patterns import ProjectById
from autoforge.access.tickets.patterns import TicketsByLinearIssue, TicketsOfProject
from autoforge.dynamodb.patterns.fetch import BATCH_READ
from autoforge.dynamodb.patterns.request import KeyCondition
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import KeyValue, key_of
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.schema.value_codecs import canonical_id
from autoforge.dynamodb.store.batch import chunks
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, seen_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.conditions import is_of
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.identity import primary_key
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import TRANSACTION_ITEMS
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    UnreadableItemError,
)
from autoforge.models.events import Event, GlobalEventRef
from autoforge.models.features import Feature, FeatureByLinearIssueLookup
from autoforge.models.projects import Project, ProjectStatus
from autoforge.models.runs import AgentRun, AgentRunRef
from autoforge.models.tickets import Ticket
from autoforge.models.users import ProjectMember, ProjectMemberRef

#: The attribute in which items name their project.
_PROJECT_ID: Final = camel_case("project_id")
#: The attributes that give the keys of items in other partitions.
_REFERRING: Final = (camel_case("agent_id"), camel_case("linear_issue_id"))
#: The writes of one transaction, without the check of the root.
_ROOM: Final = TRANSACTION_ITEMS - 1


@dataclass(frozen=True)
class DeleteProject:
    """Deletes a project, all items in its partition, and the items elsewhere that refer to it.

    Those are the references to its events in the global feed, the memberships of its people, the
    references to its runs, the look-up items of its features, and its tickets.

    The project is marked first, and readers no longer see it. Its own item, with the mark, is
    deleted last. An item that refers to another is deleted with it or before it. After an
    interruption, the next deletion continues.

    Args:
        project_id: The project.
        at: The time of the deletion.
        deletion: The id of this deletion, for the mark.
        expected: The state that the caller expects of the project; None to delete it in any state,
            and also items that remain without a project.
    """

    project_id: str
    at: datetime
    deletion: str
    expected: Expected[Project] | None = None

    def run(self, store: Store) -> int:
        """Delete in bounded requests, and return the number of deleted items.

        A reference that was already deleted is counted if its item is deleted here. A deletion that
        finds the project marked continues under that mark, even with an expectation. It ends when
        another deletion has finished.

        Raises:
            ItemNotFoundError: if there was nothing to delete.
            VersionConflictError: if the project is not as expected.
        """
        if self.expected is not None:
            return self._sweep(store, self._marked_as_expected(store, self.expected))
        root = self._root(store)
        if root is None:
            # The root that this call creates itself is not counted.
            return self._sweep(store, self._root_of_strays(store)) - 1
        return self._sweep(store, root)

    def _sweep(self, store: Store, root: Root[Project]) -> int:
        mark = root.values["deletion"] or self._mark(store, root)
        if mark is None:
            return 0
        return _Sweep(store, canonical_id(self.project_id), self._as(deletion=mark), self.at).run()

    def _marked_as_expected(self, store: Store, expected: Expected[Project]) -> Root[Project]:
        """Mark the project if it is as expected, or return the root of a deletion in progress.

        Raises:
            ItemNotFoundError: if there is neither a project nor a deletion in progress.
            VersionConflictError: if the project is not as expected.
        """
        pattern = ProjectById(self.project_id)

        def attempt() -> Root[Project]:
            try:
                seen = seen_as_expected(store, pattern, expected, at=self.at)
            except ItemNotFoundError:
                begun = self._root(store)
                if begun is None or begun.values["deletion"] is None:
                    raise
                return begun
            root = replace(self._as(), unchanged=seen.condition)
            with suppress(ConditionFailedError, ItemNotFoundError):
                store.write(root.marked(self.deletion, at=self.at))
                return self._as(deletion=self.deletion)
            raise StaleReadError

        return store.retry_on_conflict(f"project {self.project_id}", attempt)

    def _as(self, **values: str | None) -> Root[Project]:
        return Root(Project, {"id": self.project_id}, values)

    def _root(self, store: Store) -> Root[Project] | None:
        """The stored root with its incarnation and mark; None if there is no item.

        The attributes are read without the entity, so that an unreadable project can be deleted.
        """
        key = ProjectById(self.project_id).primary_key()
        condition = KeyCondition(TABLE, key.partition, "=", (key.sort,))
        for item in store.items_in(condition, "incarnation", "deletion"):
            named = {name: item.get(name, {}).get("S") for name in ("incarnation", "deletion")}
            return self._as(**named)
        return None

    def _mark(self, store: Store, root: Root[Project]) -> str | None:
        """Mark the project that was read, and return the mark that it then has.

        None means that another deletion has finished; a new project may have the id.
        """
        try:
            store.write(root.marked(self.deletion, at=self.at))
        except (ConditionFailedError, ItemNotFoundError, UnreadableItemError):
            now = self._root(store)
            return None if now is None else now.values["deletion"]
        return self.deletion

    def _require_strays(self, store: Store) -> None:
        """Require that items of the project remain although it does not exist itself.

        Raises:
            ItemNotFoundError: if none remain.
        """
        key = ProjectById(self.project_id).primary_key()
        rows = store.items_in(KeyCondition(TABLE, key.partition), page_size=1)
        if next(rows, None) is None and not self._has_tickets(store):
            raise self._not_found()

    def _has_tickets(self, store: Store) -> bool:
        """Whether a ticket that the index lists belongs to the project by its own item."""
        project_id = canonical_id(self.project_id)
        shown = _tickets(store, self.project_id, self.at)
        for ids in chunks((str(each["linear_issue_id"]) for each in shown), BATCH_READ):
            found = store.fetch(TicketsByLinearIssue(tuple(dict.fromkeys(ids))), consistent=True)
            if any(each.project_id == project_id for each in found):
                return True
        return False

    def _root_of_strays(self, store: Store) -> Root[Project]:
        """Create a marked root, so that the deletion of remaining items also checks a mark.

        Raises:
            ItemNotFoundError: if no items remain, or a project was created in between, which is
                not the one to delete.
        """
        self._require_strays(store)
        root: Root[Project] = self._as(deletion=self.deletion)
        marked = root.marked(self.deletion, at=self.at)
        project = Project(
            id=self.project_id,
            name="deleted",
            status=ProjectStatus.ARCHIVED,
            created_at=self.at,
            updated_at=self.at,
            **marked.values,
        )
        try:
            store.write(Put(project))
        except ItemExistsError as error:
            now = self._root(store)
            if now is None or now.values["deletion"] is None:
                raise self._not_found() from error
            return now
        return root

    def _not_found(self) -> ItemNotFoundError:
        return ItemNotFoundError(Project.type_name, {"projectId": self.project_id})


@dataclass(frozen=True)
class _Sweep:
    """The deletion of all items of a marked project, and of the project itself."""

    store: Store
    project_id: str
    root: Root[Project]
    at: datetime

    def run(self) -> int:
        """Delete, and return the number of items; end early if another deletion has finished."""
        count = 1
        with suppress(RootChangedError):
            for writes in self._transactions():
                count += self._delete(writes)
            self.store.write(self.root.deleted())
        return count

    def _transactions(self) -> Iterator[Sequence[Write[Any]]]:
        """The writes of each transaction: the partition until it is empty, then the tickets.

        Tickets are found by an index, which may lag behind. So they are deleted last, and also if
        the partition was empty.
        """
        root = self.root.primary_key()
        found = True
        while found:
            items = self.store.items_in(KeyCondition(TABLE, root.partition), *_REFERRING)
            found = False
            for writes in self._grouped(item for item in items if key_of(item, TABLE) != root):
                found = True
                yield writes
        tickets = (
            self._unless_of_another(Ticket, key)
            for key in _tickets(self.store, self.project_id, self.at)
        )
        for some in chunks(tickets, _ROOM):
            yield _distinct(some)

    def _grouped(self, items: Iterable[Item]) -> Iterator[Sequence[Write[Any]]]:
        """The deletes of items and of the items that refer to them, grouped into transactions."""
        references: list[Write[Any]] = []
        removals: list[Write[Any]] = []
        for item in items:
            elsewhere = [
                self._unless_of_another(entity, key)
                for entity, key in _references(item)
                if _is_valid(entity, key)
            ]
            inside = [Removal(key) for key in (*_traces(key_of(item, TABLE)), key_of(item, TABLE))]
            if len(references) + len(removals) + len(elsewhere) + len(inside) > _ROOM:
                yield _distinct((*references, *removals))
                references, removals = [], []
            references += elsewhere
            removals += inside
        if removals:
            yield _distinct((*references, *removals))

    def _unless_of_another(self, entity: type[Entity], key: Mapping[str, Any]) -> Delete[Any]:
        """The delete of an item in another partition, unless it belongs to another project."""
        own = And(is_of(entity), Path([_PROJECT_ID]) == self.project_id)
        condition = Or(~exists(), own)
        return Delete(
            entity,
            key,
            missing_ok=True,
            condition=condition,
            requires="only an item of the deleted project can be deleted",
            found=lambda _: "belongs to another project",
        )

    def _delete(self, writes: Sequence[Write[Any]]) -> int:
        """Delete in one transaction if possible, and return the number of deleted items.

        If a delete is refused because its item belongs to another project, or the items are more
        than 4 MB together, each half is deleted on its own.

        Raises:
            RootChangedError: if the root no longer has the mark.
        """
        try:
            sweep(self.store, self.root, writes)
        except (
            ConditionFailedError,
            InvalidValueError,
            ItemNotFoundError,
            UnreadableItemError,
        ) as error:
            if len(writes) > 1:
                half = len(writes) // 2
                return self._delete(writes[:half]) + self._delete(writes[half:])
            if isinstance(error, InvalidValueError):
                raise
            return 0
        return len(writes)


def _distinct(writes: Iterable[Write[Any]]) -> Sequence[Write[Any]]:
    """One write per item, since DynamoDB refuses two writes of one item in a transaction."""
    return tuple({write.primary_key(): write for write in writes}.values())


def _tickets(store: Store, project_id: str, at: datetime) -> Iterator[dict[str, Any]]:
    """The keys of the tickets that the index lists for the project."""
    for item in store.items_in(TicketsOfProject(project_id).condition(at)):
        key = Ticket.key.decode(key_of(item, TABLE))
        if key is not None:
            yield key


def _traces(key: KeyValue) -> Iterator[KeyValue]:
    """The keys in other partitions that follow from an item's key; none is of another project."""
    if Event.key.decode(key) is not None:
        # The event's sort key is copied, since another writer may have formatted it differently.
        yield KeyValue(GlobalEventRef.key.partition, key.sort)
    membership = ProjectMemberRef.key.decode(key)
    if membership is not None:
        yield primary_key(ProjectMember, membership)


def _references(item: Item) -> Iterator[tuple[type[Entity], dict[str, Any]]]:
    """The keys of items that refer to an item, which may meanwhile belong to another project."""
    agent_id, issue_id = (item.get(name, {}).get("S") for name in _REFERRING)
    run = AgentRun.key.decode(key_of(item, TABLE))
    if run is not None:
        yield AgentRunRef, {"agent_id": agent_id, "run_id": run["id"]}
    if Feature.key.decode(key_of(item, TABLE)) is not None:
        yield FeatureByLinearIssueLookup, {"linear_issue_id": issue_id}


def _is_valid(entity: type[Entity], key: Mapping[str, Any]) -> bool:
    """Whether the key is complete and valid; an item from another program may give none."""
    try:
        return entity.primary_key.render(key) is not None
    except InvalidValueError:
        return False
