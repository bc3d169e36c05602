"""The DynamoDB engines that the contract tests run on."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autoforge.dynamodb.local import DynoxideDynamoDB, EmbeddedDynamoDB
from tests import iam

#: Programs that ``npm ci --prefix tests/engines`` installs.
NODE_MODULES: Final = Path(__file__).parent / "engines" / "node_modules"


@dataclass(frozen=True)
class Engine:
    """A running engine."""

    name: str
    endpoint_url: str


@contextmanager
def moto() -> Iterator[str]:
    """Serve moto's DynamoDB in this process."""
    with EmbeddedDynamoDB(access_key_id=os.environ["AWS_ACCESS_KEY_ID"]) as server:
        yield server.direct_url


@contextmanager
def dynoxide(data: Path | None = None) -> Iterator[str]:
    """Run dynoxide as a process, in memory or on a file.

    Raises:
        ConfigurationError: if it is not installed, or does not start.
    """
    with DynoxideDynamoDB(data, binary=dynoxide_binary()) as server:
        yield server.direct_url


#: How to start each engine, by its name in test ids and in AUTOFORGE_REQUIRE_ENGINES.
ENGINES: Final[dict[str, Callable[[], AbstractContextManager[str]]]] = {
    "moto": moto,
    "dynoxide": dynoxide,
}


#: The names that AUTOFORGE_REQUIRE_ENGINES accepts: the engines, the evaluator of IAM policies, the
#: compiler of the generated TypeScript client, and the library that shares a table with ours.
JUDGES: Final = (*ENGINES, "iam", "typescript", "electrodb")


def available() -> tuple[str, ...]:
    """Return the judges installed on this machine; moto is a dependency and always installed."""
    there = {
        "moto": True,
        "dynoxide": dynoxide_binary() is not None,
        "iam": iam.is_installed(),
        "typescript": (NODE_MODULES / ".bin" / "tsc").exists(),
        "electrodb": (NODE_MODULES / "electrodb").exists() and shutil.which("node") is not None,
    }
    return tuple(name for name in JUDGES if there[name])


def most_faithful() -> str:
    """Return the installed engine that differs least from DynamoDB."""
    return "dynoxide" if dynoxide_binary() is not None else "moto"


def required() -> tuple[str, ...]:
    """Return the judges that AUTOFORGE_REQUIRE_ENGINES names; a run without one of them fails."""
    names = os.environ.get("AUTOFORGE_REQUIRE_ENGINES", "").split(",")
    return tuple(name.strip() for name in names if name.strip())


def free_port() -> int:
    """Return a port of loopback that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dynoxide_binary() -> Path | None:
    """The dynoxide program that ``tests/engines`` installs; None if it is not installed."""
    return next(NODE_MODULES.glob("@dynoxide/*/dynoxide"), None)
