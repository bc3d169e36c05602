"""AWS's Signature Version 4, for POST requests to the root of one host."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from botocore.credentials import ReadOnlyCredentials

#: The media type of DynamoDB's JSON.
CONTENT_TYPE: Final = "application/x-amz-json-1.0"

#: Returns the current time.
Clock: TypeAlias = Callable[[], datetime]

_SERVICE: Final = "dynamodb"
_SECOND: Final = timedelta(seconds=1)


class _Second(NamedTuple):
    """The part that the signatures of one second with the same credentials share."""

    credentials: ReadOnlyCredentials
    begin: datetime
    end: datetime
    #: A message authentication code that was started with the key of the day.
    key: hmac.HMAC
    #: The canonical request up to the operation, and from there to the digest of the body.
    canonical: str
    signed: str
    #: The string to sign up to the digest of the canonical request.
    scope: str
    #: The head of the HTTP request up to the signature.
    head: str


class Signer:
    """Builds and signs HTTP requests to one host.

    Args:
        host: The Host header.
        region: AWS region.
        user_agent: The User-Agent header, which is not signed.
    """

    def __init__(self, host: str, region: str, user_agent: str) -> None:
        self._host = host
        self._region = region
        self._user_agent = user_agent
        # The key of a day and a secret: kept, because deriving it is most of the work.
        self._key: tuple[str, str, hmac.HMAC] | None = None
        self._second: _Second | None = None

    def request(
        self, operation: str, body: bytes, credentials: ReadOnlyCredentials, moment: datetime
    ) -> bytes:
        """The whole HTTP request for an operation, signed with a time."""
        second = self._second
        if (
            second is None
            or not second.begin <= moment < second.end
            or second.credentials != credentials
        ):
            second = self._second = self._prepare(credentials, moment)
        target = f"DynamoDB_20120810.{operation}"
        canonical = f"{second.canonical}{target}{second.signed}{sha256(body).hexdigest()}"
        to_sign = f"{second.scope}{sha256(canonical.encode()).hexdigest()}"
        signature = second.key.copy()
        signature.update(to_sign.encode())
        head = (
            f"{second.head}{signature.hexdigest()}\r\n"
            f"X-Amz-Target: {target}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _prepare(self, credentials: ReadOnlyCredentials, time: datetime) -> _Second:
        begin = time.astimezone(UTC).replace(microsecond=0)
        stamp = begin.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self._region}/{_SERVICE}/aws4_request"
        token = _on_one_line(credentials.token)
        names = "content-type;host;x-amz-date;"
        names += "x-amz-security-token;x-amz-target" if token else "x-amz-target"
        return _Second(
            credentials=credentials,
            begin=begin,
            end=begin + _SECOND,
            key=self._signing_key(credentials.secret_key or "", stamp[:8]),
            canonical=f"POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{self._host}\n"
            f"x-amz-date:{stamp}\n"
            + (f"x-amz-security-token:{token}\n" if token else "")
            + "x-amz-target:",
            signed=f"\n\n{names}\n",
            scope=f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n",
            head=f"POST / HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: {self._user_agent}\r\n"
            f"Accept-Encoding: identity\r\nContent-Type: {CONTENT_TYPE}\r\nX-Amz-Date: {stamp}\r\n"
            + (f"X-Amz-Security-Token: {token}\r\n" if token else "")
            + f"Authorization: AWS4-HMAC-SHA256 Credential={_on_one_line(credentials.access_key)}/"
            f"{scope}, SignedHeaders={names}, Signature=",
        )

    def _signing_key(self, secret: str, day: str) -> hmac.HMAC:
        """The signing key of a day in the region."""
        kept = self._key
        if kept is None or kept[:2] != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, _SERVICE, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            kept = self._key = (secret, day, hmac.new(key, None, "sha256"))
        return kept[2]


def _on_one_line(text: str | None) -> str:
    """A header value in canonical form, on one line: no credential can start another header."""
    return " ".join((text or "").split())
