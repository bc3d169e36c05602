"""The values read from a repository: its history, and the documents of its newest commit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

_SHORT_HASH: Final = 10
_FIX: Final = re.compile(r"(hot|bug)?fix(e[sd])?\b", re.IGNORECASE)
_REVERT: Final = re.compile(r"revert\b", re.IGNORECASE)


@dataclass(frozen=True)
class Commit:
    """One commit. A merge has no files: they belong to the commits that it merges."""

    hash: str
    parents: tuple[str, ...]
    author: str
    #: The time of the commit, by the committer's clock.
    moment: datetime
    subject: str
    body: str
    files: tuple[str, ...] = ()
    insertions: int = 0
    deletions: int = 0

    @property
    def short_hash(self) -> str:
        """The first characters of the hash, which identify the commit to people."""
        return self.hash[:_SHORT_HASH]

    @property
    def is_merge(self) -> bool:
        """Whether it has several parents."""
        return len(self.parents) > 1

    @property
    def is_revert(self) -> bool:
        """Whether its subject says that it reverts another commit."""
        return bool(_REVERT.match(self.subject))

    @property
    def is_fix(self) -> bool:
        """Whether its subject says that it fixes something."""
        return bool(_FIX.match(self.subject))


@dataclass(frozen=True)
class Tag:
    """A tag on a commit; the subject of a tag without a message is empty."""

    name: str
    commit: str
    moment: datetime
    subject: str


@dataclass(frozen=True)
class Document:
    """A text file of the newest commit."""

    path: str
    text: str


@dataclass(frozen=True)
class History:
    """A repository, as far as it was read.

    Attributes:
        name: The name of the repository.
        identity: A text that identifies the repository for good: its remote or its first commit.
        remote: The address of the remote, without user and password; None if it has none.
        branch: The current branch; None if HEAD is detached.
        commits: The commits that were read, at least one; parents before their children.
        total: The number of commits, including older ones that were not read.
        is_shallow: Whether the repository is a shallow clone, which lacks older commits.
        tags: The tags of this history, oldest first.
        readme: The README, or None.
        changelog: The changelog, or None.
        decisions: The decision records, by path.
        uncommitted: The tracked files that differ from the newest commit.
        markers: The files with comments that begin with TODO or FIXME, and the number of these.
    """

    name: str
    identity: str
    remote: str | None
    branch: str | None
    commits: tuple[Commit, ...]
    total: int
    is_shallow: bool = False
    tags: tuple[Tag, ...] = ()
    readme: Document | None = None
    changelog: Document | None = None
    decisions: tuple[Document, ...] = ()
    uncommitted: tuple[str, ...] = ()
    markers: tuple[tuple[str, int], ...] = ()

    @property
    def head(self) -> Commit:
        """The newest commit, from which all others can be reached."""
        return self.commits[-1]

    @property
    def newest_commit(self) -> datetime:
        """The latest time of a commit; clocks differ, so it need not be the head's."""
        return max(commit.moment for commit in self.commits)

    @property
    def newest_tag(self) -> datetime | None:
        """The latest time of a tag; None if there are no tags."""
        return max((tag.moment for tag in self.tags), default=None)

    @property
    def ends_at(self) -> datetime:
        """The latest time of a commit or a tag."""
        return max(self.newest_commit, self.newest_tag or self.newest_commit)

    @property
    def latest_tag(self) -> Tag | None:
        """The newest tag; None if there are no tags."""
        return self.tags[-1] if self.tags else None

    @property
    def unreleased(self) -> tuple[Commit, ...]:
        """The commits that cannot be reached from the latest tag; all if there is no tag."""
        parents = {commit.hash: commit.parents for commit in self.commits}
        released: set[str] = set()
        waiting = [self.latest_tag.commit] if self.latest_tag else []
        while waiting:
            commit = waiting.pop()
            if commit in parents and commit not in released:
                released.add(commit)
                waiting += parents[commit]
        return tuple(commit for commit in self.commits if commit.hash not in released)

    def before_head(self) -> History | None:
        """Return the history without its newest commit and its tags; None if it is the only one."""
        if len(self.commits) == 1:
            return None
        tags = tuple(tag for tag in self.tags if tag.commit != self.head.hash)
        return replace(self, commits=self.commits[:-1], total=self.total - 1, tags=tags)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the singular or the plural.

    >>> counted(1, "commit"), counted(1200, "commit")
    ('1 commit', '1,200 commits')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def authors_of(commits: Sequence[Commit]) -> list[str]:
    """Return the authors of commits, each once, in the order of their first commits."""
    return list(dict.fromkeys(commit.author for commit in commits))
