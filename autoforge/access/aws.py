"""What the entry points need of botocore's session: credentials and a KMS client."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from botocore.credentials import EnvProvider
from botocore.session import Session

#: What an emulator on this machine takes for credentials, where there are none.
_DUMMY = ("local", "local")


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
