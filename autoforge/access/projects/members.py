"""Members: who belongs to a project, and how they come and go.

A user belongs to a project as its owner, as a member that somebody added, or as both. Two items
say so, one found from the user and one from the project. They are alike, and there as long as
either is true. The project's ``ownerId`` says who the owner is; whoever writes the two items checks
in the same transaction that it has not changed.
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
from autoforge.dynamodb.schema.encoding import canonical_id
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Check, Delete, Write, identity, primary_key
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
    """Make a user a member of a project, or let them be one no longer; an owner stays the owner."""

    project_id: str
    user_id: str
    member: bool
    at: datetime

    def run(self, store: Store) -> None:
        """Write both sides of the membership; nothing if the user is a member already.

        Raises:
            ItemNotFoundError: if there is no such project, or no such user to make a member, or
                the user is no member to begin with.
        """

        def attempt() -> None:
            project = store.require(ProjectById(self.project_id), consistent=True)
            seen = store.get(MemberOfProject(self.project_id, self.user_id), consistent=True)
            if self._is_so(store, seen):
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

    def _is_so(self, store: Store, seen: ProjectMember | None) -> bool:
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
    """Let a user belong to a project as the owner, as a member, or as both.

    The side that is found from the user decides, on a condition; the other one follows it.
    """
    key = {"project_id": project_id, "user_id": user_id}
    values = {"owner": owner, "member": member}
    initial = {"created_at": since}
    decides: Update[ProjectMember] = Update(
        ProjectMember,
        key,
        at,
        values=values,
        initial=initial,
        condition=condition,
        requires="as it was read",
    )
    return [decides, Update(ProjectMemberRef, key, at, values=values, initial=initial)]


def belonging_instead(
    project_id: str,
    user_id: str,
    seen: ProjectMember | None,
    *,
    owner: bool,
    member: bool,
    at: datetime,
) -> list[Write[Any]]:
    """Let a user belong to a project as is said, if they still do as was seen.

    Where that is the same there is a condition nevertheless: what else was read may have been read
    at another moment, and look as it did by the time of the writes.
    """
    key: Mapping[str, Any] = {"project_id": project_id, "user_id": user_id}
    if (owner, member) == ((seen.owner, seen.member) if seen else (False, False)):
        if seen is None:
            return [Delete(ProjectMember, key, missing_ok=True, condition=_still(seen))]
        return [Check(ProjectMember, key, at, condition=_still(seen), requires="as it was read")]
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
        Delete(ProjectMember, key, condition=_still(seen), requires="as it was read"),
        Delete(ProjectMemberRef, key, missing_ok=True),
    ]


def _still(seen: ProjectMember | None) -> Condition:
    """The side of a membership that decides is as it was read."""
    if seen is None:
        return ProjectMember.created_at.does_not_exist()
    return And(ProjectMember.owner == seen.owner, ProjectMember.member == seen.member)


def _owned_as(project: Project, *, at: datetime) -> Check[Project]:
    """Demand that a project is there and has the owner it was read with."""
    owner = Project.owner_id
    condition = ~owner.is_type() if project.owner_id is None else owner == project.owner_id
    return Check(Project, {"id": project.id}, at, condition=condition, requires="as it was read")
