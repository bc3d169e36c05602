"""A small git repository for the examples of the documentation."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

SUBJECTS: Final = ("Keep books", "Lend books", 'Revert "Lend books"')


def make_repository(path: Path, subjects: tuple[str, ...] = SUBJECTS) -> Path:
    """Create a repository with one commit for each subject; the last commit is a minute old."""
    path.mkdir(exist_ok=True)
    git(path, "init", "--quiet", "--initial-branch=main")
    for age, subject in zip(range(len(subjects), 0, -1), subjects, strict=True):
        commit(path, subject, datetime.now(UTC) - timedelta(minutes=age))
    return path


def commit(path: Path, subject: str, moment: datetime) -> None:
    """Create an empty commit with a subject and a date."""
    at = moment.isoformat(timespec="seconds")
    git(path, "commit", "--quiet", "--allow-empty", "-m", subject, moment=at)


def git(path: Path, *arguments: str, moment: str = "") -> None:
    """Run git with a fixed author, independent of the user's configuration."""
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in {"NAME": "Ann", "EMAIL": "ann@example.com", "DATE": moment}.items()
        if value
    }
    unset = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", "-C", str(path), *arguments], check=True, env={**os.environ, **unset, **who}
    )
