"""An agent loop over a git repository; however often it runs, it does nothing twice.

    python docs/examples/watch_repository.py [REPOSITORY]
    python docs/examples/watch_repository.py --endpoint-url http://127.0.0.1:8001 [REPOSITORY]

Without an endpoint it takes three turns on an embedded DynamoDB, whose data is lost afterwards.
With an endpoint it takes one turn on the table there, and the next run continues from this one.
"""

from __future__ import annotations

import argparse
import subprocess
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ulid import ULID

from autoforge import Forge
from autoforge.access.actions import HeldActions
from autoforge.dynamodb import as_timestamp
from autoforge.errors import (
    ConditionFailedError,
    ItemExistsError,
    ItemNotFoundError,
    VersionConflictError,
)
from autoforge.forge import utc_now
from autoforge.models import Artefact, ArtefactType, Event, Project, Severity


@dataclass(frozen=True)
class Commit:
    """One commit, as the integration reports it."""

    hash: str
    moment: datetime
    author: str
    subject: str

    @property
    def ulid(self) -> str:
        """An id derived from the commit: its time, and 80 bits of its hash."""
        milliseconds = int(self.moment.timestamp() * 1000)
        return str(ULID.from_int(milliseconds << 80 | int(self.hash[:20], 16)))


def read_commits(repository: Path) -> list[Commit]:
    """Return the commits of the main line, oldest first."""
    log = git(repository, "log", "--first-parent", "--reverse", "--format=%H%x1f%cI%x1f%an%x1f%s")
    rows = [line.split("\x1f") for line in log.splitlines()]
    return [Commit(row[0], as_timestamp(row[1]), row[2], row[3]) for row in rows]


def git(repository: Path, *arguments: str) -> str:
    """Run git, and return what it prints."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def find_project(forge: Forge, repository: Path, commits: Sequence[Commit]) -> Project:
    """Create the project of a repository on the first turn; find it on every other."""
    project_id = str(uuid5(NAMESPACE_URL, f"git:{commits[0].hash}"))
    try:
        return forge.projects.create(repository.resolve().name, id=project_id)
    except ItemExistsError:
        return forge.projects.get(project_id, consistent=True)


def position(forge: Forge, project_id: str) -> int:
    """Return the number of commits read in earlier turns."""
    checkpoint = forge.checkpoints.find(project_id, "git", "commits", consistent=True)
    return 0 if checkpoint is None else int(checkpoint.checkpoint_value)


def record(forge: Forge, project_id: str, commits: Sequence[Commit]) -> list[Commit]:
    """Record commits as events, except those older than the lifetime of an event."""
    oldest = utc_now() - Event.lifetime
    recent = [commit for commit in commits if commit.moment > oldest]
    for commit in recent:
        forge.events.record(
            project_id,
            "commit_recorded",
            commit.subject or "no message",
            severity=Severity.WARNING if commit.subject.startswith("Revert") else Severity.INFO,
            detail={"hash": commit.hash, "author": commit.author},
            id=commit.ulid,
        )
    return recent


def report(forge: Forge, project_id: str, commits: Sequence[Commit]) -> Artefact:
    """Update the delivery state, and keep what other writers store in it."""
    kind = ArtefactType.DELIVERY_STATE
    ours: dict[str, Any] = {
        "commits": len(commits),
        "latest": commits[-1].subject,
        "by_author": dict(Counter(commit.author for commit in commits)),
    }
    while True:
        try:
            current = forge.artefacts.get(project_id, kind, consistent=True)
            content = {**current.content, **ours}
            if content == current.content:
                return current
            return forge.artefacts.update(
                project_id, kind, content, expected_version=current.version
            )
        except VersionConflictError:
            continue  # another writer was faster: read again, and keep what they wrote
        except ItemNotFoundError:
            try:
                return forge.artefacts.create(project_id, kind, ours)
            except ItemExistsError:
                continue


def propose(forge: Forge, project_id: str, newest: Commit, hold: timedelta) -> bool:
    """Create an action and hold it, so that a person may object; False if it exists."""
    try:
        forge.actions.create(
            project_id,
            "release_tag",
            f"Tag {newest.hash[:10]} as the next release",
            detail={"hash": newest.hash},
            held_until=utc_now() + hold,
            id=newest.ulid,
        )
    except ItemExistsError:
        return False
    return True


def execute_due(forge: Forge, project_id: str) -> int:
    """Execute the actions that nobody objected to, each in only one of several loops."""
    executed = 0
    for action in forge.each(HeldActions(until=utc_now())):
        if action.project_id != project_id:
            continue
        try:
            forge.actions.execute(project_id, action.id)
        except ConditionFailedError:
            continue  # another loop was first, or a person cancelled it
        executed += 1  # this is where the agent would act
    return executed


def ask(forge: Forge, project_id: str, repository: Path) -> bool:
    """Ask a person what the agent may not decide; the fixed id makes it one question for good."""
    if git(repository, "tag"):
        return False
    try:
        forge.escalations.get(project_id, "first-release")
    except ItemNotFoundError:
        forge.escalations.create(
            project_id,
            "Nothing is released yet. When is the first release?",
            options=["Now", "When the documentation is complete"],
            agent_recommendation="When the documentation is complete",
            id="first-release",
        )
        return True
    return False


def turn(forge: Forge, repository: Path, *, hold: timedelta = timedelta()) -> dict[str, int]:
    """Take one turn, and return what it did."""
    commits = read_commits(repository)
    project = find_project(forge, repository, commits)
    executed = execute_due(forge, project.id)
    new = commits[position(forge, project.id) :]
    recorded = record(forge, project.id, new)
    artefact = report(forge, project.id, commits)
    held = bool(recorded) and propose(forge, project.id, recorded[-1], hold)
    asked = ask(forge, project.id, repository)
    with suppress(ConditionFailedError):  # another loop has read more commits
        forge.checkpoints.advance(project.id, "git", "commits", str(len(commits)))
    return {
        "recorded": len(recorded),
        "version": artefact.version,
        "held": int(held),
        "asked": int(asked),
        "executed": executed,
    }


def main() -> None:
    """Take turns on the DynamoDB that the arguments name."""
    parser = argparse.ArgumentParser(description="An agent loop over a git repository.")
    parser.add_argument("repository", nargs="?", default=".", type=Path)
    parser.add_argument("--endpoint-url", help="a local DynamoDB; default: an embedded one")
    parser.add_argument("--table-name", default="AgenticPM")
    parser.add_argument("--hold", default=0, type=float, help="seconds in which to object")
    given = parser.parse_args()
    hold = timedelta(seconds=given.hold)
    if given.endpoint_url is None:
        with Forge.embedded() as forge:
            for _ in range(3):
                print(turn(forge, given.repository, hold=hold))
        return
    with Forge.connect(
        table_name=given.table_name, region="us-east-1", endpoint_url=given.endpoint_url
    ) as forge:
        forge.store.create_table()
        print(turn(forge, given.repository, hold=hold))


if __name__ == "__main__":
    main()
