"""How git is run: in one repository, reading only, and executing nothing the repository brings."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autoforge.errors import ConfigurationError

#: How long one call may take; the longest walks the whole history of a large repository.
_PATIENCE_SECONDS: Final = 120

#: A repository's own configuration may name programs that git runs. These overrule it; without
#: locks nothing is written, so no hook runs either. Filters, which cannot be overruled, are looked
#: for before the one call that would run them.
_OPTIONS: Final = (
    "--no-pager",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "log.showSignature=false",
)

#: Instead of the environment: no GIT_DIR that points elsewhere, no locale that turns messages and
#: dates, no prompt, and no remote asked for what a partial clone lacks.
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
        program: Where the program is.
        directory: Where it runs.
    """

    program: str
    directory: Path

    @classmethod
    def at(cls, path: Path) -> Git:
        """Find the program, and the repository that a path lies in.

        Raises:
            ConfigurationError: if there is no git, no repository, or no commit in it.
        """
        program = shutil.which("git")
        if program is None:
            raise ConfigurationError(
                "the demo reads a repository with the git program, and there is none on PATH"
            )
        if not path.is_dir():
            raise ConfigurationError(f"{path} is not a directory, so no git repository either")
        asked = cls(program, path.resolve())
        bare = asked.run("rev-parse", "--is-bare-repository").strip() == b"true"
        # The name of a directory may end in a newline, of which git adds one.
        root = asked.run("rev-parse", "--absolute-git-dir" if bare else "--show-toplevel")
        found = cls(program, Path(os.fsdecode(root.removesuffix(b"\n"))))
        if not found.run("rev-parse", "--quiet", "--verify", "HEAD^{commit}", empty_on=(1, 128)):
            raise ConfigurationError(f"the git repository {found.directory} has no commits yet")
        return found

    def run(self, *arguments: str, empty_on: Sequence[int] = ()) -> bytes:
        """Run git and return what it prints.

        Args:
            arguments: The command and its arguments.
            empty_on: Exit codes by which the command says that there is nothing to print.

        Raises:
            ConfigurationError: if git fails, in its own words.
        """
        try:
            done = subprocess.run(  # noqa: S603 - git itself, found on PATH; no shell
                [self.program, *_OPTIONS, *arguments],
                cwd=self.directory,
                env={**_ENVIRONMENT, **_home()},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigurationError(f"git cannot read {self.directory}: {error}") from error
        if done.returncode in empty_on:
            return b""
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise ConfigurationError(f"git cannot read {self.directory}: {words}")
        return done.stdout

    def line(self, *arguments: str, empty_on: Sequence[int] = ()) -> str:
        """Run git and return the one line it prints; empty where there is nothing to print."""
        return self.run(*arguments, empty_on=empty_on).decode(errors="replace").strip()


def _home() -> dict[str, str]:
    """The user's own configuration counts: it says whose repositories are trusted."""
    try:
        return {"HOME": str(Path.home())}
    except RuntimeError:  # a user without a home, as containers have them
        return {}
