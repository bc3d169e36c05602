"""Both transports raise the same error for a refusal."""

from __future__ import annotations

from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from autoforge.dynamodb.client.client import (
    Client,
)
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.transport.transport import TransportName
from autoforge.errors import InvalidValueError
from tests.dynamodb.misbehaving import (
    always,
    client_at,
    http,
    serving,
)

_REFUSALS: Final[dict[str, bytes]] = {
    "a condition": http(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "message": "The conditional request failed",
            "Item": {"PK": {"S": "p"}, "data": {"B": "3q2+7w=="}, "set": {"BS": ["AA==", "/w=="]}},
        },
        status="400 Bad Request",
        more="x-amzn-RequestId: 4KBN\r\n",
    ),
    "a transaction": http(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled",
            "CancellationReasons": [
                {"Code": "None"},
                {"Code": "ConditionalCheckFailed", "Message": "m", "Item": {"B": {"B": "AA=="}}},
            ],
        },
        status="400 Bad Request",
    ),
    "a code alone": http(
        {"__type": "com.amazon.coral.service#SerializationException"}, status="400"
    ),
    "with a link": http({"__type": "Throttling:http://internal.amazon.com/"}, status="400 No"),
    "nothing": http(b"", status="403 Forbidden"),
    "nothing, and no fault of ours": http(b"", status="503 Service Unavailable"),
    "text": http(b"not now", status="429 Too Many Requests"),
    "a redirect": http(b"{}", status="301 Moved Permanently", more="Location: /there\r\n"),
}


@pytest.mark.parametrize("data", _REFUSALS.values(), ids=_REFUSALS)
def test_a_refusal_says_the_same_on_both_ways(data: bytes) -> None:
    with serving(always(data)) as served:
        said = [_refusal(client_at(served, transport=way)) for way in ("auto", "botocore")]

    assert said[0] == said[1]


def _refusal(client: Client) -> tuple[str, str, Any]:
    with pytest.raises(ClientError) as caught:
        client.active_transport.exchange("PutItem", {"TableName": "t"})
    error = caught.value
    return error.operation_name, str(error), error.response


@pytest.mark.parametrize("transport", ["auto", "botocore"])
def test_half_of_a_surrogate_pair_is_refused_before_it_is_sent(transport: TransportName) -> None:
    with (
        serving(always(http())) as served,
        pytest.raises(InvalidValueError, match="surrogates"),
    ):
        client_at(served, transport=transport).send(Request("PutItem", {"Item": {"a": "\ud800"}}))

    assert served.requests == []
