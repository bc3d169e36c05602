"""Chooses the transport: the direct one where it is known to be right, botocore otherwise.

Settings of AWS's tools for endpoints and signatures are read through botocore's session, but not
interpreted here: if one of them is set, requests are sent through botocore.
"""

from __future__ import annotations

import platform
import re
import ssl
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import botocore
from botocore import handlers
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.endpoint import EndpointCreator
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import get_cert_path
from botocore.session import Session
from botocore.utils import get_environ_proxies

from autoforge.dynamodb.transport.botocore import BotocoreTransport
from autoforge.dynamodb.transport.connections import Connections, Server
from autoforge.dynamodb.transport.direct import DirectTransport
from autoforge.dynamodb.transport.endpoint import is_loopback, require_endpoint
from autoforge.dynamodb.transport.signing import Clock, Signer
from autoforge.dynamodb.transport.transport import Timeouts, Transport

#: botocore's settings that change where requests go or how they are signed, if they are set.
_UNUSUAL: Final = (
    "auth_scheme_preference",
    "csm_enabled",
    "data_path",
    "sigv4a_signing_region_set",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
)

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"[0-9A-Za-z.:_-]+", re.ASCII)
_REGION: Final = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_APPLICATION_ID: Final = re.compile(r"[0-9A-Za-z!$%&*+.^_`|~-]{1,50}", re.ASCII)


def transport(
    session: Session,
    client: Callable[[float | None], Any],
    *,
    region: str,
    endpoint_url: str | None,
    credentials: tuple[str, str] | None,
    clock: Clock,
    timeouts: Timeouts,
) -> Transport:
    """Choose and prepare the transport; nothing is sent.

    Args:
        session: A botocore session with the configuration of AWS's tools.
        client: Returns the botocore client with a timeout in seconds, created at its first use.
        region: AWS region.
        endpoint_url: URL of a DynamoDB other than AWS's; None for AWS.
        credentials: Access key and secret; None for botocore's credential chain.
        clock: Returns the time that requests are signed with.
        timeouts: How long to wait for the network.

    Raises:
        NoCredentialsError: if no credentials are found.
        ConfigurationError: if the endpoint configured for AWS's tools is not a valid URL.
    """
    server = _direct_server(session, region, endpoint_url)
    if server is None:
        return BotocoreTransport(client)
    signing = session.get_credentials() if credentials is None else Credentials(*credentials)
    if signing is None:
        raise NoCredentialsError
    if endpoint_url is None and _has_endpoint_of_account(session, signing):
        return BotocoreTransport(client)
    return DirectTransport(
        server,
        Connections(server, timeouts, lambda: _tls_context(session)),
        Signer(server.authority, region, _user_agent(session)),
        _current(signing),
        clock,
    )


def _current(signing: Credentials) -> Callable[[], ReadOnlyCredentials]:
    """A function that returns the current credentials; those that never change are read once."""
    if type(signing) is not Credentials:
        return signing.get_frozen_credentials
    fixed = signing.get_frozen_credentials()
    return lambda: fixed


def _direct_server(session: Session, region: str, endpoint_url: str | None) -> Server | None:
    """The server that the direct transport would use; None if it may be the wrong one."""
    if not _REGION.fullmatch(region) or _is_unusual(session):
        return None
    url = endpoint_url or _regional_url(session, region)
    if url is None:
        return None
    server = server_of(url)
    if server is None:
        return None
    # Loopback is reached without a proxy.
    if not is_loopback(server.host) and get_environ_proxies(url).get(urlsplit(url).scheme):
        return None
    if _is_intercepted() and not (endpoint_url and is_loopback(server.host)):
        return None
    return server


def server_of(url: str) -> Server | None:
    """The server that a URL names; None if the URL holds more than scheme, host and port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    default = _DEFAULT_PORTS.get(parts.scheme)
    rest = parts.username, parts.password, parts.query, parts.fragment, parts.path.strip("/")
    if default is None or any(rest) or port == 0 or not _HOST.fullmatch(host):
        return None
    authority = f"[{host}]" if ":" in host else host
    if port not in {None, default}:
        authority = f"{authority}:{port}"
    return Server(url, host, port or default, authority, parts.scheme == "https")


def _regional_url(session: Session, region: str) -> str | None:
    """AWS's endpoint of a region in the commercial partition; None if another is configured."""
    partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
    (commercial,) = (each for each in partitions if each["id"] == "aws")
    known = re.match(commercial["regionRegex"], region, re.ASCII)
    if known is None or _configured_endpoint(session):
        return None
    return f"https://dynamodb.{region}.{commercial['outputs']['dnsSuffix']}"


def _is_unusual(session: Session) -> bool:
    """Whether a setting is present that botocore applies and the direct transport does not."""
    setting = session.get_config_variable
    discovery = str(setting("endpoint_discovery_enabled")).lower()
    own = session.get_scoped_config().get("dynamodb")
    return (
        any(setting(name) for name in _UNUSUAL)
        or discovery not in {"auto", "false", "none"}
        or "dynamodb" in setting("api_versions")
        or (isinstance(own, dict) and "signature_version" in own)
    )


def _configured_endpoint(session: Session) -> str | None:
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return None
    provider = ConfiguredEndpointProvider(
        full_config=session.full_config,
        scoped_config=session.get_scoped_config(),
        client_name="dynamodb",
    )
    url: str | None = provider.provide()
    if url is not None:
        require_endpoint(url)
    return url


def _has_endpoint_of_account(session: Session, credentials: Any) -> bool:
    """Whether botocore would use the endpoint of an account."""
    mode = str(session.get_config_variable("account_id_endpoint_mode"))
    if mode != "preferred":
        return mode != "disabled"
    return credentials.get_frozen_credentials().account_id is not None


def _is_intercepted() -> bool:
    """Whether something intercepts botocore's requests, as moto's ``mock_aws`` does.

    Requests that bypass it would reach the network from a test that must not use it.
    """
    events = [str(entry[0]) for entry in handlers.BUILTIN_HANDLERS]
    return any(event.split(".")[0] == "before-send" for event in events)


def _tls_context(session: Session) -> ssl.SSLContext:
    """A TLS context with the certificates that botocore trusts; it always verifies."""
    creator: Any = EndpointCreator(session.get_component("event_emitter"))
    # Only botocore knows which variables it reads besides its own.
    chosen = creator._get_verify_value(session.get_config_variable("ca_bundle"))  # noqa: SLF001
    context = ssl.create_default_context(cafile=get_cert_path(chosen or True))
    context.set_alpn_protocols(["http/1.1"])
    return context


def _user_agent(session: Session) -> str:
    application = session.get_config_variable("user_agent_appid") or ""
    named = f" app/{application}" if _APPLICATION_ID.fullmatch(application) else ""
    return f"autoforge botocore/{botocore.__version__} python/{platform.python_version()}{named}"
