"""Users: what is asked of them, and how a log-in makes or changes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.references import Lookup
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, Seen, require_expected, seen_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Check, Delete, Put, Write, primary_key
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
    """What a log-in came to."""

    user: User
    #: Whether it made the user.
    first: bool


@dataclass(frozen=True)
class UpsertUser:
    """Make the user that logs in, or keep the user as the log-in says; nobody else is changed.

    An Auth0 id and an e-mail address belong to one user each, which two lookup items see to. A
    lookup item whose user is not there, or is another than it says, belongs to nobody and is
    taken.

    Args:
        auth0_id: Who logs in.
        email: Their address; two that differ in case or in Unicode's form only are one.
        name: Their name.
        picture: Address of their picture; without it they have none.
        role: What they may do; without it as it was, at first a developer.
        new_id: The id of the user if this makes one; no user may ever have had it.
        at: The moment of the log-in.
        expected: What the user is expected to be; None for whoever is there.

    Raises:
        InvalidValueError: if the e-mail address is none.
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
        """Refuse what is no e-mail address."""
        local, _, domain = self.email.rpartition("@")
        if not local or not domain:
            raise InvalidValueError(f"email: {shortened(self.email)} is no e-mail address")

    def run(self, store: Store) -> LogIn:
        """Log in, and return the user as they then are; nothing is written if nothing changed.

        Raises:
            ItemExistsError: if somebody else has the e-mail address; nothing was changed.
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
                # With the new id this made the user, although no answer to that came.
                return LogIn(user, first=user.id == new.id)
            if store.try_transact(self._change(store, seen, changes)):
                user = store.require(UserById(user.id), consistent=True)
                return LogIn(user, first=user.id == new.id)
            raise StaleReadError

        return store.retry_on_conflict("a user who logs in", attempt)

    def _new(self) -> User:
        given = {} if self.role is None else {"role": self.role}
        return User(
            id=self.new_id,
            auth0_id=self.auth0_id,
            email=self.email,
            name=self.name,
            picture=self.picture,
            created_at=self.at,
            updated_at=self.at,
            **given,
        )

    def _user_of(self, store: Store, lookup: entities.UserByAuth0IdLookup) -> User | None:
        user = store.get(UserById(lookup.user_id), consistent=True)
        return user if user is not None and user.auth0_id == self.auth0_id else None

    def _creation(
        self, store: Store, new: User, lookup: entities.UserByAuth0IdLookup | None
    ) -> tuple[User, list[Write[Any]]]:
        """Who the Auth0 id is to belong to, and what sees to that."""
        email, holder = self._holder(store)
        if holder is not None and holder.auth0_id == self.auth0_id:
            # Another log-in has just made the user, or what finds them was lost.
            return holder, [self._leading(lookup, holder)]
        taking = self._taking(email, holder, new)
        return new, [self._leading(lookup, new), taking, *self._unmoved(holder), Put(new)]

    def _leading(self, lookup: entities.UserByAuth0IdLookup | None, user: User) -> Write[Any]:
        """Let the Auth0 id, which is nobody's, lead to a user."""
        if lookup is None:
            return Put(entities.UserByAuth0IdLookup(auth0_id=self.auth0_id, user_id=user.id))
        return self._instead(lookup, {"auth0_id": self.auth0_id}, user)

    def _changes(self, user: User, new: User) -> dict[str, Any]:
        """What the log-in says otherwise than the user has it."""
        said = ["email", "name", "picture", *([] if self.role is None else ["role"])]
        return {n: getattr(new, n) for n in said if getattr(new, n) != getattr(user, n)}

    def _change(
        self, store: Store, seen: Seen[User], changes: Mapping[str, Any]
    ) -> list[Write[Any]]:
        """The change of the user, with the lookup items where the e-mail address is another."""
        user = seen.item
        change = seen.fence(
            Update(
                User,
                {"id": user.id},
                self.at,
                values=changes,
                expected={"email": user.email},
                requires="as it was read",
            )
        )
        if UserByEmail(self.email).agrees(user):
            return [change]
        email, holder = self._holder(store)
        if holder is not None and holder.id == user.id:
            holder = None
        taking = self._taking(email, holder, user)
        return [taking, *self._unmoved(holder), *self._leaving(store, user), change]

    def _holder(self, store: Store) -> tuple[entities.UserByEmailLookup | None, User | None]:
        """What the e-mail address leads to, and the user there."""
        email = store.get(UserOfEmail(self.email), consistent=True)
        if email is None:
            return None, None
        return email, store.get(UserById(email.user_id), consistent=True)

    def _taking(
        self, email: entities.UserByEmailLookup | None, holder: User | None, user: User
    ) -> Write[Any]:
        """Let the e-mail address lead to a user.

        Raises:
            ItemExistsError: if it is somebody else's; without their item, which is theirs alone.
        """
        if email is None:
            return Put(entities.UserByEmailLookup(email=self.email, user_id=user.id))
        if holder is not None and UserByEmail(self.email).agrees(holder):
            raise ItemExistsError(User.type_name, {"email": self.email})
        return self._instead(email, {"email": self.email}, user)

    def _unmoved(self, holder: User | None) -> list[Write[Any]]:
        """Demand that whom a stale lookup item leads to does not get the address back meanwhile."""
        if holder is None:
            return []
        return [Check(User, {"id": holder.id}, self.at, condition=User.email == holder.email)]

    def _leaving(self, store: Store, user: User) -> list[Write[Any]]:
        """Let the e-mail address that the user had go, if it still is theirs."""
        email = store.get(UserOfEmail(user.email), consistent=True)
        if email is None or email.user_id != user.id:
            return []
        return [
            Delete(
                entities.UserByEmailLookup,
                {"email": user.email},
                condition=entities.UserByEmailLookup.user_id == user.id,
                requires="as it was read",
            )
        ]

    def _instead(
        self,
        lookup: entities.UserByAuth0IdLookup | entities.UserByEmailLookup,
        key: Mapping[str, Any],
        user: User,
    ) -> Update[Any]:
        """Let a lookup item lead to a user, if it still leads where it did."""
        return Update(
            type(lookup),
            key,
            self.at,
            values={"user_id": user.id},
            expected={"user_id": lookup.user_id},
            requires="as it was read",
        )
