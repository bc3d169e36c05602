"""Patterns and writes of project memberships.

A user belongs to a project as its owner, as an added member, or as both. Two items with the same
attributes store this, one in the user's partition and one in the project's. They exist as long as
the user is owner or member. The project's ``ownerId`` decides who the owner is: a transaction that
writes the two items also checks that it has not changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import And, Condition

from autoforge.access.projects.patterns import ProjectById
from autoforge.access.users import UserById
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.value_codecs import canonical_id
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.identity import identity, primary_key
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import ItemNotFoundError
from autoforge.models.projects import Project
from autoforge.models.users import ProjectMember, ProjectMemberRef


@dataclass(frozen=True)
class ProjectsOfUser(Hydrate[Project, ProjectMember]):
    """Which projects does this user own or belong to, in the order of their ids?"""

    source = "Database analysis §4.1, get user's projects"
    key = ProjectMember.key

    user_id: str

    def target(self, reference: ProjectMember) -> KeyValue:
        """The project's key."""
        return primary_key(Project, {"id": reference.project_id})


@dataclass(frozen=True)
class MembersOfProject(Query[ProjectMemberRef]):
    """Which users own or belong to this project, in the order of their ids?"""

    source = "Design, items: the other side of a membership"
    key = ProjectMemberRef.key

    project_id: str


@dataclass(frozen=True)
class MemberOfProject(Get[ProjectMember]):
    """How does this user belong to this project?"""

    source = "Part of the writes that change who belongs to a project"
    key = ProjectMember.key

    project_id: str
    user_id: str


@dataclass(frozen=True)
class SetMember:
    """Adds or removes a user as a member of a project; an owner stays the owner."""

    project_id: str
    user_id: str
    member: bool
    at: datetime

    def run(self, store: Store) -> None:
        """Write both items of the membership, unless the user already is a member.

        Raises:
            ItemNotFoundError: if there is no such project, if the user to add does not exist, or
                if the user to remove is not a member.
        """

        def attempt() -> None:
            project = store.require(ProjectById(self.project_id), consistent=True)
            seen = store.get(MemberOfProject(self.project_id, self.user_id), consistent=True)
            if self._is_done(store, seen):
                return
            sides = belonging_instead(
                self.project_id,
                self.user_id,
                seen,
                owner=project.owner_id == canonical_id(self.user_id),
                member=self.member,
                at=self.at,
            )
            if not store.try_transact((_owned_as(project, at=self.at), *sides)):
                raise StaleReadError

        store.retry_on_conflict(f"the members of project {self.project_id}", attempt)

    def _is_done(self, store: Store, seen: ProjectMember | None) -> bool:
        is_member = seen is not None and seen.member
        if self.member:
            store.require(UserById(self.user_id), consistent=True)
        elif not is_member:
            key = {"project_id": self.project_id, "user_id": self.user_id}
            raise ItemNotFoundError(ProjectMember.type_name, identity(ProjectMember, key))
        return is_member == self.member


def belonging(
    project_id: str,
    user_id: str,
    *,
    owner: bool,
    member: bool,
    since: datetime,
    at: datetime,
    condition: Condition | None = None,
) -> list[Write[Any]]:
    """The writes that make a user the owner of a project, a member, or both.

    Args:
        project_id: The project.
        user_id: The user.
        owner: Whether the user owns the project.
        member: Whether the user is a member.
        since: The creation time of a new membership.
        at: The time of the write.
        condition: A condition on the item in the user's partition. The item in the project's
            partition is written without one.
    """
    key = {"project_id": project_id, "user_id": user_id}
    initial = {"created_at": since}
    of_user: Update[ProjectMember] = Update(
        ProjectMember,
        key,
        at,
        changes=(ProjectMember.owner.set(owner), ProjectMember.member.set(member)),
        initial=initial,
        condition=condition,
        found=changed_since_read,
    )
    of_project = (ProjectMemberRef.owner.set(owner), ProjectMemberRef.member.set(member))
    return [of_user, Update(ProjectMemberRef, key, at, changes=of_project, initial=initial)]


def belonging_instead(
    project_id: str,
    user_id: str,
    seen: ProjectMember | None,
    *,
    owner: bool,
    member: bool,
    at: datetime,
) -> list[Write[Any]]:
    """The writes that change a membership, on condition that it is as it was read.

    The membership is checked even if nothing changes: the other items of the transaction may have
    been read at another time.

    Args:
        project_id: The project.
        user_id: The user.
        seen: The stored membership; None if there is none.
        owner: Whether the user shall own the project.
        member: Whether the user shall be a member.
        at: The time of the write.
    """
    key: Mapping[str, Any] = {"project_id": project_id, "user_id": user_id}
    if (owner, member) == ((seen.owner, seen.member) if seen else (False, False)):
        if seen is None:
            return [Delete(ProjectMember, key, missing_ok=True, condition=_still(seen))]
        return [Check(ProjectMember, key, at, condition=_still(seen), found=changed_since_read)]
    if owner or member:
        since = seen.created_at if seen else at
        return belonging(
            project_id,
            user_id,
            owner=owner,
            member=member,
            since=since,
            at=at,
            condition=_still(seen),
        )
    return [
        Delete(ProjectMember, key, condition=_still(seen), found=changed_since_read),
        Delete(ProjectMemberRef, key, missing_ok=True),
    ]


def _still(seen: ProjectMember | None) -> Condition:
    """The condition that the membership in the user's partition is as it was read."""
    if seen is None:
        return ProjectMember.created_at.does_not_exist()
    return And(ProjectMember.owner == seen.owner, ProjectMember.member == seen.member)


def _owned_as(project: Project, *, at: datetime) -> Check[Project]:
    """The check that a project exists and has the owner it was read with."""
    owner = Project.owner_id
    condition = ~owner.is_present() if project.owner_id is None else owner == project.owner_id
    return Check(Project, {"id": project.id}, at, condition=condition, found=changed_since_read)
