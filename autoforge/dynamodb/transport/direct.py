"""Our own way to DynamoDB: JSON, a signature and a kept connection, and nothing between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from autoforge.dynamodb.transport import responses as answers
from autoforge.dynamodb.transport.connections import Connections, Server
from autoforge.dynamodb.transport.http1 import Answer
from autoforge.dynamodb.transport.signing import Clock, Signer
from autoforge.dynamodb.transport.transport import ClockSkewedError, encode, patience

#: What AWS says of a signature whose time is not its own, and of a wrong one.
_SKEW_CODES: Final = frozenset(
    {
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)

#: AWS takes signatures up to five minutes old.
_TOLERATED: Final = timedelta(minutes=4)

_NONE: Final = timedelta()


class DirectTransport:
    """Sends requests over connections of its own.

    Args:
        server: The server.
        connections: Connections to it.
        signer: Signs for it.
        credentials: Gives the credentials of the moment; asked for each request.
        clock: Tells the time that signatures bear.
    """

    def __init__(
        self,
        server: Server,
        connections: Connections,
        signer: Signer,
        credentials: Callable[[], ReadOnlyCredentials],
        clock: Clock,
    ) -> None:
        self._url = server.url
        self._connections = connections
        self._signer = signer
        self._credentials = credentials
        self._clock = clock
        #: By how much the server's clock is ahead of ours.
        self._skew = _NONE

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request once, as ``Wire`` says.

        Raises:
            ClockSkewedError: if our clock was refused; the next request is signed by theirs.
        """
        now, skew = self._clock(), self._skew
        body = encode(parameters)
        message = self._signer.request(operation, body, self._credentials(), now + skew)
        answer = self._connections.exchange(message, patience())
        said = answers.content(answer, self._url)
        if said is not None:
            return said
        error = answers.client_error(operation, answer)
        if self._is_skewed(error, answer, now, skew):
            raise ClockSkewedError(error.response, operation)
        raise error

    def warm(self) -> None:
        """Open a connection, and resolve the credentials."""
        self._credentials()
        self._connections.warm()

    def close(self) -> None:
        """Close the connections that are idle."""
        self._connections.close()

    def _is_skewed(
        self, error: ClientError, answer: Answer, now: datetime, allowed_for: timedelta
    ) -> bool:
        """Whether the server's clock explains a refusal; the difference is then remembered."""
        if error.response["Error"]["Code"] not in _SKEW_CODES:
            return False
        try:
            ahead = parsedate_to_datetime(answer.headers.get("date", "")) - now
        except (TypeError, ValueError):  # no date, or one without a zone
            return False
        if abs(ahead - allowed_for) <= _TOLERATED:
            return False
        self._skew = ahead
        return True
