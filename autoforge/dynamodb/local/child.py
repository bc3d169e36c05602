"""A child process with an empty environment that never outlives this process, whatever ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_LAUNCHER: Final = Path(__file__).with_name("launcher.py")

#: Nobody but the owner reads what the child creates.
_UMASK: Final = 0o077

#: Kills a process when nobody holds the other end of standard input any more.
_WATCHER: Final = 'read -r _; kill -KILL "$1"'


class Child:
    """A running program.

    Where the system is Linux, it is killed when the thread that made this object ends: make it in
    one that lives on. Elsewhere a second process watches over both.

    Args:
        command: The program's path and its arguments.
        watched: Whether a second process watches; by the system unless given.

    Raises:
        OSError: if the program cannot be run.
    """

    def __init__(self, command: Sequence[str], *, watched: bool = sys.platform != "linux") -> None:
        self._watcher: subprocess.Popen[bytes] | None = None
        if not watched:
            launch = (sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()))
            # The launcher may need its environment to run, and gives none of it on.
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
        """The id of the program's process."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the program runs no more."""
        return self._process.poll() is not None

    def wait(self) -> int:
        """Wait until the program ends, and return its exit code."""
        code = self._process.wait()
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
        return code

    def terminate(self) -> None:
        """Tell the program to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the program."""
        self._process.kill()


def _started(command: Sequence[str], environment: dict[str, str] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - a program the operator names
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,  # Ctrl-C is for this process, which then ends the child
        umask=_UMASK,
        env=environment,
    )
