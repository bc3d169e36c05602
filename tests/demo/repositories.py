"""Small git repositories made with the git program, and histories made without one."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from autoforge.demo.history import Commit, Document, History, Tag

#: The time of the first commit, unless a test sets another.
START: Final = datetime(2025, 3, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Repository:
    """A repository in a directory."""

    path: Path

    @classmethod
    def new(cls, path: Path, *options: str) -> "Repository":
        path.mkdir(parents=True)
        repository = cls(path)
        repository.git("init", "--quiet", "--initial-branch=main", *options)
        return repository

    def git(
        self, *arguments: str, at: datetime = START, author: str = "Ada", give: str = ""
    ) -> str:
        date = f"{int(at.timestamp())} +0000"
        identity = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in {"NAME": author, "EMAIL": "ada@example.com", "DATE": date}.items()
        }
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **identity},
            input=give.encode(),
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(
        self,
        message: str,
        files: Mapping[str, str | bytes] | None = None,
        *,
        at: datetime = START,
        author: str = "Ada",
    ) -> str:
        self.write(files or {})
        self.git("add", "--all")
        options = ("--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim")
        self.git("commit", *options, "--file=-", at=at, author=author, give=message)
        return self.git("rev-parse", "HEAD")


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def fill(repository: Repository) -> None:
    repository.git("remote", "add", "origin", "https://ada:secret@example.com/team/gate.git")
    old = START - timedelta(days=100)
    repository.commit("Long ago", {"README.md": "# Gate\n\nA gate to *everything*.\n"}, at=old)
    record = "# 1. Iron\n\nStatus: Accepted\n\nIron lasts.\n"
    repository.commit(
        "Add the gate\n\nAt last.", {"gate.py": "a\nb\n", "docs/adr/1-iron.md": record}
    )
    repository.git("tag", "v1.0.0")
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit("Fix ☂", {"gate.py": "a\nc\n"}, at=START + minutes(10), author="Zoë")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message=Join", "side", at=START + minutes(20))
    changes = "# Changelog\n\n## Unreleased\n\n### Fixed\n\n- The hinge\n"
    repository.commit("Tell", {"CHANGELOG.md": changes}, at=START + minutes(30))


def a_commit(number: int = 1, **over: Any) -> Commit:
    """A commit with a number, made that many minutes after the start."""
    given = {
        "hash": f"{number:040x}",
        "parents": (f"{number - 1:040x}",) if number > 1 else (),
        "author": "Ada",
        "moment": START + minutes(number),
        "subject": f"Change {number}",
        "body": "",
        "files": (f"file-{number}",),
        "insertions": 1,
    }
    return Commit(**{**given, **over})


def a_tag(commit: Commit, **over: Any) -> Tag:
    given = {"name": "v1.0.0", "commit": commit.hash, "moment": commit.moment, "subject": ""}
    return Tag(**{**given, **over})


def a_history(*commits: Commit, **over: Any) -> History:
    commits = commits or (a_commit(),)
    given = {
        "name": "portal",
        "identity": commits[0].hash,
        "remote": None,
        "branch": "main",
        "commits": commits,
        "total": len(commits),
    }
    return History(**{**given, **over})


def a_changelog(unreleased: str = "### Added\n\n- A door\n") -> Document:
    return Document("CHANGELOG.md", f"# Changelog\n\n## [Unreleased]\n\n{unreleased}")
