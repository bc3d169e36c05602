"""Runs git in one repository: it only reads, and executes nothing that the repository names."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autoforge.errors import ConfigurationError

#: The most seconds of one call; the longest walks the whole history of a large repository.
_TIMEOUT_SECONDS: Final = 120

#: The configuration of a repository may name programs that git runs. These options override it;
#: without locks git writes nothing, so it runs no hook either. Filters cannot be overridden, so the
#: one call that would run them is made only if the repository configures none.
_OPTIONS: Final = (
    "--no-pager",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "log.showSignature=false",
)

#: Replaces the environment: no GIT_DIR that points elsewhere, no locale that changes messages and
#: dates, no prompt, and no fetching of objects that a partial clone lacks.
_ENVIRONMENT: Final[Mapping[str, str]] = {
    "PATH": os.defpath,
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "",
}


@dataclass(frozen=True)
class Git:
    """The git program in a directory.

    Args:
        program: The path of the program.
        directory: The directory that it runs in.
    """

    program: str
    directory: Path

    @classmethod
    def at(cls, path: Path) -> Git:
        """Find the program, and the repository that contains a path.

        Raises:
            ConfigurationError: if git is not installed, the path is not in a repository, or the
                repository has no commits.
        """
        program = shutil.which("git")
        if program is None:
            raise ConfigurationError(
                "git is not on PATH; the demo needs the git program to read a repository"
            )
        if not path.is_dir():
            raise ConfigurationError(f"{path} is not a directory; expected a git repository")
        start = cls(program, path.resolve())
        bare = start.run("rev-parse", "--is-bare-repository").strip() == b"true"
        # git adds one newline; the directory's own name may end in another.
        root = start.run("rev-parse", "--absolute-git-dir" if bare else "--show-toplevel")
        found = cls(program, Path(os.fsdecode(root.removesuffix(b"\n"))))
        if not found.run("rev-parse", "--quiet", "--verify", "HEAD^{commit}", empty_on=(1, 128)):
            raise ConfigurationError(
                f"the git repository {found.directory} has no commits; expected at least one"
            )
        return found

    def run(self, *arguments: str, empty_on: Sequence[int] = ()) -> bytes:
        """Run git and return what it prints.

        Args:
            arguments: The command and its arguments.
            empty_on: Exit codes that mean that there is nothing to print.

        Raises:
            ConfigurationError: if git fails, with the first line of its error.
        """
        try:
            done = subprocess.run(  # noqa: S603 - git itself, found on PATH; no shell
                [self.program, *_OPTIONS, *arguments],
                cwd=self.directory,
                env={**_ENVIRONMENT, **_home()},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigurationError(f"git cannot read {self.directory}: {error}") from error
        if done.returncode in empty_on:
            return b""
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise ConfigurationError(f"git cannot read {self.directory}: {reason}")
        return done.stdout

    def line(self, *arguments: str, empty_on: Sequence[int] = ()) -> str:
        """Run git and return the one line it prints; empty if it prints nothing."""
        return self.run(*arguments, empty_on=empty_on).decode(errors="replace").strip()


def _home() -> dict[str, str]:
    """Keep HOME: the user's configuration says whose repositories git trusts."""
    try:
        return {"HOME": str(Path.home())}
    except RuntimeError:  # a user without a home directory, as in containers
        return {}
