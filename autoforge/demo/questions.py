"""The questions of an agent about a repository, and the action it would take next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from autoforge.demo.artefacts import changelog_items, decisions_of, since_latest_tag
from autoforge.demo.history import History, counted
from autoforge.demo.texts import cut

_TEXT: Final = 200

_RELEASE: Final = "Release now"
_DESCRIBE: Final = "Describe the changes first"


@dataclass(frozen=True)
class Question:
    """A question for a person, which may be decided already."""

    title: str
    context: dict[str, Any]
    options: list[dict[str, str]] = field(default_factory=list)
    recommendation: str | None = None
    rationale: str | None = None
    #: The recorded answer; None if it is still open.
    decision: str | None = None
    notes: str | None = None


@dataclass(frozen=True)
class Step:
    """An action that an agent would take unless a person objects."""

    action_type: str
    description: str
    detail: dict[str, Any]
    confidence: dict[str, bool]


def questions_of(history: History) -> list[Question]:
    """Return the questions that the repository raises or answers."""
    found = (_decision_question(history), _release_question(history))
    return [question for question in found if question]


def next_step(history: History) -> Step | None:
    """Return the action that the release question recommends; None if all is released."""
    if not history.unreleased:
        return None
    if _is_described(history):
        action_type = "release_tag"
        description = f"Tag {history.head.short_hash} as the next release"
    else:
        action_type = "changelog_update"
        description = f"Describe {since_latest_tag(history)} in the changelog"
    return Step(
        action_type,
        description,
        detail={"hash": history.head.hash, "commits": len(history.unreleased)},
        confidence={
            "sourceAgreement": bool(changelog_items(history)),
            "precedentMatch": history.latest_tag is not None,
            "workTreeClean": not history.uncommitted,
            "nothingReverted": not _reverts(history),
        },
    )


def _release_question(history: History) -> Question | None:
    if not history.unreleased:
        return None
    items = len(changelog_items(history))
    waiting = since_latest_tag(history)
    latest = history.latest_tag
    described = _is_described(history)
    return Question(
        title=f"Release {history.name}? {waiting}",
        context={
            "latestTag": latest.name if latest else None,
            "commits": len(history.unreleased),
            "changelogItems": items,
            "reverts": _reverts(history),
            "uncommittedFiles": len(history.uncommitted),
        },
        options=[
            {"option": _RELEASE, "consequence": f"Published: {waiting}"},
            {
                "option": _DESCRIBE,
                "consequence": f"Unpublished until the changelog describes them: {waiting}",
            },
        ],
        recommendation=_RELEASE if described else _DESCRIBE,
        rationale=_rationale(history, items),
    )


def _decision_question(history: History) -> Question | None:
    """The latest decision whose record calls it accepted, as an answered question."""
    accepted = [decision for decision in decisions_of(history) if decision.is_accepted]
    if not accepted:
        return None
    latest = accepted[-1]
    return Question(
        title=cut(latest.title, _TEXT),
        context={"path": latest.path, "number": latest.number, "summary": cut(latest.summary, 500)},
        decision=cut(latest.status or "", _TEXT),
        notes=f"On record in {latest.path}",
    )


def _is_described(history: History) -> bool:
    """Whether the changelog describes the release; a repository without one needs no entry."""
    return history.changelog is None or bool(changelog_items(history))


def _rationale(history: History, items: int) -> str:
    described = (
        f"{history.changelog.path} describes {counted(items, 'change')}"
        if history.changelog
        else "there is no changelog, so only the log says what changed"
    )
    facts = [since_latest_tag(history), described]
    if reverts := _reverts(history):
        facts.append(f"{counted(reverts, 'commit')} reverted another")
    if history.uncommitted:
        facts.append(f"{counted(len(history.uncommitted), 'file')} changed and not committed")
    return "; ".join(facts)


def _reverts(history: History) -> int:
    return sum(commit.is_revert for commit in history.unreleased)
