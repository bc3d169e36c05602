"""Artefacts contain what the repository says, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from autoforge.demo.artefacts import artefacts_of, delivery_state, raid_log, since_latest_tag
from autoforge.demo.history import Document
from autoforge.dynamodb.schema.documents import document_to_wire
from autoforge.dynamodb.schema.item_size import LIMIT, item_size
from autoforge.models import ArtefactType
from tests.demo.repositories import START, a_changelog, a_commit, a_history, a_tag


def test_a_repository_with_nothing_but_a_commit_has_only_a_delivery_state() -> None:
    assert list(artefacts_of(a_history())) == [ArtefactType.DELIVERY_STATE]


def test_the_delivery_state_is_the_log_in_numbers() -> None:
    first = a_commit(1, insertions=10)
    fix = a_commit(2, author="Zoë", deletions=4, moment=START + timedelta(days=7))
    merge = a_commit(3, parents=(first.hash, fix.hash), moment=START + timedelta(days=7))

    state = delivery_state(a_history(first, fix, merge, tags=(a_tag(first),)))

    assert state == {
        "overall_status": "green",
        "status_summary": "3 commits by 2 authors. 2 commits since v1.0.0.",
        "key_metrics": {
            "commits": 3,
            "merges": 1,
            "reverts": 0,
            "insertions": 12,
            "deletions": 4,
            "commits_since_latest_tag": 2,
            "authors": [{"name": "Ada", "commits": 2}, {"name": "Zoë", "commits": 1}],
            "commits_per_week": [
                {"week": "2025-W09", "commits": 1},
                {"week": "2025-W10", "commits": 2},
            ],
        },
        "head": {
            "hash": merge.hash,
            "subject": "Change 3",
            "author": "Ada",
            "committed_at": "2025-03-08T09:00:00.000Z",
        },
        "milestones": [
            {"name": "v1.0.0", "commit": first.hash, "reached_at": "2025-03-01T09:01:00.000Z"}
        ],
        "next_actions": ["Decide on a release of 2 commits since v1.0.0"],
    }


def test_a_revert_since_the_latest_tag_makes_the_status_amber() -> None:
    first, revert = a_commit(1), a_commit(2, subject='Revert "Change 1"')

    unreleased = delivery_state(a_history(first, revert, tags=(a_tag(first),)))
    released = delivery_state(a_history(first, revert, tags=(a_tag(revert),)))

    assert unreleased["overall_status"] == "amber"
    assert unreleased["status_summary"].endswith("1 revert among them.")
    assert (released["overall_status"], released["next_actions"]) == ("green", [])


def test_commits_that_were_not_read_are_not_passed_over_in_silence() -> None:
    history = a_history(a_commit(8), a_commit(9), total=1009)

    assert delivery_state(history)["status_summary"] == (
        "2 commits by 1 author. 1,007 older commits not counted. Nothing is tagged yet."
    )


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({}, "2 commits so far"),
        ({"total": 5000}, "5,000 commits so far"),
        ({"tags": (a_tag(a_commit(8)),)}, "1 commit since v1.0.0"),
        ({"tags": (a_tag(a_commit(1)),), "total": 9}, "over 2 commits since v1.0.0"),
    ],
)
def test_what_waits_to_be_released_is_never_counted_too_low_in_silence(
    over: dict[str, Any], said: str
) -> None:
    assert since_latest_tag(a_history(a_commit(8), a_commit(9), **over)) == said


def test_the_backlog_is_what_the_changelog_calls_unreleased() -> None:
    history = a_history(changelog=a_changelog("- Loose\n\n### Added\n\n- A door\n- A roof\n"))

    assert artefacts_of(history)[ArtefactType.BACKLOG_SUMMARY] == {
        "source": "CHANGELOG.md",
        "total_items": 3,
        "items_by_category": [
            {"category": "Uncategorised", "items": 1},
            {"category": "Added", "items": 2},
        ],
        "items": [
            {"category": "Uncategorised", "summary": "Loose"},
            {"category": "Added", "summary": "A door"},
            {"category": "Added", "summary": "A roof"},
        ],
    }


def test_an_empty_unreleased_section_is_no_backlog() -> None:
    assert ArtefactType.BACKLOG_SUMMARY not in artefacts_of(a_history(changelog=a_changelog("")))


def test_the_decision_log_lists_the_records_by_number() -> None:
    ten = Document("docs/adr/10-ten.md", "# Ten\n")
    two = Document("docs/adr/2-two.md", "# Two\n\nStatus: accepted\n\nBecause.\n")

    log = artefacts_of(a_history(decisions=(ten, two)))[ArtefactType.DECISION_LOG]

    assert log["total_decisions"] == 2
    assert log["decisions"] == [
        {
            "number": 2,
            "title": "Two",
            "status": "accepted",
            "summary": "Because.",
            "path": two.path,
        },
        {"number": 10, "title": "Ten", "status": None, "summary": "", "path": ten.path},
    ]


def test_the_raid_log_holds_what_was_found() -> None:
    commits = [a_commit(number, files=("a.py", f"{number}.py")) for number in range(1, 4)]
    markers = (("b.py", 1), ("c.py", 2))

    assert raid_log(a_history(*commits, uncommitted=("x", "y"), markers=markers)) == {
        "risks": [{"title": "a.py changed in 3 of 3 commits", "path": "a.py", "commits": 3}],
        "issues": [
            {"title": "2 files with changes that are not committed", "files": ["x", "y"]},
            {
                "title": "3 comments saying TODO or FIXME",
                "files": [{"path": "c.py", "markers": 2}, {"path": "b.py", "markers": 1}],
            },
        ],
    }


def test_artefacts_of_a_huge_repository_fit_into_an_item() -> None:
    long = "☂" * 2000
    path = "d/" * 2000
    commits = [
        a_commit(
            n, subject=long, author=f"{n}{long[:100]}", files=tuple(f"{path}{i}" for i in range(30))
        )
        for n in range(1, 30)
    ]
    history = a_history(
        *commits,
        changelog=a_changelog("".join(f"- {long}\n" for _ in range(200))),
        decisions=tuple(
            Document(f"docs/adr/{n}-x.md", f"# {long}\n\nStatus: {long}\n\n{long}\n")
            for n in range(100)
        ),
        uncommitted=tuple(f"{path}{n}" for n in range(100)),
        markers=tuple((f"{path}{n}", 1) for n in range(100)),
    )

    sizes = {
        kind: item_size(
            {"content": document_to_wire(content), "previous": document_to_wire(content)}
        )
        for kind, content in artefacts_of(history).items()
    }

    assert set(sizes) == set(ArtefactType)
    assert max(sizes.values()) < LIMIT * 0.8
