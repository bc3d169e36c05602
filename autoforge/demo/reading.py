"""Reads a History from a git repository."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from autoforge.demo.git import Git
from autoforge.demo.history import Commit, Document, History, Tag
from autoforge.demo.texts import cut, plain, public_remote

#: The most commits that are read; older ones are not.
MOST_COMMITS: Final = 2000
#: The most decision records that are read, the last ones by path.
_MOST_DECISIONS: Final = 100
#: The most characters of an author's name; git allows any length.
_AUTHOR: Final = 100

_README: Final = re.compile(r"readme(\.(md|markdown|rst|txt))?", re.IGNORECASE)
_CHANGELOG: Final = re.compile(r"changelog(\.(md|markdown))?", re.IGNORECASE)
_DECISION: Final = re.compile(r"\d+[-_.].*\.(md|markdown)", re.IGNORECASE)
_DECISION_FOLDERS: Final = ("docs/adr/", "doc/adr/", "docs/decisions/")

# With -z every field ends in NUL, which no message can contain; so does every record.
_COMMIT_FORMAT: Final = "%H%x00%P%x00%aN%x00%ct%x00%s%x00%b%x00"
_TAG_FORMAT: Final = (
    "%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)%00"
    "%(contents:subject)%00"
)
_TAG_FIELDS: Final = 5
#: Insertions and deletions (both ``-`` for a binary file), and the path. The path of a rename is
#: empty, and its two paths follow.
_CHANGE: Final = re.compile(rb"\n?(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
_BLOB: Final = re.compile(rb"100\d+ blob ([0-9a-f]+)\t(.*)", re.DOTALL)
_MARKER: Final = r"(#|//|/\*|<!--|--|\*|;)[[:space:]]*(TODO|FIXME)([^[:alnum:]_]|$)"


def read_history(path: Path, *, limit: int = MOST_COMMITS) -> History:
    """Read the repository that contains a path, and its newest commits up to a limit.

    Raises:
        ConfigurationError: if git is not installed, the path is not in a repository, or the
            repository has no commits.
    """
    git = Git.at(path)
    is_shallow = git.line("rev-parse", "--is-shallow-repository") == "true"
    remote = _remote(git)
    top = dict(_files(git))
    return History(
        name=_name(git, remote),
        # A shallow clone has the same remote; without a remote, the first commit stays the same.
        identity=remote or git.line("rev-list", "--max-parents=0", "HEAD").split()[-1],
        remote=remote,
        branch=git.line("symbolic-ref", "--quiet", "--short", "HEAD", empty_on=(1,)) or None,
        commits=tuple(_commits(git, limit, is_shallow=is_shallow)),
        total=int(git.line("rev-list", "--count", "HEAD")),
        is_shallow=is_shallow,
        tags=tuple(sorted(_tags(git), key=lambda tag: tag.moment)),
        readme=_first(git, top, _README),
        changelog=_first(git, top, _CHANGELOG),
        decisions=tuple(_decisions(git)),
        uncommitted=tuple(_uncommitted(git)),
        markers=tuple(_markers(git)),
    )


def _name(git: Git, remote: str | None) -> str:
    """The last part of the remote, or else the name of the directory, which may be any."""
    last = re.split(r"[/:]", remote.rstrip("/"))[-1] if remote else git.directory.name
    return last.removesuffix(".git") or "repository"


def _remote(git: Git) -> str | None:
    names = git.line("remote").split()
    if not names:
        return None
    name = "origin" if "origin" in names else names[0]
    return public_remote(git.line("remote", "get-url", "--", name))


def _commits(git: Git, limit: int, *, is_shallow: bool) -> list[Commit]:
    """The newest commits, parents before their children."""
    log = git.run(
        "log",
        f"--max-count={limit}",
        "--date-order",
        "-z",
        "--numstat",
        "--root",
        "--find-renames",
        "--encoding=UTF-8",
        f"--format={_COMMIT_FORMAT}",
        "HEAD",
        "--",
    )
    return list(_parsed(log, is_shallow=is_shallow))[::-1]


def _parsed(log: bytes, *, is_shallow: bool) -> Iterator[Commit]:
    fields = deque(log.split(b"\0"))
    while len(fields) > 1:
        own, parents, author, seconds, subject, body, _ = (fields.popleft() for _ in range(7))
        changes = list(_changes(fields))
        if is_shallow and not parents:
            # Its parents are missing, so git would count every file as new.
            changes = []
        yield Commit(
            hash=own.decode(),
            parents=tuple(parents.decode().split()),
            author=cut(plain(author).strip(" …"), _AUTHOR) or "unknown",
            moment=_time(seconds),
            subject=plain(subject).strip(),
            body=plain(body).strip(),
            files=tuple(name for name, _, _ in changes),
            insertions=sum(insertions for _, insertions, _ in changes),
            deletions=sum(deletions for _, _, deletions in changes),
        )


def _changes(fields: deque[bytes]) -> Iterator[tuple[str, int, int]]:
    """Consume the files of a commit: path, insertions, deletions."""
    while fields and (change := _CHANGE.fullmatch(fields[0])):
        fields.popleft()
        name = change[3]
        if not name:
            _, name = fields.popleft(), fields.popleft()
        insertions, deletions = (0 if count == b"-" else int(count) for count in change.group(1, 2))
        yield name.decode(errors="replace"), insertions, deletions


def _time(seconds: bytes) -> datetime:
    """The time of Unix seconds; the epoch if a broken commit has an unreadable time."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _tags(git: Git) -> Iterator[Tag]:
    raw = git.run("for-each-ref", "--merged=HEAD", f"--format={_TAG_FORMAT}", "refs/tags")
    fields = deque(raw.split(b"\0"))
    while len(fields) > _TAG_FIELDS:
        name, own, peeled, seconds, subject = (fields.popleft() for _ in range(_TAG_FIELDS))
        yield Tag(
            name=plain(name.lstrip(b"\n")),
            commit=(peeled or own).decode(),
            moment=_time(seconds),
            # For a tag without a message, git prints the subject of its commit.
            subject=plain(subject) if peeled else "",
        )


