"""The errors of the platform: a class for each cause, not for each operation.

Most are defined by the toolkit, and any table can raise them.

* AutoforgeError
  x DeclarationError          an entity, a key or a pattern is declared or used wrongly
  x ConfigurationError        a setting is missing, malformed or refused
    + MissingExtraError       a package is missing that an extra of autoforge installs
  x InvalidValueError         a value cannot be stored, or cannot be part of a key
    + InvalidCursorError      a cursor that was not issued for this pattern and these parameters
    + CyclicDependencyError   a dependency would make features wait for each other
    + InvalidTransactionError more than 100 items, more than 4 MB, or one item twice
    + ItemTooLargeError       an item of more than 400 KB
  x ItemNotFoundError         no item has the requested key
  x ItemExistsError           an item with the key exists already
    + DeletionUnfinishedError its deletion has begun and is not finished
    + NotUniqueError          another item has a value that at most one may have
  x ConditionFailedError      the condition of a write was false
    + HeldByAnotherError      another caller holds the item
    + LimitReachedError       the project has as many features in progress as it allows
    + VersionConflictError    the item is not in the version that the caller read
  x RequestReusedError        the id of a request was used for one with other content
  x RequestRunningError       the same request is still running
  x OutcomeGoneError          the item that a repeated request created has been deleted
  x UnreadableItemError       a stored item does not fit its entity
  x SecretError               a secret cannot be encrypted or decrypted
  x TableNotFoundError        the table, or its index, does not exist
  x UnavailableError          DynamoDB could not answer, after retries
    + ThrottledError          DynamoDB kept throttling the request
    + OutOfTimeError          the time limit of a call that sends many requests has passed
    + IncompleteCreationError some of many features are created, and the others are not
    + TransactionConflictError other requests kept changing the same items
    + UnacknowledgedEventError an event may be stored, and a poll may have missed it
  x IncompleteBatchError      some items of a batch are still unprocessed

Errors of AWS that are mapped to none of these, such as AccessDeniedException, propagate unchanged.
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
    NotUniqueError,
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
    "NotUniqueError",
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
