"""The transport over botocore, for all configuration that the direct transport lacks."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from ssl import SSLCertVerificationError
from typing import Any

import orjson
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, SSLError
from botocore.session import Session

from autoforge.dynamodb.transport.http1 import Answer
from autoforge.dynamodb.transport.responses import content
from autoforge.dynamodb.transport.transport import Timeouts, encode, patience

#: Connections that are kept: so many threads can send requests at once without opening others.
POOL_SIZE = 50


class BotocoreTransport:
    """Sends requests through a botocore client.

    Args:
        client: Returns the botocore client with a timeout in seconds, or for None the one with the
            usual timeouts; called at each request.
    """

    def __init__(self, client: Callable[[float | None], Any]) -> None:
        self._client = client
        self._used: dict[float | None, Any] = {}

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request once; see ``Transport.exchange``."""
        seconds = patience()
        client = self._used[seconds] = self._client(seconds)
        call = getattr(client, xform_name(operation))
        arguments = _with_bytes(orjson.loads(encode(parameters)))
        try:
            answer: dict[str, Any] = _with_text(call(**arguments))
        except ClientError as error:
            response = _with_text(error.response)
            # botocore always makes one attempt, so this mark would only mislead.
            response["ResponseMetadata"].pop("MaxAttemptsReached", None)
            raise ClientError(response, operation) from error
        except SSLError as error:
            if _is_refused_certificate(error):
                raise
            # botocore raises the same error for a failed handshake and for a later failure.
            raise HTTPClientError(error=error) from error
        answer.pop("ResponseMetadata", None)
        return answer

    def warm(self) -> None:
        """Create the botocore client; it opens no connection before the first request."""
        self._client(None)

    def close(self) -> None:
        """Close the connections of botocore."""
        for client in self._used.values():
            client.close()


def botocore_client(
    session: Session,
    *,
    region: str,
    endpoint_url: str | None,
    credentials: tuple[str, str] | None,
    timeouts: Timeouts,
) -> Any:
    """Create a botocore client that never retries and does not validate parameters."""
    key, secret = credentials or (None, None)
    client = session.create_client(
        "dynamodb",
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=timeouts.connect,
            read_timeout=timeouts.read,
            max_pool_connections=POOL_SIZE,
            parameter_validation=False,
        ),
    )
    client.meta.events.register("before-parse.dynamodb", partial(_require_sound, client))
    return client


def _require_sound(client: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Refuse an answer that botocore would read as empty: a web page, or a truncated answer."""
    url = client.meta.endpoint_url
    headers = {name.lower(): value for name, value in response_dict["headers"].items()}
    answer = Answer(response_dict["status_code"], headers, response_dict["body"] or b"")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > len(answer.body):
        raise ConnectionClosedError(endpoint_url=url)
    content(answer, url)


def _is_refused_certificate(error: SSLError) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _with_bytes(value: Any) -> Any:
    """Decode base64 in DynamoDB JSON to bytes, since botocore encodes them."""
    match value:
        case {"B": str(text)}:
            return {"B": b64decode(text)}
        case {"BS": [str(), *_] as texts}:
            return {"BS": [b64decode(text) for text in texts]}
        case dict():
            return {name: _with_bytes(member) for name, member in value.items()}
        case list():
            return [_with_bytes(member) for member in value]
    return value


def _with_text(value: Any) -> Any:
    """Convert bytes and times that botocore decoded back to their form in JSON."""
    match value:
        case bytes():
            return b64encode(value).decode()
        case datetime():
            return value.timestamp()
        case dict():
            return {name: _with_text(member) for name, member in value.items()}
        case list():
            return [_with_text(member) for member in value]
    return value
