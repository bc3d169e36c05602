"""Values inside of documents that JSON cannot hold: they keep the form in which they are stored.

Other programs store sets, binary values, and numbers with more digits than a float has. They are
read as lists, base64 texts and floats. Each is of a subclass that remembers the stored value, and
is written back as it was, as long as it is equal to what was read. A copy remembers it, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class StoredForm:
    """A value that was read from a form which JSON does not have."""

    #: The value in DynamoDB JSON.
    _stored: dict[str, Any]

    def stored_form(self) -> dict[str, Any] | None:
        """Return the value in DynamoDB JSON; None if it has changed since it was read."""
        return self._stored


class StoredSet(list[Any], StoredForm):
    """A set, as a sorted list."""

    #: The members as they were read.
    _read: tuple[Any, ...]

    def stored_form(self) -> dict[str, Any] | None:
        """Return the set; None if the list has changed. True is equal to 1, and is no member."""
        if tuple(self) != self._read or any(isinstance(each, bool) for each in self):
            return None
        return {kind: [*members] for kind, members in self._stored.items()}


class StoredBinary(str, StoredForm):  # noqa: SLOT000 - it remembers the stored value
    """A binary value, as base64 text."""


class StoredNumber(float, StoredForm):
    """A number that no float is equal to, as the nearest float."""


def stored_set(kind: str, stored: Iterable[Any], members: Iterable[Any]) -> StoredSet:
    """Return a set as a sorted list.

    Args:
        kind: Its type in DynamoDB.
        stored: Its members as they are stored.
        members: Its members as JSON has them.
    """
    read = StoredSet(sorted(members))
    read._stored = {kind: [*stored]}  # noqa: SLF001 - of this module
    read._read = tuple(read)  # noqa: SLF001 - of this module
    return read


def stored_binary(stored: Any, text: str) -> StoredBinary:
    """Return a binary value as base64 text."""
    read = StoredBinary(text)
    read._stored = {"B": stored}  # noqa: SLF001 - of this module
    return read


def stored_number(text: str, nearest: float) -> StoredNumber:
    """Return a number as the nearest float."""
    read = StoredNumber(nearest)
    read._stored = {"N": text}  # noqa: SLF001 - of this module
    return read
