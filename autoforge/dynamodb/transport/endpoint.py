"""Endpoints: which URLs are valid and which are local, credentials for those, a KMS client."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.credentials import EnvProvider
from botocore.session import Session

from autoforge.dynamodb.errors import ConfigurationError, shortened

#: Credentials for an emulator on this machine, if none are configured.
_DUMMY = ("local", "local")

#: A host name or an IPv4 address. The names of containers may hold underscores.
_NAME: Final = re.compile(r"[0-9A-Za-z]([0-9A-Za-z._-]{0,253}[0-9A-Za-z.])?", re.ASCII)

#: Blanks and control characters, which urlsplit ignores or keeps, and no request can hold.
_BLANK: Final = re.compile(r"[\s\x00-\x20\x7f]")


def require_endpoint(url: str) -> None:
    """Refuse a URL that no request can be sent to.

    Raises:
        ConfigurationError: if it is not ``http[s]://host[:port][/path]``.
    """
    given: object = url
    if not isinstance(given, str):
        raise ConfigurationError(f"the endpoint is {shortened(url)}; expected a URL as a text")
    if not _is_endpoint(url):
        # A URL with an @ may hold a password, so it is not shown.
        shown = "a URL with a user" if "@" in url else shortened(url)
        raise ConfigurationError(f"the endpoint is {shown}; expected http[s]://host[:port]")


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
    """Whether an endpoint is on this machine; None, which stands for AWS, is not."""
    return endpoint_url is not None and is_loopback(urlsplit(endpoint_url).hostname or "")


def local_credentials(endpoint_url: str | None) -> tuple[str, str] | None:
    """Credentials for a DynamoDB on this machine; None if real ones are configured.

    Configured credentials are preferred, so that the AWS CLI sees the same tables. Roles are not
    looked up, since only AWS has them. For an endpoint elsewhere, the result is None, too.
    """
    if not is_local(endpoint_url):
        return None
    # Only botocore's clients need the handlers, which take most of the time to register.
    session = Session(include_builtin_handlers=False)
    if EnvProvider().load() is not None:
        return None
    if not session.full_config["profiles"]:
        return _DUMMY  # at once, since the rest of the chain takes a while to set up
    resolver = session.get_component("credential_provider")
    for role in ("container-role", "iam-role"):
        resolver.remove(role)
    return None if resolver.load_credentials() else _DUMMY


def kms_client(region: str, endpoint_url: str | None) -> Any:
    """Create a KMS client with credentials from botocore's chain."""
    return Session().create_client("kms", region_name=region, endpoint_url=endpoint_url)
