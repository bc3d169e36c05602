"""What a failed attempt means: whether to send the request again, and which error to raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

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

#: Codes of AWS after which the same request may succeed, and what they mean when it never does.
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

#: Codes that mean one thing, whatever was asked.
PERMANENT: Final[Mapping[str, type[AutoforgeError]]] = {
    "ResourceNotFoundException": TableNotFoundError,
    "IdempotentParameterMismatchException": InvalidValueError,
}

_SERVER_ERROR: Final = 500


class ConditionRefusedError(Exception):
    """DynamoDB found a condition false.

    Attributes:
        items: For each write of the request, in order, whether it was refused and what is there.
        repeated: Whether an earlier attempt may have been carried out although no answer came.
    """

    def __init__(self, refusals: Sequence[CancellationReason], *, repeated: bool) -> None:
        self.reasons = tuple(refusals)
        self.repeated = repeated
        super().__init__("the condition of a write was false")


@dataclass(frozen=True)
class CancellationReason:
    """Whether a write's condition was false, and the item that is there."""

    refused: bool
    item: Mapping[str, Any] | None = None


class UncertainError(Exception):
    """No answer came, and a request that must not be carried out twice may have been once."""


class TooLateError(Exception):
    """A request may not be sent any more; no attempt of it was carried out."""


@dataclass(frozen=True)
class Failure:
    """An attempt failed in a way that the next may not.

    Attributes:
        error_type: The error to raise when no attempt succeeds.
        reason: What happened.
        perhaps_done: Whether DynamoDB may have carried the request out.
        passed: Whether the cause is gone, so that there is nothing to wait for.
    """

    error_type: type[UnavailableError]
    reason: str
    perhaps_done: bool
    passed: bool = False


def failure_of(
    error: ClientError | NoConnectionError | HTTPClientError, *, repeated: bool
) -> Failure:
    """Say how an attempt failed that may be made again.

    Args:
        error: What the wire raised.
        repeated: Whether an earlier attempt may have been carried out.

    Raises:
        ConditionRefusedError: if the condition of a write was false.
        AutoforgeError: by meaning, if another attempt would come to the same.
        ClientError: unchanged, if its code has no meaning here.
    """
    if isinstance(error, ClockSkewedError):
        return Failure(UnavailableError, str(error), perhaps_done=False, passed=True)
    if isinstance(error, ClientError):
        error_type = _error_for(error, repeated=repeated)
        if isinstance(error_type, Failure):
            return error_type
        if error_type is error:
            raise error
        raise error_type from error
    # Without a connection DynamoDB has certainly not seen the request.
    perhaps_done = not isinstance(error, NoConnectionError)
    return Failure(UnavailableError, str(error), perhaps_done=perhaps_done)


def _error_for(error: ClientError, *, repeated: bool) -> Exception | Failure:
    """Say what a code of AWS means; an unknown code stays what it is."""
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
        refusals = [
            CancellationReason(code == "ConditionalCheckFailed", reason.get("Item"))
            for code, reason in zip(codes, reasons, strict=True)
        ]
        return ConditionRefusedError(refusals, repeated=repeated)
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
