"""The machine: its description, its cores, and the child processes that are measured on it."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

_ROOT: Final = Path(__file__).parent.parent

#: Dummy credentials, so that no client looks for real ones, nor asks a metadata service.
_AWS: Final = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
#: Variables that would change the behaviour of a child, so they are removed.
_DROPPED: Final = frozenset(
    {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "http_proxy", "HTTP_PROXY"}
)


def cores() -> tuple[int | None, int | None]:
    """A core for the measured process and one for its peer; None if they cannot be chosen."""
    if sys.platform != "linux":
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def pin(core: int | None) -> None:
    """Bind this process to a core, if the system supports that."""
    if core is not None and sys.platform == "linux":
        os.sched_setaffinity(0, {core})


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Create an event loop: uvloop's, if that is installed."""
    try:
        import uvloop  # noqa: PLC0415 - the development environment lacks it
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def run_loop(main: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine to its end or an interrupt."""
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main)


class Child:
    """A Python process whose output is read line by line; terminated at the end of the block.

    Args:
        arguments: The arguments of ``python``.
        core: The core that the process is bound to; None for any.
        quiet: Whether its standard error is discarded.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        core: int | None = None,
        quiet: bool = False,
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, *arguments, *([] if core is None else ["--core", str(core)])],
            cwd=_ROOT,
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            text=True,
        )
        self._called = " ".join(arguments)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def require_running(self) -> None:
        """Require that the process is still running.

        Raises:
            RuntimeError: if it has ended. Run it by hand to see its output.
        """
        if self._process.poll() is not None:
            raise RuntimeError(f"python {self._called} ended with {self._process.returncode}")

    def line(self) -> str:
        """Wait for the next line that it prints.

        Raises:
            RuntimeError: if it ends instead.
        """
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"python {self._called} ended with {self._process.wait()}")
        return line.rstrip("\n")

    def ask(self, question: str) -> str:
        """Write a line to its input and read a line of its output."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(f"{question}\n")
        self._process.stdin.flush()
        return self.line()

    def __enter__(self) -> Self:
        """Be usable in a with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Terminate the process."""
        self._process.terminate()
        self._process.communicate()


def child_environment(further: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: this process' own, with dummy credentials."""
    own = {name: value for name, value in os.environ.items() if name not in _DROPPED}  # noqa: TID251 - an entry point
    return {**own, **_AWS, **(further or {})}


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a running process so far; 0 if the system does not report them."""
    statistics = Path(f"/proc/{pid}/stat")
    if not statistics.exists():
        return 0.0
    # The command in parentheses may hold spaces; the 14th and 15th fields are user and system.
    fields = statistics.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def described() -> str:
    """The processor, the number of usable cores, the system and Python, in one line."""
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return (
        f"{_processor()}, {usable} cores, {platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def versions(packages: Iterable[str]) -> str:
    """Those of the packages that are installed, with their versions."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
