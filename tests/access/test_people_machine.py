"""After any sequence of log-ins and changes, users, members and look-up items agree."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from autoforge.access.projects.deletion import DeleteProject
from autoforge.access.projects.members import MembersOfProject, SetMember
from autoforge.access.projects.ownership import ChangeProject, CreateProject
from autoforge.access.users import UserByAuth0Id
from autoforge.dynamodb.client.client import Client
from autoforge.errors import ItemExistsError, ItemNotFoundError
from autoforge.models.users import comparable_email
from autoforge.testing.clock import Clock
from tests.access.people import assert_people_agree, assert_people_are_found, log_in
from tests.access.populations import PROJECTS
from tests.factories import NOON, a_project
from tests.factories import new_id as fresh_id
from tests.stores import fresh

pytestmark = pytest.mark.one_engine

_auth0_ids: Final = st.sampled_from(("auth0|x", "auth0|x#", "auth0|x%23", "#"))
_emails: Final = st.sampled_from(("a@x.org", "A@X.org", "\u00e9@x", "e\u0301@x", "a#@x", "a%23@x"))
_projects: Final = st.sampled_from(PROJECTS[:3])
#: Ids that users get one after another, and one that no user ever gets.
_USERS: Final = ("u", "u1", "u10", "METADATA")
_users: Final = st.sampled_from((*_USERS, "nobody"))


class People(RuleBasedStateMachine):
    """Log-ins and changes of memberships, and a model of users, owners and members."""

    client: Client

    @initialize()
    def begin(self) -> None:
        self.store = fresh(self.client, Clock())
        #: By Auth0 id: the user's id, e-mail address and name.
        self.people: dict[str, tuple[str, str, str]] = {}
        #: By project id: the owner, the user it was created for, and the members.
        self.owners: dict[str, str | None] = {}
        self.created_for: dict[str, str | None] = {}
        self.members: dict[str, set[str]] = {}

    @rule(auth0_id=_auth0_ids, email=_emails, name=st.sampled_from(("Ann", "Ben")))
    def log_in(self, auth0_id: str, email: str, name: str) -> None:
        new_id = _USERS[len(self.people)] if auth0_id not in self.people else "unused"
        taken = any(
            comparable_email(theirs) == comparable_email(email) and other != auth0_id
            for other, (_, theirs, _) in self.people.items()
        )
        try:
            came_to = log_in(self.store, auth0_id, email, name=name, new_id=new_id)
        except ItemExistsError:
            assert taken
            return
        assert not taken
        assert came_to.first == (auth0_id not in self.people)
        user_id, *_ = self.people.get(auth0_id, (new_id,))
        self.people[auth0_id] = (user_id, email, name)
        user = came_to.user
        assert (user.id, user.email, user.name) == self.people[auth0_id]

    @rule(project_id=_projects, owner_id=st.none() | _users)
    def create_project(self, project_id: str, owner_id: str | None) -> None:
        done = self.attempt(CreateProject(a_project(id=project_id, owner_id=owner_id)))
        there = project_id in self.owners
        same = owner_id in {self.created_for.get(project_id), self.owners.get(project_id)}
        assert done == (same or not there)
        if not there:
            self.owners[project_id] = self.created_for[project_id] = owner_id
            self.members[project_id] = set()

    @rule(project_id=_projects, owner_id=st.none() | _users)
    def change_owner(self, project_id: str, owner_id: str | None) -> None:
        done = self.attempt(ChangeProject(project_id, {"owner_id": owner_id}, NOON))
        assert done == (project_id in self.owners)
        if done:
            self.owners[project_id] = owner_id

    @rule(project_id=_projects, user_id=_users)
    def add_member(self, project_id: str, user_id: str) -> None:
        done = self.attempt(SetMember(project_id, user_id, member=True, at=NOON))
        known = user_id in {each for each, _, _ in self.people.values()}
        assert done == (project_id in self.owners and known)
        if done:
            self.members[project_id].add(user_id)

    @rule(project_id=_projects, user_id=_users)
    def remove_member(self, project_id: str, user_id: str) -> None:
        done = self.attempt(SetMember(project_id, user_id, member=False, at=NOON))
        assert done == (user_id in self.members.get(project_id, ()))
        if done:
            self.members[project_id].remove(user_id)

    @rule(project_id=_projects)
    def delete_project(self, project_id: str) -> None:
        deletion = DeleteProject(project_id, NOON, fresh_id())
        assert self.attempt(deletion) == (project_id in self.owners)
        self.owners.pop(project_id, None)
        self.members.pop(project_id, None)

    @invariant()
    def all_that_finds_them_agrees(self) -> None:
        assert_people_agree(self.store)

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        assert_people_are_found(self.store)
        assert {
            auth0_id: (each.id, each.email, each.name)
            for auth0_id in self.people
            if (each := self.store.get(UserByAuth0Id(auth0_id))) is not None
        } == self.people
        for project_id, members in self.members.items():
            answered = self.store.page(MembersOfProject(project_id), limit=9).items
            assert {each.user_id for each in answered if each.member} == members
            owner_id = self.owners[project_id]
            owners = {each.user_id for each in answered if each.owner}
            assert owners == (set() if owner_id is None else {owner_id})

    def attempt(self, act: Any) -> bool:
        """Return whether the call succeeded; it may be refused because of the stored items."""
        try:
            act.run(self.store)
        except (ItemExistsError, ItemNotFoundError):
            return False
        return True


def test_no_sequence_of_changes_leaves_anybody_astray(client: Client) -> None:
    machine = type("Bound", (People,), {"client": client})

    run_state_machine_as_test(
        machine,
        settings=settings(
            stateful_step_count=12, max_examples=max(8, settings().max_examples // 3)
        ),
    )
