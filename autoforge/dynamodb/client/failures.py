"""Maps failed attempts: whether to send the request again, and which error to raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from autoforge.dynamodb.errors import (
    AutoforgeError,
    InvalidValueError,
    ItemTooLargeError,
    TableNotFoundError,
    ThrottledError,
    TransactionConflictError,
    UnavailableError,
)
from autoforge.dynamodb.transport.transport import ClockSkewedError

#: AWS's codes after which the same request may succeed, and the error to raise if it never does.
TRANSIENT: Final[Mapping[str, type[UnavailableError]]] = {
    "InternalServerError": UnavailableError,
    "LimitExceededException": ThrottledError,
    "ProvisionedThroughputExceeded": ThrottledError,
    "ProvisionedThroughputExceededException": ThrottledError,
    "RequestLimitExceeded": ThrottledError,
    "RequestTimeout": UnavailableError,
    "RequestTimeoutException": UnavailableError,
    "ServiceUnavailable": UnavailableError,
    "Throttling": ThrottledError,
    "ThrottlingError": ThrottledError,
    "ThrottlingException": ThrottledError,
    "TransactionConflict": TransactionConflictError,
    "TransactionConflictException": TransactionConflictError,
    "TransactionInProgressException": TransactionConflictError,
}

#: AWS's codes after which the same request never succeeds, and the error to raise.
PERMANENT: Final[Mapping[str, type[AutoforgeError]]] = {
    "ResourceNotFoundException": TableNotFoundError,
    "IdempotentParameterMismatchException": InvalidValueError,
}

_SERVER_ERROR: Final = 500


class ConditionRefusedError(Exception):
    """DynamoDB refused a request because a condition was false.

    Attributes:
        reasons: For each write of the request, in order, whether its condition was false.
        repeated: Whether an earlier attempt, which was not answered, may have been applied.
    """

    def __init__(self, reasons: Sequence[CancellationReason], *, repeated: bool) -> None:
        self.reasons = tuple(reasons)
        self.repeated = repeated
        super().__init__("the condition of a write was false")


class CancellationReason(NamedTuple):
    """Whether the condition of a write was false, and the item that DynamoDB returned."""

    refused: bool
    item: Mapping[str, Any] | None = None


class UncertainError(Exception):
    """A request that must not be applied twice got no answer, and may have been applied."""


class TooLateError(Exception):
    """The deadline of a request has passed; no attempt of it was applied."""


class Failure(NamedTuple):
    """A failed attempt, after which another may succeed.

    Attributes:
        error_type: The error to raise if no attempt succeeds.
        reason: What happened, for the message.
        perhaps_done: Whether DynamoDB may have applied the request.
        passed: Whether the cause is gone, so that the next attempt need not wait.
    """

    error_type: type[UnavailableError]
    reason: str
    perhaps_done: bool
    passed: bool = False


def failure_of(
    error: ClientError | NoConnectionError | HTTPClientError, *, repeated: bool
) -> Failure:
    """Describe a failure after which another attempt may succeed; raise any other.

    Args:
        error: The error of the transport.
        repeated: Whether an earlier attempt may have been applied.

    Raises:
        ConditionRefusedError: if the condition of a write was false.
        AutoforgeError: the subclass for the cause, if another attempt would fail the same way.
        ClientError: unchanged, if its code is not mapped here.
    """
    if isinstance(error, ClockSkewedError):
        return Failure(UnavailableError, str(error), perhaps_done=False, passed=True)
    if isinstance(error, ClientError):
        mapped = _mapped(error, repeated=repeated)
        if isinstance(mapped, Failure):
            return mapped
        if mapped is error:
            raise error
        raise mapped from error
    # Without a connection DynamoDB has certainly not seen the request.
    perhaps_done = not isinstance(error, NoConnectionError)
    return Failure(UnavailableError, str(error), perhaps_done=perhaps_done)


def _mapped(error: ClientError, *, repeated: bool) -> Exception | Failure:
    """The error or the failure for AWS's code; an error with an unknown code is unchanged."""
    response: Mapping[str, Any] = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "ConditionalCheckFailedException":
        return ConditionRefusedError(
            [CancellationReason(True, response.get("Item"))], repeated=repeated
        )
    if code == "TransactionCanceledException":
        return _cancellation(response.get("CancellationReasons", []), error, repeated=repeated)
    if code in TRANSIENT or status >= _SERVER_ERROR:
        error_type = TRANSIENT.get(code, UnavailableError)
        return Failure(error_type, f"{code}: {message}", perhaps_done=status >= _SERVER_ERROR)
    if code == "ValidationException":
        return _validation(message)
    return PERMANENT[code](message or code) if code in PERMANENT else error


def _cancellation(
    reasons: Sequence[Mapping[str, Any]], error: ClientError, *, repeated: bool
) -> Exception | Failure:
    codes = [str(reason.get("Code")) for reason in reasons]
    if "ConditionalCheckFailed" in codes:
        refused = [
            CancellationReason(code == "ConditionalCheckFailed", reason.get("Item"))
            for code, reason in zip(codes, reasons, strict=True)
        ]
        return ConditionRefusedError(refused, repeated=repeated)
    for code, reason in zip(codes, reasons, strict=True):
        if code in TRANSIENT:
            return Failure(TRANSIENT[code], f"{code}: {reason.get('Message')}", perhaps_done=False)
        if code == "ValidationError":
            return _validation(str(reason.get("Message")))
    return error


def _validation(message: str) -> AutoforgeError:
    if "item size" in message.lower():
        return ItemTooLargeError("the item", size=None, weights={})
    if "specified index" in message:
        return TableNotFoundError(message)
    return InvalidValueError(message)
