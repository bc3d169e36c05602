"""Which way requests go: our own where it is known to be right, and botocore's everywhere else.

What AWS lets people configure about endpoints and signatures is read through botocore's session,
and is not understood here: whoever configures any of it gets botocore.
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

#: Botocore's settings that change where requests go or how they are signed, once they are set.
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
    """Choose the way requests go, and prepare it; nothing is sent.

    Args:
        session: What is configured.
        client: Gives the botocore client that waits for so many seconds, made when it is asked for
            first.
        region: AWS region.
        endpoint_url: Another DynamoDB than AWS's.
        credentials: Access key and secret; None for botocore's own chain.
        clock: Tells the time that signatures bear.
        timeouts: How long to wait.

    Raises:
        NoCredentialsError: if there are no credentials.
        ConfigurationError: if an endpoint is configured for AWS's tools that is no such URL.
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
        _of_the_moment(signing),
        clock,
    )


def _of_the_moment(signing: Credentials) -> Callable[[], ReadOnlyCredentials]:
    """What gives the credentials of each moment; those that never change are read once."""
    if type(signing) is not Credentials:
        return signing.get_frozen_credentials
    fixed = signing.get_frozen_credentials()
    return lambda: fixed


def _direct_server(session: Session, region: str, endpoint_url: str | None) -> Server | None:
    """The server our own way leads to, or None if it may be the wrong one."""
    if not _REGION.fullmatch(region) or _is_unusual(session):
        return None
    url = endpoint_url or _regional_url(session, region)
    if url is None:
        return None
    server = server_of(url)
    if server is None:
        return None
    # No proxy leads to this machine's own loopback.
    if not is_loopback(server.host) and get_environ_proxies(url).get(urlsplit(url).scheme):
        return None
    if _is_intercepted() and not (endpoint_url and is_loopback(server.host)):
        return None
    return server


def server_of(url: str) -> Server | None:
    """The server that a URL names, or None if the URL says anything more."""
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
    """AWS's own endpoint of a region of the commercial partition, unless another is configured."""
    partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
    (commercial,) = (each for each in partitions if each["id"] == "aws")
    known = re.match(commercial["regionRegex"], region, re.ASCII)
    if known is None or _configured_endpoint(session):
        return None
    return f"https://dynamodb.{region}.{commercial['outputs']['dnsSuffix']}"


def _is_unusual(session: Session) -> bool:
    """Whether something is configured that botocore heeds and our own way does not."""
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
    """Whether botocore would ask the endpoint that an account has for itself."""
    mode = str(session.get_config_variable("account_id_endpoint_mode"))
    if mode != "preferred":
        return mode != "disabled"
    return credentials.get_frozen_credentials().account_id is not None


def _is_intercepted() -> bool:
    """Whether something wants to see what botocore sends, as moto's ``mock_aws`` does.

    Requests that went past it would reach the network from a test that promised none.
    """
    events = [str(entry[0]) for entry in handlers.BUILTIN_HANDLERS]
    return any(event.split(".")[0] == "before-send" for event in events)


def _tls_context(session: Session) -> ssl.SSLContext:
    """A TLS context that trusts whom botocore would trust, and always verifies."""
    creator: Any = EndpointCreator(session.get_component("event_emitter"))
    # Botocore alone knows which variables count beside its own.
    chosen = creator._get_verify_value(session.get_config_variable("ca_bundle"))  # noqa: SLF001
    context = ssl.create_default_context(cafile=get_cert_path(chosen or True))
    context.set_alpn_protocols(["http/1.1"])
    return context


def _user_agent(session: Session) -> str:
    application = session.get_config_variable("user_agent_appid") or ""
    named = f" app/{application}" if _APPLICATION_ID.fullmatch(application) else ""
    return f"autoforge botocore/{botocore.__version__} python/{platform.python_version()}{named}"