def _files(git: Git, folder: str = "") -> Iterator[tuple[str, str]]:
    """The regular files in a folder of the newest commit: path and the hash of the content."""
    for entry in git.run("ls-tree", "-z", "HEAD", *filter(None, [folder])).split(b"\0"):
        if blob := _BLOB.fullmatch(entry):
            yield blob[2].decode(errors="replace"), blob[1].decode()


def _document(git: Git, path: str, blob: str) -> Document:
    return Document(path, plain(git.run("cat-file", "blob", blob)))


def _first(git: Git, files: dict[str, str], name: re.Pattern[str]) -> Document | None:
    found = sorted((path for path in files if name.fullmatch(path)), key=lambda each: -len(each))
    # Of several, the one with the longest name, whose suffix gives the format.
    return _document(git, found[0], files[found[0]]) if found else None


def _decisions(git: Git) -> Iterator[Document]:
    files = [pair for folder in _DECISION_FOLDERS for pair in _files(git, folder)]
    records = [pair for pair in files if _DECISION.fullmatch(PurePosixPath(pair[0]).name)]
    for path, blob in sorted(records)[-_MOST_DECISIONS:]:
        yield _document(git, path, blob)


def _uncommitted(git: Git) -> Iterator[str]:
    """Tracked files with changes; none if the repository configures filters, which would run."""
    filters = git.run(
        "config", "--show-scope", "--includes", "-z", "--name-only", "--get-regexp", r"^filter\.",
        empty_on=(1,),
    )  # fmt: skip
    own = {b"local", b"worktree"} & set(filters.split(b"\0"))
    if own or git.line("rev-parse", "--is-inside-work-tree") != "true":
        return
    status = git.run(
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=no",
        "--no-renames",
        "--ignore-submodules=all",
    )
    for entry in filter(None, status.split(b"\0")):
        yield entry[3:].decode(errors="replace")


def _markers(git: Git) -> Iterator[tuple[str, int]]:
    found = git.run(
        "grep",
        "-z",
        "--count",
        "-I",
        "--extended-regexp",
        "--no-color",
        "-e",
        _MARKER,
        "HEAD",
        "--",
        empty_on=(1,),
    )
    # HEAD:path, NUL, count, newline; a path may contain newlines.
    for path, count in re.findall(rb"HEAD:(.*?)\0(\d+)\n", found, re.DOTALL):
        yield path.decode(errors="replace"), int(count)
