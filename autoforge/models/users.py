"""Users, their look-up items, and their memberships of projects."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from unicodedata import normalize

from autoforge.dynamodb.schema.attributes import (
    BooleanAttribute,
    EnumAttribute,
    IdAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.encoding import Codec, TextCodec
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key


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


class EmailAttribute(TextAttribute):
    """An e-mail address in lower case and Unicode normalization form C."""

    def check(self, value: str) -> str:
        """Return the address as ``comparable_email`` does."""
        return comparable_email(super().check(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """The codec that writes the address the same way, however the caller writes it."""
        super().codec(spec, last=last)
        return EmailCodec(last=last)


class User(Entity):
    """A person who logs in."""

    id = IdAttribute()
    auth0_id = TextAttribute()
    #: The address as the person writes it; ``comparable_email`` compares addresses.
    email = TextAttribute()
    name = TextAttribute()
    picture = optional(TextAttribute())
    role = EnumAttribute(UserRole, default_for_new=UserRole.DEVELOPER)
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("USER#{id}", "METADATA")


class UserByAuth0IdLookup(Entity):
    """Look-up item: finds the one user with an Auth0 id."""

    type_name = "UserByAuth0Id"

    auth0_id = TextAttribute()
    user_id = IdAttribute()

    key = Key("AUTH0#{auth0_id}", "USER")


class UserByEmailLookup(Entity):
    """Look-up item: finds the one user with an e-mail address."""

    type_name = "UserByEmail"

    email = EmailAttribute()
    user_id = IdAttribute()

    key = Key("EMAIL#{email}", "USER")


class ProjectMember(Entity):
    """A membership, in the user's partition: finds the projects a user owns or is a member of."""

    user_id = IdAttribute()
    project_id = IdAttribute()
    #: Whether the user owns the project, and whether the user was added as a member.
    owner = BooleanAttribute(default_for_new=False)
    member = BooleanAttribute(default_for_new=False)
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("USER#{user_id}", "PROJECT#{project_id}")


class ProjectMemberRef(Entity):
    """The same membership in the project's partition: finds the people of a project."""

    project_id = IdAttribute()
    user_id = IdAttribute()
    owner = BooleanAttribute(default_for_new=False)
    member = BooleanAttribute(default_for_new=False)
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}", "MEMBER#{user_id}")


def comparable_email(text: str) -> str:
    """Return an e-mail address in lower case and Unicode normalization form C, for comparison.

    >>> comparable_email("Ann@Example.com")
    'ann@example.com'
    """
    return normalize("NFC", normalize("NFC", text).lower())
