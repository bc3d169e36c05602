"""``forge.users``: the people who log in."""

from __future__ import annotations

from typing import Literal

from autoforge.access.projects.members import ProjectsOfUser
from autoforge.access.users import LogIn, UpsertUser, UserByAuth0Id, UserByEmail, UserById
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.projects import Project
from autoforge.models.users import User, UserRole


class Users(Resource):
    """Creates and updates users at their log-ins, and reads them."""

    def upsert(
        self,
        auth0_id: str,
        email: str,
        name: str,
        *,
        picture: str | None = None,
        role: UserRole | None = None,
        expected: Expected[User] | None = None,
    ) -> LogIn:
        """Create the user at the first log-in, else update the profile; call it at every log-in.

        Args:
            auth0_id: The Auth0 id of the user who logs in.
            email: The user's e-mail address.
            name: The user's name.
            picture: The URL of the user's picture; None removes it.
            role: The user's role; None keeps it, and makes a new user a developer.
            expected: The user as the caller read it, or a test that the user must pass; the test
                gets None if the log-in creates the user. None accepts any state.

        Raises:
            VersionConflictError: if the user is not as expected; ``item`` is the user.
            ItemExistsError: if another user has the e-mail address, in any case.
            InvalidValueError: if the e-mail address is not valid, or a value cannot be stored.
        """
        now = self._now()
        log_in = UpsertUser(
            auth0_id=auth0_id,
            email=email,
            name=name,
            picture=picture,
            role=role,
            new_id=self._context.new_id(now),
            at=now,
            expected=expected,
        )
        return log_in.run(self._store)

    def get(self, user_id: str, *, consistent: bool = False) -> User:
        """Return a user.

        Raises:
            ItemNotFoundError: if there is no such user.
        """
        return self._store.require(UserById(user_id), consistent=consistent)

    def by_auth0_id(self, auth0_id: str, *, consistent: bool = False) -> User:
        """Return the user with an Auth0 id.

        Raises:
            ItemNotFoundError: if there is no such user.
        """
        return self._store.require(UserByAuth0Id(auth0_id), consistent=consistent)

    def by_email(self, email: str, *, consistent: bool = False) -> User:
        """Return the user with an e-mail address, which is compared without regard to case.

        Raises:
            ItemNotFoundError: if there is no such user.
        """
        return self._store.require(UserByEmail(email), consistent=consistent)

    def projects(
        self,
        user_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Project]:
        """Return a page of the projects a user owns or is a member of, in the order of ids."""
        query = ProjectsOfUser(user_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)
