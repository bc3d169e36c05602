"""Users, how they are found, and which projects they belong to."""

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
    """An e-mail address in a key."""

    def encode(self, value: Any) -> str:
        """Write the address in its comparable form."""
        return super().encode(comparable_email(value) if isinstance(value, str) else value)


class EmailAttribute(TextAttribute):
    """An e-mail address in the one form in which addresses are compared."""

    def check(self, value: str) -> str:
        """Write it in lower case and Unicode's form NFC."""
        return comparable_email(super().check(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """The address in that form, whichever form it is asked for in."""
        super().codec(spec, last=last)
        return EmailCodec(last=last)


class User(Entity):
    """A person who logs in."""

    id = IdAttribute()
    auth0_id = TextAttribute()
    #: As the person writes it; compared as ``comparable_email`` does.
    email = TextAttribute()
    name = TextAttribute()
    picture = optional(TextAttribute())
    role = EnumAttribute(UserRole, default_for_new=UserRole.DEVELOPER)
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("USER#{id}", "METADATA")


class UserByAuth0IdLookup(Entity):
    """Finds the one user with an Auth0 id."""

    type_name = "UserByAuth0Id"

    auth0_id = TextAttribute()
    user_id = IdAttribute()

    key = Key("AUTH0#{auth0_id}", "USER")


class UserByEmailLookup(Entity):
    """Finds the one user with an e-mail address."""

    type_name = "UserByEmail"

    email = EmailAttribute()
    user_id = IdAttribute()

    key = Key("EMAIL#{email}", "USER")


class ProjectMember(Entity):
    """Finds a user's projects: those the user owns or is a member of."""

    user_id = IdAttribute()
    project_id = IdAttribute()
    #: Whether the project names the user as its owner, and whether somebody made them a member.
    owner = BooleanAttribute(default_for_new=False)
    member = BooleanAttribute(default_for_new=False)
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("USER#{user_id}", "PROJECT#{project_id}")


class ProjectMemberRef(Entity):
    """The other side of a membership: finds a project's people, and lies in its partition."""

    project_id = IdAttribute()
    user_id = IdAttribute()
    owner = BooleanAttribute(default_for_new=False)
    member = BooleanAttribute(default_for_new=False)
    created_at = TimestampAttribute()
    updated_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}", "MEMBER#{user_id}")


def comparable_email(text: str) -> str:
    """Write an e-mail address so that two which are one to people are equal.

    >>> comparable_email("Ann@Example.com")
    'ann@example.com'
    """
    return normalize("NFC", normalize("NFC", text).lower())
