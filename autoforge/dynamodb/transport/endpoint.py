"""What the entry points need of botocore's session: credentials and a KMS client."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.credentials import EnvProvider
from botocore.session import Session

from autoforge.dynamodb.errors import ConfigurationError, shortened

#: What an emulator on this machine takes for credentials, where there are none.
_DUMMY = ("local", "local")

#: A host name or an IPv4 address. Underscores occur in those of containers.
_NAME: Final = re.compile(r"[0-9A-Za-z]([0-9A-Za-z._-]{0,253}[0-9A-Za-z.])?", re.ASCII)

#: What urlsplit passes over or leaves as it is, and no request can hold.
_BLANK: Final = re.compile(r"[\s\x00-\x20\x7f]")


def require_endpoint(url: str) -> None:
    """Refuse a URL that no request can be sent to.

    Raises:
        ConfigurationError: if it is not ``http[s]://host[:port][/path]``.
    """
    if not _is_endpoint(url):
        # It may hold a password, which is then in front of an @.
        shown = "one with a user" if "@" in url else shortened(url)
        raise ConfigurationError(f"an endpoint must be http[s]://host[:port], not {shown}")


def _is_endpoint(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return (
            parts.scheme in {"http", "https"}
            and bool(_NAME.fullmatch(host) or (":" in host and ip_address(host)))
            and parts.port != 0
            and not (_BLANK.search(url) or parts.query or parts.fragment or "@" in parts.netloc)
        )
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(endpoint_url: str | None) -> bool:
    """Whether an endpoint is on this machine; AWS, which is asked without one, is not."""
    return endpoint_url is not None and is_loopback(urlsplit(endpoint_url).hostname or "")


def local_credentials(endpoint_url: str | None) -> tuple[str, str] | None:
    """Made-up credentials for a DynamoDB on this machine, unless there are real ones.

    The machine's own credentials are used where they are configured, so that the AWS CLI sees the
    same tables; roles, which only real AWS has, are not asked for.
    """
    if not is_local(endpoint_url):
        return None
    # Its handlers are for clients, and take longer to register than all the rest.
    session = Session(include_builtin_handlers=False)
    if EnvProvider().load() is not None:
        return None
    if not session.full_config["profiles"]:
        return _DUMMY  # without a look at the rest of the chain, which takes a while to set up
    resolver = session.get_component("credential_provider")
    for role in ("container-role", "iam-role"):
        resolver.remove(role)
    return None if resolver.load_credentials() else _DUMMY


def kms_client(region: str, endpoint_url: str | None) -> Any:
    """Make a KMS client, with credentials from the usual chain."""
    return Session().create_client("kms", region_name=region, endpoint_url=endpoint_url)
