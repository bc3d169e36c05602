"""Both transports send the same requests to a real engine and return the same answers."""

from __future__ import annotations

from base64 import b64encode
from collections import UserDict
from itertools import count
from typing import Any, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.transport.botocore import BotocoreTransport
from autoforge.dynamodb.transport.direct import DirectTransport
from autoforge.dynamodb.transport.transport import encode
from tests.dynamodb.misbehaving import always, client_at, http, serving
from tests.servers import Engine
from tests.stores import client_of

_numbers: Final = count(1)

_texts: Final = st.text(st.characters(codec="utf-8"), min_size=1, max_size=9)
_binary: Final = st.binary(min_size=1, max_size=9)
_integers: Final = st.integers(-(10**30), 10**30).map(str)
_scalars: Final = st.one_of(
    st.builds(lambda value: {"S": value}, _texts),
    st.builds(lambda value: {"N": value}, _integers),
    st.builds(lambda value: {"B": value}, _binary),
    st.builds(lambda value: {"B": b64encode(value).decode()}, _binary),
    st.builds(lambda value: {"BOOL": value}, st.booleans()),
    st.just({"NULL": True}),
    st.builds(lambda value: {"SS": value}, st.lists(_texts, min_size=1, max_size=3, unique=True)),
    st.builds(
        lambda value: {"NS": value}, st.lists(_integers, min_size=1, max_size=3, unique=True)
    ),
    st.builds(lambda value: {"BS": value}, st.lists(_binary, min_size=1, max_size=3, unique=True)),
)
_values: Final = st.recursive(
    _scalars,
    lambda values: st.one_of(
        st.builds(lambda value: {"L": value}, st.lists(values, max_size=3)),
        # Maps with members named like types: their values are not values of that type.
        st.builds(
            lambda value: {"M": value},
            st.dictionaries(_texts | st.sampled_from(["B", "BS", "M"]), values, max_size=3),
        ),
    ),
    max_leaves=6,
)
_items: Final = st.dictionaries(
    st.sampled_from(["a", "B", "BS", "S", "ä"]), _values, min_size=1, max_size=3
)


@pytest.fixture(scope="module")
def ways(engine: Engine, client: Client, table_name: str) -> dict[str, Client]:
    """A client for each transport, on one table."""
    return {way: client_of(engine, transport=way) for way in ("auto", "botocore")}


@given(_items)
def test_an_item_is_written_and_read_alike(
    ways: dict[str, Client], table_name: str, item: dict[str, Any]
) -> None:
    key = {"PK": {"S": f"item-{next(_numbers)}"}, "SK": {"S": "s"}}
    get = Request("GetItem", {"TableName": table_name, "Key": key})
    put = Request("PutItem", {"TableName": table_name, "Item": {**item, **key}})
    read = []

    for writer in ways.values():
        writer.send(put)
        read += [reader.send(get) for reader in ways.values()]

    assert all(_unordered(each) == _unordered(read[0]) for each in read)
    assert _unordered(read[0]["Item"]) == _unordered(orjson.loads(encode({**item, **key})))


@given(_items)
def test_a_request_is_the_same_json(item: dict[str, Any]) -> None:
    put = Request("PutItem", {"TableName": "t", "Item": item})

    with serving(always(http())) as served:
        for way in ("auto", "botocore"):
            client = client_at(served, transport=way)
            client.send(put)
            client.close()

    ours, botocores = (orjson.loads(each.partition(b"\r\n\r\n")[2]) for each in served.requests)
    assert ours == botocores


def test_every_kind_of_answer_is_the_same(ways: dict[str, Client], table_name: str) -> None:
    key = {"PK": {"S": "every"}, "SK": {"S": "kind"}}
    item = {**key, "data": {"B": b"\0\xff"}, "more": {"BS": {b"\0"}}}
    write = {"PutRequest": {"Item": item}}
    requests = [
        Request("PutItem", {"TableName": table_name, "Item": item, "ReturnValues": "ALL_OLD"}),
        Request("BatchWriteItem", {"RequestItems": {table_name: [write]}}),
        Request("BatchGetItem", {"RequestItems": {table_name: {"Keys": [key]}}}),
        Request(
            "Query",
            {
                "TableName": table_name,
                "KeyConditionExpression": "PK = :p",
                "ExpressionAttributeValues": {":p": key["PK"]},
                "Limit": 1,
            },
        ),
        Request(
            "UpdateItem",
            {
                "TableName": table_name,
                "Key": key,
                "UpdateExpression": "SET n = :n",
                "ExpressionAttributeValues": {":n": {"N": "1"}},
                "ReturnValues": "ALL_NEW",
            },
        ),
        Request("TransactWriteItems", {"TransactItems": [{"Put": _put(table_name, item)}]}),
        Request("DescribeTable", {"TableName": table_name}),
        Request("DeleteItem", {"TableName": table_name, "Key": key, "ReturnValues": "ALL_OLD"}),
    ]

    answers = []
    for client in ways.values():
        client.send(Request("PutItem", {"TableName": table_name, "Item": item}))
        answers.append([_known(client.send(request)) for request in requests])

    assert answers[0] == answers[1]


def test_each_way_is_what_it_is_called(ways: dict[str, Client]) -> None:
    assert isinstance(ways["auto"].active_transport, DirectTransport)
    assert isinstance(ways["botocore"].active_transport, BotocoreTransport)


def test_mappings_tuples_and_sets_are_json() -> None:
    given = UserDict({"list": (1, 2), "set": {b"\0"}, "view": memoryview(b"\1")})

    assert encode({"a": given}) == b'{"a":{"list":[1,2],"set":["AA=="],"view":"AQ=="}}'


def _put(table_name: str, item: dict[str, Any]) -> dict[str, Any]:
    return {"TableName": table_name, "Item": item}


def _unordered(value: Any) -> Any:
    """The value with its sets in a form that compares without order."""
    match value:
        case {"SS": list(members)} | {"NS": list(members)} | {"BS": list(members)}:
            return {"set": sorted(members, key=str)}
        case dict():
            return {name: _unordered(member) for name, member in value.items()}
        case list():
            return [_unordered(member) for member in value]
    return value


def _known(answer: Any) -> Any:
    """The documented parts of an answer; botocore drops what an engine adds to them."""
    match answer:
        case {"Table": table}:
            return {
                "Table": {name: table[name] for name in ("TableName", "KeySchema", "ItemCount")}
            }
    return _unordered({name: value for name, value in answer.items() if value is not None})
