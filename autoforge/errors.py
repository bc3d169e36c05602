"""The errors of the platform: a class for each cause, not for each operation.

Those that any table can raise are defined by the toolkit, and can be imported from here, too. The
platform adds:

* AutoforgeError
  x InvalidValueError
    + CyclicDependencyError   a dependency would make features wait for each other
  x ConditionFailedError
    + HeldByAnotherError      another caller holds the item
    + LimitReachedError       the project has as many features in progress as it allows
  x RequestReusedError        the id of a request was used for one with other content
  x RequestRunningError       the same request is still running
  x OutcomeGoneError          the item that a repeated request created has been deleted
  x UnavailableError
    + IncompleteCreationError some of many features are created, and the others are not
    + UnacknowledgedEventError an event may be stored, and a poll may have missed it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autoforge.dynamodb import errors as toolkit
from autoforge.dynamodb.errors import *  # noqa: F403 - the errors of the toolkit are the platform's, too
from autoforge.dynamodb.errors import (
    AutoforgeError,
    ConditionFailedError,
    InvalidValueError,
    UnavailableError,
)

__all__ = [
    "CyclicDependencyError",
    "HeldByAnotherError",
    "IncompleteCreationError",
    "LimitReachedError",
    "OutcomeGoneError",
    "RequestReusedError",
    "RequestRunningError",
    "UnacknowledgedEventError",
]
__all__ += toolkit.__all__


class CyclicDependencyError(InvalidValueError):
    """A dependency would make features wait for each other for ever.

    Attributes:
        path: Ids of features, each of which depends on the next; the last is the first.
    """

    def __init__(self, path: Sequence[str], names: Mapping[str, str] | None = None) -> None:
        self.path = tuple(path)
        known = names or {}
        named = [
            each if known.get(each, each) == each else f"{each} ({known[each]})"
            for each in self.path
        ]
        super().__init__(f"features would wait for each other: {' -> '.join(named)}")


class HeldByAnotherError(ConditionFailedError):
    """Another caller holds the item; the message names it, and ``item`` tells since when."""


class LimitReachedError(ConditionFailedError):
    """The project has as many features in progress as it allows at once."""


class RequestReusedError(AutoforgeError):
    """The id of a request was used before for one with other content; nothing was done."""


class RequestRunningError(AutoforgeError):
    """The same request is still running; its outcome will be known soon."""


class OutcomeGoneError(AutoforgeError):
    """The item that a repeated request created has been deleted since.

    Attributes:
        location: The path of the item; None if it has none.
    """

    def __init__(self, message: str, *, location: str | None) -> None:
        self.location = location
        super().__init__(message)


class IncompleteCreationError(UnavailableError):
    """Some of many features are created; the same call creates the others.

    Attributes:
        stored: How many are known to be stored, whoever created them. Features of a request that
            was not answered are not counted.
        asked: How many were to be created.
    """

    def __init__(self, *, stored: int, asked: int, reason: str) -> None:
        self.stored = stored
        self.asked = asked
        super().__init__(f"{stored} of {asked} features are known to be stored; {reason}")


class UnacknowledgedEventError(UnavailableError):
    """An event may be stored, or was stored so late that polls may have missed it.

    Recording it again under its id finds out whether it is stored, and stores it if it is not.

    Attributes:
        id: The event's id.
    """

    def __init__(self, event_id: str, reason: str) -> None:
        self.id = event_id
        super().__init__(f"event {event_id} {reason}")
