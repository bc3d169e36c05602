"""A random loopback address for an engine, which web pages cannot guess."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from typing import Final

from autoforge.dynamodb.local.guard import LOOPBACK

#: Ports below the ephemeral ones. A client that connects to an ephemeral port on which no server
#: listens can be given that port as its own. It is then connected to itself, and the server cannot
#: use the port.
_PORTS: Final = range(10_000, 32_768)

#: The parts of an address, without 0 and 255, which network and broadcast addresses have.
_PARTS: Final = range(1, 255)

#: The number of addresses to try; nearly every one is free.
_TRIES: Final = 16


def hidden_address() -> tuple[str, int]:
    """Return a free loopback address and port, at random among some 370 billion.

    On systems that have 127.0.0.1 only, such as macOS, it is a free port of that address.
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
