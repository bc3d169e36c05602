"""The answers to an agent's questions about a repository, and the actions it proposes."""

from autoforge.demo.history import Document
from autoforge.demo.questions import next_step, questions_of
from tests.demo.repositories import a_changelog, a_commit, a_history, a_tag


def test_a_release_is_asked_for_with_its_reasons_in_numbers() -> None:
    first, second = a_commit(1), a_commit(2)
    history = a_history(first, second, tags=(a_tag(first),), changelog=a_changelog())

    (question,) = questions_of(history)

    assert question.title == "Release portal? 1 commit since v1.0.0"
    assert question.context == {
        "latestTag": "v1.0.0",
        "commits": 1,
        "changelogItems": 1,
        "reverts": 0,
        "uncommittedFiles": 0,
    }
    assert question.recommendation == question.options[0]["option"] == "Release now"
    assert question.rationale == "1 commit since v1.0.0; CHANGELOG.md describes 1 change"
    assert question.decision is None


def test_a_release_that_the_changelog_is_silent_about_is_to_be_described_first() -> None:
    history = a_history(
        a_commit(1),
        a_commit(2, subject='Revert "Change 1"'),
        changelog=a_changelog(""),
        uncommitted=("a",),
    )

    (question,) = questions_of(history)
    step = next_step(history)

    assert question.recommendation == question.options[1]["option"] == "Describe the changes first"
    assert question.rationale == (
        "2 commits so far; CHANGELOG.md describes 0 changes; "
        "1 commit reverted another; 1 file changed and not committed"
    )
    assert step is not None
    assert step.action_type == "changelog_update"
    assert step.confidence == {
        "sourceAgreement": False,
        "precedentMatch": False,
        "workTreeClean": False,
        "nothingReverted": False,
    }


def test_the_next_step_is_what_was_recommended() -> None:
    first, second = a_commit(1), a_commit(2)
    history = a_history(first, second, tags=(a_tag(first),), changelog=a_changelog())

    step = next_step(history)

    assert step is not None
    assert (step.action_type, step.description) == (
        "release_tag",
        f"Tag {second.short_hash} as the next release",
    )
    assert step.detail == {"hash": second.hash, "commits": 1}
    assert all(step.confidence.values())


def test_without_a_changelog_the_log_is_reason_enough() -> None:
    (question,) = questions_of(a_history())

    assert question.recommendation == "Release now"
    assert "there is no changelog" in (question.rationale or "")


def test_nothing_is_asked_or_meant_when_everything_is_released() -> None:
    commit = a_commit()
    history = a_history(commit, tags=(a_tag(commit),), changelog=a_changelog())

    assert questions_of(history) == []
    assert next_step(history) is None


def test_the_latest_accepted_record_is_a_decided_question() -> None:
    records = [
        Document(f"docs/adr/{n}-x.md", f"# {n}. Table {n}\n\nStatus: {status}\n\nBecause.\n")
        for n, status in enumerate(["Accepted", "Accepted, 2025", "Proposed"], start=1)
    ]

    decided, _ = questions_of(a_history(decisions=tuple(records)))

    assert (decided.title, decided.decision) == ("Table 2", "Accepted, 2025")
    assert decided.notes == "On record in docs/adr/2-x.md"
    assert decided.context == {"path": "docs/adr/2-x.md", "number": 2, "summary": "Because."}
    assert decided.recommendation is None


def test_records_that_do_not_say_accepted_decide_nothing() -> None:
    history = a_history(decisions=(Document("docs/adr/1-x.md", "# One\n\nStatus: draft\n"),))

    assert [question.decision for question in questions_of(history)] == [None]
