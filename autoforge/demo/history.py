"""What is known of a repository: its history, and the documents of its newest commit, as values."""

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
    """One commit. A merge has no files of its own: they are those of what it merges."""

    hash: str
    parents: tuple[str, ...]
    author: str
    #: When it was committed, on the committer's clock.
    moment: datetime
    subject: str
    body: str
    files: tuple[str, ...] = ()
    insertions: int = 0
    deletions: int = 0

    @property
    def short_hash(self) -> str:
        """Enough of the hash to tell it from others."""
        return self.hash[:_SHORT_HASH]

    @property
    def is_merge(self) -> bool:
        """Whether it joins several lines of work."""
        return len(self.parents) > 1

    @property
    def is_revert(self) -> bool:
        """Whether it takes another commit back, by its own words."""
        return bool(_REVERT.match(self.subject))

    @property
    def is_fix(self) -> bool:
        """Whether it repairs something, by its own words."""
        return bool(_FIX.match(self.subject))


@dataclass(frozen=True)
class Tag:
    """A tag on a commit; its subject is empty unless it has a message of its own."""

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
    """What is read of a repository.

    Attributes:
        name: What people call it.
        identity: What tells it from any other repository, today and tomorrow.
        remote: Where others find it, without user and password.
        branch: The branch at hand; None where a commit was checked out.
        commits: At least one; parents before their children.
        total: How many commits there are, the ones too old to be read included.
        is_shallow: Whether the repository itself lacks older commits.
        tags: The tags in this history, oldest first.
        readme: The README, if there is one.
        changelog: The changelog, if there is one.
        decisions: The decision records, by path.
        uncommitted: Tracked files that differ from the newest commit.
        markers: Files with comments that begin with TODO or FIXME, and how many of them.
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
        """The commit that has all others behind it."""
        return self.commits[-1]

    @property
    def newest_commit(self) -> datetime:
        """The latest moment of a commit; clocks differ, so it need not be the head's."""
        return max(commit.moment for commit in self.commits)

    @property
    def newest_tag(self) -> datetime | None:
        """The latest moment of a tag."""
        return max((tag.moment for tag in self.tags), default=None)

    @property
    def ends_at(self) -> datetime:
        """The moment of the last thing that happened."""
        return max(self.newest_commit, self.newest_tag or self.newest_commit)

    @property
    def latest_tag(self) -> Tag | None:
        """The tag that was made last."""
        return self.tags[-1] if self.tags else None

    @property
    def unreleased(self) -> tuple[Commit, ...]:
        """The commits that the latest tag does not have behind it; without a tag, all."""
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
        """The commits and tags as they were before the newest commit; None if it is the first."""
        if len(self.commits) == 1:
            return None
        tags = tuple(tag for tag in self.tags if tag.commit != self.head.hash)
        return replace(self, commits=self.commits[:-1], total=self.total - 1, tags=tags)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    >>> counted(1, "commit"), counted(1200, "commit")
    ('1 commit', '1,200 commits')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def authors_of(commits: Sequence[Commit]) -> list[str]:
    """The authors of commits, each once, in the order of their first."""
    return list(dict.fromkeys(commit.author for commit in commits))
