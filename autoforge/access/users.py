"""Patterns of users, and the log-in that creates or updates a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.references import Lookup
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, Seen, require_expected, seen_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.dynamodb.writes.identity import primary_key
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import InvalidValueError, ItemExistsError, shortened
from autoforge.models import users as entities
from autoforge.models.users import User, UserRole, comparable_email


@dataclass(frozen=True)
class UserById(Get[User]):
    """Which user has this id?"""

    source = "Database analysis §4.1, get user by ID"
    key = User.key
    renames = {"id": "user_id"}

    user_id: str


@dataclass(frozen=True)
class UserByAuth0Id(Lookup[User, entities.UserByAuth0IdLookup]):
    """Which user has this Auth0 id?"""

    source = "Database analysis §4.1, get user by Auth0 ID"
    key = entities.UserByAuth0IdLookup.key

    auth0_id: str

    def target(self, found: entities.UserByAuth0IdLookup) -> KeyValue:
        """The user's key."""
        return primary_key(User, {"id": found.user_id})

    def agrees(self, item: User) -> bool:
        """Whether the user still has the Auth0 id."""
        return item.auth0_id == self.auth0_id


@dataclass(frozen=True)
class UserByEmail(Lookup[User, entities.UserByEmailLookup]):
    """Which user has this e-mail address, however it is written?"""

    source = "Design, access patterns: a user by e-mail address"
    key = entities.UserByEmailLookup.key

    email: str

    def target(self, found: entities.UserByEmailLookup) -> KeyValue:
        """The user's key."""
        return primary_key(User, {"id": found.user_id})

    def agrees(self, item: User) -> bool:
        """Whether the user still has the address."""
        return comparable_email(item.email) == comparable_email(self.email)


@dataclass(frozen=True)
class UserOfAuth0Id(Get[entities.UserByAuth0IdLookup]):
    """Whose is this Auth0 id?"""

    source = "Part of a log-in"
    key = entities.UserByAuth0IdLookup.key

    auth0_id: str


@dataclass(frozen=True)
class UserOfEmail(Get[entities.UserByEmailLookup]):
    """Whose is this e-mail address, however it is written?"""

    source = "Part of a log-in"
    key = entities.UserByEmailLookup.key

    email: str


@dataclass(frozen=True)
class LogIn:
    """The result of a log-in."""

    user: User
    #: Whether the log-in created the user.
    first: bool


