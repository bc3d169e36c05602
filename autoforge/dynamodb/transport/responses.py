"""Decodes DynamoDB's HTTP answers: to JSON, or to the error that botocore would raise."""

from __future__ import annotations

from http.client import responses
from typing import Any, Final
from zlib import crc32

import orjson
from botocore.exceptions import ClientError

from autoforge.dynamodb.transport.http1 import Answer
from autoforge.dynamodb.transport.transport import CorruptAnswerError, NotDynamoDBError

_OK: Final = 200
_REDIRECT: Final = 300
_SERVER_ERROR: Final = 500


def content(answer: Answer, url: str) -> dict[str, Any] | None:
    """The JSON of an answer; None if its status is not 2xx.

    Raises:
        NotDynamoDBError: if the answer is not JSON of DynamoDB.
        CorruptAnswerError: if its checksum is wrong.
    """
    status, headers, body = answer
    kind = headers.get("content-type", "json")
    if "json" not in kind:
        raise NotDynamoDBError(kind=kind)
    checksum = headers.get("x-amz-crc32")
    if checksum is not None and checksum != str(crc32(body)):
        raise CorruptAnswerError(endpoint_url=url)
    if not _OK <= status < _REDIRECT:
        return None
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        decoded = None
    if not isinstance(decoded, dict):
        raise NotDynamoDBError(kind="not a JSON object")
    return decoded


def client_error(operation: str, answer: Answer) -> ClientError:
    """The error that botocore would raise for an answer whose status is not 2xx."""
    status, headers, _ = answer
    decoded, message = _error_content(answer)
    code = str(decoded.pop("__type", status)).split(":", 1)[0].rsplit("#", 1)[-1]
    metadata: dict[str, Any] = {
        "HTTPStatusCode": status,
        "HTTPHeaders": headers,
        "RetryAttempts": 0,
    }
    if "x-amzn-requestid" in headers:
        metadata["RequestId"] = headers["x-amzn-requestid"]
    response: Any = {name: value for name, value in decoded.items() if value is not None}
    response["Error"] = {"Message": message, "Code": code}
    response["ResponseMetadata"] = metadata
    return ClientError(response, operation)


def _error_content(answer: Answer) -> tuple[dict[str, Any], str]:
    """The JSON of an error and its message; a body that is not JSON is the message."""
    status, _, body = answer
    if not body:
        return {}, responses.get(status, "") if status >= _SERVER_ERROR else ""
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}, body.decode(errors="replace")
    if not isinstance(decoded, dict):
        return {}, ""
    return decoded, decoded.get("message", decoded.get("Message")) or ""
