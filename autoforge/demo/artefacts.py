"""Makes a project's artefacts from its repository; artefacts without content are omitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from autoforge.demo.history import Commit, History, authors_of, counted
from autoforge.demo.markdown import ChangelogItem, Decision, decision_of, unreleased_items
from autoforge.demo.texts import cut
from autoforge.dynamodb.timestamps import timestamp_text
from autoforge.models import ArtefactType

#: The most entries of lists, and the most characters of a text. An item has at most 400 KB, and
#: stores the content of an artefact twice: the current and the previous version.
_LISTED: Final = 20
_ITEMS: Final = 50
_TEXT: Final = 300

#: The fewest commits that make a file one that changes often.
_OFTEN: Final = 3


def artefacts_of(history: History) -> dict[ArtefactType, dict[str, Any]]:
    """Return the content of each artefact that the repository has content for."""
    contents = {
        ArtefactType.DELIVERY_STATE: delivery_state(history),
        ArtefactType.BACKLOG_SUMMARY: backlog_summary(history),
        ArtefactType.DECISION_LOG: decision_log(history),
        ArtefactType.RAID_LOG: raid_log(history),
    }
    return {kind: content for kind, content in contents.items() if content}


def changelog_items(history: History) -> list[ChangelogItem]:
    """Return the unreleased items of the changelog."""
    return unreleased_items(history.changelog) if history.changelog else []


def decisions_of(history: History) -> list[Decision]:
    """Return the decision records, by number."""
    decisions = [decision_of(document) for document in history.decisions]
    return sorted(decisions, key=lambda decision: (decision.number, decision.path))


def delivery_state(history: History) -> dict[str, Any]:
    """Return the delivery state: the numbers of the log, and what is unreleased."""
    reverts = [commit for commit in history.unreleased if commit.is_revert]
    return {
        "overall_status": "amber" if reverts else "green",
        "status_summary": _summary(history, reverts),
        "key_metrics": _metrics(history),
        "head": {
            "hash": history.head.hash,
            "subject": cut(history.head.subject, _TEXT),
            "author": history.head.author,
            "committed_at": timestamp_text(history.head.moment),
        },
        "milestones": [
            {"name": tag.name, "commit": tag.commit, "reached_at": timestamp_text(tag.moment)}
            for tag in history.tags[-_LISTED:]
        ],
        "next_actions": [f"Decide on a release of {since_latest_tag(history)}"]
        if history.unreleased
        else [],
    }


def backlog_summary(history: History) -> dict[str, Any] | None:
    """Return the backlog: the unreleased items of the changelog; None if there are none."""
    items = changelog_items(history)
    if not items or history.changelog is None:
        return None
    categories = Counter(item.category or "Uncategorised" for item in items)
    return {
        "source": history.changelog.path,
        "total_items": len(items),
        "items_by_category": [
            {"category": category, "items": number} for category, number in categories.items()
        ],
        "items": [
            {"category": item.category or "Uncategorised", "summary": cut(item.text, _TEXT)}
            for item in items[:_ITEMS]
        ],
    }


def decision_log(history: History) -> dict[str, Any] | None:
    """Return the decision log; None if there are no decision records."""
    decisions = decisions_of(history)
    if not decisions:
        return None
    return {
        "total_decisions": len(decisions),
        "decisions": [
            {
                "number": decision.number,
                "title": cut(decision.title, _TEXT),
                "status": decision.status and cut(decision.status, _TEXT),
                "summary": cut(decision.summary, _TEXT),
                "path": decision.path,
            }
            for decision in decisions[-_ITEMS:]
        ],
    }


def raid_log(history: History) -> dict[str, Any] | None:
    """Return the risks and issues seen in the repository; None if there are none."""
    issues = [*_uncommitted(history), *_markers(history)]
    risks = _changing_often(history.commits)
    return {"risks": risks, "issues": issues} if risks or issues else None


def since_latest_tag(history: History) -> str:
    """Return the number of unreleased commits in words, such as "3 commits since v1.0.0"."""
    latest = history.latest_tag
    if latest is None:
        return f"{counted(history.total, 'commit')} so far"
    # The commit of the tag is older than those that were read, so their number is too low.
    is_read = any(commit.hash == latest.commit for commit in history.commits)
    number = counted(len(history.unreleased), "commit")
    return f"{number} since {latest.name}" if is_read else f"over {number} since {latest.name}"


def _summary(history: History, reverts: Sequence[Commit]) -> str:
    commits = history.commits
    authors = counted(len(authors_of(commits)), "author")
    older = history.total - len(commits)
    sentences = [
        f"{counted(len(commits), 'commit')} by {authors}.",
        f"{counted(older, 'older commit')} not counted." if older else "",
        f"{since_latest_tag(history)}." if history.latest_tag else "Nothing is tagged yet.",
        f"{counted(len(reverts), 'revert')} among them." if reverts else "",
    ]
    return " ".join(filter(None, sentences))


def _metrics(history: History) -> dict[str, Any]:
    commits = history.commits
    weeks = Counter(commit.moment.strftime("%G-W%V") for commit in commits)
    authors = Counter(commit.author for commit in commits)
    return {
        "commits": len(commits),
        "merges": sum(commit.is_merge for commit in commits),
        "reverts": sum(commit.is_revert for commit in commits),
        "insertions": sum(commit.insertions for commit in commits),
        "deletions": sum(commit.deletions for commit in commits),
        "commits_since_latest_tag": len(history.unreleased),
        "authors": [
            {"name": name, "commits": number} for name, number in authors.most_common(_LISTED)
        ],
        "commits_per_week": [
            {"week": week, "commits": number} for week, number in sorted(weeks.items())[-_LISTED:]
        ],
    }


def _uncommitted(history: History) -> list[dict[str, Any]]:
    files = history.uncommitted
    if not files:
        return []
    title = f"{counted(len(files), 'file')} with changes that are not committed"
    return [{"title": title, "files": [cut(path, _TEXT) for path in files[:_LISTED]]}]


def _markers(history: History) -> list[dict[str, Any]]:
    total = sum(number for _, number in history.markers)
    if not total:
        return []
    most = sorted(history.markers, key=lambda pair: (-pair[1], pair[0]))[:_LISTED]
    return [
        {
            "title": f"{counted(total, 'comment')} saying TODO or FIXME",
            "files": [{"path": cut(path, _TEXT), "markers": number} for path, number in most],
        }
    ]


def _changing_often(commits: Sequence[Commit]) -> list[dict[str, Any]]:
    changes = Counter(path for commit in commits for path in commit.files)
    often = [(path, number) for path, number in changes.items() if number >= _OFTEN]
    most = sorted(often, key=lambda pair: (-pair[1], pair[0]))[:_LISTED]
    total = counted(len(commits), "commit")
    return [
        {
            "title": f"{cut(path, _TEXT)} changed in {number:,} of {total}",
            "path": cut(path, _TEXT),
            "commits": number,
        }
        for path, number in most
    ]