@dataclass(frozen=True)
class UpsertUser:
    """Creates the user at the first log-in, else updates the user's profile.

    An Auth0 id and an e-mail address belong to one user each, which two look-up items enforce. A
    look-up item is stale if its user does not exist or has another Auth0 id or address. A stale
    look-up item is changed to lead to the user who logs in.

    Args:
        auth0_id: The Auth0 id of the user who logs in.
        email: The user's address. Two addresses that differ only in case or in Unicode
            normalization are the same.
        name: The user's name.
        picture: The URL of the user's picture; None removes it.
        role: The user's role; None keeps it, and makes a new user a developer.
        new_id: The id of the user if this creates one; it must never have been used.
        at: The time of the log-in.
        expected: The state that the caller expects of the user; None to accept any.

    Raises:
        InvalidValueError: if the e-mail address is not valid.
    """

    auth0_id: str
    email: str
    name: str
    picture: str | None
    role: UserRole | None
    new_id: str
    at: datetime
    expected: Expected[User] | None = None

    def __post_init__(self) -> None:
        """Refuse an invalid e-mail address."""
        local, _, domain = self.email.rpartition("@")
        if not local or not domain:
            raise InvalidValueError(f"email: {shortened(self.email)} is not an e-mail address")

    def run(self, store: Store) -> LogIn:
        """Log in, and return the stored user; writes only what changes.

        Raises:
            ItemExistsError: if another user has the e-mail address; nothing was changed.
            VersionConflictError: if the user is not as expected; nothing was changed.
            InvalidValueError: if a value cannot be stored; nothing was changed.
        """
        new = self._new()

        def attempt() -> LogIn:
            lookup = store.get(UserOfAuth0Id(self.auth0_id), consistent=True)
            user = None if lookup is None else self._user_of(store, lookup)
            if user is None:
                require_expected(None, self.expected, f"User {self.auth0_id}")
                user, writes = self._creation(store, new, lookup)
                if store.try_transact(writes) and user is new:
                    return LogIn(new, first=True)
                raise StaleReadError
            seen = Seen(user)
            if self.expected is not None:
                seen = seen_as_expected(store, UserById(user.id), self.expected, at=self.at)
                user = seen.item
            changes = self._changes(user, new)
            if not changes:
                # A user with the new id was created by this log-in; the answer was lost.
                return LogIn(user, first=user.id == new.id)
            if store.try_transact(self._change(store, seen, changes)):
                user = store.require(UserById(user.id), consistent=True)
                return LogIn(user, first=user.id == new.id)
            raise StaleReadError

        return store.retry_on_conflict("a user who logs in", attempt)

    def _new(self) -> User:
        user = User(
            id=self.new_id,
            auth0_id=self.auth0_id,
            email=self.email,
            name=self.name,
            picture=self.picture,
            created_at=self.at,
            updated_at=self.at,
        )
        if self.role is not None:
            user.role = self.role
        return user

    def _user_of(self, store: Store, lookup: entities.UserByAuth0IdLookup) -> User | None:
        user = store.get(UserById(lookup.user_id), consistent=True)
        return user if user is not None and user.auth0_id == self.auth0_id else None

    def _creation(
        self, store: Store, new: User, lookup: entities.UserByAuth0IdLookup | None
    ) -> tuple[User, list[Write[Any]]]:
        """The user that the Auth0 id shall lead to, and the writes that make it so."""
        email, holder = self._holder(store)
        if holder is not None and holder.auth0_id == self.auth0_id:
            # Another log-in has just created the user, or the look-up item was lost.
            return holder, [self._auth0_id_lookup(lookup, holder)]
        address = self._email_lookup(email, holder, new)
        checks = self._still_elsewhere(holder)
        return new, [self._auth0_id_lookup(lookup, new), address, *checks, Put(new)]

    def _auth0_id_lookup(
        self, lookup: entities.UserByAuth0IdLookup | None, user: User
    ) -> Write[Any]:
        """The write that makes an unused Auth0 id lead to a user."""
        if lookup is None:
            return Put(entities.UserByAuth0IdLookup(auth0_id=self.auth0_id, user_id=user.id))
        return self._redirected(lookup, {"auth0_id": self.auth0_id}, user)

    def _changes(self, user: User, new: User) -> dict[str, Any]:
        """The attributes that the log-in gives a new value."""
        said = ["email", "name", "picture", *([] if self.role is None else ["role"])]
        return {n: getattr(new, n) for n in said if getattr(new, n) != getattr(user, n)}

    def _change(
        self, store: Store, seen: Seen[User], changes: Mapping[str, Any]
    ) -> list[Write[Any]]:
        """The writes that change the user, and the look-up items if the e-mail address changes."""
        user = seen.item
        change = seen.if_unchanged(
            Update(
                User,
                {"id": user.id},
                self.at,
                changes=changes,
                expected=[User.email.equals(user.email)],
                found=changed_since_read,
            )
        )
        if UserByEmail(self.email).agrees(user):
            return [change]
        email, holder = self._holder(store)
        if holder is not None and holder.id == user.id:
            holder = None
        address = self._email_lookup(email, holder, user)
        released = self._old_address_released(store, user)
        return [address, *self._still_elsewhere(holder), *released, change]

    def _holder(self, store: Store) -> tuple[entities.UserByEmailLookup | None, User | None]:
        """The look-up item of the e-mail address, and the user it names."""
        email = store.get(UserOfEmail(self.email), consistent=True)
        if email is None:
            return None, None
        return email, store.get(UserById(email.user_id), consistent=True)

    def _email_lookup(
        self, email: entities.UserByEmailLookup | None, holder: User | None, user: User
    ) -> Write[Any]:
        """The write that makes the e-mail address lead to a user.

        Raises:
            ItemExistsError: if another user has the address. The error does not carry that user,
                whose data the caller may not see.
        """
        if email is None:
            return Put(entities.UserByEmailLookup(email=self.email, user_id=user.id))
        if holder is not None and UserByEmail(self.email).agrees(holder):
            raise ItemExistsError(User.type_name, {"email": self.email})
        return self._redirected(email, {"email": self.email}, user)

    def _still_elsewhere(self, holder: User | None) -> list[Write[Any]]:
        """Check that the user a stale look-up item names has not reclaimed the address."""
        if holder is None:
            return []
        return [Check(User, {"id": holder.id}, self.at, condition=User.email == holder.email)]

    def _old_address_released(self, store: Store, user: User) -> list[Write[Any]]:
        """The delete of the look-up item of the user's old e-mail address, if it is the user's."""
        email = store.get(UserOfEmail(user.email), consistent=True)
        if email is None or email.user_id != user.id:
            return []
        return [
            Delete(
                entities.UserByEmailLookup,
                {"email": user.email},
                condition=entities.UserByEmailLookup.user_id == user.id,
                found=changed_since_read,
            )
        ]

    def _redirected(
        self,
        lookup: entities.UserByAuth0IdLookup | entities.UserByEmailLookup,
        key: Mapping[str, Any],
        user: User,
    ) -> Update[Any]:
        """The update that makes a look-up item lead to a user, if it has not changed."""
        return Update(
            type(lookup),
            key,
            self.at,
            changes={"user_id": user.id},
            expected={"user_id": lookup.user_id},
            found=changed_since_read,
        )
