"""The errors of the toolkit, by meaning and not by operation.

* AutoforgeError
  x DeclarationError          an entity, a key, a pattern or a write is declared or used wrongly
  x ConfigurationError        a setting is missing, malformed or refused
    + MissingExtraError       a package is missing that an extra of autoforge installs
  x InvalidValueError         a value cannot be stored, or cannot stand in a key
    + InvalidCursorError      a cursor that was not issued for this pattern and these parameters
    + InvalidTransactionError no writes or more than 100, more than 4 MB, or one item twice
    + ItemTooLargeError       an item of more than 400 KB
  x ItemNotFoundError         no item has the key, or it is past its expiry
  x ItemExistsError           an item with the key exists
    + DeletionUnfinishedError an item with the key exists, and its deletion was interrupted
    + NotUniqueError          another item has a value that at most one item may have
  x ConditionFailedError      the condition of a write was false
    + VersionConflictError    the item does not have the version that the caller read
  x UnreadableItemError       a stored item does not match its entity
  x SecretError               a secret cannot be encrypted or decrypted
  x TableNotFoundError        the table, or its index, does not exist
  x UnavailableError          DynamoDB could not answer, after retries
    + ThrottledError          DynamoDB throttled the request
    + OutOfTimeError          a call of many requests exceeded its time limit
    + TransactionConflictError other requests kept changing the same items
  x IncompleteBatchError      some items of a batch were left unprocessed

AWS error codes that have no class here, such as AccessDeniedException, are raised as botocore's
``ClientError``.
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
    "NotUniqueError",
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
#: The similarity of names, from 0 to 1, above which one may be a misspelling of the other.
_NEAR: Final = 0.7
#: The similarity above which one is surely taken for a misspelling of the other.
MISSPELT: Final = 0.81


class AutoforgeError(Exception):
    """The base class of all errors of this package.

    Examples:
        >>> from autoforge.dynamodb.errors import AutoforgeError, ConditionFailedError
        >>> renew = Update(
        ...     Loan,
        ...     {"isbn": "b1", "id": "l1"},
        ...     NOON,
        ...     changes=[Loan.renewals.add(1)],
        ...     condition=Loan.returned.equals(False),
        ...     requires="only a loan that is out can be renewed",
        ...     found=lambda loan: f"is returned by {loan.member}",
        ... )
        >>> try:
        ...     store.write(renew)
        ... except ConditionFailedError as error:
        ...     print(error)
        ...     print(error.item, isinstance(error, AutoforgeError))
        Loan l1 of isbn b1 is returned by ann; only a loan that is out can be renewed
        <Loan BOOK#b1 / LOAN#l1> True
    """


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
    """A value cannot be stored, or cannot stand in a key; no request was sent."""


class InvalidCursorError(InvalidValueError):
    """The cursor was not issued by this service for this pattern and these parameters."""


class InvalidTransactionError(InvalidValueError):
    """DynamoDB never accepts the transaction; no request was sent.

    It has no writes or more than 100, more than 4 MB, or two writes of one item.
    """


class ItemTooLargeError(InvalidValueError):
    """An item is larger than DynamoDB's 400 KB, which are 409,600 bytes.

    Attributes:
        size: The size of the item in bytes; None if only DynamoDB knows it.
        weights: The bytes of each attribute, the largest first.
    """

    def __init__(self, entity: str, *, size: int | None, weights: Mapping[str, int]) -> None:
        self.size = size
        self.weights = dict(sorted(weights.items(), key=lambda pair: -pair[1]))
        heaviest = ", ".join(f"{name} {weight:,}" for name, weight in self.weights.items())
        total = "" if size is None else f" of {size:,} bytes"
        shown = f" ({heaviest})" if heaviest else ""
        super().__init__(f"{entity}{total} is over the limit of 409,600 bytes{shown}")


class ItemNotFoundError(AutoforgeError, LookupError):
    """No item has the key, or it is past its expiry.

    Attributes:
        entity: The type of the item.
        parameters: The components of the key, or the parameters of the pattern.
    """

    def __init__(self, entity: str, parameters: Mapping[str, Any]) -> None:
        self.entity = entity
        self.parameters = dict(parameters)
        super().__init__(f"there is no {entity} with {_listed(parameters)}")


class ItemExistsError(AutoforgeError):
    """An item with the key exists.

    Attributes:
        entity: The type of the item.
        parameters: The components of the key.
        item: The existing entity; None if DynamoDB did not return it.
    """

    def __init__(self, entity: str, parameters: Mapping[str, Any], *, item: Any = None) -> None:
        self.entity = entity
        self.parameters = dict(parameters)
        self.item = item
        super().__init__(f"{entity} with {_listed(parameters)} exists already")


class NotUniqueError(ItemExistsError):
    """Another item has a value that at most one item may have.

    Attributes:
        item: The look-up item of the value; None if DynamoDB did not return it.
        owner: The primary key of the item that has the value, as text.
    """

    def __init__(
        self, entity: str, parameters: Mapping[str, Any], *, item: Any = None, owner: str
    ) -> None:
        super().__init__(entity, parameters, item=item)
        self.owner = owner
        self.args = (f"{self.args[0]}: it is at {owner}",)


class DeletionUnfinishedError(ItemExistsError):
    """An item with the key exists, and its deletion was interrupted: delete it again.

    The item is already read as missing.
    """

    def __init__(self, entity: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(entity, parameters)
        named = f"{entity} with {_listed(parameters)}"
        self.args = (f"{named} is not deleted completely: delete it again, then create it",)


class ConditionFailedError(AutoforgeError):
    """The condition of a write was false; nothing was changed.

    Attributes:
        item: The entity as it is stored; None if DynamoDB did not return it.
    """

    def __init__(self, message: str, *, item: Any = None) -> None:
        self.item = item
        super().__init__(message)


class VersionConflictError(ConditionFailedError):
    """The item does not have the version that the caller read (optimistic locking)."""


class UnreadableItemError(AutoforgeError):
    """A stored item does not match its entity: the type, or a required or malformed attribute."""


class SecretError(AutoforgeError):
    """A secret cannot be encrypted or decrypted; the message never holds the secret."""


class TableNotFoundError(AutoforgeError, LookupError):
    """The table, or the index that a pattern reads, does not exist."""


class UnavailableError(AutoforgeError):
    """DynamoDB could not be reached or could not answer, after the attempts of the retry policy."""


class ThrottledError(UnavailableError):
    """DynamoDB throttled the request, after the attempts of the retry policy."""


class OutOfTimeError(UnavailableError):
    """A call of many requests exceeded its time limit before it sent the next request."""


class TransactionConflictError(UnavailableError):
    """Other requests kept changing the same items, after all attempts."""


class IncompleteBatchError(AutoforgeError):
    """Some items of a batch were left unprocessed after bounded retries.

    Attributes:
        unprocessed: The primary keys (partition, sort) of the unprocessed items. The other items
            were processed, because a batch is not a transaction.
    """

    def __init__(self, unprocessed: Sequence[tuple[str, str]]) -> None:
        self.unprocessed = tuple(unprocessed)
        super().__init__(f"{len(self.unprocessed)} items of the batch were left unprocessed")


def shortened(value: Any) -> str:
    """Return a value for an error message, cut to 80 characters; a class by its name."""
    shown = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."


def is_name(given: object) -> bool:
    """Whether something is a text that is not empty."""
    return isinstance(given, str) and bool(given)


def suggestion(name: str, known: Iterable[str], *, alike: float = _NEAR) -> str:
    """Return the end of an error message that suggests the most similar known name.

    Args:
        name: The unknown name.
        known: The known names.
        alike: The similarity that a name must have, from 0 to 1.

    Returns:
        ``"; did you mean 'name'?"``, or an empty text if no name is similar.
    """
    near = get_close_matches(name, sorted(known), n=1, cutoff=alike)
    return f"; did you mean {near[0]!r}?" if near else ""


class naming:  # noqa: N801 - used as a function; one of contextlib takes three times as long
    """Prefix the message of an InvalidValueError with the name of the value.

    Raises:
        InvalidValueError: the one raised inside, with the prefix.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Start watching."""

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        """Prefix the message."""
        if isinstance(error, InvalidValueError):
            raise InvalidValueError(f"{self._name}: {error}") from error


def _listed(parameters: Mapping[str, Any]) -> str:
    """Return parameters for an error message; members of enumerations are shown as their texts."""
    plain = {
        name: str(value) if isinstance(value, str) else value for name, value in parameters.items()
    }
    return ", ".join(f"{name} {value!r}" for name, value in plain.items())
