"""The signatures are the same as botocore's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb.transport.signing import CONTENT_TYPE, Signer

_HOST: Final = "dynamodb.eu-west-1.amazonaws.com"
_MOMENT: Final = datetime(2026, 2, 4, 10, 30, 15, 250_000, tzinfo=UTC)

_secrets: Final = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
_tokens: Final = st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
_moments: Final = st.datetimes(
    timezones=st.just(UTC), min_value=datetime.fromisoformat("1000-01-01")
)


@dataclass(frozen=True)
class _Case:
    """A request to sign, and the credentials to sign it with."""

    credentials: Credentials
    body: bytes = b"{}"
    operation: str = "GetItem"
    region: str = "eu-west-1"
    host: str = _HOST
    moment: datetime = _MOMENT


_cases: Final = st.builds(
    _Case,
    st.builds(Credentials, st.text("ABCDEFGHIJKLMNOP234567", min_size=1), _secrets, _tokens),
    st.binary(),
    st.sampled_from(["GetItem", "TransactWriteItems"]),
    st.sampled_from(["eu-west-1", "us-east-1"]),
    st.sampled_from([_HOST, "127.0.0.1:8000", "[::1]:8000"]),
    _moments,
)


@given(_cases)
def test_a_signature_is_botocores(case: _Case) -> None:
    frozen = case.credentials.get_frozen_credentials()
    signer = Signer(case.host, case.region, "tests")

    headers, body = _parts(signer.request(case.operation, case.body, frozen, case.moment))

    assert body == case.body
    assert headers["authorization"] == _botocores(case)
    assert headers.get("x-amz-security-token") == case.credentials.token


def test_one_signer_follows_the_credentials_the_time_and_the_operation() -> None:
    """The signer keeps no cached value after the input that it was computed from changed."""
    signer = Signer(_HOST, "eu-west-1", "tests")
    who = [Credentials("AKID", "one", "a token"), Credentials("AKID", "one"), Credentials("B", "2")]
    steps = [timedelta(), timedelta(seconds=1), timedelta(days=1), timedelta(seconds=-1)]

    # Change credentials and time separately, so that each changes while the other stays the same.
    by_who = list(product(who, steps))
    by_step = [(credentials, step) for step, credentials in product(steps, who)]
    for credentials, step in by_who + by_step:
        for operation in ("GetItem", "PutItem"):
            case = _Case(credentials, operation=operation, moment=_MOMENT + step)
            frozen = credentials.get_frozen_credentials()
            headers, _ = _parts(signer.request(operation, b"{}", frozen, case.moment))
            assert headers["authorization"] == _botocores(case)


@pytest.mark.parametrize("token", ["two\r\nInjected: yes", " spaces  within ", "\n"])
def test_a_credential_cannot_begin_another_header(token: str) -> None:
    credentials = Credentials("AKID", "secret", token)
    signer = Signer(_HOST, "eu-west-1", "tests")

    headers, _ = _parts(
        signer.request("GetItem", b"{}", credentials.get_frozen_credentials(), _MOMENT)
    )

    assert "injected" not in headers
    assert headers.get("x-amz-security-token", "") == " ".join(token.split())


def test_a_moment_of_another_zone_is_signed_in_utc() -> None:
    frozen = Credentials("AKID", "secret").get_frozen_credentials()
    zone = datetime.now().astimezone().tzinfo
    signer = Signer(_HOST, "eu-west-1", "tests")

    headers, _ = _parts(signer.request("GetItem", b"{}", frozen, _MOMENT.astimezone(zone)))

    assert headers["x-amz-date"] == "20260204T103015Z"


def _parts(sent: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = sent.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST / HTTP/1.1"
    pairs = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in pairs}
    assert int(headers["content-length"]) == len(body)
    return headers, body


def _botocores(case: _Case) -> str:
    """The Authorization header that botocore computes for a case."""
    stamp = case.moment.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Host": case.host,
        "X-Amz-Date": stamp,
        "X-Amz-Target": f"DynamoDB_20120810.{case.operation}",
    }
    if case.credentials.token:
        headers["X-Amz-Security-Token"] = case.credentials.token
    request = AWSRequest("POST", f"http://{case.host}/", headers, data=case.body)
    request.context["timestamp"] = stamp
    signing: Any = SigV4Auth(case.credentials, "dynamodb", case.region)
    to_sign = signing.string_to_sign(request, signing.canonical_request(request))
    names = signing.signed_headers(signing.headers_to_sign(request))
    return (
        f"AWS4-HMAC-SHA256 Credential={signing.scope(request)}, "
        f"SignedHeaders={names}, Signature={signing.signature(to_sign, request)}"
    )
