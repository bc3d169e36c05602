"""Validates the origins and host names that settings allow, in the form that browsers send."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import urlsplit

from autoforge.errors import ConfigurationError, shortened

#: A host name or an IPv4 address, as browsers send it.
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?", re.ASCII)

#: The ports that browsers leave out.
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def require_origin(origin: str) -> None:
    """Refuse a text that no browser sends as an origin: it would allow nothing, or anything.

    Raises:
        ConfigurationError: if it is not ``scheme://host[:port]``.
    """
    if origin == "null":
        raise ConfigurationError(
            "the origin null is sent by any sandboxed page or local file; name the page's own"
        )
    if "*" in origin:
        raise ConfigurationError(
            f"{shortened(origin)} has a wildcard; name each origin whose pages may call the API"
        )
    if not _is_origin(origin):
        raise ConfigurationError(
            f"{shortened(origin)} is not an origin as browsers send it: http[s]://host[:port], in "
            "lower case, without a path or a slash at its end, and without a default port"
        )


def require_host(host: str) -> None:
    """Refuse a text that is not a host name or an address.

    Raises:
        ConfigurationError: if it is not a name or an address in lower case, without a port.
    """
    if "*" in host:
        raise ConfigurationError(f"{shortened(host)} has a wildcard; name each host")
    if not _is_host(host):
        raise ConfigurationError(
            f"{shortened(host)} is not a host name or an address in lower case, without scheme, "
            "port and path"
        )


def _is_origin(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    written = f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}")
    return default not in {None, port} and port != 0 and _is_host(host) and written == origin


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _NAME.fullmatch(host) is not None
    try:
        return IPv6Address(host).compressed == host
    except ValueError:
        return False
