"""Where an engine listens that no web page may find."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from typing import Final

from autoforge.dynamodb.local.guard import LOOPBACK

#: Ports below those from which systems take the near end of a connection. A client of a port among
#: them can meet itself while nobody listens, and then keeps the port from who should.
_PORTS: Final = range(10_000, 32_768)

#: What the parts of an address may be: none that means a network or all of it.
_PARTS: Final = range(1, 255)

#: How many addresses are tried; nearly every one is free.
_TRIES: Final = 16


def hidden_address() -> tuple[str, int]:
    """Return a random loopback address and a random port of it, one of some 370 billion.

    Where the system has 127.0.0.1 alone, as macOS does, it is a free port of that.
    """
    for _ in range(_TRIES):
        host = ".".join(["127", *(str(secrets.choice(_PARTS)) for _ in range(3))])
        with suppress(OSError):
            return _bound(host, secrets.choice(_PORTS))
    return _bound(LOOPBACK, 0)


def _bound(host: str, port: int) -> tuple[str, int]:
    with socket.socket() as probe:
        probe.bind((host, port))
        return host, int(probe.getsockname()[1])
