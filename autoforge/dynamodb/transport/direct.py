"""The direct transport: encodes JSON, signs it and sends it on a kept connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from autoforge.dynamodb.transport import responses
from autoforge.dynamodb.transport.connections import Connections, Server
from autoforge.dynamodb.transport.http1 import Answer
from autoforge.dynamodb.transport.signing import Clock, Signer
from autoforge.dynamodb.transport.transport import ClockSkewedError, encode, patience

#: AWS's codes for a signature whose time is wrong, and for a wrong signature.
_SKEW_CODES: Final = frozenset(
    {
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)

#: The largest difference of clocks that explains no refusal: AWS accepts five minutes.
_TOLERATED: Final = timedelta(minutes=4)

_NO_SKEW: Final = timedelta()


class DirectTransport:
    """Signs requests and sends them over its own connections.

    Args:
        server: The server.
        connections: Connections to it.
        signer: Signs requests to it.
        credentials: Returns the current credentials; called for each request.
        clock: Returns the time that requests are signed with.
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
        self._skew = _NO_SKEW

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request once; see ``Transport.exchange``.

        Raises:
            ClockSkewedError: if the time of the signature was refused; the next request is signed
                with the time of the server.
        """
        now, skew = self._clock(), self._skew
        body = encode(parameters)
        message = self._signer.request(operation, body, self._credentials(), now + skew)
        answer = self._connections.exchange(message, patience())
        content = responses.content(answer, self._url)
        if content is not None:
            return content
        error = responses.client_error(operation, answer)
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
        """Whether a difference of clocks explains a refusal; if so, it is kept for the next one."""
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
