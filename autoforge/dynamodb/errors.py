"""The errors that any table can raise, by meaning and not by operation.

* AutoforgeError
  x DeclarationError          an entity, a key or a pattern is declared or used wrongly
  x ConfigurationError        a setting is missing, malformed or refused
    + MissingExtraError       a package is missing that an extra of autoforge installs
  x InvalidValueError         a value cannot be stored, or cannot stand in a key
    + InvalidCursorError      a cursor that was not issued for this pattern and these parameters
    + InvalidTransactionError more than 100 items, more than 4 MB, or one item twice
    + ItemTooLargeError       an item of more than 400 KB
  x ItemNotFoundError         no item has the key that was asked for
  x ItemExistsError           an item with the key is there already
    + DeletionUnfinishedError its deletion was begun and not finished
  x ConditionFailedError      the condition of a write was false
    + VersionConflictError    the item is not in the version the caller read
  x UnreadableItemError       a stored item is not what its entity says
  x SecretError               a secret cannot be encrypted or decrypted
  x TableNotFoundError        the table, or its index, does not exist
  x UnavailableError          DynamoDB could not answer, after retries
    + ThrottledError          it was over its throughput
    + OutOfTimeError          the time limit of a call that sends many requests was over
    + TransactionConflictError another request kept changing the same items
  x IncompleteBatchError      some items of a batch were neither written nor refused

Codes of AWS that are not in this list (say, AccessDeniedException) propagate unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

__all__ = [
    "AutoforgeError",
    "ConditionFailedError",
    "ConfigurationError",
    "DeclarationError",
    "DeletionUnfinishedError",
    "IncompleteBatchError",
    "InvalidCursorError",
    "InvalidTransactionError",
    "InvalidValueError",
    "ItemExistsError",
    "ItemNotFoundError",
    "ItemTooLargeError",
    "MissingExtraError",
    "OutOfTimeError",
    "SecretError",
    "TableNotFoundError",
    "ThrottledError",
    "TransactionConflictError",
    "UnavailableError",
    "UnreadableItemError",
    "VersionConflictError",
    "shortened",
    "suggestion",
]

_SHOWN: Final = 80
#: How alike two names are, from 0 to 1, of which one may be a misspelling of the other.
_NEAR: Final = 0.7


class AutoforgeError(Exception):
    """Base of every error this package raises."""


class DeclarationError(AutoforgeError, TypeError):
    """An entity, a key, a pattern or a write is declared or used wrongly: a mistake in code."""


class ConfigurationError(AutoforgeError, ValueError):
    """A setting is missing, malformed, or refused for safety."""


class MissingExtraError(ConfigurationError, ImportError):
    """A package is not installed that comes with an extra; the message has the command for it.

    Attributes:
        extra: The extra.
    """

    def __init__(self, extra: str, *, needing: str, package: str) -> None:
        self.extra = extra
        super().__init__(
            f"{package} is not installed, and {needing} needs it: pip install 'autoforge[{extra}]'"
        )


class InvalidValueError(AutoforgeError, ValueError):
    """A value cannot be stored, or cannot stand in a key; nothing was sent."""


class InvalidCursorError(InvalidValueError):
    """The cursor was not issued by this service for this pattern and these parameters."""


class InvalidTransactionError(InvalidValueError):
    """The transaction is one that DynamoDB never accepts; nothing was sent."""


class ItemTooLargeError(InvalidValueError):
    """An item is larger than DynamoDB's 400 KB.

    Attributes:
        size: The item's size in bytes, or None where only DynamoDB could tell.
        weights: Bytes of each attribute, heaviest first.
    """

    def __init__(self, entity: str, *, size: int | None, weights: Mapping[str, int]) -> None:
        self.size = size
        self.weights = dict(sorted(weights.items(), key=lambda pair: -pair[1]))
        heaviest = ", ".join(f"{name} {weight:,}" for name, weight in self.weights.items())
        total = "" if size is None else f" of {size:,} bytes"
        super().__init__(f"{entity}{total} is over the limit of 409,600 bytes ({heaviest})")


class ItemNotFoundError(AutoforgeError, LookupError):
    """No item has the key that was asked for, or it is past its expiry."""

    def __init__(self, entity: str, parameters: Mapping[str, Any]) -> None:
        self.entity = entity
        self.parameters = dict(parameters)
        super().__init__(f"there is no {entity} with {_listed(parameters)}")


class ItemExistsError(AutoforgeError):
    """An item with this key is there already.

    Attributes:
        item: The entity that is there, or None where DynamoDB did not return it.
    """

    def __init__(self, entity: str, parameters: Mapping[str, Any], *, item: Any = None) -> None:
        self.entity = entity
        self.parameters = dict(parameters)
        self.item = item
        super().__init__(f"{entity} with {_listed(parameters)} exists already")


class DeletionUnfinishedError(ItemExistsError):
    """An item with this key reads as gone, and its deletion is not finished: delete it again."""

    def __init__(self, entity: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(entity, parameters)
        named = f"{entity} with {_listed(parameters)}"
        self.args = (f"{named} is not deleted completely: delete it again, then create it",)


class ConditionFailedError(AutoforgeError):
    """The condition of a write was false; nothing was changed.

    Attributes:
        item: The entity as it is, or None where DynamoDB did not return it.
    """

    def __init__(self, message: str, *, item: Any = None) -> None:
        self.item = item
        super().__init__(message)


class VersionConflictError(ConditionFailedError):
    """The item is not in the version that the caller read."""


class UnreadableItemError(AutoforgeError):
    """A stored item lacks what its entity requires, or holds it in another form."""


class SecretError(AutoforgeError):
    """A secret cannot be encrypted or decrypted; the message never holds the secret."""


class TableNotFoundError(AutoforgeError, LookupError):
    """The table, or the index a pattern reads, does not exist."""


class UnavailableError(AutoforgeError):
    """DynamoDB could not be reached or could not answer, after bounded retries."""


class ThrottledError(UnavailableError):
    """DynamoDB refused for throughput, after bounded retries."""


class OutOfTimeError(UnavailableError):
    """The time limit of a call that sends many requests was over before the next of them."""


class TransactionConflictError(UnavailableError):
    """Other requests kept changing the same items, after bounded retries."""


class IncompleteBatchError(AutoforgeError):
    """Some items of a batch were left unprocessed after bounded retries.

    Attributes:
        unprocessed: The primary keys (partition, sort) of the items not dealt with. The others
            were; a batch is not a transaction.
    """

    def __init__(self, unprocessed: Sequence[tuple[str, str]]) -> None:
        self.unprocessed = tuple(unprocessed)
        super().__init__(f"{len(self.unprocessed)} items of the batch were left unprocessed")


def shortened(value: Any) -> str:
    """Show a value in an error message, cut to one line."""
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."


def suggestion(name: str, known: Iterable[str], *, alike: float = _NEAR) -> str:
    """Continue an error message about a name with the nearest one that is known, if one is near."""
    near = get_close_matches(name, sorted(known), n=1, cutoff=alike)
    return f"; did you mean {near[0]!r}?" if near else ""


def _listed(parameters: Mapping[str, Any]) -> str:
    """Show parameters in an error message; a member of an enumeration as its text."""
    plain = {
        name: str(value) if isinstance(value, str) else value for name, value in parameters.items()
    }
    return ", ".join(f"{name} {value!r}" for name, value in plain.items())
