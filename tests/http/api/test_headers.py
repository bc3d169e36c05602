"""Malformed headers, whatever their values, never cause a server error."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from itertools import product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb.client.client import Client
from autoforge.testing.clock import Clock
from tests.http.serving import Api, serving
from tests.stores import forge_of, fresh

#: Headers that some part of the server reads.
READ: Final = (
    *("accept", "accept-encoding", "access-control-request-headers"),
    *("access-control-request-method", "authorization", "connection", "content-type", "cookie"),
    *("expect", "host", "idempotency-key", "if-match", "if-modified-since", "if-none-match"),
    *("if-unmodified-since", "origin", "prefer", "range", "referer", "traceparent"),
    *("transfer-encoding", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"),
    *("x-http-method-override", "x-request-id"),
)
#: Values on which parsers of addresses, lists and numbers have failed.
AWKWARD: Final = (
    *(
        "",
        " ",
        "null",
        "*",
        ",",
        ";",
        "=",
        '"',
        '"3',
        'W/"3"',
        "http://[",
        "http://[::1",
        "http://]",
    ),
    *("//[", "http://a:b", "http://a:99999", "http://a:-1", "http://[::1%25eth0]", "http://\u212a"),
    *("a/b;c", "application/json;charset=", "application/json; charset=\xff", "text/plain; q=x"),
    *("9" * 400, "-1", "1e400", "bytes=9-1", "a" * 4000, "\x7f", "\xff\xfe", "=?utf-8?q?=00?="),
)
VALUES: Final = st.sampled_from(AWKWARD) | st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=30
)
REQUESTS: Final = (
    ("GET", "/health"),
    ("GET", "/projects"),
    ("POST", "/projects"),
    ("OPTIONS", "/projects"),
    ("PUT", "/projects/p/artefacts/raid_log"),
    ("GET", "/no/such/path"),
)


@pytest.fixture(scope="module", params=[[], ["https://board.example"]], ids=["alone", "with CORS"])
def guarded(request: pytest.FixtureRequest, client: Client) -> Iterator[Api]:
    """The API as it is served, with checks of host names and origins."""
    forge = forge_of(fresh(client, Clock()))
    names = {"allowed_hosts": ["testserver.local"], "allowed_origins": request.param}
    with serving(forge, **names) as api:
        yield api


@given(
    headers=st.dictionaries(st.sampled_from(READ), VALUES, min_size=1, max_size=3),
    request_line=st.sampled_from(REQUESTS),
)
def test_no_header_makes_a_server_error(
    guarded: Api, headers: dict[str, str], request_line: tuple[str, str]
) -> None:
    method, path = request_line

    answer = send_with(guarded, method, path, headers)

    assert answer < HTTPStatus.INTERNAL_SERVER_ERROR


@pytest.mark.parametrize("name", ["origin", "host", "if-match", "if-none-match", "content-type"])
def test_no_awkward_value_of_a_header_makes_a_server_error(guarded: Api, name: str) -> None:
    for value, (method, path) in product(AWKWARD, REQUESTS):
        status = send_with(guarded, method, path, {name: value})

        assert status < HTTPStatus.INTERNAL_SERVER_ERROR, (method, path, value)


@pytest.mark.parametrize("origin", ["http://[", "http://]", "//[", "null", "http://a:b", ""])
def test_an_origin_that_is_none_is_refused(guarded: Api, origin: str) -> None:
    answer = send_with(guarded, "GET", "/projects", {"origin": origin})

    assert answer == HTTPStatus.FORBIDDEN


def send_with(api: Api, method: str, path: str, headers: dict[str, str]) -> int:
    """Send a request with headers of any bytes, and return the status of its answer."""
    content = b'{"name": "a"}' if method in {"POST", "PUT"} else None
    sent = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return api.request(method, path, content=content, headers=sent).status_code
