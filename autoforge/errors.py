"""The errors of the platform, by meaning and not by operation.

Most are the toolkit's, and can be raised by any table.

* AutoforgeError
  x DeclarationError          an entity, a key or a pattern is declared or used wrongly
  x ConfigurationError        a setting is missing, malformed or refused
    + MissingExtraError       a package is missing that an extra of autoforge installs
  x InvalidValueError         a value cannot be stored, or cannot stand in a key
    + InvalidCursorError      a cursor that was not issued for this pattern and these parameters
    + CyclicDependencyError   a dependency would make features wait for each other
    + InvalidTransactionError more than 100 items, more than 4 MB, or one item twice
    + ItemTooLargeError       an item of more than 400 KB
  x ItemNotFoundError         no item has the key that was asked for
  x ItemExistsError           an item with the key is there already
    + DeletionUnfinishedError its deletion was begun and not finished
  x ConditionFailedError      the condition of a write was false
    + HeldByAnotherError      somebody else holds the item, or holds it by now
    + LimitReachedError       as many are at work as the project allows
    + VersionConflictError    the item is not in the version the caller read
  x RequestReusedError        the id of a request was used for one with other content
  x RequestRunningError       the same request is being run at the moment
  x OutcomeGoneError          what a repeated request created was deleted since
  x UnreadableItemError       a stored item is not what its entity says
  x SecretError               a secret cannot be encrypted or decrypted
  x TableNotFoundError        the table, or its index, does not exist
  x UnavailableError          DynamoDB could not answer, after retries
    + ThrottledError          it was over its throughput
    + OutOfTimeError          the time limit of a call that sends many requests was over
    + IncompleteCreationError some of many features are created, and the others not
    + TransactionConflictError another request kept changing the same items
    + UnacknowledgedEventError an event may be stored, and a poll may have missed it
  x IncompleteBatchError      some items of a batch were neither written nor refused

Codes of AWS that are not in this list (say, AccessDeniedException) propagate unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autoforge.dynamodb.errors import (
    AutoforgeError,
    ConditionFailedError,
    ConfigurationError,
    DeclarationError,
    DeletionUnfinishedError,
    IncompleteBatchError,
    InvalidCursorError,
    InvalidTransactionError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    ItemTooLargeError,
    MissingExtraError,
    OutOfTimeError,
    SecretError,
    TableNotFoundError,
    ThrottledError,
    TransactionConflictError,
    UnavailableError,
    UnreadableItemError,
    VersionConflictError,
    shortened,
    suggestion,
)

__all__ = [
    "AutoforgeError",
    "ConditionFailedError",
    "ConfigurationError",
    "CyclicDependencyError",
    "DeclarationError",
    "DeletionUnfinishedError",
    "HeldByAnotherError",
    "IncompleteBatchError",
    "IncompleteCreationError",
    "InvalidCursorError",
    "InvalidTransactionError",
    "InvalidValueError",
    "ItemExistsError",
    "ItemNotFoundError",
    "ItemTooLargeError",
    "LimitReachedError",
    "MissingExtraError",
    "OutOfTimeError",
    "OutcomeGoneError",
    "RequestReusedError",
    "RequestRunningError",
    "SecretError",
    "TableNotFoundError",
    "ThrottledError",
    "TransactionConflictError",
    "UnacknowledgedEventError",
    "UnavailableError",
    "UnreadableItemError",
    "VersionConflictError",
    "shortened",
    "suggestion",
]


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
    """Somebody else holds the item; the message says who, and its ``item`` since when."""


class LimitReachedError(ConditionFailedError):
    """As many features are in progress as the project allows at once."""


class RequestReusedError(AutoforgeError):
    """The id of a request was used for a request with other content; nothing was done."""


class RequestRunningError(AutoforgeError):
    """The same request is being run at the moment; what it comes to is known soon."""


class OutcomeGoneError(AutoforgeError):
    """What a request created, which is repeated, was deleted since.

    Attributes:
        location: Where it was.
    """

    def __init__(self, message: str, *, location: str | None) -> None:
        self.location = location
        super().__init__(message)


class IncompleteCreationError(UnavailableError):
    """Some of many features are created; the same call creates the others.

    Attributes:
        stored: How many are known to be there, whoever created them. Those of a request that got no
            answer are not among them.
        asked: How many were asked for.
    """

    def __init__(self, *, stored: int, asked: int, reason: str) -> None:
        self.stored = stored
        self.asked = asked
        super().__init__(f"{stored} of {asked} features are known to be stored; {reason}")


class UnacknowledgedEventError(UnavailableError):
    """An event may be stored, or was stored so late that polls may have missed it.

    Recording it again under its id tells whether it is there, and stores it if it is not.

    Attributes:
        id: The event's id.
    """

    def __init__(self, event_id: str, reason: str) -> None:
        self.id = event_id
        super().__init__(f"event {event_id} {reason}")
