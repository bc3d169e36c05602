"""What HTTP answers of DynamoDB say: JSON, or the error that botocore would raise."""

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
    """What an answer says, or None if it is a refusal.

    Raises:
        NotDynamoDBError: if it is not of DynamoDB.
        CorruptAnswerError: if it was changed on its way.
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
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise NotDynamoDBError(kind="what is no JSON object")
    return said


def client_error(operation: str, answer: Answer) -> ClientError:
    """The error that botocore would raise for an answer that is no success."""
    status, headers, _ = answer
    said, message = _said(answer)
    code = str(said.pop("__type", status)).split(":", 1)[0].rsplit("#", 1)[-1]
    metadata: dict[str, Any] = {
        "HTTPStatusCode": status,
        "HTTPHeaders": headers,
        "RetryAttempts": 0,
    }
    if "x-amzn-requestid" in headers:
        metadata["RequestId"] = headers["x-amzn-requestid"]
    response: Any = {name: value for name, value in said.items() if value is not None}
    response["Error"] = {"Message": message, "Code": code}
    response["ResponseMetadata"] = metadata
    return ClientError(response, operation)


def _said(answer: Answer) -> tuple[dict[str, Any], str]:
    """The JSON of a refusal and the message in it; a text that is no JSON is the message."""
    status, _, body = answer
    if not body:
        return {}, responses.get(status, "") if status >= _SERVER_ERROR else ""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}, body.decode(errors="replace")
    if not isinstance(said, dict):
        return {}, ""
    return said, said.get("message", said.get("Message")) or ""
