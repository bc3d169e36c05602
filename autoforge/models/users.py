"""Users, their look-up items, and their memberships of projects."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from unicodedata import normalize

from autoforge.dynamodb.schema.attribute import without_spec
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.codec import Codec
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.optional import required
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.text_codecs import TextCodec
from autoforge.dynamodb.schema.time_attributes import Moment


class UserRole(StrEnum):
    """What a user may do on the platform."""

    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class EmailCodec(TextCodec):
    """Codec of an e-mail address in a key."""

    def encode(self, value: Any) -> str:
        """Write the address as ``comparable_email`` returns it."""
        return super().encode(comparable_email(value) if isinstance(value, str) else value)


class Email(Text):
    """An e-mail address in lower case and Unicode normalization form C."""

    def check(self, value: str) -> str:
        """Return the address as ``comparable_email`` does."""
        return comparable_email(super().check(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """The codec that writes the address the same way, however the caller writes it."""
        return without_spec(self, spec, EmailCodec(last=last))


class User(Entity):
    """A person who logs in."""

    id: Id = Id()
    auth0_id: Text = Text()
    #: The address as the person writes it; ``comparable_email`` compares addresses.
    email: Text = Text()
    name: Text = Text()
    picture: Text[None] = Text(default=None)
    role: Choice[UserRole] = Choice(UserRole, default=UserRole.DEVELOPER)
    created_at: Moment = Moment()
    updated_at: Moment = Moment()

    key = Key("USER#{id}", "METADATA")


class UserByAuth0IdLookup(Entity):
    """Look-up item: finds the one user with an Auth0 id."""

    type_name = "UserByAuth0Id"

    auth0_id: Text = Text()
    user_id: Id = Id()

    key = Key("AUTH0#{auth0_id}", "USER")


class UserByEmailLookup(Entity):
    """Look-up item: finds the one user with an e-mail address."""

    type_name = "UserByEmail"

    email: Email = required(Email())
    user_id: Id = Id()

    key = Key("EMAIL#{email}", "USER")


class ProjectMember(Entity):
    """A membership, in the user's partition: finds the projects a user owns or is a member of."""

    user_id: Id = Id()
    project_id: Id = Id()
    #: Whether the user owns the project, and whether the user was added as a member.
    owner: Boolean = Boolean(default=False)
    member: Boolean = Boolean(default=False)
    created_at: Moment = Moment()
    updated_at: Moment = Moment()

    key = Key("USER#{user_id}", "PROJECT#{project_id}")


class ProjectMemberRef(Entity):
    """The same membership in the project's partition: finds the people of a project."""

    project_id: Id = Id()
    user_id: Id = Id()
    owner: Boolean = Boolean(default=False)
    member: Boolean = Boolean(default=False)
    created_at: Moment = Moment()
    updated_at: Moment = Moment()

    key = Key("PROJECT#{project_id}", "MEMBER#{user_id}")


def comparable_email(text: str) -> str:
    """Return an e-mail address in lower case and Unicode normalization form C, for comparison.

    >>> comparable_email("Ann@Example.com")
    'ann@example.com'
    """
    return normalize("NFC", normalize("NFC", text).lower())
