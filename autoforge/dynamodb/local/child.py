"""A child process with an empty environment that ends with this process, even if that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_LAUNCHER: Final = Path(__file__).with_name("launcher.py")

#: Only the owner can read the files that the child creates.
_UMASK: Final = 0o077

#: Kills a process at the end of standard input, which comes when this process ends.
_WATCHER: Final = 'read -r _; kill -KILL "$1"'


class Child:
    """A running program.

    On Linux, the kernel kills it when the thread that created this object ends, so that thread must
    live as long. On other systems, a second process kills it when this process ends.

    Args:
        command: The program's path and its arguments.
        watched: Whether a second process kills the program; by default, on all systems but Linux.

    Raises:
        OSError: if the program cannot be run.
    """

    def __init__(self, command: Sequence[str], *, watched: bool = sys.platform != "linux") -> None:
        self._watcher: subprocess.Popen[bytes] | None = None
        if not watched:
            launch = (sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()))
            # The launcher may need its environment to run; it starts the program with an empty one.
            self._process = _started([*launch, *command], None)
            return
        self._process = _started(command, {})
        self._watcher = subprocess.Popen(  # noqa: S603 - a constant
            ["/bin/sh", "-c", _WATCHER, "sh", str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
            env={},
        )

    @property
    def pid(self) -> int:
        """The process id of the program."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the program has ended."""
        return self._process.poll() is not None

    def wait(self) -> int:
        """Wait until the program ends, and return its exit code."""
        code = self._process.wait()
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
        return code

    def terminate(self) -> None:
        """Send SIGTERM to the program."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL to the program."""
        self._process.kill()


def _started(command: Sequence[str], environment: dict[str, str] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - a program the operator names
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,  # Ctrl-C goes to this process only, which then ends the child
        umask=_UMASK,
        env=environment,
    )
