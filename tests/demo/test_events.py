"""Commits and tags become events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.demo.events import events_of, occurrences_of, with_references
from autoforge.demo.history import Commit, Tag
from autoforge.dynamodb.timestamps import IdMint, timestamp_of
from autoforge.models import Event, GlobalEventRef, Severity
from tests.demo.repositories import START, a_commit, a_tag, minutes
from tests.factories import NOON, new_id

PROJECT = new_id()
MONTH = Event.lifetime
SECOND = timedelta(seconds=1)


def shown(*commits: Commit, tags: tuple[Tag, ...] = ()) -> list[Event]:
    """The events of commits, loaded at noon."""
    happened = occurrences_of(commits, tags)
    return events_of(happened, PROJECT, ends_at=happened[-1].moment, now=NOON, new_id=IdMint())


def test_a_commit_becomes_an_event_with_what_it_changed() -> None:
    commit = a_commit(2, body="Because.", files=("a", "b"), insertions=3, deletions=1)

    (event,) = shown(commit)

    assert (event.project_id, event.event_type, event.severity) == (
        PROJECT,
        "commit_recorded",
        Severity.INFO,
    )
    assert event.summary == "Change 2"
    assert event.detail == {
        "hash": commit.hash,
        "parents": [f"{1:040x}"],
        "author": "Ada",
        "createdAt": "2025-03-01T09:02:00.000Z",
        "files": ["a", "b"],
        "fileCount": 2,
        "insertions": 3,
        "deletions": 1,
        "body": "Because.",
    }


def test_the_history_ends_now_and_keeps_its_spacing() -> None:
    events = shown(a_commit(1), a_commit(4), a_commit(9))

    assert [event.created_at for event in events] == [
        NOON - minutes(8),
        NOON - minutes(5),
        NOON,
    ]


def test_the_id_of_an_event_is_minted_from_its_shifted_moment() -> None:
    now = NOON + timedelta(milliseconds=123)
    happened = occurrences_of([a_commit()], [])

    (event,) = events_of(happened, PROJECT, ends_at=START, now=now, new_id=IdMint())

    assert timestamp_of(event.id) == event.created_at == now + minutes(1)


def test_commits_of_one_second_stay_in_their_order() -> None:
    commits = [a_commit(number, moment=START) for number in range(1, 40)]

    events = sorted(shown(*commits), key=lambda event: (event.created_at, event.id))

    assert [event.summary for event in events] == [commit.subject for commit in commits]


def test_a_commit_with_an_older_clock_than_its_parents_stands_where_its_clock_says() -> None:
    late, early = a_commit(1, moment=START + minutes(5)), a_commit(2, moment=START)

    assert [event.summary for event in shown(late, early)] == ["Change 2", "Change 1"]


@pytest.mark.parametrize(
    ("age", "is_shown"),
    [(MONTH - SECOND, True), (MONTH, False), (timedelta(days=9000), False)],
)
def test_what_is_expired_by_the_end_of_the_history_is_not_shown(
    age: timedelta, *, is_shown: bool
) -> None:
    now = NOON + timedelta(milliseconds=999)
    old, new = a_commit(1, moment=START - age), a_commit(2, moment=START)

    happened = occurrences_of([old, new], [])
    events = events_of(happened, PROJECT, ends_at=START, now=now, new_id=IdMint())

    assert [event.summary for event in events] == ["Change 1"] * is_shown + ["Change 2"]
    assert all(event.is_live(now) for event in events)


def test_a_broken_clock_does_not_break_the_history() -> None:
    epoch, far = datetime.fromtimestamp(0, UTC), datetime(9999, 12, 31, tzinfo=UTC)

    (event,) = shown(a_commit(1, moment=epoch), a_commit(2, moment=far))

    assert (event.summary, event.created_at) == ("Change 2", NOON)


@pytest.mark.parametrize(
    ("over", "event_type", "severity"),
    [
        ({"subject": 'Revert "Add a door"'}, "commit_recorded", Severity.WARNING),
        ({"subject": "fix: the door"}, "commit_recorded", Severity.WARNING),
        ({"subject": "Hotfixes for the door"}, "commit_recorded", Severity.WARNING),
        ({"subject": "Fixtures for the door"}, "commit_recorded", Severity.INFO),
        ({"subject": "Reverted index"}, "commit_recorded", Severity.INFO),
        ({"parents": ("a", "b")}, "merge_recorded", Severity.INFO),
    ],
)
def test_a_commit_that_repairs_asks_for_attention(
    over: dict[str, Any], event_type: str, severity: Severity
) -> None:
    (event,) = shown(a_commit(1, **over))

    assert (event.event_type, event.severity) == (event_type, severity)


def test_a_tag_becomes_an_event_after_its_commit() -> None:
    commit = a_commit(1)

    _, plain, annotated = shown(
        commit, tags=(a_tag(commit), a_tag(commit, name="v2", subject="At last"))
    )

    assert (plain.event_type, plain.summary) == ("tag_created", "v1.0.0")
    assert annotated.summary == "v2: At last"
    assert annotated.detail == {
        "name": "v2",
        "hash": commit.hash,
        "createdAt": "2025-03-01T09:01:00.000Z",
    }


def test_a_huge_commit_is_cut_to_what_an_item_can_hold() -> None:
    files = tuple(f"{'d/' * 2000}{number}" for number in range(60))

    (event,) = shown(a_commit(1, subject="☂" * 9999, body="☂" * 99_999, files=files))

    assert len(event.summary) == 200
    assert event.detail is not None
    assert (len(event.detail["body"]), len(event.detail["files"])) == (4000, 50)
    assert event.detail["fileCount"] == 60


def test_a_commit_without_a_message_is_named_by_its_hash() -> None:
    (event,) = shown(a_commit(1, subject="", hash="abcdef0123456789"))

    assert event.summary == "abcdef0123, without a message"


def test_each_event_is_followed_by_its_trace_in_the_global_feed() -> None:
    (event,) = shown(a_commit())

    own, reference = with_references([event])

    assert own is event
    assert isinstance(reference, GlobalEventRef)
    assert (reference.id, reference.summary) == (event.id, event.summary)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_the_same_history_makes_the_same_events_in_the_order_of_time(ages: list[int]) -> None:
    commits = [a_commit(n, moment=START - minutes(age)) for n, age in enumerate(ages, start=1)]

    one, other = shown(*commits), shown(*commits)

    assert [event.detail for event in one] == [event.detail for event in other]
    assert [event.created_at for event in one] == [event.created_at for event in other]
    assert one == sorted(one, key=lambda event: (event.created_at, event.id))
    assert one[-1].created_at == NOON
