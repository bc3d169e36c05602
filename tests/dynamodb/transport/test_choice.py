"""The direct transport is used only if it reaches the server that botocore would use."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final, cast

import pytest
from botocore import handlers
from botocore.credentials import Credentials
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import NoCredentialsError
from botocore.session import Session
from moto import mock_aws

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.timestamps import utc_now
from autoforge.dynamodb.transport import choice as route
from autoforge.dynamodb.transport.botocore import BotocoreTransport
from autoforge.dynamodb.transport.connections import Connections
from autoforge.dynamodb.transport.direct import DirectTransport
from autoforge.dynamodb.transport.signing import Signer
from autoforge.dynamodb.transport.transport import Timeouts
from autoforge.errors import TableNotFoundError
from autoforge.settings import Settings
from tests.dynamodb.misbehaving import always, client_at, http, serving

_ELSEWHERE: Final = "http://127.0.0.1:8000"


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the hook that moto installs in botocore in this process."""
    stock = [each for each in handlers.BUILTIN_HANDLERS if each[0] != "before-send"]
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", stock)


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty AWS configuration file."""
    path = tmp_path / "config"
    path.write_text("[default]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    return path


def _client(endpoint_url: str | None = None, region: str = "eu-west-1", **given: Any) -> Client:
    return Client(region=region, endpoint_url=endpoint_url, sleep=lambda _: None, **given)


@pytest.mark.parametrize(
    "endpoint_url",
    [
        None,
        _ELSEWHERE,
        "http://127.0.0.1:8000/",
        "https://vpce-1-2.dynamodb.eu-west-1.vpce.amazonaws.com",
        "http://[::1]:8000",
        "https://Example.NET",
    ],
)
def test_requests_take_our_own_way(unwatched: None, endpoint_url: str | None) -> None:
    assert isinstance(_client(endpoint_url).active_transport, DirectTransport)


@pytest.mark.parametrize("endpoint_url", [None, _ELSEWHERE])
def test_requests_take_botocores_way_where_that_is_chosen(
    unwatched: None, endpoint_url: str | None
) -> None:
    assert isinstance(
        _client(endpoint_url, transport="botocore").active_transport, BotocoreTransport
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_ENDPOINT_URL", _ELSEWHERE),
        ("AWS_ENDPOINT_URL_DYNAMODB", _ELSEWHERE),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_AUTH_SCHEME_PREFERENCE", "sigv4a"),
        ("AWS_SIGV4A_SIGNING_REGION_SET", "*"),
        ("AWS_ACCOUNT_ID", "123456789012"),
        ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "required"),
        ("AWS_ENDPOINT_DISCOVERY_ENABLED", "true"),
        ("AWS_CSM_ENABLED", "true"),
    ],
)
def test_requests_take_botocores_way_where_something_is_configured(
    unwatched: None, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    assert isinstance(_client().active_transport, BotocoreTransport)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_USE_FIPS_ENDPOINT", "false"),
        ("AWS_ENDPOINT_URL_S3", _ELSEWHERE),
        ("AWS_ENDPOINT_DISCOVERY_ENABLED", "false"),
        ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled"),
    ],
)
def test_what_is_configured_for_others_changes_nothing(
    unwatched: None, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    if variable == "AWS_ACCOUNT_ID_ENDPOINT_MODE":
        monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")

    assert isinstance(_client().active_transport, DirectTransport)


@pytest.mark.parametrize(
    "lines",
    [
        f"endpoint_url = {_ELSEWHERE}",
        f"services = mine\n[services mine]\ndynamodb =\n  endpoint_url = {_ELSEWHERE}",
        "use_fips_endpoint = true",
        "use_dualstack_endpoint = true",
        "dynamodb =\n  signature_version = v2",
        "api_versions =\n  dynamodb = 2011-12-05",
    ],
)
def test_requests_take_botocores_way_where_a_profile_says_something(
    unwatched: None, configured: Path, lines: str
) -> None:
    configured.write_text(f"[default]\n{lines}\n")

    assert isinstance(_client().active_transport, BotocoreTransport)


def test_configured_endpoints_may_be_configured_to_be_ignored(
    unwatched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", _ELSEWHERE)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")

    assert isinstance(_client().active_transport, DirectTransport)


@pytest.mark.parametrize(
    "endpoint_url",
    [
        "http://me:secret@127.0.0.1:8000",
        "http://127.0.0.1:8000/a/path",
        "http://127.0.0.1:8000?a=query",
        "http://127.0.0.1:99999",
        "ftp://127.0.0.1",
        "http://exa mple",
        "http://bücher.example",
    ],
)
def test_what_is_more_than_a_server_is_left_to_botocore(unwatched: None, endpoint_url: str) -> None:
    assert isinstance(_client(endpoint_url).active_transport, BotocoreTransport)


def test_requests_take_botocores_way_through_a_proxy(
    unwatched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "dynamodb.internal")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")

    assert isinstance(_client().active_transport, BotocoreTransport)
    assert isinstance(_client("https://dynamodb.example").active_transport, BotocoreTransport)
    assert isinstance(_client("http://dynamodb.example").active_transport, DirectTransport)
    assert isinstance(_client("https://dynamodb.internal").active_transport, DirectTransport)


def test_no_proxy_is_asked_for_what_is_on_this_machine(
    unwatched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")

    assert isinstance(_client("http://127.0.0.1:8001").active_transport, DirectTransport)
    assert isinstance(_client("http://127.44.5.6:8001").active_transport, DirectTransport)
    assert isinstance(_client("http://dynamodb.internal:8001").active_transport, BotocoreTransport)


def test_our_own_way_leads_where_botocore_goes(unwatched: None) -> None:
    """For every region that botocore knows; a client, which is slow to create, for some of them."""
    session = Session()
    loader = session.get_component("data_loader")
    rules = EndpointProvider(
        loader.load_service_model("dynamodb", "endpoint-rule-set-1"),
        loader.load_data("partitions"),
    )
    direct: list[str] = []
    for partition in session.get_available_partitions():
        for region in session.get_available_regions("dynamodb", partition, allow_non_regional=True):
            wire = _client(region=region).active_transport
            if isinstance(wire, DirectTransport):
                direct.append(region)
                asked = {"Region": region, "UseFIPS": False, "UseDualStack": False}
                assert wire._url == rules.resolve_endpoint(**asked).url
    for region in direct[::10]:
        client = _client(region=region)
        assert (
            cast("DirectTransport", client.active_transport)._url
            == client.botocore.meta.endpoint_url
        )
        assert client.botocore._request_signer._region_name == region

    assert len(direct) >= 30
    assert {"us-east-1", "eu-west-1", "ap-southeast-7"} <= set(direct)
    assert not any(region.startswith(("cn-", "us-gov", "us-iso", "eusc-")) for region in direct)


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1", "local", "aws-global", "x"])
def test_regions_of_other_partitions_are_left_to_botocore(unwatched: None, region: str) -> None:
    assert isinstance(_client(region=region).active_transport, BotocoreTransport)


@pytest.mark.parametrize("region", ["eu-west-1\r\nX-Injected: 1", "eu west 1", "", "é"])
def test_what_is_no_region_is_left_to_botocore_to_refuse(region: str) -> None:
    client = _client("http://127.0.0.1:1", region=region)

    assert isinstance(client.active_transport, BotocoreTransport)


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1", "eu-west-1", "local"])
def test_an_endpoint_that_is_given_is_signed_for_the_region_as_botocore_signs(region: str) -> None:
    with serving(always(http())) as served:
        for way in ("auto", "botocore"):
            client = Client(
                region=region,
                endpoint_url=served.url,
                credentials=("AKID", "secret"),
                sleep=lambda _: None,
                transport=way,
            )
            client.send(Request("GetItem", {}))

    scopes = [sent.partition(b"Credential=AKID/")[2].split(b",")[0] for sent in served.requests]
    assert [scope.split(b"/")[1:] for scope in scopes] == [
        [region.encode(), b"dynamodb", b"aws4_request"]
    ] * 2


def test_a_mocked_aws_is_asked_instead_of_the_network() -> None:
    with mock_aws():
        client = _client()
        with pytest.raises(TableNotFoundError):
            client.send(Request("DescribeTable", {"TableName": "t"}))

    assert isinstance(client.active_transport, BotocoreTransport)


def test_without_credentials_nothing_is_sent(
    unwatched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)

    with serving(always(http())) as served:
        for way in ("auto", "botocore"):
            client = _client(served.url, transport=way)
            for _ in range(2):
                with pytest.raises(NoCredentialsError):
                    client.send(Request("GetItem", {}))

    assert served.requests == []


def test_the_name_of_an_application_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", "my-app")

    with serving(always(http())) as served:
        client_at(served).send(Request("GetItem", {}))

    assert b" app/my-app\r\n" in served.requests[0]


def test_credentials_are_asked_for_anew_so_that_they_may_change() -> None:
    keys = iter(["first", "second"])

    with serving(always(http())) as served:
        server = route.server_of(served.url)
        assert server is not None
        wire = DirectTransport(
            server,
            Connections(server, Timeouts(), ssl.create_default_context),
            Signer(server.authority, "eu-west-1", "tests"),
            lambda: Credentials(next(keys), "secret").get_frozen_credentials(),
            utc_now,
        )
        wire.exchange("GetItem", {})
        wire.exchange("GetItem", {})

    signed = [sent.partition(b"Credential=")[2].partition(b"/")[0] for sent in served.requests]
    assert signed == [b"first", b"second"]


def test_the_environment_chooses_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().transport == "auto"

    monkeypatch.setenv("AUTOFORGE_TRANSPORT", "botocore")

    assert Settings().transport == "botocore"


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://[::1]:80", "[::1]"),
        ("https://[::1]:8443", "[::1]:8443"),
        ("https://Example.NET:443/", "example.net"),
        ("https://Example.NET:80", "example.net:80"),
    ],
)
def test_a_server_is_named_as_signatures_want_it(url: str, authority: str) -> None:
    server = route.server_of(url)

    assert server is not None
    assert server.authority == authority
