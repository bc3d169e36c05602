"""Runs the programs and servers of the documentation, and compares what they print."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from tests.docs.pages import Block

PYTHON: Final = sys.executable
AUTOFORGE: Final = str(Path(PYTHON).with_name("autoforge"))
_SECONDS: Final = 180


def run(*command: str, cwd: Path, ok: bool = True) -> str:
    """Run a program and return its output; by default it must succeed without warnings."""
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert not ok or (done.returncode == 0 and not done.stderr), done.stderr
    return done.stdout


@contextmanager
def serving(repository: Path) -> Iterator[str]:
    """Serve the API as ``make serve`` does, with the history of a repository; yield its URL."""
    with serving_with("--embedded", "--demo", str(repository)) as url:
        yield url


@contextmanager
def serving_with(*options: str, **environment: str) -> Iterator[str]:
    """Serve the API with options and further environment variables; yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [AUTOFORGE, "serve", *options, "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        process.communicate()


def is_shown(block: Block, printed: str) -> bool:
    """Whether a block shows the printed text; ``...`` in the block matches anything."""
    return OutputChecker().check_output(block.text, printed, ELLIPSIS | NORMALIZE_WHITESPACE)


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[str], url: str) -> None:
    for _ in range(_SECONDS * 20):
        assert process.poll() is None, process.communicate()
        with suppress(URLError, OSError), urlopen(f"{url}/ready", timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")
