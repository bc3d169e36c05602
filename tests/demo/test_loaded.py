"""The summary of a load on the terminal."""

from datetime import timedelta
from typing import Any

import pytest

from autoforge.demo import Loaded
from tests.factories import a_project


def loaded(**over: Any) -> Loaded:
    """The result of loading two commits."""
    given = {
        "project": a_project(name="gate"),
        "is_new": True,
        "commits": 2,
        "older_commits": 0,
        "is_shallow": False,
        "events": 2,
        "expired": 0,
        "artefacts": 1,
        "escalations": 0,
        "actions": 1,
        "shift": timedelta(),
    }
    return Loaded(**{**given, **over})


@pytest.mark.parametrize(
    ("over", "note"),
    [
        ({}, "gate: 2 events, 1 artefact, 0 escalations, 1 action"),
        ({"events": 1200}, "gate: 1,200 events, 1 artefact, 0 escalations, 1 action"),
        ({"expired": 3}, "3 of 5 commits and tags are more than 30 days old and have expired"),
        ({"older_commits": 1}, "not read: 1 commit older than the newest 2"),
        ({"is_shallow": True}, "the repository is a shallow clone, which lacks older commits"),
    ],
)
def test_a_load_is_told_in_lines(over: dict[str, Any], note: str) -> None:
    assert note in loaded(**over).notes


@pytest.mark.parametrize(
    ("shift", "span"),
    [
        (timedelta(days=1, hours=5), "1 day forward"),
        (timedelta(hours=23), "23 hours forward"),
        (timedelta(seconds=4), "less than an hour forward"),
        (timedelta(days=-40), "40 days back"),
    ],
)
def test_the_shift_of_the_history_is_told_in_its_largest_unit(shift: timedelta, span: str) -> None:
    line = f"the history is moved {span}, so that it ends now"

    assert line in loaded(shift=shift).notes


def test_what_does_not_apply_is_not_told() -> None:
    assert len(loaded().notes) == 2
    assert len(loaded(events=0).notes) == 1
