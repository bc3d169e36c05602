"""Writes that change a project's owner and the owner's membership in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.access.creation import content_of, create, existing_instead
from autoforge.access.projects.members import MemberOfProject, belonging, belonging_instead
from autoforge.access.projects.patterns import ProjectById, update_project
from autoforge.dynamodb.errors import naming
from autoforge.dynamodb.schema.value_codecs import canonical_id
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, Seen, save_as_expected, seen_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import ItemExistsError
from autoforge.models.projects import Project


@dataclass(frozen=True)
class CreateProject:
    """Creates a project and its owner's membership. The owner need not exist as a user."""

    project: Project

    def run(self, store: Store) -> Project:
        """Create the project and return it, or return the stored one with the same content.

        Raises:
            ItemExistsError: if a project with other content has the id.
            InvalidValueError: if a value cannot be stored.
        """
        project = self.project
        if project.owner_id is None:
            return create(store, project)
        project.creation = content_of(project)
        # No condition: nobody else writes memberships of a project that does not exist.
        owner = belonging(
            project.id,
            project.owner_id,
            owner=True,
            member=False,
            since=project.created_at,
            at=project.created_at,
        )
        try:
            store.transact(Transaction((Put(project), *owner)))
        except ItemExistsError as error:
            return existing_instead(project, error, now=store.clock())
        return project


@dataclass(frozen=True)
class ChangeProject:
    """Changes attributes of a project; a new owner and the memberships change together.

    Args:
        project_id: The project.
        changes: Attributes to set; None removes an optional attribute.
        at: The time of the change.
        expected: The state that the caller expects of the project; None to accept any.
    """

    project_id: str
    changes: Mapping[str, Any]
    at: datetime
    expected: Expected[Project] | None = None

    def run(self, store: Store) -> Project:
        """Change the project and return the stored project.

        Raises:
            ItemNotFoundError: if there is no such project.
            VersionConflictError: if it is not as expected.
            InvalidValueError: if a value cannot be stored.
        """
        if "owner_id" not in self.changes:
            write = update_project(self.project_id, self.changes, at=self.at)
            return save_as_expected(store, write, self.expected)
        pattern = ProjectById(self.project_id)

        def attempt() -> Project:
            seen = seen_as_expected(store, pattern, self.expected, at=self.at)
            if not store.try_transact(self._writes(store, seen)):
                raise StaleReadError
            return store.require(pattern, consistent=True)

        return store.retry_on_conflict(f"project {self.project_id}", attempt)

    def _writes(self, store: Store, seen: Seen[Project]) -> list[Write[Any]]:
        project = seen.item
        change = Update(
            Project,
            {"id": self.project_id},
            self.at,
            changes=self.changes,
            expected=[Project.owner_id.equals(project.owner_id)],
            found=changed_since_read,
        )
        owner_id = self._owner_id()
        writes: list[Write[Any]] = [seen.if_unchanged(change)]
        for each in sorted({each for each in (project.owner_id, owner_id) if each is not None}):
            known = store.get(MemberOfProject(self.project_id, each), consistent=True)
            writes += belonging_instead(
                self.project_id,
                each,
                known,
                owner=each == owner_id,
                member=known is not None and known.member,
                at=self.at,
            )
        return writes

    def _owner_id(self) -> str | None:
        """The new owner's id in its canonical form."""
        given = self.changes["owner_id"]
        with naming("ownerId"):
            return None if given is None else canonical_id(given)
