"""Loads a repository as a project: reads it once, makes the values, then writes them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from autoforge.access.projects.patterns import ProjectById
from autoforge.demo.artefacts import artefacts_of, delivery_state
from autoforge.demo.events import Occurrence, events_of, occurrences_of, with_references
from autoforge.demo.history import History, counted
from autoforge.demo.loaded import Loaded
from autoforge.demo.markdown import first_paragraph
from autoforge.demo.questions import Question, next_step, questions_of
from autoforge.demo.reading import MOST_COMMITS, read_history
from autoforge.demo.texts import cut
from autoforge.dynamodb.timestamps import IdMint, as_timestamp, timestamp_text
from autoforge.errors import ItemNotFoundError
from autoforge.forge import Forge
from autoforge.models import ArtefactType, Project

#: The name of the integration that stands for a repository.
GIT: Final = "git"
#: The checkpoints of a load: the times of the newest commit and the newest tag recorded.
HEAD: Final = "head"
TAGS: Final = "tags"

_HOLD: Final = timedelta(hours=1)
_DESCRIPTION: Final = 1000
_SETTINGS: Final[dict[str, Any]] = {
    "polling_interval_minutes": 15,
    "hold_minutes": _HOLD // timedelta(minutes=1),
    "history_commits": MOST_COMMITS,
}


def load_history(forge: Forge, path: Path, *, now: datetime) -> Loaded:
    """Load the repository that contains a path as a project.

    The project's id is derived from the repository. If the project exists already, it is not
    changed; only commits and tags newer than its checkpoints are added as events.

    Args:
        forge: The Forge to write with.
        path: The repository, or a directory in it.
        now: The time at which the loaded history ends.

    Raises:
        ConfigurationError: if git is not installed, the path is not in a repository, or the
            repository has no commits.
    """
    history = read_history(path)
    project_id = str(uuid5(NAMESPACE_URL, history.identity))
    project = forge.store.get(ProjectById(project_id), consistent=True)
    head = _checkpoint(forge, project_id, HEAD)
    if project is None or head is None:
        return _load(forge, project_id, history, now)
    return _advance(forge, project, history, now, head)


def _load(forge: Forge, project_id: str, history: History, now: datetime) -> Loaded:
    """Write everything; the checkpoint comes last, so that an interrupted load is recognised."""
    _save_settings(forge, history)
    with suppress(ItemNotFoundError):  # usually there is none; else an interrupted load left it
        forge.projects.delete(project_id)
    project = forge.projects.create(id=project_id, **_project(history))
    happened = occurrences_of(history.commits, history.tags)
    events = _write_events(forge, project_id, happened, history, now)
    artefacts = _write_artefacts(forge, project_id, history)
    questions = questions_of(history)
    for question in questions:
        _write_question(forge, project_id, question)
    actions = _write_actions(forge, project_id, history, now, events)
    _write_checkpoints(forge, project_id, history)
    return _loaded(
        project,
        history,
        now,
        is_new=True,
        events=events,
        expired=len(happened) - events,
        artefacts=artefacts,
        escalations=len(questions),
        actions=actions,
    )


def _advance(
    forge: Forge, project: Project, history: History, now: datetime, head: datetime
) -> Loaded:
    """Add what is newer than the checkpoints; everything else may have been edited and stays."""
    tags = _checkpoint(forge, project.id, TAGS)
    happened = occurrences_of(
        [commit for commit in history.commits if commit.moment > head],
        [tag for tag in history.tags if tags is None or tag.moment > tags],
    )
    events = _write_events(forge, project.id, happened, history, now)
    if happened:
        _note_load(forge, project.id, history, events)
        _write_checkpoints(forge, project.id, history, head, tags)
    return _loaded(
        project,
        history,
        now,
        is_new=False,
        events=events,
        expired=len(happened) - events,
        artefacts=0,
        escalations=0,
        actions=1 if happened else 0,
    )


def _loaded(project: Project, history: History, now: datetime, **counts: Any) -> Loaded:
    return Loaded(
        project=project,
        commits=len(history.commits),
        older_commits=history.total - len(history.commits),
        is_shallow=history.is_shallow,
        shift=as_timestamp(now) - history.ends_at,
        **counts,
    )


def _project(history: History) -> dict[str, Any]:
    description = first_paragraph(history.readme) if history.readme else None
    return {
        "name": history.name,
        "description": description and cut(description, _DESCRIPTION),
        "repo_url": history.remote,
        "config": _without_none({"branch": history.branch, "head": history.head.hash}),
    }


def _write_events(
    forge: Forge,
    project_id: str,
    happened: list[Occurrence],
    history: History,
    now: datetime,
) -> int:
    events = events_of(happened, project_id, ends_at=history.ends_at, now=now, new_id=IdMint())
    forge.store.put_all(with_references(events))
    return len(events)


def _write_artefacts(forge: Forge, project_id: str, history: History) -> int:
    """Write each artefact; the delivery state gets the state before HEAD as previous version."""
    contents = artefacts_of(history)
    before = history.before_head()
    for kind, content in contents.items():
        if kind is ArtefactType.DELIVERY_STATE and before:
            first = forge.artefacts.create(project_id, kind, delivery_state(before))
            forge.artefacts.update(project_id, kind, content, expected_version=first.version)
        else:
            forge.artefacts.create(project_id, kind, content)
    return len(contents)


def _write_question(forge: Forge, project_id: str, question: Question) -> None:
    escalation = forge.escalations.create(
        project_id,
        question.title,
        context=question.context,
        options=question.options or None,
        agent_recommendation=question.recommendation,
        agent_rationale=question.rationale,
    )
    if question.decision is not None:
        forge.escalations.decide(project_id, escalation.id, question.decision, notes=question.notes)


def _write_actions(
    forge: Forge, project_id: str, history: History, now: datetime, events: int
) -> int:
    _note_load(forge, project_id, history, events)
    step = next_step(history)
    if step is None:
        return 1
    forge.actions.create(
        project_id,
        step.action_type,
        step.description,
        detail=step.detail,
        confidence=step.confidence,
        held_until=now + _HOLD,
    )
    return 2


def _note_load(forge: Forge, project_id: str, history: History, events: int) -> None:
    forge.actions.create(
        project_id,
        "history_load",
        f"Loaded the history up to {history.head.short_hash}: {counted(events, 'event')}",
        detail={"hash": history.head.hash, "commits": len(history.commits), "events": events},
        executed=True,
    )


def _write_checkpoints(
    forge: Forge,
    project_id: str,
    history: History,
    head: datetime | None = None,
    tags: datetime | None = None,
) -> None:
    """Advance the checkpoints to the newest commit and tag; they never go back."""
    if history.newest_tag and (tags is None or history.newest_tag > tags):
        forge.checkpoints.advance(project_id, GIT, TAGS, timestamp_text(history.newest_tag))
    if head is None or history.newest_commit > head:
        forge.checkpoints.advance(project_id, GIT, HEAD, timestamp_text(history.newest_commit))


def _checkpoint(forge: Forge, project_id: str, key: str) -> datetime | None:
    found = forge.checkpoints.find(project_id, GIT, key, consistent=True)
    return None if found is None else as_timestamp(found.checkpoint_value)


def _save_settings(forge: Forge, history: History) -> None:
    """Save the settings of the agent and of git that are not set yet."""
    for name, value in _SETTINGS.items():
        if forge.agent_config.find(name) is None:
            forge.agent_config.set(name, value)
    try:
        forge.integrations.get(GIT)
    except ItemNotFoundError:
        forge.integrations.save(
            GIT, _without_none({"remote": history.remote, "branch": history.branch})
        )


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
